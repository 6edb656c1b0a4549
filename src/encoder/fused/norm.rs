//! `gamma · z / deviation + beta` with `z = x + added + bias` less its mean (Ba et al. 2016, arXiv 1607.06450), a workgroup a row.

use super::launch::{empty, grid, matrix, plain};
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

/// Units that share a row: six columns each at a hidden size of 384.
pub(super) const UNITS: usize = 64;
const HALVINGS: usize = 6;

/// The sum over the workgroup, for each of its units.
#[cube]
pub(super) fn total(value: f32, shared: &mut Shared<[f32]>) -> f32 {
    let unit = UNIT_POS as usize;
    // The last sum may still be being read.
    sync_cube();
    shared[unit] = value;
    sync_cube();
    #[unroll]
    for step in 0..HALVINGS {
        let half = comptime!(UNITS >> (step + 1));
        if unit < half {
            let other = shared[unit + half];
            shared[unit] += other;
        }
        sync_cube();
    }
    shared[0]
}

/// Leaves z less its mean in the row of `out`; gives `1 / deviation`.
#[cube]
fn centre(
    x: &Tensor<f32>,
    added: &Tensor<f32>,
    bias: &Tensor<f32>,
    out: &mut Tensor<f32>,
    shared: &mut Shared<[f32]>,
    columns: usize,
    period: usize,
    epsilon: f32,
) -> f32 {
    let base = CUBE_POS * columns;
    let beside = base % period;
    let count = f32::cast_from(columns);
    let mut sum = 0f32;
    let mut column = UNIT_POS as usize;
    while column < columns {
        let z = x[base + column] + added[beside + column] + bias[column];
        out[base + column] = z;
        sum += z;
        column += UNITS;
    }
    let mean = total(sum, shared) / count;
    let mut squares = 0f32;
    let mut column = UNIT_POS as usize;
    while column < columns {
        let z = out[base + column] - mean;
        out[base + column] = z;
        squares += z * z;
        column += UNITS;
    }
    let variance = total(squares, shared) / count;
    1f32 / (variance + epsilon).sqrt()
}

#[cube(launch_unchecked)]
fn add_norm_kernel(
    x: &Tensor<f32>,
    added: &Tensor<f32>,
    bias: &Tensor<f32>,
    gamma: &Tensor<f32>,
    beta: &Tensor<f32>,
    out: &mut Tensor<f32>,
    rows: usize,
    columns: usize,
    period: usize,
    epsilon: f32,
) {
    if CUBE_POS < rows {
        let mut shared = Shared::<[f32]>::new_slice(UNITS);
        let scale = centre(x, added, bias, out, &mut shared, columns, period, epsilon);
        let base = CUBE_POS * columns;
        let mut column = UNIT_POS as usize;
        while column < columns {
            let normed = out[base + column] * scale;
            out[base + column] = normed * gamma[column] + beta[column];
            column += UNITS;
        }
    }
}

/// As above; keeps what the gradient asks for: `[rows, columns]` normalised, then `[rows]` of `1 / deviation`. One buffer, since
/// two would be the ninth.
#[cube(launch_unchecked)]
fn add_norm_keeping_kernel(
    x: &Tensor<f32>,
    added: &Tensor<f32>,
    bias: &Tensor<f32>,
    gamma: &Tensor<f32>,
    beta: &Tensor<f32>,
    out: &mut Tensor<f32>,
    kept: &mut Tensor<f32>,
    rows: usize,
    columns: usize,
    period: usize,
    epsilon: f32,
) {
    if CUBE_POS < rows {
        let mut shared = Shared::<[f32]>::new_slice(UNITS);
        let scale = centre(x, added, bias, out, &mut shared, columns, period, epsilon);
        let base = CUBE_POS * columns;
        let mut column = UNIT_POS as usize;
        while column < columns {
            let normed = out[base + column] * scale;
            kept[base + column] = normed;
            out[base + column] = normed * gamma[column] + beta[column];
            column += UNITS;
        }
        if UNIT_POS == 0 {
            kept[rows * columns + CUBE_POS] = scale;
        }
    }
}

/// `dz = (a − mean(a) − n · mean(a · n)) / deviation` with `a = gradient · gamma` and n the normalised row.
#[cube(launch_unchecked)]
fn backward_kernel(
    gradient: &Tensor<f32>,
    kept: &Tensor<f32>,
    gamma: &Tensor<f32>,
    out: &mut Tensor<f32>,
    rows: usize,
    columns: usize,
) {
    if CUBE_POS < rows {
        let mut shared = Shared::<[f32]>::new_slice(UNITS);
        let base = CUBE_POS * columns;
        let count = f32::cast_from(columns);
        let mut sum = 0f32;
        let mut product = 0f32;
        let mut column = UNIT_POS as usize;
        while column < columns {
            let a = gradient[base + column] * gamma[column];
            sum += a;
            product += a * kept[base + column];
            column += UNITS;
        }
        let mean = total(sum, &mut shared) / count;
        let along = total(product, &mut shared) / count;
        let scale = kept[rows * columns + CUBE_POS];
        let mut column = UNIT_POS as usize;
        while column < columns {
            let a = gradient[base + column] * gamma[column];
            out[base + column] = (a - mean - kept[base + column] * along) * scale;
            column += UNITS;
        }
    }
}

/// What enters: x, added, and three of `[columns]`. Where added has fewer rows than x, it begins again after its last.
pub(super) type Inputs = [CubeTensor; 5];

/// # Shapes
/// - inputs: x `[.., columns]`; added `[.., columns]`, of as many rows or a share of them; bias, gamma, beta `[columns]`
/// - output: as x
pub(super) fn add_norm(inputs: Inputs, epsilon: f64) -> CubeTensor {
    let [x, added, bias, gamma, beta] = plain(inputs);
    let ([rows, columns], period) = (matrix(&x), added.meta.num_elements());
    let out = empty(&x, x.meta.shape());
    // SAFETY: a workgroup touches its own row, which it compares with the number of rows.
    unsafe {
        add_norm_kernel::launch_unchecked(
            &out.client,
            grid(rows),
            CubeDim::new_1d(UNITS as u32),
            x.into_tensor_arg(),
            added.into_tensor_arg(),
            bias.into_tensor_arg(),
            gamma.into_tensor_arg(),
            beta.into_tensor_arg(),
            out.clone().into_tensor_arg(),
            rows,
            columns,
            period,
            epsilon as f32,
        );
    }
    out
}

/// As [`add_norm`]; also what [`backward`] asks for.
pub(super) fn add_norm_keeping(inputs: Inputs, epsilon: f64) -> (CubeTensor, CubeTensor) {
    let [x, added, bias, gamma, beta] = plain(inputs);
    let ([rows, columns], period) = (matrix(&x), added.meta.num_elements());
    let out = empty(&x, x.meta.shape());
    let kept = empty(&x, &[rows * (columns + 1)]);
    // SAFETY: as in `add_norm`.
    unsafe {
        add_norm_keeping_kernel::launch_unchecked(
            &out.client,
            grid(rows),
            CubeDim::new_1d(UNITS as u32),
            x.into_tensor_arg(),
            added.into_tensor_arg(),
            bias.into_tensor_arg(),
            gamma.into_tensor_arg(),
            beta.into_tensor_arg(),
            out.clone().into_tensor_arg(),
            kept.clone().into_tensor_arg(),
            rows,
            columns,
            period,
            epsilon as f32,
        );
    }
    (out, kept)
}

/// The gradient with respect to z, and so to x, to added and, summed over rows, to bias.
///
/// # Shapes
/// - gradient and output: `[.., columns]`; kept: of [`add_norm_keeping`]; gamma: `[columns]`
pub(super) fn backward(gradient: CubeTensor, kept: CubeTensor, gamma: CubeTensor) -> CubeTensor {
    let [gradient, gamma] = plain([gradient, gamma]);
    let [rows, columns] = matrix(&gradient);
    let out = empty(&gradient, gradient.meta.shape());
    // SAFETY: as in `add_norm`.
    unsafe {
        backward_kernel::launch_unchecked(
            &out.client,
            grid(rows),
            CubeDim::new_1d(UNITS as u32),
            gradient.into_tensor_arg(),
            kept.into_tensor_arg(),
            gamma.into_tensor_arg(),
            out.clone().into_tensor_arg(),
            rows,
            columns,
        );
    }
    out
}
