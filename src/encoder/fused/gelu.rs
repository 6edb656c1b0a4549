//! `u Φ(u)` with `u = x + bias` and Φ the normal distribution (Hendrycks & Gimpel 2016, arXiv 1606.08415), by the error function.
//! burn's own gradient on a GPU is that of the tanh approximation; this one is exact, as on the CPU.

use super::launch::{empty, grid, matrix, plain};
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

const UNITS: u32 = 256;
const ROOT_HALF: f32 = std::f32::consts::FRAC_1_SQRT_2;
/// `1 / √(2π)`
const DENSITY: f32 = 0.398_942_3;

#[cube]
fn distribution(u: f32) -> f32 {
    0.5f32 * (1f32 + Erf::erf(u * ROOT_HALF))
}

#[cube(launch_unchecked)]
fn forward_kernel(x: &Tensor<f32>, bias: &Tensor<f32>, out: &mut Tensor<f32>, count: usize, columns: usize) {
    let at = ABSOLUTE_POS;
    if at < count {
        let u = x[at] + bias[at % columns];
        out[at] = u * distribution(u);
    }
}

#[cube(launch_unchecked)]
fn backward_kernel(
    x: &Tensor<f32>,
    bias: &Tensor<f32>,
    gradient: &Tensor<f32>,
    out: &mut Tensor<f32>,
    count: usize,
    columns: usize,
) {
    let at = ABSOLUTE_POS;
    if at < count {
        let u = x[at] + bias[at % columns];
        let density = (u * u * (-0.5f32)).exp() * DENSITY;
        out[at] = gradient[at] * (distribution(u) + u * density);
    }
}

/// # Shapes
/// - x and output: `[.., columns]`; bias: `[columns]`
pub(super) fn bias_gelu(x: CubeTensor, bias: CubeTensor) -> CubeTensor {
    let [x, bias] = plain([x, bias]);
    let [rows, columns] = matrix(&x);
    let out = empty(&x, x.meta.shape());
    let count = rows * columns;
    // SAFETY: a unit touches its own number, which it compares with their count.
    unsafe {
        forward_kernel::launch_unchecked(
            &out.client,
            grid(count.div_ceil(UNITS as usize)),
            CubeDim::new_1d(UNITS),
            x.into_tensor_arg(),
            bias.into_tensor_arg(),
            out.clone().into_tensor_arg(),
            count,
            columns,
        );
    }
    out
}

/// The gradient with respect to x, and, summed over rows, to bias.
///
/// # Shapes
/// - x, gradient and output: `[.., columns]`; bias: `[columns]`
pub(super) fn backward(x: CubeTensor, bias: CubeTensor, gradient: CubeTensor) -> CubeTensor {
    let [x, bias, gradient] = plain([x, bias, gradient]);
    let [rows, columns] = matrix(&x);
    let out = empty(&x, x.meta.shape());
    let count = rows * columns;
    // SAFETY: as in `bias_gelu`.
    unsafe {
        backward_kernel::launch_unchecked(
            &out.client,
            grid(count.div_ceil(UNITS as usize)),
            CubeDim::new_1d(UNITS),
            x.into_tensor_arg(),
            bias.into_tensor_arg(),
            gradient.into_tensor_arg(),
            out.clone().into_tensor_arg(),
            count,
            columns,
        );
    }
    out
}
