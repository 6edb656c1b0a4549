//! What a transformer does to each number between its matrix products, on a slice in place.
//!
//! The CPU backend takes `exp` and `erf` from libm, one number at a time: in wasm 40 ns for a score in softmax and 21 ns for GELU,
//! together more than half of a small encoder's time. These are the usual polynomials, without branches, so that the compiler
//! makes four or more at a time of them.

use crate::dot;
use crate::lanes::{largest, sum};

/// `e^x`: Cephes' `expf` (Moshier 1992), within 2 units in the last place; 0 below -87.
#[inline]
#[allow(clippy::excessive_precision, reason = "coefficients as published")]
fn exp(x: f32) -> f32 {
    /// Adding and taking it away rounds to a whole number.
    const ROUND: f32 = 12_582_912.0;
    let bound = x.clamp(-87.0, 88.0);
    let n = (bound * std::f32::consts::LOG2_E + ROUND) - ROUND;
    // ln 2 in two parts, so that the difference is exact.
    let r = (bound - n * 0.693_359_375) - n * -2.121_944_40e-4;
    let p = 1.987_569_150_0e-4;
    let p = p * r + 1.398_199_950_7e-3;
    let p = p * r + 8.333_451_907_3e-3;
    let p = p * r + 4.166_579_589_4e-2;
    let p = p * r + 1.666_666_545_9e-1;
    let p = p * r + 5.000_000_120_1e-1;
    let value = (p * r * r + r + 1.0) * f32::from_bits(((n as i32 + 127) << 23).cast_unsigned());
    if x < -87.0 { 0.0 } else { value }
}

/// What `f32::exp` calls in wasm, where it is libm's, 40 ns a number: the CPU backend's softmax in training takes it from here.
#[cfg(target_family = "wasm")]
#[unsafe(no_mangle)]
extern "C" fn expf(x: f32) -> f32 {
    match x {
        x if x.is_nan() => x,
        x if x > 88.0 => exp(x * 0.5) * exp(x * 0.5),
        x => exp(x),
    }
}

/// The error function: a rational approximation as in Eigen and XLA, within 3e-7.
#[inline]
#[allow(clippy::excessive_precision, reason = "coefficients as published")]
fn erf(x: f32) -> f32 {
    let x = x.clamp(-4.0, 4.0);
    let z = x * x;
    let p = -2.726_142_258_013_06e-10;
    let p = p * z + 2.770_681_424_959_02e-8;
    let p = p * z + -2.101_024_020_825_08e-6;
    let p = p * z + -5.692_506_394_623_46e-5;
    let p = p * z + -7.349_906_303_268_55e-4;
    let p = p * z + -2.954_599_808_540_25e-3;
    let p = p * z + -1.609_603_332_624_15e-2;
    let q = -1.456_607_184_649_96e-5;
    let q = q * z + -2.133_740_552_789_05e-4;
    let q = q * z + -1.682_826_974_382_03e-3;
    let q = q * z + -7.373_329_167_204_68e-3;
    let q = q * z + -1.426_473_905_141_89e-2;
    x * p / q
}

/// `x Φ(x)` of each number, the exact GELU (Hendrycks & Gimpel 2016, arXiv 1606.08415), within 1e-6 of its size.
pub fn gelu(values: &mut [f32]) {
    for value in values {
        let x = *value;
        *value = 0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2));
    }
}

/// The gradient with respect to x in the place of that with respect to `gelu(x)`: times `Φ(x) + x φ(x)`.
pub fn gelu_backward(x: &[f32], gradient: &mut [f32]) {
    /// `1 / √(2π)`
    const DENSITY: f32 = 0.398_942_3;
    for (gradient, &x) in gradient.iter_mut().zip(x) {
        let below = 0.5 * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2));
        *gradient *= below + x * DENSITY * exp(-0.5 * x * x);
    }
}

/// Softmax of `scale * score + bias` over each row of scores.
///
/// # Shapes
/// - scores: `[groups, rows, length]`, replaced by the shares
/// - bias: `[groups, length]`, added to every row of its group
///
/// Lengths that do not fit leave the rest as it is.
pub fn masked_softmax(scores: &mut [f32], bias: &[f32], scale: f32, length: usize) {
    if length == 0 || bias.is_empty() {
        return;
    }
    let group = scores.len() / (bias.len() / length).max(1);
    for (scores, bias) in scores.chunks_exact_mut(group.max(1)).zip(bias.chunks_exact(length)) {
        for row in scores.chunks_exact_mut(length) {
            softmax(row, bias, scale);
        }
    }
}

/// The gradient with respect to the scores in the place of that with respect to the shares.
///
/// # Shapes
/// - shares, gradient: `[.., length]`
pub fn masked_softmax_backward(shares: &[f32], gradient: &mut [f32], scale: f32, length: usize) {
    let length = length.max(1);
    for (shares, gradient) in shares.chunks_exact(length).zip(gradient.chunks_exact_mut(length)) {
        let along = dot(shares, gradient);
        for (gradient, share) in gradient.iter_mut().zip(shares) {
            *gradient = share * (*gradient - along) * scale;
        }
    }
}

/// Shares below `e^-30` are 0, a millionth of what rounding takes from the largest. Kept, some made denormal numbers in the products of
/// the backward pass, each a hundred times as slow as others: a step of all layers of the compact model took 2.7 s instead of 0.95.
const FAINT: f32 = -30.0;

fn softmax(row: &mut [f32], bias: &[f32], scale: f32) {
    for (score, bias) in row.iter_mut().zip(bias) {
        *score = *score * scale + bias;
    }
    let most = largest(row);
    for score in row.iter_mut() {
        let below = *score - most;
        *score = if below < FAINT { 0.0 } else { exp(below) };
    }
    let all = sum(row, |share| share);
    for share in row {
        *share /= all;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By its Taylor series in f64, which needs no table.
    fn erf_by_series(x: f64) -> f64 {
        let (mut term, mut sum) = (x, x);
        for n in 1..200 {
            term *= -x * x / f64::from(n);
            sum += term / f64::from(2 * n + 1);
        }
        sum * 2.0 / std::f64::consts::PI.sqrt()
    }

    #[test]
    fn exp_is_that_of_double_precision() {
        for i in -8700..=8800 {
            let x = i as f32 / 100.0;
            let expected = f64::from(x).exp();
            let error = (f64::from(exp(x)) - expected).abs() / expected;
            assert!(error < 2.5e-7, "e^{x} is off by {error}");
        }
        assert_eq!([exp(-88.0), exp(-1e9), exp(0.0)], [0.0, 0.0, 1.0]);
    }

    #[test]
    fn gelu_is_that_of_the_series() {
        for i in -600..=600 {
            let x = i as f32 / 100.0;
            let exact = |x: f64| 0.5 * x * (1.0 + erf_by_series(x / std::f64::consts::SQRT_2));
            // Beyond 4.2 the series loses its digits, and what is left of the curve is below 6e-5.
            let inside = x.abs() < 4.2;
            let expected = if inside { exact(f64::from(x)) } else { f64::from(x.max(0.0)) };
            let most = if inside { 1e-6 * f64::from(x.abs().max(1.0)) } else { 6e-5 };
            let mut values = [x];
            gelu(&mut values);
            let error = (f64::from(values[0]) - expected).abs();
            assert!(error < most, "gelu({x}) is off by {error}");
        }
    }

    #[test]
    fn softmax_is_that_of_its_formula_and_leaves_out_what_is_masked() {
        let length = 19;
        let scores: Vec<f32> = (0..2 * 3 * length).map(|i| ((i * 37 % 101) as f32 - 50.0) / 7.0).collect();
        let bias: Vec<f32> =
            (0..2 * length).map(|i| if i % length >= 19 - i / length * 4 { -1e9 } else { 0.0 }).collect();
        let mut got = scores.clone();
        masked_softmax(&mut got, &bias, 0.5, length);
        for (at, row) in got.chunks_exact(length).enumerate() {
            let bias = &bias[at / 3 * length..][..length];
            let exps: Vec<f64> = scores[at * length..][..length]
                .iter()
                .zip(bias)
                .map(|(&s, &b)| (f64::from(s) * 0.5 + f64::from(b)).exp())
                .collect();
            let sum: f64 = exps.iter().sum();
            for (share, exp) in row.iter().zip(&exps) {
                assert!((f64::from(*share) - exp / sum).abs() < 1e-6);
            }
        }
    }

    /// By differences in double precision.
    fn slope(f: impl Fn(f64) -> f64, x: f64) -> f64 {
        let step = 1e-4;
        (f(x + step) - f(x - step)) / (2.0 * step)
    }

    #[test]
    fn the_gradient_of_gelu_is_that_of_differences() {
        let exact = |x: f64| 0.5 * x * (1.0 + erf_by_series(x / std::f64::consts::SQRT_2));
        for i in -400..=400 {
            let x = i as f32 / 100.0;
            let mut gradient = [2.0];
            gelu_backward(&[x], &mut gradient);
            let expected = 2.0 * slope(exact, f64::from(x));
            assert!(
                (f64::from(gradient[0]) - expected).abs() < 1e-5,
                "at {x}: {} for {expected}",
                gradient[0]
            );
        }
    }

    #[test]
    fn the_gradient_of_softmax_is_that_of_differences() {
        let (length, scale) = (13, 0.7);
        let scores: Vec<f32> = (0..length).map(|i| ((i * 37 % 101) as f32 - 50.0) / 17.0).collect();
        let outer: Vec<f32> = (0..length).map(|i| ((i * 29 % 31) as f32 - 15.0) / 9.0).collect();
        let mut shares = scores.clone();
        masked_softmax(&mut shares, &vec![0.0; length], scale, length);
        let mut gradient = outer.clone();
        masked_softmax_backward(&shares, &mut gradient, scale, length);
        for at in 0..length {
            let loss = |x: f64| {
                let one = |(i, &s): (usize, &f32)| {
                    (f64::from(scale) * if i == at { x } else { f64::from(s) }).exp()
                };
                let exps: Vec<f64> = scores.iter().enumerate().map(one).collect();
                let sum: f64 = exps.iter().sum();
                exps.iter().zip(&outer).map(|(e, &g)| e / sum * f64::from(g)).sum::<f64>()
            };
            let expected = slope(loss, f64::from(scores[at]));
            assert!(
                (f64::from(gradient[at]) - expected).abs() < 1e-5,
                "{at}: {} for {expected}",
                gradient[at]
            );
        }
    }
}
