//! Loops, for any processor.

use super::{OUTPUTS, ROWS};

/// Of two inputs for each output of a panel, `[output][input]`.
pub type Weights = [i8; 16];

pub fn weights(bytes: [i8; 16]) -> Weights {
    bytes
}

pub fn multiply(rows: [&[i32]; ROWS], weights: &[Weights]) -> [[i32; OUTPUTS]; ROWS] {
    rows.map(|row| {
        let mut sums = [0; OUTPUTS];
        for (x, weights) in row.iter().zip(weights) {
            let (a, b) = (i32::from(*x as i16), x >> 16);
            for (sum, [first, second]) in sums.iter_mut().zip(weights.as_chunks::<2>().0) {
                *sum += a * i32::from(*first) + b * i32::from(*second);
            }
        }
        sums
    })
}
