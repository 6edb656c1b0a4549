//! What is measured between vectors as they are given, rather than between their directions.

use burn::tensor::Tensor;

/// Squares below this count as it: the gradient of a root is infinite at 0.
const EPSILON: f32 = 1e-12;

/// Each row with its partner: dot products.
///
/// # Shapes
/// - both `[batch, dim]`; output `[batch, 1]`
pub(super) fn paired_dots(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    (a * b).sum_dim(1)
}

/// Each query with its own negatives: dot products.
///
/// # Shapes
/// - query `[batch, dim]`, negative `[batch, negatives, dim]`; output `[batch, negatives]`
pub(super) fn own_dots(query: Tensor<2>, negative: Tensor<3>) -> Tensor<2> {
    let [batch, negatives, dim] = negative.dims();
    negative.matmul(query.reshape([batch, dim, 1])).reshape([batch, negatives])
}

/// Euclidean distances, in the shapes of [`paired_dots`].
pub(super) fn paired_lengths(a: Tensor<2>, b: Tensor<2>) -> Tensor<2> {
    (a - b).square().sum_dim(1).clamp_min(EPSILON).sqrt()
}

/// Euclidean distances, in the shapes of [`own_dots`].
pub(super) fn own_lengths(query: Tensor<2>, negative: Tensor<3>) -> Tensor<2> {
    let [batch, negatives, dim] = negative.dims();
    let gap = negative - query.reshape([batch, 1, dim]);
    gap.square().sum_dim(2).reshape([batch, negatives]).clamp_min(EPSILON).sqrt()
}
