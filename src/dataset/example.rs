//! What training learns from: a query, a document that answers it, and documents that seem to and do not.

use serde::Serialize;

use super::Source;

/// One training example. Documents are positions in the corpus, the query is its number in the list that was mined.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Example {
    /// Number of the query.
    pub query: usize,
    /// Position of the relevant document.
    pub positive: usize,
    /// Hardest first, after the judged ones. May be empty: in-batch negatives still teach something then.
    pub negatives: Vec<Negative>,
    /// Score of the positive when it was mined.
    pub positive_score: f32,
    /// Of the positive's judgment, above 0.
    pub weight: f32,
}

/// A document that does not answer the query.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Negative {
    /// Position of the document; from the number of documents on, the number of a synthetic text.
    pub document: usize,
    /// Its score when it was mined; none for one that was not scored.
    pub score: Option<f32>,
    /// Its rank among the candidates of its source, from 1; none for one that was not among them.
    pub rank: Option<usize>,
    /// Who says that it is one.
    pub source: NegativeSource,
    /// How much it counts: a judgment's weight, 1 for all others.
    pub weight: f32,
}

/// Where a negative comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NegativeSource {
    /// A person marked it as not relevant.
    Labelled,
    /// A person passed over it.
    Click,
    /// An earlier round of mining, brought in as a judgment.
    Mined,
    /// A hit of the dense encoder.
    Dense,
    /// A hit of BM25.
    Bm25,
    /// Drawn from the whole corpus.
    Random,
    /// The answer to another query.
    InBatch,
    /// The answer with one thing changed.
    Synthetic,
}

impl NegativeSource {
    /// Did a judgment make it one?
    pub fn is_judged(self) -> bool {
        matches!(self, Self::Labelled | Self::Click | Self::Mined)
    }
}

impl From<Source> for NegativeSource {
    fn from(source: Source) -> Self {
        match source {
            Source::Labelled => Self::Labelled,
            Source::Click => Self::Click,
            Source::Mined | Source::Synthetic => Self::Mined,
        }
    }
}
