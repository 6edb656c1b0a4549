//! MarginMSE: learn by how much a teacher prefers the positive (Hofstätter et al. 2020, arXiv 2010.02666).
//!
//! ```text
//! Σ w_i v_ij ((q_i·p_i − q_i·n_ij) − (t_ip − t_ij))² / Σ w_i v_ij    over the pairs on which a teacher t has spoken
//! ```
//!
//! Dot products of the vectors as given: cosines where these have length 1, so that the teacher's scores must be on that scale. The
//! square is burn-nn's.

use super::LEAST_WEIGHT;
use burn::nn::loss::MseLoss;
use burn::tensor::Tensor;

/// The loss; it has no setting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MarginMse;

impl MarginMse {
    /// # Shapes
    /// - positive: `[batch, 1]`, dot products; negative: `[batch, negatives]`; teacher: the same, its differences; weight: the
    ///   same, w × v, 0 for a filler and where no teacher has spoken
    /// - output: `[1]`
    pub fn forward(
        &self,
        positive: Tensor<2>,
        negative: Tensor<2>,
        teacher: Tensor<2>,
        weight: Tensor<2>,
    ) -> Tensor<1> {
        let gap = positive.expand(negative.dims()) - negative;
        let each = MseLoss::new().forward_no_reduction(gap, teacher);
        let total = weight.clone().sum().clamp_min(LEAST_WEIGHT); // [1]
        (each * weight).sum() / total
    }
}
