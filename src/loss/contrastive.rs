//! The contrastive loss on pairs: relevant ones are pulled together, others pushed apart up to a margin.
//!
//! ```text
//! ½ (Σ w_i D(q_i, p_i)² + Σ w_i v_ij max(0, margin − D(q_i, n_ij))²) / (Σ w_i + Σ w_i v_ij),    D = 1 − cosine
//! ```
//!
//! With weights of 1 that is the mean over all pairs (Hadsell et al. 2006, "Dimensionality reduction by learning an invariant
//! mapping"; sentence-transformers' `ContrastiveLoss`). burn-nn's `CosineEmbeddingLoss` does not square.

use super::LEAST_WEIGHT;
use burn::tensor::Tensor;
use burn::tensor::activation::relu;

/// The loss and its one setting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contrastive {
    /// Distance at which a pair that is not relevant costs nothing, 0..2.
    pub margin: f32,
}

impl Contrastive {
    /// # Shapes
    /// - positive, pulled: `[batch, 1]`, cosines and their weights; negative, pushed: `[batch, negatives]`, likewise
    /// - output: `[1]`
    pub fn forward(
        &self,
        positive: Tensor<2>,
        pulled: Tensor<2>,
        negative: Tensor<2>,
        pushed: Tensor<2>,
    ) -> Tensor<1> {
        let near = (positive.neg() + 1.0).square(); // D²
        let far = relu(negative + (self.margin - 1.0)).square(); // max(0, margin − D)²
        let total = (pulled.clone().sum() + pushed.clone().sum()).clamp_min(LEAST_WEIGHT); // [1]
        ((near * pulled).sum() + (far * pushed).sum()).mul_scalar(0.5) / total
    }
}
