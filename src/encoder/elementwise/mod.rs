//! What the CPU computes by loops of ours: GELU, softmax over masked scores, layer norm, and in wasm matrix products. A GPU has `fused`.
//!
//! Plain loops over the tensor's own memory (`nearmiss_kernels`), with gradients by hand. burn takes `exp` and `erf` one number at a
//! time and, in training, softmax and layer norm apart: with these loops a forward pass of MiniLM takes a fifth less, one of the
//! compact model a half, and a step of its last layer a quarter less.

mod gradients;
mod ops;
mod products;

use burn::backend::Dispatch;
use burn::nn::{LayerNorm, Linear};
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

/// Products of our own, where the backend's are slower: see `nearmiss_kernels::product`. Its own also clear and copy each result,
/// a tenth of a training step of two layers of 128.
const OWN_PRODUCTS: bool = cfg!(target_family = "wasm");

/// A linear map.
///
/// # Shapes
/// - x: `[batch, seq, d_in]`; output: `[batch, seq, d_out]`
pub(super) fn linear(x: Tensor<3>, map: &Linear) -> Tensor<3> {
    if OWN_PRODUCTS { own_linear(x, map) } else { map.forward(x) }
}

fn own_linear(x: Tensor<3>, map: &Linear) -> Tensor<3> {
    let weight = map.weight.val();
    let [_, to] = weight.dims();
    let bias = map.bias.as_ref().map_or_else(|| Tensor::zeros([to], &x.device()), |bias| bias.val());
    let (weight, bias) = (weight.into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(Dispatch::map_rows(x.into_dispatch(), weight, bias))
}

/// A product for each head of each text.
///
/// # Shapes
/// - a: `[batch, heads, m, k]`; b: `[batch, heads, k, n]`; output: `[batch, heads, m, n]`
pub(super) fn products(a: Tensor<4>, b: Tensor<4>) -> Tensor<4> {
    if OWN_PRODUCTS { own_products(a, b) } else { a.matmul(b) }
}

fn own_products(a: Tensor<4>, b: Tensor<4>) -> Tensor<4> {
    Tensor::from_dispatch(Dispatch::products(a.into_dispatch(), b.into_dispatch()))
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
    use burn::module::Param;
    use burn::nn::{LayerNormConfig, LinearConfig};
    use burn::tensor::{Device, Distribution, activation};

    fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
        Tensor::random(shape, Distribution::Normal(0.0, 2.0), &Device::flex().autodiff()).require_grad()
    }

    /// Values and gradients of both for one input, weighted so that no gradient is the same for all numbers.
    fn same<const D: usize, const E: usize>(
        x: &Tensor<D>,
        ours: impl Fn(Tensor<D>) -> Tensor<E>,
        theirs: impl Fn(Tensor<D>) -> Tensor<E>,
    ) {
        let weights = random(theirs(x.clone()).dims()).detach();
        let both = [ours(x.clone()), theirs(x.clone())].map(|y| {
            let gradient = x.grad(&(y.clone() * weights.clone()).sum().backward()).unwrap();
            (y.inner(), gradient)
        });
        let [(value, gradient), (expected, slope)] = both;
        let value: f32 = (value - expected).abs().max().into_scalar();
        let gradient: f32 = (gradient - slope).abs().max().into_scalar();
        assert!(value < 1e-4 && gradient < 1e-4, "apart by {value}, gradients by {gradient}");
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
        let other = random([2, 3, 5, 4]);
        same(&random([2, 3, 6, 5]), |x| own_products(x, other.clone()), |x| x.matmul(other.clone()));
        same(&other, |x| own_products(turned(x.clone()), x), |x| turned(x.clone()).matmul(x));
        for bias in [true, false] {
            let map = LinearConfig::new(5, 7).with_bias(bias).init(&Device::flex().autodiff());
            let (x, weight) = (random([3, 4, 5]), map.weight.val());
            same(&x, |x| own_linear(x, &map), |x| map.forward(x));
            let of = |weight| Linear { weight: Param::from_tensor(weight), bias: map.bias.clone() };
            same(&weight, |w| own_linear(x.clone(), &of(w)), |w| of(w).forward(x.clone()));
            if let Some(bias) = &map.bias {
                let of = |bias| Linear { weight: map.weight.clone(), bias: Some(Param::from_tensor(bias)) };
                same(&bias.val(), |b| own_linear(x.clone(), &of(b)), |b| of(b).forward(x.clone()));
            }
        }
        let norm = LayerNormConfig::new(7).with_epsilon(1e-5).init(&Device::flex().autodiff());
        same(&random([2, 4, 7]), |x| layer_norm(x, &norm, 1e-5), |x| norm.forward(x));
    }
}
