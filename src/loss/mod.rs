//! What training minimises: one loss a file, over queries, positives and negatives.
//!
//! Enters: a [`Batch`] of vectors from the encoder or the adapter. Leaves: a [`Scored`] batch: the loss to differentiate, and what
//! a person watches while it falls.

mod contrastive;
mod cosine;
mod distance;
mod info_nce;
mod margin_mse;
mod margin_ranking;
mod triplet;

pub use contrastive::Contrastive;
pub use info_nce::InfoNce;
pub use margin_mse::MarginMse;
pub use margin_ranking::MarginRanking;
pub use triplet::{Distance, Triplet};

use burn::tensor::Tensor;

/// Vectors of one training step, of any length: but for [`Distance::Euclidean`] and [`MarginMse`], only their direction counts.
pub struct Batch {
    /// `[batch, dim]`
    pub query: Tensor<2>,
    /// `[batch, dim]`
    pub positive: Tensor<2>,
    /// `[batch, 1]`, above 0: how much each row counts beside the others.
    pub weight: Tensor<2>,
    /// `[batch, negatives, dim]`; rows that `present` marks 0 are fillers.
    pub negative: Tensor<3>,
    /// `[batch, negatives]`: how much each negative counts for its own row, 0 for a filler.
    pub present: Tensor<2>,
    /// `[batch, batch + batch × negatives]`, 1 where a candidate must not count against a query: fillers, and documents
    /// that are relevant to it although they stand in the batch as another's positive or negative.
    pub excluded: Tensor<2>,
    /// `[batch, negatives]`: by how much a teacher scores the positive above the negative.
    pub teacher: Tensor<2>,
    /// `[batch, negatives]`: 1 where a teacher has spoken, else 0.
    pub taught: Tensor<2>,
}

/// A loss and its by-products, still on the device. Only the loss is weighted.
pub struct Scored {
    /// `[1]`: what is minimised.
    pub loss: Tensor<1>,
    /// `[1]`: mean cosine of queries with their positives.
    pub positive_score: Tensor<1>,
    /// `[1]`: mean cosine of queries with their own negatives; 0 without any.
    pub negative_score: Tensor<1>,
    /// `[1]`: share of (query, positive, negative) triplets with a cosine difference below `margin`.
    pub active: Tensor<1>,
}

/// The losses that exist, by name.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Loss {
    /// "margin"
    MarginRanking(MarginRanking),
    /// "info-nce"
    InfoNce(InfoNce),
    /// "triplet"
    Triplet(Triplet),
    /// "margin-mse"
    MarginMse(MarginMse),
    /// "contrastive"
    Contrastive(Contrastive),
}

/// Sums of weights are clamped to this before something is divided by them.
const LEAST_WEIGHT: f32 = 1e-12;

/// Margin against which triplets are called active when the loss has none on a difference of cosines (0..2).
const WATCHED_MARGIN: f32 = 0.1;

impl Loss {
    /// The loss of one batch, with the by-products that are reported.
    pub fn forward(&self, batch: Batch) -> Scored {
        let positive = cosine::paired(batch.query.clone(), batch.positive.clone()); // [batch, 1]
        let negative = cosine::own(batch.query.clone(), batch.negative.clone()); // [batch, negatives]
        let real = batch.present.clone().greater_scalar(0.0).float(); // [batch, negatives]
        let count = real.clone().sum().clamp_min(1.0); // [1]
        let gap = positive.clone().detach() - negative.clone().detach(); // [batch, negatives]
        let violated = gap.lower_scalar(self.watched_margin()).float() * real.clone();
        let positive_score = positive.clone().detach().mean();
        let negative_score = (negative.clone().detach() * real).sum() / count.clone();
        let active = violated.sum() / count;
        Scored { loss: self.value(batch, positive, negative), positive_score, negative_score, active }
    }

    /// `[1]`. Cosines: positive `[batch, 1]`, negative `[batch, negatives]`.
    fn value(&self, batch: Batch, positive: Tensor<2>, negative: Tensor<2>) -> Tensor<1> {
        let weight = batch.weight.clone() * batch.present.clone(); // [batch, negatives]
        match self {
            Loss::MarginRanking(loss) => loss.forward(positive, negative, weight),
            Loss::InfoNce(loss) => loss.forward(batch),
            Loss::Triplet(loss) if loss.distance == Distance::Euclidean => {
                let near = distance::paired_lengths(batch.query.clone(), batch.positive);
                loss.forward(near, distance::own_lengths(batch.query, batch.negative), weight)
            }
            Loss::Triplet(loss) => loss.forward(positive.neg() + 1.0, negative.neg() + 1.0, weight),
            Loss::MarginMse(loss) => {
                let near = distance::paired_dots(batch.query.clone(), batch.positive);
                let far = distance::own_dots(batch.query, batch.negative);
                loss.forward(near, far, batch.teacher, weight * batch.taught)
            }
            Loss::Contrastive(loss) => loss.forward(positive, batch.weight, negative, weight),
        }
    }

    fn watched_margin(&self) -> f32 {
        match self {
            Loss::MarginRanking(loss) => loss.margin,
            Loss::Triplet(loss) if loss.distance == Distance::Cosine => loss.margin,
            _ => WATCHED_MARGIN,
        }
    }
}
