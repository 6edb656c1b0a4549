//! The triplet loss: a negative costs nothing once it is `margin` further away than the positive.
//!
//! ```text
//! Σ w_i v_ij max(0, margin + d(q_i, p_i) − d(q_i, n_ij)) / Σ w_i v_ij
//! ```
//!
//! With weights of 1 that is the mean over (query, negative), as in FaceNet (Schroff et al. 2015, arXiv 1503.03832) and
//! sentence-transformers' `TripletLoss`. d is 1 − cosine, which makes it the margin ranking loss, or the Euclidean distance of the
//! vectors as given. burn-nn's takes one negative a row and adds 1e-6 to every difference, as PyTorch's does; the formula has none.

use super::LEAST_WEIGHT;
use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use serde::{Deserialize, Serialize};

/// How far apart two vectors are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Distance {
    /// 1 − cosine, 0..2.
    #[default]
    Cosine,
    /// Of vectors of length 1: 0..2.
    Euclidean,
}

/// The loss and its settings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Triplet {
    /// In units of the distance.
    pub margin: f32,
    /// Between query and document.
    pub distance: Distance,
}

impl Triplet {
    /// From distances.
    ///
    /// # Shapes
    /// - positive: `[batch, 1]`; negative: `[batch, negatives]`; weight: the same, w × v, 0 for a filler
    /// - output: `[1]`
    pub fn forward(&self, positive: Tensor<2>, negative: Tensor<2>, weight: Tensor<2>) -> Tensor<1> {
        let each = relu(positive.expand(negative.dims()) - negative + self.margin);
        let total = weight.clone().sum().clamp_min(LEAST_WEIGHT); // [1]
        (each * weight).sum() / total
    }
}
