//! Margin ranking on cosines: a negative costs nothing once it is `margin` below the positive.
//!
//! `mean over (query, negative) of max(0, margin − cos(q, p) + cos(q, n))`; on cosine distance this is the triplet loss
//! of FaceNet (Schroff et al. 2015, arXiv 1503.03832). The arithmetic is burn-nn's.

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
    /// - positive: `[batch, 1]`, cosines; negative: `[batch, negatives]`; present: the same, 1 where real
    /// - output: `[1]`
    pub fn forward(&self, positive: Tensor<2>, negative: Tensor<2>, present: Tensor<2>) -> Tensor<1> {
        let shape = negative.dims();
        let first_ranks_higher = Tensor::<2>::ones(shape, &negative.device());
        let loss = MarginRankingLossConfig::new().with_margin(f64::from(self.margin)).init();
        let each = loss.forward_no_reduction(positive.expand(shape), negative, first_ranks_higher);
        let count = present.clone().sum().clamp_min(1.0);
        (each * present).sum() / count
    }
}
