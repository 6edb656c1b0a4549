//! The norm of a gradient, and one AdamW update, over a long vector. Formulas as in `adamw.rs`.

use crate::encoder::launch::{empty, grid, plain, primitive, tensor};
use cubecl::prelude::*;

/// As burn names it; a kernel's `Tensor` is CubeCL's.
type Long = burn::tensor::Tensor<1>;

const UNITS: usize = 256;
const HALVINGS: usize = 8;
/// Workgroups that sum the squares: enough to fill a GPU, few enough for one workgroup to add up.
const PARTS: usize = UNITS;

/// What an update takes besides the vectors.
#[derive(Clone, Copy)]
pub(in crate::training) struct Coefficients {
    /// β₁ and β₂.
    pub beta: [f32; 2],
    /// `1 − β` to the power of the number of updates.
    pub corrected: [f32; 2],
    pub epsilon: f32,
    /// The largest norm; `f32::MAX` for none.
    pub most: f32,
    pub rate: f32,
    pub decay: f32,
    pub anchor: f32,
}

/// The sum over the workgroup, right in unit 0.
#[cube]
fn total(value: f32) -> f32 {
    let unit = UNIT_POS as usize;
    let mut shared = Shared::<[f32]>::new_slice(UNITS);
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

#[cube(launch_unchecked)]
fn squares_kernel(gradient: &Tensor<f32>, out: &mut Tensor<f32>, count: usize) {
    let mut sum = 0f32;
    let mut at = ABSOLUTE_POS;
    while at < count {
        sum += gradient[at] * gradient[at];
        at += UNITS * PARTS;
    }
    let sum = total(sum);
    if UNIT_POS == 0 {
        out[CUBE_POS] = sum;
    }
}

#[cube(launch_unchecked)]
fn root_kernel(squares: &Tensor<f32>, out: &mut Tensor<f32>) {
    let sum = total(squares[UNIT_POS as usize]);
    if UNIT_POS == 0 {
        out[0] = sum.sqrt();
    }
}

#[cube(launch_unchecked)]
fn moments_kernel(
    gradient: &Tensor<f32>,
    norm: &Tensor<f32>,
    first: &Tensor<f32>,
    second: &Tensor<f32>,
    new_first: &mut Tensor<f32>,
    new_second: &mut Tensor<f32>,
    count: usize,
    beta_1: f32,
    beta_2: f32,
    most: f32,
) {
    let at = ABSOLUTE_POS;
    if at < count {
        let mut g = gradient[at];
        if norm[0] > most {
            g *= most / norm[0];
        }
        new_first[at] = first[at] * beta_1 + g * (1f32 - beta_1);
        new_second[at] = second[at] * beta_2 + g * g * (1f32 - beta_2);
    }
}

#[cube(launch_unchecked)]
fn weights_kernel(
    weights: &Tensor<f32>,
    start: &Tensor<f32>,
    first: &Tensor<f32>,
    second: &Tensor<f32>,
    out: &mut Tensor<f32>,
    count: usize,
    corrected_1: f32,
    corrected_2: f32,
    epsilon: f32,
    rate: f32,
    decay: f32,
    anchor: f32,
) {
    let at = ABSOLUTE_POS;
    if at < count {
        let old = weights[at];
        let root = (second[at] / corrected_2).sqrt() + epsilon;
        let direction = first[at] / corrected_1 / root + decay * old + anchor * (old - start[at]);
        out[at] = old - rate * direction;
    }
}

/// Of all numbers, `[1]`.
pub(in crate::training) fn norm(gradient: Long) -> Long {
    let [gradient] = plain([primitive(gradient)]);
    let (squares, out) = (empty(&gradient, &[PARTS]), empty(&gradient, &[1]));
    let count = gradient.meta.num_elements();
    let units = CubeDim::new_1d(UNITS as u32);
    // SAFETY: places in the gradient are compared with its length; there are as many parts as workgroups, and as units.
    unsafe {
        squares_kernel::launch_unchecked(
            &out.client,
            CubeCount::Static(PARTS as u32, 1, 1),
            units,
            gradient.into_tensor_arg(),
            squares.clone().into_tensor_arg(),
            count,
        );
        root_kernel::launch_unchecked(
            &out.client,
            CubeCount::Static(1, 1, 1),
            units,
            squares.into_tensor_arg(),
            out.clone().into_tensor_arg(),
        );
    }
    tensor(out)
}

/// New weights and both new moments. Nothing is written in place: an earlier state may be gone back to.
///
/// # Shapes
/// - norm: `[1]`; all others, moments and outputs too: `[n]`
pub(in crate::training) fn update(
    weights: Long,
    start: Long,
    gradient: Long,
    norm: Long,
    moments: [Long; 2],
    by: Coefficients,
) -> (Long, [Long; 2]) {
    let [weights, start, gradient, norm] = plain([weights, start, gradient, norm].map(primitive));
    let [first, second] = plain(moments.map(primitive));
    let [out, new_first, new_second] = std::array::from_fn(|_| empty(&weights, weights.meta.shape()));
    let count = weights.meta.num_elements();
    let (units, cubes) = (CubeDim::new_1d(UNITS as u32), grid(count.div_ceil(UNITS)));
    // SAFETY: a unit touches its own number, which it compares with the length that all share.
    unsafe {
        moments_kernel::launch_unchecked(
            &out.client,
            cubes.clone(),
            units,
            gradient.into_tensor_arg(),
            norm.into_tensor_arg(),
            first.into_tensor_arg(),
            second.into_tensor_arg(),
            new_first.clone().into_tensor_arg(),
            new_second.clone().into_tensor_arg(),
            count,
            by.beta[0],
            by.beta[1],
            by.most,
        );
        weights_kernel::launch_unchecked(
            &out.client,
            cubes,
            units,
            weights.into_tensor_arg(),
            start.into_tensor_arg(),
            new_first.clone().into_tensor_arg(),
            new_second.clone().into_tensor_arg(),
            out.clone().into_tensor_arg(),
            count,
            by.corrected[0],
            by.corrected[1],
            by.epsilon,
            by.rate,
            by.decay,
            by.anchor,
        );
    }
    (tensor(out), [new_first, new_second].map(tensor))
}
