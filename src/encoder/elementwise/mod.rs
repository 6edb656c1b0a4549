//! What happens to each number between matrix products on the CPU: GELU, softmax over masked scores, layer norm. A GPU has `fused`.
//!
//! Plain loops over the tensor's own memory (`nearmiss_kernels`), with gradients by hand. burn takes `exp` and `erf` one number at a
//! time and, in training, softmax and layer norm apart: with these loops a forward pass of MiniLM takes a fifth less, one of the
//! compact model a half, and a step of its last layer a quarter less.

mod gradients;
mod ops;

use burn::backend::Dispatch;
use burn::nn::LayerNorm;
use burn::tensor::Tensor;
use ops::Elementwise;

/// The exact GELU.
///
/// # Shapes
/// - input and output: any
pub(super) fn gelu<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    Tensor::from_dispatch(Dispatch::exact_gelu(x.into_dispatch()))
}

/// Softmax of `scores * scale + bias` over the last axis.
///
/// # Shapes
/// - scores and output: `[batch, heads, seq, seq]`; bias: `[batch, 1, 1, seq]`, a constant
pub(super) fn masked_softmax(scores: Tensor<4>, scale: f32, bias: Tensor<4>) -> Tensor<4> {
    let (scores, bias) = (scores.into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(Dispatch::masked_softmax(scores, bias, f64::from(scale)))
}

/// Each row with mean 0 and variance 1, times gamma, plus beta.
///
/// # Shapes
/// - x and output: `[batch, seq, hidden]`
pub(super) fn layer_norm(x: Tensor<3>, norm: &LayerNorm, epsilon: f64) -> Tensor<3> {
    let gamma = norm.gamma.val();
    let beta = norm.beta.as_ref().map_or_else(|| gamma.clone().detach().zeros_like(), |beta| beta.val());
    let [gamma, beta] = [gamma, beta].map(Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::rows_norm(x.into_dispatch(), gamma, beta, epsilon))
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "native, on the CPU")]
mod tests {
    use super::*;
    use burn::nn::LayerNormConfig;
    use burn::tensor::{Device, Distribution, activation};

    fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
        Tensor::random(shape, Distribution::Normal(0.0, 2.0), &Device::flex().autodiff()).require_grad()
    }

    /// Values and gradients of both for one input, weighted so that no gradient is the same for all numbers.
    fn same<const D: usize>(
        x: &Tensor<D>,
        ours: impl Fn(Tensor<D>) -> Tensor<D>,
        theirs: impl Fn(Tensor<D>) -> Tensor<D>,
    ) {
        let weights = random(x.dims()).detach();
        let both = [ours(x.clone()), theirs(x.clone())].map(|y| {
            let gradient = x.grad(&(y.clone() * weights.clone()).sum().backward()).unwrap();
            (y.inner(), gradient)
        });
        let [(value, gradient), (expected, slope)] = both;
        for (got, expected) in [(value, expected), (gradient, slope)] {
            let apart: f32 = (got - expected).abs().max().into_scalar();
            assert!(apart < 1e-5, "apart by {apart}");
        }
    }

    #[test]
    fn each_is_what_burn_makes_of_its_formula() {
        same(&random([3, 50]), gelu, activation::gelu);
        let bias = Tensor::<1>::from_floats([0.0, 0.0, 0.0, 0.0, -1e9], &Device::flex().autodiff());
        let bias = Tensor::cat(vec![bias.zeros_like(), bias], 0).reshape([2, 1, 1, 5]);
        let softmax = |x: Tensor<4>| activation::softmax(x.mul_scalar(0.3) + bias.clone(), 3);
        same(&random([2, 3, 5, 5]), |x| masked_softmax(x, 0.3, bias.clone()), softmax);
        // Not in one piece: what a transposition leaves.
        let turned = |x: Tensor<4>| x.swap_dims(2, 3);
        same(&random([2, 3, 5, 5]), |x| masked_softmax(turned(x), 0.3, bias.clone()), |x| softmax(turned(x)));
        let norm = LayerNormConfig::new(7).with_epsilon(1e-5).init(&Device::flex().autodiff());
        same(&random([2, 4, 7]), |x| layer_norm(x, &norm, 1e-5), |x| norm.forward(x));
    }
}
