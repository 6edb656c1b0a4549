//! Query, key and value side by side, so that one product makes all three, and their gradients apart again.

use super::launch::{empty, grid, matrix, plain};
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

const UNITS: u32 = 256;

#[cube(launch_unchecked)]
fn join_kernel(
    a: &Tensor<f32>,
    b: &Tensor<f32>,
    c: &Tensor<f32>,
    out: &mut Tensor<f32>,
    count: usize,
    columns: usize,
) {
    let at = ABSOLUTE_POS;
    if at < count {
        let base = (at / columns) * columns * 3 + at % columns;
        out[base] = a[at];
        out[base + columns] = b[at];
        out[base + columns + columns] = c[at];
    }
}

#[cube(launch_unchecked)]
fn split_kernel(
    joined: &Tensor<f32>,
    a: &mut Tensor<f32>,
    b: &mut Tensor<f32>,
    c: &mut Tensor<f32>,
    count: usize,
    columns: usize,
) {
    let at = ABSOLUTE_POS;
    if at < count {
        let base = (at / columns) * columns * 3 + at % columns;
        a[at] = joined[base];
        b[at] = joined[base + columns];
        c[at] = joined[base + columns + columns];
    }
}

fn with_columns(tensor: &CubeTensor, columns: usize) -> Vec<usize> {
    let mut shape = tensor.meta.shape().to_vec();
    if let Some(last) = shape.last_mut() {
        *last = columns;
    }
    shape
}

/// # Shapes
/// - parts: three of one shape, `[.., columns]`; output: `[.., 3 * columns]`
pub(super) fn join(parts: [CubeTensor; 3]) -> CubeTensor {
    let [a, b, c] = plain(parts);
    let [rows, columns] = matrix(&a);
    let out = empty(&a, &with_columns(&a, 3 * columns));
    let count = rows * columns;
    // SAFETY: a unit touches one number of each part, which it compares with their count.
    unsafe {
        join_kernel::launch_unchecked(
            &out.client,
            grid(count.div_ceil(UNITS as usize)),
            CubeDim::new_1d(UNITS),
            a.into_tensor_arg(),
            b.into_tensor_arg(),
            c.into_tensor_arg(),
            out.clone().into_tensor_arg(),
            count,
            columns,
        );
    }
    out
}

/// # Shapes
/// - joined: `[.., 3 * columns]`; outputs: `[.., columns]`
pub(super) fn split(joined: CubeTensor) -> [CubeTensor; 3] {
    let [joined] = plain([joined]);
    let [rows, wide] = matrix(&joined);
    let columns = wide / 3;
    let shape = with_columns(&joined, columns);
    let [a, b, c] = std::array::from_fn(|_| empty(&joined, &shape));
    let count = rows * columns;
    // SAFETY: as in `join`.
    unsafe {
        split_kernel::launch_unchecked(
            &a.client,
            grid(count.div_ceil(UNITS as usize)),
            CubeDim::new_1d(UNITS),
            joined.into_tensor_arg(),
            a.clone().into_tensor_arg(),
            b.clone().into_tensor_arg(),
            c.clone().into_tensor_arg(),
            count,
            columns,
        );
    }
    [a, b, c]
}
