//! From one vector a token to one unit vector a text.

use super::config::Pooling;
use burn::tensor::Tensor;

/// A squared norm below this counts as zero (PyTorch's `normalize` uses 1e-12 on the norm itself). Clamped before the
/// root, whose gradient at 0 is infinite.
const EPSILON: f32 = 1e-24;

/// Mean over real tokens, or the first token.
///
/// # Shapes
/// - tokens: `[batch, seq, hidden]`; mask: `[batch, seq]`, 1 for a token and 0 for padding
/// - output: `[batch, hidden]`
pub fn pool(tokens: Tensor<3>, mask: Tensor<2>, pooling: Pooling) -> Tensor<2> {
    let [batch, _, hidden] = tokens.dims();
    match pooling {
        Pooling::Cls => tokens.narrow(1, 0, 1).reshape([batch, hidden]),
        Pooling::Mean => mean(tokens, mask),
    }
}

#[cfg(feature = "webgpu")]
use super::fused::mean_pool as mean;

#[cfg(not(feature = "webgpu"))]
fn mean(tokens: Tensor<3>, mask: Tensor<2>) -> Tensor<2> {
    let [batch, seq, hidden] = tokens.dims();
    let count = mask.clone().sum_dim(1).clamp_min(1.0); // [batch, 1]
    // A [1, seq] × [seq, hidden] product a text: mask and sum in one pass over the tokens.
    let sum = mask.reshape([batch, 1, seq]).matmul(tokens); // [batch, 1, hidden]
    sum.reshape([batch, hidden]) / count
}

/// Rows scaled to length 1: afterwards a dot product is a cosine.
///
/// # Shapes
/// - both `[batch, hidden]`
#[cfg(feature = "webgpu")]
pub fn l2_normalize(rows: Tensor<2>) -> Tensor<2> {
    super::fused::unit_rows(rows, EPSILON)
}

/// The same, as it is written.
#[cfg(not(feature = "webgpu"))]
pub fn l2_normalize(rows: Tensor<2>) -> Tensor<2> {
    let norm = rows.clone().square().sum_dim(1).clamp_min(EPSILON).sqrt(); // [batch, 1]
    rows / norm
}
