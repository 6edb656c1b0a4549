//! What a job reports. The names are those of the JavaScript contract.

// The fields are documented where their users read of them: in the package's `types.ts`.
#![allow(missing_docs)]

use crate::dataset::NegativeSource;
use crate::evaluation::{Metrics, Verdict};
use crate::mining::MiningReport;
use serde::Serialize;

/// Which texts are being encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    Documents,
    Queries,
}

/// When an evaluation took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Moment {
    Before,
    After,
}

/// One piece of work done.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// `done` of `total` texts have a vector.
    Encode { stage: Stage, done: usize, total: usize },
    /// Negatives for this epoch (from 1) were mined with the weights as they are.
    Mining { epoch: usize, report: MiningReport },
    /// Held-out queries were measured.
    Evaluation { stage: Moment, epoch: usize, metrics: Metrics, queries: usize },
    /// One update of the weights.
    Step {
        epoch: usize,
        epochs: usize,
        /// From 1, over the whole run.
        step: usize,
        steps: usize,
        loss: f32,
        learning_rate: f64,
        positive_score: f32,
        negative_score: f32,
        active_triplets: f32,
    },
    /// Training is over; closes a training job.
    Verdict(TrainingVerdict),
    /// Closes an index job.
    Indexed { documents: usize },
    /// Closes a mining job.
    Mined { examples: Vec<MinedExample>, report: MiningReport },
    /// Closes an evaluation job.
    Evaluated { before: Metrics, after: Metrics, queries: usize, verdict: Option<TrainingVerdict> },
}

/// The comparison, and what was done about it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrainingVerdict {
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Are the tuned weights in use now?
    pub kept: bool,
    /// Trained on.
    pub examples: usize,
    /// Taken.
    pub steps: usize,
}

/// A mined example by the caller's own names.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MinedExample {
    pub query: String,
    pub positive: String,
    pub positive_score: f32,
    pub negatives: Vec<MinedNegative>,
}

/// A negative of a [`MinedExample`].
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MinedNegative {
    pub document: String,
    pub score: Option<f32>,
    pub rank: Option<usize>,
    pub source: NegativeSource,
}
