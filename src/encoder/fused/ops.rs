//! The operations as burn calls them: by the device of their inputs, on the graph where an input is.

use super::{attention, gelu, join, norm, pooling};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Cube, backend_extension};

/// Operations that are one kernel each.
#[backend_extension(Cube, Autodiff)]
pub(super) trait Fused: Backend {
    /// `[.., columns]` thrice, side by side.
    fn join(a: FloatTensor<Self>, b: FloatTensor<Self>, c: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Layer norm of `x + added + bias`.
    ///
    /// # Shapes
    /// - x, added and output: `[.., columns]`; the others: `[columns]`
    /// - where added has fewer rows than x, it begins again after its last
    fn add_norm(
        x: FloatTensor<Self>,
        added: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self>;

    /// GELU of `x + bias`.
    ///
    /// # Shapes
    /// - x and output: `[.., columns]`; bias: `[columns]`
    fn bias_gelu(x: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Scaled dot-product attention of every head.
    ///
    /// # Shapes
    /// - joined: `[batch, seq, 3 * hidden]`, query, key and value without their biases; offsets: `[3 * hidden]`, these
    /// - mask: `[batch, seq]`, added to the scores of a key; output: `[batch, seq, hidden]`
    fn attention(
        joined: FloatTensor<Self>,
        offsets: FloatTensor<Self>,
        mask: FloatTensor<Self>,
        heads: usize,
    ) -> FloatTensor<Self>;

    /// The mean over real tokens.
    ///
    /// # Shapes
    /// - tokens: `[batch, seq, columns]`; mask: `[batch, seq]`, 1 or 0; output: `[batch, columns]`
    fn mean_pool(tokens: FloatTensor<Self>, mask: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Rows scaled to length 1; a squared length below `least` counts as `least`.
    ///
    /// # Shapes
    /// - both `[rows, columns]`
    fn unit_rows(x: FloatTensor<Self>, least: f64) -> FloatTensor<Self>;
}

impl Fused for Cube {
    fn join(a: FloatTensor<Self>, b: FloatTensor<Self>, c: FloatTensor<Self>) -> FloatTensor<Self> {
        join::join([a, b, c])
    }

    fn add_norm(
        x: FloatTensor<Self>,
        added: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        norm::add_norm([x, added, bias, gamma, beta], epsilon)
    }

    fn bias_gelu(x: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        gelu::bias_gelu(x, bias)
    }

    fn attention(
        joined: FloatTensor<Self>,
        offsets: FloatTensor<Self>,
        mask: FloatTensor<Self>,
        heads: usize,
    ) -> FloatTensor<Self> {
        attention::attention([joined, offsets, mask], heads).out
    }

    fn mean_pool(tokens: FloatTensor<Self>, mask: FloatTensor<Self>) -> FloatTensor<Self> {
        pooling::mean(tokens, mask).0
    }

    fn unit_rows(x: FloatTensor<Self>, least: f64) -> FloatTensor<Self> {
        pooling::unit(x, least).0
    }
}
