//! The transformer layer in few GPU kernels (`webgpu` build only; the CPU keeps the plain formulas of `bert.rs`).
//!
//! burn takes softmax, layer norm, GELU and bias apart: 53 kernels a layer. On a small encoder launching them costs
//! more than their arithmetic. Here a layer is ten dispatches, four of them matrix products of burn's:
//!
//! ```text
//! join weights · join biases · product · attention · product · add + norm · product · bias + GELU · product · add + norm
//! ```
//!
//! `ops` names the operations, `gradients` differentiates them, the other files are their kernels. They use what every
//! WebGPU device has: at most 8 storage buffers (CubeCL takes one), 256 units a workgroup, 16 KiB shared, no subgroups. Sizes
//! need be no powers of two.

mod attention;
mod check;
mod check_gradients;
mod gelu;
mod gradients;
mod join;
pub(crate) mod launch;
mod norm;
mod ops;
mod pooling;
mod sums;

pub(super) use check::check;
pub(crate) use check_gradients::check_gradients;

use super::bert::{BertEmbeddings, BertLayer, drop_out};
use burn::backend::Dispatch;
use burn::nn::{LayerNorm, Linear};
use burn::tensor::module::linear;
use burn::tensor::{DispatchTensor, Int, Tensor};
use ops::Fused;

/// Word, position and segment embeddings, added and normalised in one kernel.
///
/// # Shapes
/// - ids: `[batch, seq]`; output: `[batch, seq, hidden]`
pub(super) fn embed(embeddings: &BertEmbeddings, ids: Tensor<2, Int>) -> Tensor<3> {
    let [batch, seq] = ids.dims();
    let [_, hidden] = embeddings.word.dims();
    let word = embeddings.word.val().select(0, ids.reshape([batch * seq])); // [batch * seq, hidden]
    let position = embeddings.position.val().narrow(0, 0, seq); // [seq, hidden]
    let segment = embeddings.segment.val().narrow(0, 0, 1).reshape([hidden]);
    let word = word.reshape([batch, seq, hidden]);
    normalise(word, position.into_dispatch(), segment, &embeddings.norm, embeddings.epsilon)
}

/// One layer.
///
/// # Shapes
/// - x and output: `[batch, seq, hidden]`; bias: `[batch, 1, 1, seq]`, added to every score of a key
pub(super) fn layer(layer: &BertLayer, x: Tensor<3>, bias: Tensor<4>, dropout: f64) -> Tensor<3> {
    let [batch, seq, _] = x.dims();
    let parts = [&layer.query, &layer.key, &layer.value];
    let weight = Tensor::<2>::from_dispatch(join(parts.map(|part| part.weight.val().into_dispatch())));
    let joined = linear(x.clone(), weight, None); // [batch, seq, 3 * hidden]
    let offsets = join(parts.map(|part| offset(part).into_dispatch()));
    let bias = bias.reshape([batch, seq]).into_dispatch();
    let mixed = Dispatch::attention(joined.into_dispatch(), offsets, bias, layer.heads);
    let half = Half { layer, dropout };
    let x = half.add_norm(x, Tensor::from_dispatch(mixed), &layer.output, &layer.attention_norm);
    let inner = linear(x.clone(), layer.inner.weight.val(), None); // [batch, seq, intermediate]
    let inner = Dispatch::bias_gelu(inner.into_dispatch(), offset(&layer.inner).into_dispatch());
    half.add_norm(x, Tensor::from_dispatch(inner), &layer.outer, &layer.norm)
}

/// The mean over real tokens.
///
/// # Shapes
/// - tokens: `[batch, seq, hidden]`; mask: `[batch, seq]`; output: `[batch, hidden]`
pub(super) fn mean_pool(tokens: Tensor<3>, mask: Tensor<2>) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::mean_pool(tokens.into_dispatch(), mask.into_dispatch()))
}

/// Rows of length 1, where a squared length below `least` counts as `least`.
///
/// # Shapes
/// - both `[rows, columns]`
pub(super) fn unit_rows(rows: Tensor<2>, least: f32) -> Tensor<2> {
    Tensor::from_dispatch(Dispatch::unit_rows(rows.into_dispatch(), f64::from(least)))
}

/// What both halves of a layer end with.
struct Half<'a> {
    layer: &'a BertLayer,
    dropout: f64,
}

impl Half<'_> {
    /// `norm(x + map(inner))`.
    fn add_norm(&self, x: Tensor<3>, inner: Tensor<3>, map: &Linear, norm: &LayerNorm) -> Tensor<3> {
        let (mut added, mut bias) = (linear(inner, map.weight.val(), None), offset(map));
        if self.dropout > 0.0 {
            let [hidden] = bias.dims();
            added = drop_out(added + bias.clone().reshape([1, 1, hidden]), self.dropout);
            bias = bias.detach().zeros_like();
        }
        normalise(x, added.into_dispatch(), bias, norm, self.layer.epsilon)
    }
}

/// Layer norm of `x + added + bias`.
fn normalise(
    x: Tensor<3>,
    added: DispatchTensor,
    bias: Tensor<1>,
    norm: &LayerNorm,
    epsilon: f64,
) -> Tensor<3> {
    let gamma = norm.gamma.val();
    let beta = norm.beta.as_ref().map_or_else(|| gamma.clone().detach().zeros_like(), |beta| beta.val());
    let [bias, gamma, beta] = [bias, gamma, beta].map(Tensor::into_dispatch);
    Tensor::from_dispatch(Dispatch::add_norm(x.into_dispatch(), added, bias, gamma, beta, epsilon))
}

fn join([a, b, c]: [DispatchTensor; 3]) -> DispatchTensor {
    Dispatch::join(a, b, c)
}

/// The bias of a map, `[d_out]`; 0 where it has none.
fn offset(map: &Linear) -> Tensor<1> {
    map.bias.as_ref().map_or_else(
        || {
            let weight = map.weight.val();
            Tensor::zeros([weight.dims()[1]], &weight.device())
        },
        |bias| bias.val(),
    )
}
