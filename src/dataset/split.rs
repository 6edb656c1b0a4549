//! On which side a query stands.

use serde::{Deserialize, Serialize};

use super::rng;

/// The side on which a query stands: training never sees the held-out ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// Trained on.
    Train,
    /// Decides which weights are best.
    Dev,
    /// Measured on.
    HeldOut,
}

/// The side of a query that nobody put on one: a fifth is held out, by a seeded hash of the normalised text.
pub fn split_of(query: &str, seed: u64) -> Split {
    if rng::hash(&normalise(query), seed).is_multiple_of(5) { Split::HeldOut } else { Split::Train }
}

/// Are these two spellings of one query?
pub fn same_query(a: &str, b: &str) -> bool {
    normalise(a) == normalise(b)
}

/// Lower case, single spaces: two spellings that agree in this are one query.
pub(super) fn normalise(query: &str) -> String {
    let words: Vec<&str> = query.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

pub fn dev_of(queries: &[&str], share: f64, seed: u64) -> Vec<bool> {
    queries.iter().map(|q| (rng::hash(&normalise(q), seed ^ 77) % 1000) as f64 <= share * 1000.0 - 1.0).collect()
}
