//! Sums over rows: the gradients of biases, and of a layer norm's parameters.
//!
//! A workgroup takes 16 columns with 16 units each. One unit a column, as in burn's reduction, leaves most of a GPU idle: a
//! hidden size of 384 makes 384 of them, each walking through all tokens of a batch.

use super::launch::{empty, matrix, plain};
use burn::tensor::Shape;
use burn_cubecl::ops::reshape;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

const SIDE: usize = 16;
const UNITS: usize = SIDE * SIDE;

/// The sum of what the 16 units of this unit's column hold.
#[cube]
fn column_total(value: f32, shared: &mut Shared<[f32]>) -> f32 {
    sync_cube();
    shared[(UNIT_POS_Y as usize) * SIDE + UNIT_POS_X as usize] = value;
    sync_cube();
    let mut sum = 0f32;
    for lane in 0..SIDE {
        sum += shared[lane * SIDE + UNIT_POS_X as usize];
    }
    sum
}

#[cube(launch_unchecked)]
fn sums_kernel(x: &Tensor<f32>, out: &mut Tensor<f32>, rows: usize, columns: usize) {
    let mut shared = Shared::<[f32]>::new_slice(UNITS);
    let column = (CUBE_POS_X as usize) * SIDE + UNIT_POS_X as usize;
    let mut sum = 0f32;
    if column < columns {
        let mut row = UNIT_POS_Y as usize;
        while row < rows {
            sum += x[row * columns + column];
            row += SIDE;
        }
    }
    let sum = column_total(sum, &mut shared);
    if UNIT_POS_Y == 0 && column < columns {
        out[column] = sum;
    }
}

#[cube(launch_unchecked)]
fn norm_sums_kernel(
    gradient: &Tensor<f32>,
    kept: &Tensor<f32>,
    inner: &Tensor<f32>,
    gamma: &mut Tensor<f32>,
    beta: &mut Tensor<f32>,
    bias: &mut Tensor<f32>,
    rows: usize,
    columns: usize,
) {
    let mut shared = Shared::<[f32]>::new_slice(UNITS);
    let column = (CUBE_POS_X as usize) * SIDE + UNIT_POS_X as usize;
    let mut of_gamma = 0f32;
    let mut of_beta = 0f32;
    let mut of_bias = 0f32;
    if column < columns {
        let mut row = UNIT_POS_Y as usize;
        while row < rows {
            let at = row * columns + column;
            of_gamma += gradient[at] * kept[at];
            of_beta += gradient[at];
            of_bias += inner[at];
            row += SIDE;
        }
    }
    let of_gamma = column_total(of_gamma, &mut shared);
    let of_beta = column_total(of_beta, &mut shared);
    let of_bias = column_total(of_bias, &mut shared);
    if UNIT_POS_Y == 0 && column < columns {
        gamma[column] = of_gamma;
        beta[column] = of_beta;
        bias[column] = of_bias;
    }
}

fn shape(columns: usize) -> (CubeCount, CubeDim) {
    let side = SIDE as u32;
    (CubeCount::Static((columns as u32).div_ceil(side).max(1), 1, 1), CubeDim::new_2d(side, side))
}

/// # Shapes
/// - x: `[.., columns]`; output: `[columns]`
pub(super) fn column_sums(x: CubeTensor) -> CubeTensor {
    let [x] = plain([x]);
    let [rows, columns] = matrix(&x);
    let out = empty(&x, &[columns]);
    let (count, units) = shape(columns);
    // SAFETY: a column is compared with their number, a row likewise.
    unsafe {
        sums_kernel::launch_unchecked(
            &out.client,
            count,
            units,
            x.into_tensor_arg(),
            out.clone().into_tensor_arg(),
            rows,
            columns,
        );
    }
    out
}

/// The gradient of what was repeated to fill x: the sum over its repetitions, of its shape.
pub(super) fn repeats(x: CubeTensor, shape: Shape) -> CubeTensor {
    let [x] = plain([x]);
    let (all, own) = (x.meta.num_elements(), shape.num_elements());
    if all == own {
        return reshape(x, shape);
    }
    reshape(column_sums(reshape(x, Shape::new([all / own, own]))), shape)
}

/// The gradients of gamma, beta and of the bias added before the norm, from the gradient of its output, what its forward pass kept
/// and the gradient of what entered it.
///
/// # Shapes
/// - gradient, inner: `[.., columns]`; outputs: `[columns]`
pub(super) fn norm_sums(gradient: CubeTensor, kept: CubeTensor, inner: CubeTensor) -> [CubeTensor; 3] {
    let [gradient, inner] = plain([gradient, inner]);
    let [rows, columns] = matrix(&gradient);
    let [gamma, beta, bias] = std::array::from_fn(|_| empty(&gradient, &[columns]));
    let (count, units) = shape(columns);
    // SAFETY: as in `column_sums`.
    unsafe {
        norm_sums_kernel::launch_unchecked(
            &gamma.client,
            count,
            units,
            gradient.into_tensor_arg(),
            kept.into_tensor_arg(),
            inner.into_tensor_arg(),
            gamma.clone().into_tensor_arg(),
            beta.clone().into_tensor_arg(),
            bias.clone().into_tensor_arg(),
            rows,
            columns,
        );
    }
    [gamma, beta, bias]
}
