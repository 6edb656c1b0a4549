//! Sums in several lanes at once, which the compiler may not make of a plain one, since rounding depends on the order.

const LANES: usize = 8;

/// The largest; -∞ of nothing.
#[inline]
pub(crate) fn largest(values: &[f32]) -> f32 {
    let larger = |a: f32, b: f32| if b > a { b } else { a };
    let mut most = [f32::NEG_INFINITY; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (most, value) in most.iter_mut().zip(chunk) {
            *most = larger(*most, *value);
        }
    }
    most.iter().chain(rest).copied().fold(f32::NEG_INFINITY, larger)
}

/// The sum of a term of each number. Terms of 0 behind the last change no bit of it: what padding a row has does not show.
#[inline]
pub(crate) fn sum(values: &[f32], term: impl Fn(f32) -> f32) -> f32 {
    let mut sums = [0.0; LANES];
    let (chunks, rest) = values.as_chunks::<LANES>();
    for chunk in chunks {
        for (sum, value) in sums.iter_mut().zip(chunk) {
            *sum += term(*value);
        }
    }
    for (sum, value) in sums.iter_mut().zip(rest) {
        *sum += term(*value);
    }
    sums.into_iter().sum()
}

/// The sum of both, number by number, in the place of the first.
pub fn add(x: &mut [f32], other: &[f32]) {
    for (x, other) in x.iter_mut().zip(other) {
        *x += other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zeros_behind_change_no_bit() {
        let values: Vec<f32> = (0..45).map(|i| ((i * 37 % 101) as f32 - 50.0) / 7.3).collect();
        for length in 0..values.len() {
            let padded: Vec<f32> = values[..length].iter().copied().chain([0.0; 19]).collect();
            assert_eq!(sum(&values[..length], |x| x).to_bits(), sum(&padded, |x| x).to_bits(), "{length}");
        }
    }
}
