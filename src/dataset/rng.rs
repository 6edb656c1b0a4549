//! A small seeded random number generator: same seed, same numbers, on every platform.
//!
//! SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014; constants as in
//! Vigna's reference code (<https://prng.di.unimi.it/splitmix64.c>). Passes BigCrush; not for secrets.

use nearmiss_kernels::{FNV_OFFSET, fnv1a};

/// A seeded generator. Everything random in the crate draws from one of these.
#[derive(Debug, Clone)]
pub struct Rng {
    state: u64,
}

impl Rng {
    /// The generator of this seed.
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The generator of this seed and this stream: independent sequences for, say, each query under one seed.
    pub fn stream(seed: u64, stream: u64) -> Self {
        let mut streams = Self::new(stream);
        Self::new(seed ^ streams.next_u64())
    }

    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in 0..n, each equally likely; 0 when n is 0.
    ///
    /// Lemire, "Fast random integer generation in an interval", ACM TOMACS 29(1), 2019: the rejection keeps it unbiased.
    pub fn below(&mut self, n: usize) -> usize {
        let n = n as u64;
        if n == 0 {
            return 0;
        }
        let mut product = u128::from(self.next_u64()) * u128::from(n);
        if (product as u64) < n {
            let threshold = n.wrapping_neg() % n;
            while (product as u64) < threshold {
                product = u128::from(self.next_u64()) * u128::from(n);
            }
        }
        (product >> 64) as usize
    }

    /// A number in 0.0..1.0, a multiple of 2^-53.
    pub fn f64(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Puts the items in a random order (Fisher–Yates), every order equally likely.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }

    /// Draws `n` different items, or all if there are fewer, in the order in which they stand.
    pub fn sample<T: Clone>(&mut self, items: &[T], n: usize) -> Vec<T> {
        let mut order: Vec<usize> = (0..items.len()).collect();
        self.shuffle(&mut order);
        order.truncate(n);
        order.sort_unstable();
        order.into_iter().map(|at| items[at].clone()).collect()
    }
}

/// A stable 64-bit hash of a text: FNV-1a, mixed so that every bit counts.
pub(super) fn hash(text: &str, seed: u64) -> u64 {
    Rng::stream(seed, fnv1a(FNV_OFFSET, text.as_bytes())).next_u64()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Output of Vigna's reference code for the seed 1234567.
    #[test]
    fn equals_the_reference_implementation() {
        let mut rng = Rng::new(1_234_567);
        let expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423];
        assert_eq!([rng.next_u64(), rng.next_u64(), rng.next_u64()], expected);
    }

    #[test]
    fn below_is_even() {
        let mut rng = Rng::new(7);
        let mut counts = [0u32; 6];
        (0..60_000).for_each(|_| counts[rng.below(6)] += 1);
        // Standard deviation of each count is about 91: five of them.
        assert!(counts.iter().all(|&c| c.abs_diff(10_000) < 460), "{counts:?}");
    }

    #[test]
    fn shuffle_and_sample_keep_the_items() {
        let mut rng = Rng::new(3);
        let mut items: Vec<u32> = (0..50).collect();
        rng.shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
        let drawn = rng.sample(&items, 20);
        assert!(drawn.len() == 20 && drawn.windows(2).all(|w| w[0] < w[1]), "{drawn:?}");
        assert_eq!(rng.sample(&[1, 2], 9), [1, 2]);
        assert_eq!(rng.below(0), 0);
    }
}
