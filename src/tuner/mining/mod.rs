//! One round of mining: brings hits, judgments and resemblances together for the mining room, one bounded piece a pull, and
//! gives its examples their names back.

mod facts;
mod gather;
mod names;
mod round;
mod teacher;

pub(super) use facts::Facts;
pub use names::{MinedExample, MinedNegative, NamedSuspect, NearMissText};
pub(super) use names::{found, overlap};
pub(super) use round::{Round, Scores};

use crate::dataset::JudgedQuery;
use crate::mining::{Example, MiningReport, Suspect};
use crate::text::NearMiss;

/// What a round gave, with the queries that its examples number.
pub(super) struct Mined {
    pub queries: Vec<JudgedQuery>,
    /// For each query, every document known to answer it, rising: those judged relevant and their copies.
    pub relevant: Vec<Vec<usize>>,
    pub examples: Vec<Example>,
    pub suspects: Vec<Suspect>,
    pub report: MiningReport,
    /// Texts that are no documents; a negative's number less the number of documents is its place here.
    pub near_misses: Vec<NearMiss>,
}
