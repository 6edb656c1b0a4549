//! FNV-1a (<http://www.isthe.com/chongo/tech/comp/fnv/>): names a text or a version of a model. No defence against someone who wants a
//! collision.

/// What [`fnv1a`] begins with.
pub const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a over 64 bits, from what came of the bytes before, or from [`FNV_OFFSET`].
pub fn fnv1a(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the authors' list of test vectors.
    #[test]
    fn equals_the_published_values() {
        let cases = [("", FNV_OFFSET), ("a", 0xaf63_dc4c_8601_ec8c), ("foobar", 0x8594_4171_f739_67e8)];
        for (text, expected) in cases {
            assert_eq!(fnv1a(FNV_OFFSET, text.as_bytes()), expected, "{text:?}");
        }
        assert_eq!(fnv1a(fnv1a(FNV_OFFSET, b"foo"), b"bar"), fnv1a(FNV_OFFSET, b"foobar"));
    }
}
