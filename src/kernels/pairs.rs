//! The one instruction that integer dot products are made of: eight products of 16 bits, added in pairs, in one step.
//!
//! WebAssembly has it as `i32x4.dot_i16x8_s`. The compiler does not find it in plain loops, so it is named; elsewhere plain
//! loops do.

/// Two neighbouring numbers of a row: the first in the low half.
pub(crate) type Pair = i32;

/// Two numbers as one.
#[inline]
pub(crate) fn pair(low: i16, high: i16) -> Pair {
    i32::from(high) << 16 | i32::from(low as u16)
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod four {
    use super::Pair;
    use core::arch::wasm32::*;

    /// Four pairs, or four sums.
    #[derive(Clone, Copy)]
    pub struct Four(v128);

    impl Four {
        #[inline]
        pub fn new([a, b, c, d]: [i32; 4]) -> Self {
            Self(i32x4(a, b, c, d))
        }

        #[inline]
        pub fn splat(value: i32) -> Self {
            Self(i32x4_splat(value))
        }

        /// Each sum and, for its pair and the same `pair`, low × low + high × high. Wraps on overflow.
        #[inline]
        pub fn add_products(self, pairs: Self, pair: Pair) -> Self {
            Self(i32x4_add(self.0, i32x4_dot_i16x8(pairs.0, i32x4_splat(pair))))
        }

        #[inline]
        pub fn sums(self) -> [i32; 4] {
            let Self(sums) = self;
            [
                i32x4_extract_lane::<0>(sums),
                i32x4_extract_lane::<1>(sums),
                i32x4_extract_lane::<2>(sums),
                i32x4_extract_lane::<3>(sums),
            ]
        }
    }
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
mod four {
    use super::Pair;

    /// Four pairs, or four sums.
    #[derive(Clone, Copy)]
    pub struct Four([i32; 4]);

    impl Four {
        #[inline]
        pub fn new(values: [i32; 4]) -> Self {
            Self(values)
        }

        #[inline]
        pub fn splat(value: i32) -> Self {
            Self([value; 4])
        }

        /// Each sum and, for its pair and the same `pair`, low × low + high × high. Wraps on overflow.
        #[inline]
        pub fn add_products(self, pairs: Self, pair: Pair) -> Self {
            let product = |a: Pair| {
                let low = i32::from(a as i16) * i32::from(pair as i16);
                low.wrapping_add((a >> 16) * (pair >> 16))
            };
            let mut sums = self.0;
            for (sum, pair) in sums.iter_mut().zip(pairs.0) {
                *sum = sum.wrapping_add(product(pair));
            }
            Self(sums)
        }

        #[inline]
        pub fn sums(self) -> [i32; 4] {
            self.0
        }
    }
}

pub(crate) use four::Four;
