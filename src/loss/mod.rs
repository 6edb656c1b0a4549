//! What training minimises: one loss a file, over cosines of queries, positives and negatives.
//!
//! Enters: a [`Batch`] of vectors from the encoder or the adapter, of any length (cosine normalises inside). Leaves: a
//! [`Scored`] batch: the loss to differentiate, and what a person watches while it falls.

mod cosine;
mod info_nce;
mod margin_ranking;
mod shim;

pub use info_nce::InfoNce;
pub use margin_ranking::MarginRanking;
pub use shim::*;

use burn::tensor::Tensor;

/// Vectors of one training step.
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
    pub teacher: Tensor<2>,
    pub taught: Tensor<2>,
    /// `[batch, batch + batch × negatives]`, 1 where a candidate must not count against a query: fillers, and documents
    /// that are relevant to it although they stand in the batch as another's positive or negative.
    pub excluded: Tensor<2>,
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
    Triplet(Triplet), MarginMse(MarginMse), Contrastive(Contrastive),
}

/// Sums of weights are clamped to this before something is divided by them.
const LEAST_WEIGHT: f32 = 1e-12;

/// Margin against which triplets are called active when the loss has none of its own (cosine, 0..2).
const WATCHED_MARGIN: f32 = 0.1;

impl Loss {
    /// The loss of one batch, with the by-products that are reported.
    pub fn forward(&self, batch: Batch) -> Scored {
        let positive = cosine::paired(batch.query.clone(), batch.positive.clone()); // [batch, 1]
        let negative = cosine::own(batch.query.clone(), batch.negative.clone()); // [batch, negatives]
        let real = batch.present.clone().greater_scalar(0.0).float(); // [batch, negatives]
        let count = real.clone().sum().clamp_min(1.0); // [1]
        let margin = match self {
            Loss::MarginRanking(m) => m.margin,
            _ => WATCHED_MARGIN,
        };
        let gap = positive.clone().detach() - negative.clone().detach(); // [batch, negatives]
        let violated = gap.lower_scalar(margin).float() * real.clone();
        let scored = Scored {
            loss: positive.clone().detach().mean(),
            positive_score: positive.clone().detach().mean(),
            negative_score: (negative.clone().detach() * real).sum() / count.clone(),
            active: violated.sum() / count,
        };
        let loss = match self {
            Loss::MarginRanking(m) => m.forward(positive, negative, batch.weight * batch.present),
            Loss::InfoNce(i) => i.forward(batch),
            _ => MarginMse.forward(batch),
        };
        Scored { loss, ..scored }
    }
}
