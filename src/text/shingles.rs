//! How much two texts have in common, word for word.
//!
//! Broder, "On the resemblance and containment of documents", SEQUENCES 1997: the set of all runs of three words, hashed;
//! resemblance is the Jaccard coefficient of two such sets.

use std::cmp::Ordering;

use nearmiss_kernels::{FNV_OFFSET, fnv1a};

use super::words::words;

/// Words in a shingle.
const WIDTH: usize = 3;

/// The set of a text's word 3-shingles, as 64-bit hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shingles {
    /// Rising, none twice.
    hashes: Vec<u64>,
}

impl Shingles {
    /// The shingles of a text: NFKC, lower case, words by UAX #29. A text of fewer than three words has its words instead.
    ///
    /// ```
    /// use nearmiss::text::Shingles;
    ///
    /// let (one, other) = (Shingles::of("Rotate the signing key."), Shingles::of("rotate THE signing keys"));
    /// assert_eq!(one.jaccard(&other), 1.0 / 3.0); // "rotate the signing" of three different shingles
    /// ```
    pub fn of(text: &str) -> Self {
        Self::of_words(&words(text))
    }

    pub(super) fn of_words(words: &[String]) -> Self {
        let width = if words.len() < WIDTH { 1 } else { WIDTH };
        let mut hashes: Vec<u64> = words.windows(width).map(hash).collect();
        hashes.sort_unstable();
        hashes.dedup();
        Self { hashes }
    }

    /// Shingles in both, divided by shingles in either: 0 (nothing in common) to 1 (the same set). 0 for two empty texts.
    pub fn jaccard(&self, other: &Self) -> f32 {
        let both = self.common(other);
        let either = self.hashes.len() + other.hashes.len() - both;
        if either == 0 { 0.0 } else { both as f32 / either as f32 }
    }

    /// Counts what is in both, by merging the sorted lists.
    fn common(&self, other: &Self) -> usize {
        let (mut i, mut j, mut both) = (0, 0, 0);
        while let (Some(a), Some(b)) = (self.hashes.get(i), other.hashes.get(j)) {
            let order = a.cmp(b);
            i += usize::from(order != Ordering::Greater);
            j += usize::from(order != Ordering::Less);
            both += usize::from(order == Ordering::Equal);
        }
        both
    }

    /// The hashes, rising.
    pub fn hashes(&self) -> &[u64] {
        &self.hashes
    }

    /// Is this shingle among them?
    pub(super) fn contains(&self, hash: u64) -> bool {
        self.hashes.binary_search(&hash).is_ok()
    }
}

/// The hash of words, each closed by a byte that no UTF-8 text holds, so that "ab c" and "a bc" differ.
fn hash(words: &[String]) -> u64 {
    words.iter().fold(FNV_OFFSET, |hash, word| fnv1a(fnv1a(hash, word.as_bytes()), &[0xff]))
}
