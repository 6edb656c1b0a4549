//! What happens to each number between matrix products: GELU, and softmax over masked scores.
//!
//! For the CPU; a GPU has `fused`. burn's own ops where a gradient is wanted; where none is, plain loops over the tensor's own
//! memory: with them a forward pass of MiniLM takes a fifth less, one of the compact model a half.

use burn::tensor::Tensor;
use burn::tensor::activation;

/// The exact GELU.
///
/// # Shapes
/// - input and output: any
pub(super) fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    if !x.is_autodiff() {
        return in_place(x, nearmiss_kernels::gelu);
    }
    activation::gelu(x)
}

/// Softmax of `scores * scale + bias` over the last axis.
///
/// # Shapes
/// - scores and output: `[batch, heads, seq, seq]`; bias: `[batch, 1, 1, seq]`
pub(super) fn masked_softmax(scores: Tensor<4>, scale: f32, bias: Tensor<4>) -> Tensor<4> {
    if !scores.is_autodiff() {
        let length = scores.dims()[3];
        let bias = floats(bias);
        return in_place(scores, |scores| nearmiss_kernels::masked_softmax(scores, &bias, scale, length));
    }
    activation::softmax(scores.mul_scalar(scale) + bias, 3)
}

#[allow(clippy::disallowed_methods, reason = "the memory is the CPU's own: nothing is waited for")]
fn in_place<const D: usize>(x: Tensor<D>, change: impl FnOnce(&mut [f32])) -> Tensor<D> {
    let device = x.device();
    let mut data = x.into_data();
    match data.as_mut_slice::<f32>() {
        Ok(values) => change(values),
        Err(error) => unreachable!("a tensor of this build holds f32: {error:?}"),
    }
    Tensor::from_data(data, &device)
}

#[allow(clippy::disallowed_methods, reason = "the memory is the CPU's own: nothing is waited for")]
fn floats<const D: usize>(x: Tensor<D>) -> Vec<f32> {
    x.into_data()
        .try_to_vec()
        .unwrap_or_else(|error| unreachable!("a tensor of this build holds f32: {error:?}"))
}
