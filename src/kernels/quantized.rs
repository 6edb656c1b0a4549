//! Linear maps with weights in eight bits: each output has a scale for its weights, each row of inputs one of its own.
//!
//! Per-channel symmetric rounding as in Krishnamoorthi 2018 (arXiv 1806.08342), but for the inputs, which keep up to 16 bits: what WebAssembly
//! multiplies are pairs of 16-bit numbers in any case (`i32x4.dot_i16x8_s`), eight products an instruction where floats have four.

/// Outputs of a panel, and rows that pass through it at once: sums of a block are held in eight registers.
const OUTPUTS: usize = 8;
const ROWS: usize = 4;
/// Rows that are rounded and multiplied before the next: they stay in the second cache.
const AT_ONCE: usize = 128;
/// Largest weight.
const WEIGHT: i32 = 127;

// Sums of a block by the instruction that is made for them, which compilers do not find by themselves. Elsewhere by loops, which reach a
// quarter of what floats do: this is for WebAssembly.
#[cfg(not(target_family = "wasm"))]
mod plain;
#[cfg(target_family = "wasm")]
mod wasm;

#[cfg(not(target_family = "wasm"))]
use plain::{Weights, multiply, weights};
#[cfg(target_family = "wasm")]
use wasm::{Weights, multiply, weights};

/// A linear map, `x W + b`, its weights rounded.
#[derive(Debug, Clone)]
pub struct Quantized {
    inputs: usize,
    /// A panel after the other, each `inputs / 2` pairs, rounded up.
    panels: Vec<Weights>,
    /// Of the weights of each output.
    scales: Vec<f32>,
    bias: Vec<f32>,
}

impl Quantized {
    /// # Shapes
    /// - weight: `[inputs, outputs]`, row-major; bias: `[outputs]`
    ///
    /// # Panics
    /// When a slice does not fit.
    pub fn new(weight: &[f32], bias: &[f32]) -> Self {
        let outputs = bias.len();
        assert!(
            outputs > 0 && weight.len().is_multiple_of(outputs),
            "{} weights for {outputs}",
            weight.len()
        );
        let inputs = weight.len() / outputs;
        let mut scales = vec![0.0_f32; outputs];
        for row in weight.chunks_exact(outputs) {
            scales.iter_mut().zip(row).for_each(|(most, w)| *most = most.max(w.abs()));
        }
        scales.iter_mut().for_each(|scale| *scale /= WEIGHT as f32);
        let rounded =
            |input: usize, output: usize| match (weight.get(input * outputs + output), scales.get(output)) {
                // A column of zeros has no scale.
                (Some(w), Some(scale)) if input < inputs && *scale > 0.0 => (w / scale).round() as i8,
                _ => 0,
            };
        let mut panels = Vec::with_capacity(outputs.div_ceil(OUTPUTS) * inputs.div_ceil(2));
        for panel in (0..outputs).step_by(OUTPUTS) {
            for pair in (0..inputs).step_by(2) {
                let bytes = std::array::from_fn(|at| match panel + at / 2 {
                    output if output < outputs => rounded(pair + at % 2, output),
                    _ => 0,
                });
                panels.push(weights(bytes));
            }
        }
        Self { inputs, panels, scales, bias: bias.to_vec() }
    }

    /// Numbers in a row of the result.
    pub fn outputs(&self) -> usize {
        self.scales.len()
    }

    /// Each row of `x` through the map, in the place of what is in `out`.
    ///
    /// # Shapes
    /// - x: `[rows, inputs]`; out: `[rows, outputs]`
    pub fn apply(&self, x: &[f32], out: &mut [f32]) {
        let (inputs, outputs) = (self.inputs.max(1), self.outputs());
        let mut rounded = Rounded::default();
        for (x, out) in x.chunks(AT_ONCE * inputs).zip(out.chunks_mut(AT_ONCE * outputs)) {
            rounded.fill(x, inputs);
            self.multiply(&rounded, out);
        }
    }

    fn multiply(&self, x: &Rounded, out: &mut [f32]) {
        let (outputs, pairs) = (self.outputs(), self.inputs.div_ceil(2).max(1));
        let last = x.scales.len() - 1;
        for (panel, weights) in self.panels.chunks_exact(pairs).enumerate() {
            let columns = panel * OUTPUTS..outputs.min((panel + 1) * OUTPUTS);
            let (scales, bias) = (&self.scales[columns.clone()], &self.bias[columns.clone()]);
            for row in (0..=last).step_by(ROWS) {
                // Beyond the last row it stands for those that are missing: what comes of it is left out.
                let rows = std::array::from_fn(|at| &x.pairs[(row + at).min(last) * pairs..][..pairs]);
                let sums = multiply(rows, weights);
                let rows = out[row * outputs..].chunks_exact_mut(outputs);
                for ((sums, scale), out) in sums.iter().zip(&x.scales[row..]).zip(rows) {
                    let out = &mut out[columns.clone()];
                    for (((out, sum), own), bias) in out.iter_mut().zip(sums).zip(scales).zip(bias) {
                        *out = *sum as f32 * (scale * own) + bias;
                    }
                }
            }
        }
    }
}

/// Rows of inputs as whole numbers, two in one of 32 bits.
#[derive(Default)]
struct Rounded {
    pairs: Vec<i32>,
    scales: Vec<f32>,
}

impl Rounded {
    fn fill(&mut self, x: &[f32], inputs: usize) {
        // So large that no sum of products leaves 32 bits.
        let most = (i32::MAX / WEIGHT / inputs as i32).clamp(1, i32::from(i16::MAX)) as f32;
        self.pairs.clear();
        self.scales.clear();
        for row in x.chunks_exact(inputs) {
            let largest = row.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
            let scale = if largest > 0.0 { largest / most } else { 1.0 };
            self.scales.push(scale);
            let by = 1.0 / scale;
            // Away from zero by a half, then cut: `round` is a call for each number in wasm.
            let whole = |x: f32| (x * by + 0.5_f32.copysign(x)) as i32;
            let (pairs, odd) = row.as_chunks::<2>();
            self.pairs.extend(pairs.iter().map(|&[a, b]| pair(whole(a), whole(b))));
            self.pairs.extend(odd.iter().map(|&a| pair(whole(a), 0)));
        }
    }
}

fn pair(a: i32, b: i32) -> i32 {
    (a & 0xffff) | (b << 16)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Products of the rounded weights, in doubles, and how far rounding the inputs can move them.
    fn expected(x: &[f32], weight: &[f32], bias: &[f32]) -> Vec<(f64, f64)> {
        let (outputs, inputs) = (bias.len(), weight.len() / bias.len());
        let column = |output: usize| weight.iter().skip(output).step_by(outputs);
        let most = f64::from(i32::MAX / WEIGHT / inputs as i32).min(32_767.0);
        let one = |row: &[f32], output: usize| {
            let scale = f64::from(column(output).fold(0.0_f32, |most, w| most.max(w.abs()))) / 127.0;
            let rounded = |w: &f32| if scale > 0.0 { (f64::from(*w) / scale).round() * scale } else { 0.0 };
            let sum: f64 = row.iter().zip(column(output)).map(|(x, w)| f64::from(*x) * rounded(w)).sum();
            let step = f64::from(row.iter().fold(0.0_f32, |most, x| most.max(x.abs()))) / most;
            let all: f64 = column(output).map(|w| rounded(w).abs()).sum();
            (sum + f64::from(bias[output]), 0.51 * step * all + 1e-5 * (1.0 + sum.abs()))
        };
        x.chunks_exact(inputs)
            .flat_map(|row| (0..outputs).map(|output| one(row, output)).collect::<Vec<_>>())
            .collect()
    }

    proptest! {
        #[test]
        fn it_is_the_map_with_rounded_weights_as_near_as_its_inputs_are(
            (inputs, outputs, rows) in (1_usize..20, 1_usize..20, 1_usize..140),
            values in prop::collection::vec(-2.0_f32..2.0, 200), loud in 0.0_f32..1e4,
        ) {
            let take = |count: usize, from: usize| (0..count).map(|i| values[(i * 7 + from) % values.len()]).collect::<Vec<_>>();
            let (mut x, weight, bias) = (take(rows * inputs, 0), take(inputs * outputs, 3), take(outputs, 5));
            x[0] = loud;
            let mut out = vec![f32::NAN; rows * outputs];
            Quantized::new(&weight, &bias).apply(&x, &mut out);
            for (got, (wanted, near)) in out.iter().zip(expected(&x, &weight, &bias)) {
                prop_assert!((f64::from(*got) - wanted).abs() <= near, "{got} instead of {wanted}, at most {near} apart");
            }
        }
    }

    #[test]
    fn the_largest_sums_fit() {
        for inputs in [384, 1536, 4096] {
            let map = Quantized::new(&vec![-1.0; inputs], &[0.0]);
            let mut out = [0.0];
            map.apply(&vec![3.0; inputs], &mut out);
            assert!((out[0] / (-3.0 * inputs as f32) - 1.0).abs() < 1e-3, "{}", out[0]);
        }
    }

    #[test]
    fn zeros_stay_zeros() {
        let mut out = [1.0; 6];
        Quantized::new(&[0.0; 6], &[0.0, 0.5, 0.0]).apply(&[0.0, 0.0, 1.0, 2.0], &mut out);
        assert_eq!(out, [0.0, 0.5, 0.0, 0.0, 0.5, 0.0]);
    }
}
