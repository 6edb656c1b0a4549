//! Synthetic near-miss negatives: a document with one thing changed, close in form and different in meaning.
//!
//! After contrast sets (Gardner et al., "Evaluating Models' Local Decision Boundaries via Contrast Sets", Findings of EMNLP
//! 2020) and counterfactual augmentation (Kaushik, Hovy and Lipton, ICLR 2020), by rule instead of by hand. In: documents,
//! a seed, and for each call perhaps the query that the document answers. Out: [`NearMiss`]es, the one change named.
//!
//! Rules know English only: `date` its month names, `unit` its unit words, `negation` its auxiliaries. Digits, ISO dates,
//! unit symbols and term swaps work in any language that parts words by spaces.

mod date;
mod find_terms;
mod generator;
mod negation;
mod number;
mod passage;
mod term;
mod term_swap;
mod tokens;
mod unit;

use serde::{Deserialize, Serialize};

pub use generator::NearMisses;

/// What was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NearMissKind {
    /// A number: "12,000 people" to "31,000 people".
    Number,
    /// A year, a day, a month or a weekday: "in 1863" to "in 1871".
    Date,
    /// A unit: "5 km" to "5 m".
    Unit,
    /// Whether it is so: "must expire" to "must not expire".
    Negation,
    /// What it is about: a name, an identifier or a key phrase, exchanged for one from another document.
    TermSwap,
}

/// All kinds.
pub const KINDS: [NearMissKind; 5] = [
    NearMissKind::Number,
    NearMissKind::Date,
    NearMissKind::Unit,
    NearMissKind::Negation,
    NearMissKind::TermSwap,
];

/// A text that looks like a document and does not say what it says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NearMiss {
    /// The changed content (title and text).
    pub text: String,
    /// What was changed.
    pub kind: NearMissKind,
    /// What stood there.
    pub from: String,
    /// What stands there now.
    pub to: String,
    /// Where, in bytes from the start of the document's content; of a term swap, the first of the places. Up to there both
    /// texts are the same.
    pub at: usize,
    /// Position of the document that was changed.
    pub source: usize,
    /// Position of the document that lent the term, for a term swap.
    pub donor: Option<usize>,
}
