//! Candidates that were dropped because they may well answer the query: for a person to look at.

use serde::Serialize;

use super::candidates::{Candidate, Candidates};
use super::filters::Rule;

/// How many suspects of one query are listed.
const A_QUERY: usize = 3;
/// How many are listed in all: more than anyone reviews.
const IN_ALL: usize = 500;

/// Why a document may answer a query although nobody said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Suspicion {
    /// Nearly the same words as a relevant document.
    NearDuplicate,
    /// Another chunk of a relevant document.
    Sibling,
    /// The title of a relevant document.
    SameTitle,
    /// It scores too near to the positive, or above it.
    Margin,
    /// The teacher holds it to be as good.
    Teacher,
}

/// A possible false negative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Suspect {
    /// Number of the query.
    pub query: usize,
    /// The document's position.
    pub document: usize,
    /// The positive that it resembles.
    pub positive: usize,
    /// Why it is one.
    pub reason: Suspicion,
    /// Its cosine.
    pub score: f32,
    /// The positive's cosine.
    pub positive_score: f32,
    /// Jaccard overlap or the teacher's score, by reason.
    pub similarity: Option<f32>,
}

impl Suspect {
    /// What a broken rule says; none for rules that leave no doubt.
    pub(super) fn of(number: usize, query: &Candidates, candidate: &Candidate, broken: Rule) -> Option<Self> {
        let likeness = &candidate.likeness;
        let lowest = query.lowest()?;
        let (reason, like, similarity) = match broken {
            Rule::NearDuplicate => {
                let (overlap, positive) = likeness.jaccard?;
                (Suspicion::NearDuplicate, Some(positive), Some(overlap))
            }
            Rule::Sibling => (Suspicion::Sibling, likeness.sibling, None),
            Rule::SameTitle => (Suspicion::SameTitle, likeness.same_title, None),
            Rule::AbsoluteMargin | Rule::RelativeMargin | Rule::MaxScore => (Suspicion::Margin, None, None),
            Rule::Teacher => (Suspicion::Teacher, None, likeness.teacher),
            Rule::Positive | Rule::Copy | Rule::Labelled | Rule::MinScore => return None,
        };
        let named = like.and_then(|at| query.positives.iter().find(|positive| positive.document == at));
        let positive = named.unwrap_or(lowest);
        Some(Self {
            query: number,
            document: candidate.hit.position,
            positive: positive.document,
            reason,
            score: candidate.hit.score,
            positive_score: positive.score,
            similarity,
        })
    }

    /// How far it scores above the positive.
    fn lead(&self) -> f32 {
        self.score - self.positive_score
    }
}

/// The likeliest first: at most [`A_QUERY`] of each query, [`IN_ALL`] in all.
pub(super) fn likeliest(mut suspects: Vec<Suspect>) -> Vec<Suspect> {
    let by_lead = |a: &Suspect, b: &Suspect| {
        b.lead().total_cmp(&a.lead()).then(a.query.cmp(&b.query)).then(a.document.cmp(&b.document))
    };
    suspects.sort_by(by_lead);
    let mut listed = std::collections::HashMap::new();
    suspects.retain(|suspect| {
        let count = listed.entry(suspect.query).or_insert(0);
        *count += 1;
        *count <= A_QUERY
    });
    suspects.truncate(IN_ALL);
    suspects
}
