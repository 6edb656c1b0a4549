//! What a job reports. The names are those of the JavaScript contract.

// The fields are documented where their users read of them: in the package's `types.ts`.
#![allow(missing_docs)]

use super::comparing::Moved;
use super::mining::{MinedExample, NamedSuspect};
use super::train::Chosen;
use crate::dataset::Document;
use crate::evaluation::{FalsePositives, Metrics, Spread, Verdict};
use crate::mining::MiningReport;
use serde::Serialize;

/// Which texts are being encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    Documents,
    Queries,
    NearMisses,
    Tokens,
}

/// When an evaluation took place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Moment {
    Before,
    Dev,
    After,
}

/// What a look at the dev queries sees besides.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DevLook {
    pub documents: usize,
    pub spread: Spread,
    pub best: bool,
}

/// One piece of work done.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Event {
    /// `done` of `total` texts have a vector.
    Encode { stage: Stage, done: usize, total: usize },
    /// Candidates of `done` of `total` queries were looked up.
    Search { done: usize, total: usize },
    /// The caller is to score these documents for this query, see [`super::Job::put_scores`].
    Scoring { query: String, documents: Vec<Document> },
    /// Negatives were mined with the weights as they are, in this epoch (from 1), after so many steps, in place of others that
    /// were `staleness` steps old.
    Mining { epoch: usize, step: usize, staleness: Option<usize>, report: MiningReport },
    /// Held-out or dev queries were measured.
    Evaluation {
        stage: Moment,
        epoch: usize,
        step: usize,
        metrics: Metrics,
        queries: usize,
        #[serde(flatten)]
        dev: Option<DevLook>,
    },
    /// Hand these to [`super::Job::resume`] to go on from here.
    Checkpoint {
        step: usize,
        #[serde(serialize_with = "as_bytes")]
        bytes: Vec<u8>,
    },
    /// One update of the weights.
    Step {
        /// From 1.
        run: usize,
        epoch: usize,
        epochs: usize,
        /// From 1, over the whole run.
        step: usize,
        steps: usize,
        loss: f32,
        learning_rate: f64,
        grad_norm: f32,
        examples_per_second: f64,
        positive_score: f32,
        negative_score: f32,
        active_triplets: f32,
    },
    /// Training is over; closes a training job.
    Verdict(TrainingVerdict),
    /// Closes an index job.
    Indexed { documents: usize },
    /// Closes a mining job.
    Mined { examples: Vec<MinedExample>, suspects: Vec<NamedSuspect>, report: MiningReport },
    /// Closes a comparison; nothing changed where the weights in use are those that were loaded.
    Compared { query: String, changed: bool, hits: Vec<Moved> },
    /// Closes an evaluation job.
    Evaluated { before: Metrics, after: Metrics, queries: usize, verdict: Option<TrainingVerdict> },
}

/// Whose word the measured queries rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MeasuredOn {
    /// What people said.
    Judgments,
    /// Queries made from the documents themselves.
    PseudoQueries,
}

/// The comparison, and what was done about it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrainingVerdict {
    #[serde(flatten)]
    pub verdict: Verdict,
    /// Are the tuned weights in use now?
    pub kept: bool,
    pub measured_on: MeasuredOn,
    /// Trained on.
    pub examples: usize,
    /// Taken.
    pub steps: usize,
    pub chosen: Chosen,
    pub spread: BeforeAfter<Spread>,
    pub collapsed: bool,
    pub false_positives: BeforeAfter<FalsePositives>,
}

/// The same with the old and the new weights.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct BeforeAfter<T> {
    pub before: T,
    pub after: T,
}

/// As bytes rather than a list of numbers.
fn as_bytes<S: serde::Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}
