//! BERT (Devlin et al. 2018, arXiv 1810.04805): embeddings, then post-norm transformer layers.
//!
//! Only what a sentence encoder needs: one segment, no pooler; dropout only where training asks for it. The layers can be
//! entered at any height, so that what lies below the lowest trained one is computed once.
//! Shapes are in trailing comments; `[batch, seq, hidden]` unless said otherwise.

use super::config::BertConfig;
#[cfg(not(feature = "webgpu"))]
use super::elementwise::{gelu, layer_norm, linear, masked_softmax, products};
use burn::module::{Module, Param};
use burn::nn::{LayerNorm, Linear};
use burn::tensor::{Distribution, Int, Tensor};

/// Added to the score of a padded key: far below any real score, and finite, so that softmax never sees inf − inf.
const MASKED: f32 = -1e9;

/// Word, position and segment tables, summed and normalised.
#[derive(Module, Debug)]
pub struct BertEmbeddings {
    /// `[vocabulary, hidden]`
    pub word: Param<Tensor<2>>,
    /// `[positions, hidden]`
    pub position: Param<Tensor<2>>,
    /// `[segments, hidden]`
    pub segment: Param<Tensor<2>>,
    /// Over `hidden`.
    pub norm: LayerNorm,
    /// Of the norm, which does not tell its own.
    pub(super) epsilon: f64,
}

/// Multi-head self-attention and feed-forward, each with a residual and a layer norm after it.
#[derive(Module, Debug)]
pub struct BertLayer {
    /// `[hidden, hidden]`, as are `key`, `value` and `output`.
    pub query: Linear,
    pub key: Linear,
    pub value: Linear,
    pub output: Linear,
    pub attention_norm: LayerNorm,
    /// `[hidden, intermediate]`
    pub inner: Linear,
    /// `[intermediate, hidden]`
    pub outer: Linear,
    pub norm: LayerNorm,
    pub(super) heads: usize,
    /// Of both norms, which do not tell theirs.
    pub(super) epsilon: f64,
}

/// The transformer: token ids in, one vector a token out.
#[derive(Module, Debug)]
pub struct Bert {
    /// The first step.
    pub embeddings: BertEmbeddings,
    /// Applied in order.
    pub layers: Vec<BertLayer>,
}

impl BertEmbeddings {
    #[cfg(feature = "webgpu")]
    fn forward(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        super::fused::embed(self, ids)
    }

    #[cfg(not(feature = "webgpu"))]
    fn forward(&self, ids: Tensor<2, Int>) -> Tensor<3> {
        let [batch, seq] = ids.dims();
        let [_, hidden] = self.word.dims();
        let word = self.word.val().select(0, ids.reshape([batch * seq])); // [batch * seq, hidden]
        let position = self.position.val().narrow(0, 0, seq); // [seq, hidden]
        let segment = self.segment.val().narrow(0, 0, 1); // [1, hidden]
        let place = (position + segment).reshape([1, seq, hidden]);
        layer_norm(word.reshape([batch, seq, hidden]) + place, &self.norm, self.epsilon)
    }
}

impl BertLayer {
    /// Assembled by the weights loader.
    pub(super) fn new(
        [query, key, value, output, inner, outer]: [Linear; 6],
        [attention_norm, norm]: [LayerNorm; 2],
        config: &BertConfig,
    ) -> Self {
        let (heads, epsilon) = (config.num_attention_heads, config.layer_norm_eps);
        Self { query, key, value, output, attention_norm, inner, outer, norm, heads, epsilon }
    }

    /// `bias` is `[batch, 1, 1, seq]`: 0 for a token, [`MASKED`] for padding. `dropout` is a share of what each half adds.
    #[cfg(feature = "webgpu")]
    fn forward(&self, x: Tensor<3>, bias: Tensor<4>, dropout: f64) -> Tensor<3> {
        super::fused::layer(self, x, bias, dropout)
    }

    /// As it is written, and as the CPU computes it.
    #[cfg(not(feature = "webgpu"))]
    fn forward(&self, x: Tensor<3>, bias: Tensor<4>, dropout: f64) -> Tensor<3> {
        let attended = drop_out(self.attention(x.clone(), bias), dropout);
        let x = layer_norm(x + attended, &self.attention_norm, self.epsilon);
        let inner = gelu(linear(x.clone(), &self.inner)); // [batch, seq, intermediate]
        layer_norm(x + drop_out(linear(inner, &self.outer), dropout), &self.norm, self.epsilon)
    }

    #[cfg(not(feature = "webgpu"))]
    fn attention(&self, x: Tensor<3>, bias: Tensor<4>) -> Tensor<3> {
        let [batch, seq, hidden] = x.dims();
        let size = hidden / self.heads;
        let split = |t: Tensor<3>| t.reshape([batch, seq, self.heads, size]).swap_dims(1, 2); // [batch, heads, seq, size]
        let query = split(linear(x.clone(), &self.query));
        let key = split(linear(x.clone(), &self.key));
        let value = split(linear(x, &self.value));
        let scores = products(query, key.swap_dims(2, 3)); // [batch, heads, seq, seq]
        let shares = masked_softmax(scores, 1.0 / (size as f32).sqrt(), bias);
        let mixed = products(shares, value).swap_dims(1, 2); // [batch, seq, heads, size]
        linear(mixed.reshape([batch, seq, hidden]), &self.output)
    }
}

impl Bert {
    /// One vector a token.
    ///
    /// # Shapes
    /// - ids: `[batch, seq]`; mask: `[batch, seq]`, 1 for a token and 0 for padding
    /// - output: `[batch, seq, hidden]`
    pub fn forward(&self, ids: Tensor<2, Int>, mask: Tensor<2>) -> Tensor<3> {
        self.upper(self.embeddings.forward(ids), mask, 0, 0.0)
    }

    /// What enters the layer with this number, from 0.
    ///
    /// # Shapes
    /// As [`Self::forward`].
    pub fn lower(&self, ids: Tensor<2, Int>, mask: Tensor<2>, layer: usize) -> Tensor<3> {
        let bias = attention_bias(mask);
        let embedded = self.embeddings.forward(ids);
        self.layers.iter().take(layer).fold(embedded, |x, layer| layer.forward(x, bias.clone(), 0.0))
    }

    /// The rest of the way, from what enters the layer with this number.
    ///
    /// # Shapes
    /// - x and output: `[batch, seq, hidden]`; mask: `[batch, seq]`
    pub fn upper(&self, x: Tensor<3>, mask: Tensor<2>, layer: usize, dropout: f64) -> Tensor<3> {
        let bias = attention_bias(mask);
        self.layers.iter().skip(layer).fold(x, |x, layer| layer.forward(x, bias.clone(), dropout))
    }
}

/// `[batch, 1, 1, seq]` from a mask `[batch, seq]`.
fn attention_bias(mask: Tensor<2>) -> Tensor<4> {
    let [batch, seq] = mask.dims();
    (mask - 1.0).mul_scalar(-MASKED).reshape([batch, 1, 1, seq])
}

/// Leaves out a share of the numbers, and scales the others up so that the mean stays. Drawn from the device's generator,
/// which training seeds: with the same seed the same are left out.
pub fn drop_out<const D: usize>(x: Tensor<D>, share: f64) -> Tensor<D> {
    if share <= 0.0 {
        return x;
    }
    let kept = x.clone().detach().random_like(Distribution::Bernoulli(1.0 - share));
    x * kept.div_scalar(1.0 - share)
}
