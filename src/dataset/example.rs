//! What training learns from: a query, a document that answers it, and documents that seem to and do not.

use serde::Serialize;

/// One training example. Documents are positions in the corpus, the query is its number in the list that was mined.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Example {
    /// Number of the query.
    pub query: usize,
    /// Position of the relevant document.
    pub positive: usize,
    /// Hardest first, after the labelled ones. May be empty: in-batch negatives still teach something then.
    pub negatives: Vec<Negative>,
    /// Score of the positive when it was mined.
    pub positive_score: f32,
}

/// A document that does not answer the query.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Negative {
    /// Position of the document.
    pub document: usize,
    /// Its score when it was mined; none for a labelled one that was not among the hits.
    pub score: Option<f32>,
    /// Its rank among the query's hits, from 1; none likewise.
    pub rank: Option<usize>,
    /// Who says that it is one.
    pub source: NegativeSource,
}

/// Where a negative comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NegativeSource {
    /// A person marked it as not relevant.
    Labelled,
    /// Mined from the hits of the dense encoder.
    Dense,
}
