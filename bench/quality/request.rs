//! One run, as data.

use serde::Deserialize;
use serde_json::Value;
use std::path::PathBuf;

/// What to train on, with which options, and what to measure on. Fields that the driver adds for itself are passed over.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// A folder with `corpus.jsonl`, `queries.jsonl` and qrels.
    pub data: PathBuf,
    /// The qrels file to train on.
    pub train: String,
    /// The qrels file to measure on; not needed with `folds`.
    #[serde(default)]
    pub test: Option<String>,
    /// Cuts `train` by query instead: one fold is measured, the others are trained on.
    #[serde(default)]
    pub folds: Option<Folds>,
    /// Which side is measured.
    #[serde(default)]
    pub evaluate: Side,
    /// For [`Side::Dev`]: the qrels file to measure on. By default a fifth of the training queries.
    #[serde(default)]
    pub dev: Option<String>,
    /// Trains on about so many judgments, whole queries at a time; a smaller number gives a subset of a larger one's.
    #[serde(default)]
    pub judgments: Option<usize>,
    /// Mines once with the untrained model, and trains on those negatives alone: the options of that mining.
    #[serde(default)]
    pub mine_once: Option<Value>,
    /// Of training, by the names of the JavaScript interface.
    #[serde(default)]
    pub options: Value,
    /// Measures these searches, options by the names of the JavaScript interface, in place of training.
    #[serde(default)]
    pub searches: Option<Vec<Value>>,
    /// Measures about so many queries of the side.
    #[serde(default)]
    pub most_queries: Option<usize>,
}

/// One of several equal parts of the queries.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Folds {
    /// Number of parts.
    pub of: usize,
    /// The part to measure on, from 0.
    pub fold: usize,
}

/// What a run is measured on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The test side.
    #[default]
    Test,
    /// Queries set aside from training, with the test side left out altogether: for choosing defaults.
    Dev,
}
