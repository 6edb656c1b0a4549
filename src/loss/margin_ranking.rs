//! Margin ranking on cosines: a negative costs nothing once it is `margin` below the positive.
//!
//! With a weight w of each row i and v of each of its negatives j:
//!
//! ```text
//! Σ w_i v_ij max(0, margin − cos(q_i, p_i) + cos(q_i, n_ij)) / Σ w_i v_ij
//! ```
//!
//! With weights of 1 that is the mean over (query, negative). On cosine distance this is the triplet loss of FaceNet
//! (Schroff et al. 2015, arXiv 1503.03832). The hinge is burn-nn's.

use super::LEAST_WEIGHT;
use burn::nn::loss::MarginRankingLossConfig;
use burn::tensor::Tensor;

/// The loss and its one setting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MarginRanking {
    /// Cosine, 0..2.
    pub margin: f32,
}

impl MarginRanking {
    /// # Shapes
    /// - positive: `[batch, 1]`, cosines; negative: `[batch, negatives]`; weight: the same, w × v, 0 for a filler
    /// - output: `[1]`
    pub fn forward(&self, positive: Tensor<2>, negative: Tensor<2>, weight: Tensor<2>) -> Tensor<1> {
        let shape = negative.dims();
        let first_ranks_higher = Tensor::<2>::ones(shape, &negative.device());
        let loss = MarginRankingLossConfig::new().with_margin(f64::from(self.margin)).init();
        let each = loss.forward_no_reduction(positive.expand(shape), negative, first_ranks_higher);
        let total = weight.clone().sum().clamp_min(LEAST_WEIGHT); // [1]
        (each * weight).sum() / total
    }
}
