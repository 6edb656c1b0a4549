//! One query, before and after training: what moved, and why.

// The fields are documented where their users read of them: in the package's `types/search.ts`.
#![allow(missing_docs)]

use super::Tuner;
use super::events::Event;
use super::search::{Mode, Place, SearchOptions, need_query};
use crate::dataset::{JudgedQuery, Split};
use crate::embeddings::{Embeddings, dot};
use crate::error::{Error, Result};
use crate::index::Hit;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Reasons of one kind at most.
const MOST_REASONS: usize = 3;
/// A judged query nearer than this (cosine) is about the same thing.
const RELATED: f32 = 0.5;

#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CompareOptions {
    pub k: usize,
    pub mode: Mode,
}

impl Default for CompareOptions {
    fn default() -> Self {
        Self { k: 10, mode: Mode::default() }
    }
}

/// A document that is among the best, or was.
#[derive(Debug, Clone, Serialize)]
pub struct Moved {
    pub document: String,
    pub title: String,
    pub before: Option<Place>,
    pub after: Option<Place>,
    pub because: Vec<Reason>,
}

/// What moved it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Reason {
    /// Its cosine with the query.
    Cosine { before: f32, after: f32 },
    /// These stood above it and stand below it now.
    Passed { documents: Vec<Other> },
    /// These stood below it and stand above it now.
    PassedBy { documents: Vec<Other> },
    /// What was said about it, for this query or one near it.
    Judged { query: String, relevant: bool, similarity: f32 },
}

/// Another document, and how its cosine with the query changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Other {
    pub document: String,
    pub title: String,
    pub before: f32,
    pub after: f32,
}

/// One side of the comparison.
struct Side {
    ranking: Vec<Hit>,
    ranks: HashMap<usize, usize>,
    /// Cosine by position.
    cosines: HashMap<usize, f32>,
}

pub(super) struct Comparing {
    pub query: String,
    pub options: CompareOptions,
}

impl Comparing {
    /// # Errors
    /// `InputInvalid` for a blank query or an option; `InsufficientData` without documents.
    pub(super) fn new(tuner: &Tuner, query: &str, options: CompareOptions) -> Result<Self> {
        need_query(query)?;
        if !(1..=100).contains(&options.k) {
            return Err(Error::input("k", format!("must be 1 to 100, got {}", options.k)));
        }
        tuner.need_documents()?;
        Ok(Self { query: query.to_owned(), options })
    }

    /// Once documents have embeddings of both weights.
    pub(super) async fn run(self, tuner: &mut Tuner) -> Result<Event> {
        let original = tuner.original.clone();
        let after = tuner.side(&self.query, self.options.mode).await?;
        let query = self.query.as_str();
        let mode = self.options.mode;
        let before = match tuner.is_original() {
            true => tuner.side(query, mode).await?,
            false => {
                tuner.with_weights(&original, async |tuner: &mut Tuner| tuner.side(query, mode).await).await?
            }
        };
        let judged = tuner.related(query).await?;
        let best = |side: &Side| side.ranking.iter().take(self.options.k).map(|hit| hit.position).collect();
        let (mut shown, was): (Vec<usize>, Vec<usize>) = (best(&after), best(&before));
        shown.extend(was.into_iter().filter(|at| !after.is_among(*at, self.options.k)));
        let hits = shown.into_iter().map(|at| tuner.moved(at, &before, &after, &judged)).collect();
        Ok(Event::Compared { query: self.query, changed: !tuner.is_original(), hits })
    }
}

impl Side {
    fn rank(&self, position: usize) -> Option<usize> {
        self.ranks.get(&position).copied()
    }

    fn is_among(&self, position: usize, k: usize) -> bool {
        self.rank(position).is_some_and(|rank| rank <= k)
    }

    fn place(&self, position: usize) -> Option<Place> {
        let rank = self.rank(position)?;
        Some(Place { rank, score: self.ranking.get(rank - 1)?.score })
    }

    fn cosine(&self, position: usize) -> f32 {
        self.cosines.get(&position).copied().unwrap_or(0.0)
    }
}

impl Tuner {
    async fn side(&mut self, query: &str, mode: Mode) -> Result<Side> {
        let asked = JudgedQuery { text: query.to_owned(), positives: Vec::new(), negatives: Vec::new() };
        let row = self.query_rows(std::slice::from_ref(&asked)).await?;
        let dense = self.dense().await?;
        let scores = dense.rows.rows().map(|document| dot(document, row.row(0)));
        let cosines = dense.positions.iter().copied().zip(scores).collect();
        let ranking = self.ranked(&asked, &SearchOptions::from(mode)).await?;
        let ranks = ranking.iter().enumerate().map(|(at, hit)| (hit.position, at + 1)).collect();
        Ok(Side { ranking, ranks, cosines })
    }

    /// Judged queries about the same thing, with their cosine, nearest first.
    async fn related(&mut self, query: &str) -> Result<Vec<(JudgedQuery, f32)>> {
        let judged: Vec<JudgedQuery> = Split::ALL.into_iter().flat_map(|split| self.queries(split)).collect();
        let asked = JudgedQuery { text: query.to_owned(), positives: Vec::new(), negatives: Vec::new() };
        let own = self.query_rows(std::slice::from_ref(&asked)).await?;
        let rows: Embeddings = self.query_rows(&judged).await?;
        let near = judged.into_iter().zip(rows.rows()).map(|(judged, row)| (judged, dot(row, own.row(0))));
        let mut near: Vec<_> = near.filter(|(_, cosine)| *cosine >= RELATED).collect();
        near.sort_by(|a, b| b.1.total_cmp(&a.1));
        Ok(near)
    }

    fn moved(&self, at: usize, before: &Side, after: &Side, judged: &[(JudgedQuery, f32)]) -> Moved {
        let document = &self.corpus.documents()[at];
        let mut because = vec![Reason::Cosine { before: before.cosine(at), after: after.cosine(at) }];
        let passed = self.others(at, before, after);
        if !passed.is_empty() {
            because.push(Reason::Passed { documents: passed });
        }
        let passed_by = self.others(at, after, before);
        let turned = |other: Other| Other { before: other.after, after: other.before, ..other };
        if !passed_by.is_empty() {
            because.push(Reason::PassedBy { documents: passed_by.into_iter().map(turned).collect() });
        }
        let said = |(query, similarity): &(JudgedQuery, f32)| {
            let about =
                |list: &[crate::dataset::Judged]| list.iter().any(|judged| judged.document == document.id);
            let relevant = match (about(&query.positives), about(&query.negatives)) {
                (true, _) => true,
                (false, true) => false,
                (false, false) => return None,
            };
            Some(Reason::Judged { query: query.text.clone(), relevant, similarity: *similarity })
        };
        because.extend(judged.iter().filter_map(said).take(MOST_REASONS));
        Moved {
            document: document.id.clone(),
            title: document.title.clone(),
            before: before.place(at),
            after: after.place(at),
            because,
        }
    }

    /// Those that stood above this document on one side and do not on the other, by how far their cosine fell against its.
    fn others(&self, at: usize, one: &Side, other: &Side) -> Vec<Other> {
        let Some(now) = other.rank(at) else { return Vec::new() };
        let was = one.rank(at).unwrap_or(usize::MAX);
        let above =
            one.ranking.iter().take_while(|hit| one.rank(hit.position).is_some_and(|rank| rank < was));
        let passed = above.filter(|hit| other.rank(hit.position).is_none_or(|rank| rank > now));
        let mut passed: Vec<Other> = passed
            .map(|hit| {
                let document = &self.corpus.documents()[hit.position];
                let (before, after) = (one.cosine(hit.position), other.cosine(hit.position));
                Other { document: document.id.clone(), title: document.title.clone(), before, after }
            })
            .collect();
        passed.sort_by(|a, b| (b.before - b.after).total_cmp(&(a.before - a.after)));
        passed.truncate(MOST_REASONS);
        passed
    }
}
