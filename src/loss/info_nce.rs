//! InfoNCE with in-batch and hard negatives: pick the positive out of all documents of the batch.
//!
//! `cross entropy of scale × cos(q_i, [all positives, all negatives of the batch]) against i` (van den Oord et al. 2018,
//! arXiv 1807.03748; sentence-transformers' `MultipleNegativesRankingLoss`).

use super::{Batch, cosine};
use burn::tensor::Tensor;
use burn::tensor::activation::log_softmax;

/// Added to the logit of an excluded candidate.
const EXCLUDED: f32 = -1e9;

/// The loss and its one setting.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct InfoNce {
    /// 1 / temperature.
    pub scale: f32,
}

impl InfoNce {
    /// The mean loss of a batch, `[1]`.
    pub fn forward(&self, batch: Batch) -> Tensor<1> {
        let [size, negatives, dim] = batch.negative.dims();
        let hard = batch.negative.reshape([size * negatives, dim]);
        let candidates = Tensor::cat(vec![batch.positive, hard], 0); // [batch + batch * negatives, dim]
        let logits = cosine::all(batch.query, candidates) * self.scale + batch.excluded * EXCLUDED;
        let own = log_softmax(logits, 1).narrow(1, 0, size); // [batch, batch]
        // A mask rather than a gather: its backward is a product too, not a scatter.
        let diagonal = Tensor::<2>::eye(size, &own.device());
        (own * diagonal).sum().neg() / size as f32
    }
}
