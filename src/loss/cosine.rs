//! Cosines in the three shapes that losses need.

use burn::tensor::Tensor;

/// A squared norm below this counts as zero; clamped before the root, whose gradient at 0 is infinite.
const EPSILON: f32 = 1e-24;

/// Twin of the encoder's: losses know no encoder, and no room below both knows tensors.
fn l2_normalize(rows: Tensor<2>) -> Tensor<2> {
    let norm = rows.clone().square().sum_dim(1).clamp_min(EPSILON).sqrt(); // [batch, 1]
    rows / norm
}

/// Each row with its partner.
///
/// # Shapes
/// - both `[batch, dim]`; output `[batch, 1]`
pub(super) fn paired(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    (l2_normalize(a) * l2_normalize(b)).sum_dim(1)
}

/// Each query with its own negatives.
///
/// # Shapes
/// - query `[batch, dim]`, negative `[batch, negatives, dim]`; output `[batch, negatives]`
pub(super) fn own(query: Tensor<2>, negative: Tensor<3>) -> Tensor<2> {
    let [batch, negatives, dim] = negative.dims();
    let rows = l2_normalize(negative.reshape([batch * negatives, dim])).reshape([batch, negatives, dim]);
    let query = l2_normalize(query).reshape([batch, dim, 1]);
    rows.matmul(query).reshape([batch, negatives])
}

/// Each query with every candidate.
///
/// # Shapes
/// - query `[batch, dim]`, candidates `[m, dim]`; output `[batch, m]`
pub(super) fn all(query: Tensor<2>, candidates: Tensor<2>) -> Tensor<2> {
    l2_normalize(query).matmul(l2_normalize(candidates).transpose())
}
