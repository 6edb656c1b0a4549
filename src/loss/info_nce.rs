//! InfoNCE with in-batch and hard negatives: pick the positive out of all documents of the batch.
//!
//! With d over all positives and all negatives of the batch, w the weight of a row and v that of its own negatives:
//!
//! ```text
//! l_i = −s_ii + log Σ_d v_id exp(s_id),    s_id = scale × cos(q_i, d)
//! loss = Σ w_i l_i / Σ w_i
//! ```
//!
//! Every v is 1 but those of the row's own negatives, so that one of weight ½ counts as half a document in the softmax, and
//! one of weight 0 as none. With weights of 1 this is cross entropy against the positive (van den Oord et al. 2018, arXiv
//! 1807.03748; sentence-transformers' `MultipleNegativesRankingLoss`).
//!
//! Two things can be added. An additive margin m: s_ii = scale × (cos(q_i, p_i) − m), so that the positive must win by m (Wang et al.
//! 2018, arXiv 1801.05599; for retrieval Yang et al. 2019, arXiv 1902.08564). And a mask against false negatives: documents of
//! the batch, but for a row's own negatives, whose cosine exceeds its positive's by more than a margin do not count against it, as
//! they may well answer the query; the model itself is the guide (Solatorio 2024, arXiv 2402.16829, takes another one).

use super::{Batch, LEAST_WEIGHT, cosine};
use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;

/// Added to the logit of an excluded candidate.
const EXCLUDED: f32 = -1e9;

/// The loss and its settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InfoNce {
    /// 1 / temperature.
    pub scale: f32,
    /// Taken off the positive's cosine.
    pub margin: f32,
    /// What scores above the positive's cosine and this counts no more.
    pub false_negative_margin: Option<f32>,
}

impl InfoNce {
    /// The weighted mean loss of a batch, `[1]`.
    pub fn forward(&self, batch: Batch) -> Tensor<1> {
        let [size, negatives, dim] = batch.negative.dims();
        let hard = batch.negative.reshape([size * negatives, dim]);
        let candidates = Tensor::cat(vec![batch.positive, hard], 0); // [batch + batch * negatives, dim]
        let device = candidates.device();
        // A mask rather than a gather: its backward is a product too, not a scatter.
        let diagonal = Tensor::<2>::eye(size, &device);
        let mut bias = batch.excluded * EXCLUDED + own_negatives(batch.present);
        let mut cosines = cosine::all(batch.query, candidates); // [batch, batch + batch * negatives]
        if let Some(margin) = self.false_negative_margin {
            bias = bias + doubtful(cosines.clone().detach(), negatives, margin) * EXCLUDED;
        }
        if self.margin > 0.0 {
            let others = Tensor::zeros([size, size * negatives], &device);
            cosines = cosines - Tensor::cat(vec![diagonal.clone() * self.margin, others], 1);
        }
        let own = log_softmax(cosines * self.scale + bias, 1).narrow(1, 0, size); // [batch, batch]
        let each = (own * diagonal).sum_dim(1).neg(); // [batch, 1]
        let total = batch.weight.clone().sum().clamp_min(LEAST_WEIGHT); // [1]
        (each * batch.weight).sum() / total
    }
}

/// 1 where a document that is neither a row's positive nor one of its own negatives scores above the positive + margin.
///
/// # Shapes
/// - cosines and output: `[batch, batch + batch * negatives]`
fn doubtful(cosines: Tensor<2>, negatives: usize, margin: f32) -> Tensor<2> {
    let [size, columns] = cosines.dims();
    let device = cosines.device();
    let eye = Tensor::<2>::eye(size, &device);
    let positive = (cosines.clone().narrow(1, 0, size) * eye.clone()).sum_dim(1); // [batch, 1]
    let above = cosines.greater(positive.add_scalar(margin).expand([size, columns])).float();
    let blocks = eye.clone().reshape([size, size, 1]).expand([size, size, negatives]);
    let own = Tensor::cat(vec![eye, blocks.reshape([size, size * negatives])], 1);
    above * (own.neg() + 1.0)
}

/// What is added to the logits for the weights of each row's own negatives.
///
/// # Shapes
/// - present: `[batch, negatives]`; output `[batch, batch + batch * negatives]`
fn own_negatives(present: Tensor<2>) -> Tensor<2> {
    let [size, negatives] = present.dims();
    let device = present.device();
    let none = present.clone().lower_equal_scalar(0.0).float() * EXCLUDED;
    let bias = present.clamp_min(LEAST_WEIGHT).log() + none; // [batch, negatives]
    // Row i's values into its own block of columns, by the same kind of mask.
    let blocks =
        Tensor::<2>::eye(size, &device).reshape([size, size, 1]) * bias.reshape([size, 1, negatives]);
    Tensor::cat(vec![Tensor::zeros([size, size], &device), blocks.reshape([size, size * negatives])], 1)
}
