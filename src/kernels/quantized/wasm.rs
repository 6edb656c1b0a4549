//! `i32x4.dot_i16x8_s`: four sums of two products.

use super::{OUTPUTS, ROWS};
use core::arch::wasm32::{
    i8x16, i16x8_extend_high_i8x16, i16x8_extend_low_i8x16, i32x4_add, i32x4_dot_i16x8,
    i32x4_extract_lane as lane, i32x4_splat, v128,
};

/// Of two inputs for each output of a panel, `[output][input]`.
pub type Weights = v128;

pub fn weights(b: [i8; 16]) -> Weights {
    i8x16(
        b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15],
    )
}

/// Not inlined: V8 compiles anew, and well, only functions that are called often.
#[inline(never)]
pub fn multiply([a, b, c, d]: [&[i32]; ROWS], weights: &[Weights]) -> [[i32; OUTPUTS]; ROWS] {
    let mut sums = [[i32x4_splat(0); 2]; ROWS];
    for ((((a, b), c), d), weights) in a.iter().zip(b).zip(c).zip(d).zip(weights) {
        let (low, high) = (i16x8_extend_low_i8x16(*weights), i16x8_extend_high_i8x16(*weights));
        for ([first, second], x) in sums.iter_mut().zip([a, b, c, d]) {
            let x = i32x4_splat(*x);
            *first = i32x4_add(*first, i32x4_dot_i16x8(x, low));
            *second = i32x4_add(*second, i32x4_dot_i16x8(x, high));
        }
    }
    sums.map(|[l, h]| {
        [
            lane::<0>(l),
            lane::<1>(l),
            lane::<2>(l),
            lane::<3>(l),
            lane::<0>(h),
            lane::<1>(h),
            lane::<2>(h),
            lane::<3>(h),
        ]
    })
}
