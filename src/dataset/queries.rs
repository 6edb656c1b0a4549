//! What the judgments come to: for each query the documents that answer it and those that do not.
//!
//! On one pair of query and document the most trusted source decides: see [`Source`].

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::split::{normalise, query_key};
use super::{Judgment, Judgments, PseudoKind, Source, Split, groups, split_of};

/// A document as it was judged for one query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The document's id.
    pub document: String,
    /// What it is worth to a metric: above 0 for a positive, 0 for a negative.
    pub gain: f32,
    /// How much it counts in training.
    pub weight: f32,
    /// Who says so.
    pub source: Source,
    /// How a synthetic query was made.
    pub kind: Option<PseudoKind>,
}

impl Judged {
    /// By a person, with weight 1.
    pub fn new(document: impl Into<String>, gain: f32) -> Self {
        Self { document: document.into(), gain, weight: 1.0, source: Source::Labelled, kind: None }
    }
}

impl From<&Judgment> for Judged {
    fn from(judgment: &Judgment) -> Self {
        Self {
            document: judgment.document.clone(),
            gain: judgment.gain(),
            weight: judgment.weight(),
            source: judgment.source,
            kind: judgment.kind,
        }
    }
}

/// A query with what holds for it, documents in the order in which they were first judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JudgedQuery {
    /// The query's text, as first written.
    pub text: String,
    /// Relevant documents, with gains above 0.
    pub positives: Vec<Judged>,
    /// Documents that are not relevant.
    pub negatives: Vec<Judged>,
}

impl JudgedQuery {
    /// Ids of the relevant documents with their gains: what a metric needs.
    pub fn gains(&self) -> Vec<(&str, f32)> {
        self.positives.iter().map(|judged| (judged.document.as_str(), judged.gain)).collect()
    }
}

/// A query with the judgments that count, one a document.
pub(super) struct Effective<'a> {
    pub text: &'a str,
    pub judgments: Vec<&'a Judgment>,
    /// The side to which someone fixed it.
    fixed: Option<Split>,
}

impl Effective<'_> {
    /// Without any positive but synthetic ones, and with at least one.
    fn is_synthetic(&self) -> bool {
        let mut positives = self.judgments.iter().filter(|judgment| judgment.relevant).peekable();
        positives.peek().is_some() && positives.all(|judgment| judgment.source == Source::Synthetic)
    }

    fn judged(&self, without_synthetic: bool) -> JudgedQuery {
        let of = |relevant: bool| {
            let chosen = self.judgments.iter().filter(move |judgment| {
                judgment.relevant == relevant
                    && !(without_synthetic && relevant && judgment.source == Source::Synthetic)
            });
            chosen.map(|&judgment| Judged::from(judgment)).collect()
        };
        JudgedQuery { text: self.text.to_owned(), positives: of(true), negatives: of(false) }
    }
}

impl Judgments {
    /// The queries of one side, in the order in which they were first judged.
    ///
    /// An explicit split counts for every judgment of the query. The others go by [`groups`] of nearly identical queries: to
    /// the side of the first of the group that has an explicit one, so that nothing like an explicitly held-out query is
    /// trained on, else all to the side of its first query by [`split_of`]. So a new query moves no other, unless it is the
    /// link between two groups, and taking away the first query of a group may move the rest. Nearly identical queries that
    /// somebody put on different sides stay there.
    ///
    /// A pair counts once, as its most trusted source has it; clicks that cancel each other out say nothing.
    ///
    /// Synthetic positives count on the train side alone once [`Self::has_real_positives`]: a query that has no other stands
    /// there, whatever its split says, and one that has both keeps only the real ones elsewhere. Else a number would say how
    /// well the model finds what it was made from. A synthetic query that is nearly identical to real ones goes where they
    /// go, and counts for nothing when that is not the train side.
    ///
    /// What [`Self::set_trained_on`] names is not held out any more, nor is what is nearly identical to it: such a query stands on the
    /// train side, or, where somebody explicitly put it or its group on the held-out side, on none.
    pub fn queries(&self, split: Split, seed: u64) -> Vec<JudgedQuery> {
        let numbered = self.numbered_queries(Some(split), seed);
        numbered.into_iter().map(|(_, query)| query).collect()
    }

    /// Does any source but synthetic say that some document is relevant? Without, the held-out side is synthetic too, and
    /// what is measured on it should say so.
    pub fn has_real_positives(&self) -> bool {
        has_real_positives(&self.effective())
    }

    /// The queries of one side, or of all as if there were none, with their numbers from 0 over all queries.
    pub(super) fn numbered_queries(&self, split: Option<Split>, seed: u64) -> Vec<(usize, JudgedQuery)> {
        let effective = self.effective();
        let all = effective.iter().enumerate();
        let Some(split) = split else {
            return all.map(|(number, query)| (number, query.judged(false))).collect();
        };
        let real = has_real_positives(&effective);
        let without_synthetic = real && split != Split::Train;
        let sides = self.sides(&effective, real, seed);
        let standing = all.filter(|(number, _)| sides[*number] == Some(split));
        let judged = standing.map(|(number, query)| (number, query.judged(without_synthetic)));
        judged.filter(|(_, query)| !(query.positives.is_empty() && query.negatives.is_empty())).collect()
    }

    /// The side of each query, if it has one; `real`: does any source but synthetic say that some document is relevant?
    fn sides(&self, queries: &[Effective], real: bool, seed: u64) -> Vec<Option<Split>> {
        let texts: Vec<&str> = queries.iter().map(|query| query.text).collect();
        let groups = groups(&texts);
        let made: Vec<bool> = queries.iter().map(|query| real && query.is_synthetic()).collect();
        // By group: the first explicit side, whether any query of it is not made up, and whether one was trained on.
        let mut fixed: Vec<Option<Split>> = vec![None; queries.len()];
        let mut asked = vec![false; queries.len()];
        for ((query, &group), _) in queries.iter().zip(&groups).zip(&made).filter(|(_, made)| !**made) {
            fixed[group] = fixed[group].or(query.fixed);
            asked[group] = true;
        }
        let seen: Vec<bool> = texts.iter().map(|text| self.trained_on.contains(&query_key(text))).collect();
        let mut seen_like = vec![false; queries.len()];
        groups.iter().zip(&seen).filter(|(_, seen)| **seen).for_each(|(&group, _)| seen_like[group] = true);
        let side = |(number, &group): (usize, &usize)| {
            let of_group = || match fixed[group] {
                None if seen_like[group] => Split::Train,
                None => split_of(texts[group], seed),
                Some(split) => split,
            };
            let (side, spent) = match (made[number], queries[number].fixed) {
                (true, _) if !asked[group] => (Split::Train, false),
                (false, Some(split)) => (split, seen[number]),
                _ => (of_group(), seen_like[group]),
            };
            (side != Split::HeldOut || !spent).then_some(side)
        };
        groups.iter().enumerate().map(side).collect()
    }

    /// Queries with the judgments that count, both in the order in which they were first judged.
    pub(super) fn effective(&self) -> Vec<Effective<'_>> {
        let mut queries: Vec<Effective> = Vec::new();
        let mut numbers: HashMap<String, usize> = HashMap::new();
        let mut slots: HashMap<(usize, &str), usize> = HashMap::new();
        for judgment in self.all() {
            let number = *numbers.entry(normalise(&judgment.query)).or_insert_with(|| {
                queries.push(Effective { text: &judgment.query, judgments: Vec::new(), fixed: None });
                queries.len() - 1
            });
            let query = &mut queries[number];
            query.fixed = query.fixed.or(judgment.split);
            if judgment.is_undecided() {
                continue;
            }
            let slot = *slots.entry((number, judgment.document.as_str())).or_insert_with(|| {
                query.judgments.push(judgment);
                query.judgments.len() - 1
            });
            if judgment.source < query.judgments[slot].source {
                query.judgments[slot] = judgment;
            }
        }
        queries.retain(|query| !query.judgments.is_empty());
        queries
    }
}

fn has_real_positives(queries: &[Effective]) -> bool {
    let mut judgments = queries.iter().flat_map(|query| &query.judgments);
    judgments.any(|judgment| judgment.relevant && judgment.source != Source::Synthetic)
}
