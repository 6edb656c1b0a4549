//! From one vector a token to one unit vector a text, a kernel for each of the two steps of `pooling.rs`.

use super::launch::{empty, grid, matrix, plain};
use super::norm::{UNITS, total};
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

const WIDE: u32 = 256;

/// A unit a column of a text; that of the first column leaves the share of each token, 0 for padding.
#[cube(launch_unchecked)]
fn mean_kernel(
    tokens: &Tensor<f32>,
    mask: &Tensor<f32>,
    out: &mut Tensor<f32>,
    shares: &mut Tensor<f32>,
    seq: usize,
    columns: usize,
    count: usize,
) {
    let at = ABSOLUTE_POS;
    if at < count {
        let text = at / columns;
        let column = at % columns;
        let mut present = 0f32;
        let mut sum = 0f32;
        for token in 0..seq {
            let weight = mask[text * seq + token];
            present += weight;
            sum += weight * tokens[(text * seq + token) * columns + column];
        }
        let present = present.max(1f32);
        out[at] = sum / present;
        if column == 0 {
            for token in 0..seq {
                shares[text * seq + token] = mask[text * seq + token] / present;
            }
        }
    }
}

#[cube(launch_unchecked)]
fn mean_backward_kernel(
    gradient: &Tensor<f32>,
    shares: &Tensor<f32>,
    out: &mut Tensor<f32>,
    seq: usize,
    columns: usize,
    count: usize,
) {
    let at = ABSOLUTE_POS;
    if at < count {
        let token = at / columns;
        out[at] = shares[token] * gradient[token / seq * columns + at % columns];
    }
}

#[cube(launch_unchecked)]
fn unit_kernel(
    x: &Tensor<f32>,
    out: &mut Tensor<f32>,
    scales: &mut Tensor<f32>,
    rows: usize,
    columns: usize,
    least: f32,
) {
    if CUBE_POS < rows {
        let mut shared = Shared::<[f32]>::new_slice(UNITS);
        let base = CUBE_POS * columns;
        let mut squares = 0f32;
        let mut column = UNIT_POS as usize;
        while column < columns {
            squares += x[base + column] * x[base + column];
            column += UNITS;
        }
        let scale = 1f32 / total(squares, &mut shared).max(least).sqrt();
        let mut column = UNIT_POS as usize;
        while column < columns {
            out[base + column] = x[base + column] * scale;
            column += UNITS;
        }
        if UNIT_POS == 0 {
            scales[CUBE_POS] = scale;
        }
    }
}

/// `(gradient − u (gradient · u)) / |x|` with u the unit vector.
#[cube(launch_unchecked)]
fn unit_backward_kernel(
    gradient: &Tensor<f32>,
    unit: &Tensor<f32>,
    scales: &Tensor<f32>,
    out: &mut Tensor<f32>,
    rows: usize,
    columns: usize,
) {
    if CUBE_POS < rows {
        let mut shared = Shared::<[f32]>::new_slice(UNITS);
        let base = CUBE_POS * columns;
        let mut product = 0f32;
        let mut column = UNIT_POS as usize;
        while column < columns {
            product += gradient[base + column] * unit[base + column];
            column += UNITS;
        }
        let along = total(product, &mut shared);
        let mut column = UNIT_POS as usize;
        while column < columns {
            let at = base + column;
            out[at] = (gradient[at] - unit[at] * along) * scales[CUBE_POS];
            column += UNITS;
        }
    }
}

/// The mean over real tokens; also the share of each token in it, `[batch, seq]`.
///
/// # Shapes
/// - tokens: `[batch, seq, columns]`; mask: `[batch, seq]`; output: `[batch, columns]`
pub(super) fn mean(tokens: CubeTensor, mask: CubeTensor) -> (CubeTensor, CubeTensor) {
    let [tokens, mask] = plain([tokens, mask]);
    let ([batch, seq], [_, columns]) = (matrix(&mask), matrix(&tokens));
    let (out, shares) = (empty(&tokens, &[batch, columns]), empty(&tokens, &[batch, seq]));
    let count = batch * columns;
    // SAFETY: a unit's number is compared with the count, and what it touches is computed from that.
    unsafe {
        mean_kernel::launch_unchecked(
            &out.client,
            grid(count.div_ceil(WIDE as usize)),
            CubeDim::new_1d(WIDE),
            tokens.into_tensor_arg(),
            mask.into_tensor_arg(),
            out.clone().into_tensor_arg(),
            shares.clone().into_tensor_arg(),
            seq,
            columns,
            count,
        );
    }
    (out, shares)
}

/// The gradient with respect to the tokens.
///
/// # Shapes
/// - gradient: `[batch, columns]`; shares: `[batch, seq]`; output: `[batch, seq, columns]`
pub(super) fn mean_backward(gradient: CubeTensor, shares: CubeTensor) -> CubeTensor {
    let [gradient] = plain([gradient]);
    let ([batch, seq], [_, columns]) = (matrix(&shares), matrix(&gradient));
    let out = empty(&gradient, &[batch, seq, columns]);
    let count = batch * seq * columns;
    // SAFETY: as in `mean`.
    unsafe {
        mean_backward_kernel::launch_unchecked(
            &out.client,
            grid(count.div_ceil(WIDE as usize)),
            CubeDim::new_1d(WIDE),
            gradient.into_tensor_arg(),
            shares.into_tensor_arg(),
            out.clone().into_tensor_arg(),
            seq,
            columns,
            count,
        );
    }
    out
}

/// Rows of length 1, and `1 / |x|` of each, `[rows]`. A square below `least` counts as `least`.
///
/// # Shapes
/// - x and output: `[rows, columns]`
pub(super) fn unit(x: CubeTensor, least: f64) -> (CubeTensor, CubeTensor) {
    let [x] = plain([x]);
    let [rows, columns] = matrix(&x);
    let (out, scales) = (empty(&x, x.meta.shape()), empty(&x, &[rows]));
    // SAFETY: a workgroup touches its own row, which it compares with the number of rows.
    unsafe {
        unit_kernel::launch_unchecked(
            &out.client,
            grid(rows),
            CubeDim::new_1d(UNITS as u32),
            x.into_tensor_arg(),
            out.clone().into_tensor_arg(),
            scales.clone().into_tensor_arg(),
            rows,
            columns,
            least as f32,
        );
    }
    (out, scales)
}

/// The gradient with respect to x.
///
/// # Shapes
/// - gradient, unit and output: `[rows, columns]`; scales: `[rows]`
pub(super) fn unit_backward(gradient: CubeTensor, unit: CubeTensor, scales: CubeTensor) -> CubeTensor {
    let [gradient] = plain([gradient]);
    let [rows, columns] = matrix(&gradient);
    let out = empty(&gradient, gradient.meta.shape());
    // SAFETY: as in `unit`.
    unsafe {
        unit_backward_kernel::launch_unchecked(
            &out.client,
            grid(rows),
            CubeDim::new_1d(UNITS as u32),
            gradient.into_tensor_arg(),
            unit.into_tensor_arg(),
            scales.into_tensor_arg(),
            out.clone().into_tensor_arg(),
            rows,
            columns,
        );
    }
    out
}
