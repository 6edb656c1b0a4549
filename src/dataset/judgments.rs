//! Who said what about which document, and on which side each query stands.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::{Corpus, rng};
use crate::error::{Error, Result};

/// The side on which a query stands: training never sees the held-out ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// Trained on.
    Train,
    /// Measured on.
    HeldOut,
}

/// One person's word on one document for one query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Judgment {
    /// The query's text.
    pub query: String,
    /// The document's id.
    pub document: String,
    /// Does it answer the query?
    pub relevant: bool,
    /// Graded relevance, above 0 when relevant; 1 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grade: Option<f32>,
    /// Fixes the side of the query, for all its judgments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
}

impl Judgment {
    /// "This document answers it."
    pub fn relevant(query: impl Into<String>, document: impl Into<String>) -> Self {
        Self { query: query.into(), document: document.into(), relevant: true, grade: None, split: None }
    }

    /// "This document does not": a labelled negative.
    pub fn not_relevant(query: impl Into<String>, document: impl Into<String>) -> Self {
        Self { relevant: false, ..Self::relevant(query, document) }
    }

    /// What the document is worth to a metric: its grade, 1 without one, 0 when not relevant.
    pub fn gain(&self) -> f32 {
        if self.relevant { self.grade.unwrap_or(1.0) } else { 0.0 }
    }
}

/// A query with everything that was said about it, in the order in which it was said.
#[derive(Debug, Clone, PartialEq)]
pub struct JudgedQuery {
    /// The query's text, as first written.
    pub text: String,
    /// Ids of relevant documents with their gains, above 0.
    pub positives: Vec<(String, f32)>,
    /// Ids of documents marked as not relevant.
    pub negatives: Vec<String>,
}

/// All judgments, one for each pair of query text and document id, in the order in which they came.
#[derive(Debug, Clone, Default)]
pub struct Judgments {
    judgments: Vec<Judgment>,
    /// (query, document) to its number in `judgments`.
    numbers: HashMap<(String, String), usize>,
}

impl Judgments {
    /// Adds judgments, all or none. One on a known pair of query and document replaces what was said before, but for a
    /// split: without a new one the old one stays, so that a held-out query does not slip into training.
    ///
    /// # Errors
    /// `INPUT_INVALID`, naming the judgment by its number from 0, for a blank query, a document that is not in the corpus,
    /// a grade that is not a finite number, is negative or contradicts `relevant`, or a split that contradicts another
    /// judgment of the same query.
    pub fn add_all(&mut self, judgments: Vec<Judgment>, corpus: &Corpus) -> Result<()> {
        for (number, judgment) in judgments.iter().enumerate() {
            check(number, judgment, corpus)?;
        }
        let mut next = self.clone();
        let mut fixed = HashMap::new();
        for (number, judgment) in judgments.into_iter().enumerate() {
            if judgment.split.is_some() {
                fixed.insert(normalise(&judgment.query), number);
            }
            next.put(judgment);
        }
        next.check_splits(&fixed)?;
        *self = next;
        Ok(())
    }

    /// Forgets what was said about this pair. False when nothing was.
    pub fn remove(&mut self, query: &str, document: &str) -> bool {
        self.retain(|judgment| judgment.query != query || judgment.document != document) == 1
    }

    /// Forgets everything said about this document; the number of judgments that went.
    pub fn remove_document(&mut self, document: &str) -> usize {
        self.retain(|judgment| judgment.document != document)
    }

    /// All judgments in order.
    pub fn all(&self) -> &[Judgment] {
        &self.judgments
    }

    /// The queries of one side, in the order in which they were first judged.
    ///
    /// An explicit split counts for every judgment of the query; the others fall on a side by [`split_of`]. Spellings that
    /// differ only in case or white space stand on the same side.
    pub fn queries(&self, split: Split, seed: u64) -> Vec<JudgedQuery> {
        let explicit = self.explicit_splits();
        let mut numbers: HashMap<&str, usize> = HashMap::new();
        let mut queries: Vec<JudgedQuery> = Vec::new();
        for judgment in &self.judgments {
            let side = explicit.get(&normalise(&judgment.query)).copied();
            if side.unwrap_or_else(|| split_of(&judgment.query, seed)) != split {
                continue;
            }
            let number = *numbers.entry(&judgment.query).or_insert_with(|| {
                queries.push(JudgedQuery {
                    text: judgment.query.clone(),
                    positives: Vec::new(),
                    negatives: Vec::new(),
                });
                queries.len() - 1
            });
            if judgment.relevant {
                let positive = (judgment.document.clone(), judgment.gain());
                queries[number].positives.push(positive);
            } else {
                queries[number].negatives.push(judgment.document.clone());
            }
        }
        queries
    }

    fn put(&mut self, judgment: Judgment) {
        let key = (judgment.query.clone(), judgment.document.clone());
        match self.numbers.get(&key) {
            Some(&number) => {
                let split = judgment.split.or(self.judgments[number].split);
                self.judgments[number] = Judgment { split, ..judgment };
            }
            None => {
                self.numbers.insert(key, self.judgments.len());
                self.judgments.push(judgment);
            }
        }
    }

    fn retain(&mut self, keep: impl Fn(&Judgment) -> bool) -> usize {
        let before = self.judgments.len();
        self.judgments.retain(keep);
        let key = |(number, judgment): (usize, &Judgment)| {
            ((judgment.query.clone(), judgment.document.clone()), number)
        };
        self.numbers = self.judgments.iter().enumerate().map(key).collect();
        before - self.judgments.len()
    }

    fn explicit_splits(&self) -> HashMap<String, Split> {
        let explicit = self.judgments.iter();
        explicit.filter_map(|j| Some((normalise(&j.query), j.split?))).collect()
    }

    /// Refuses a query that stands on both sides; `fixed` says which new judgment was the last to fix a query's side.
    fn check_splits(&self, fixed: &HashMap<String, usize>) -> Result<()> {
        let mut sides: HashMap<String, Split> = HashMap::new();
        let mut conflicts = HashSet::new();
        for judgment in &self.judgments {
            let Some(split) = judgment.split else { continue };
            let query = normalise(&judgment.query);
            if *sides.entry(query.clone()).or_insert(split) != split {
                conflicts.insert(query);
            }
        }
        let first = conflicts.iter().filter_map(|query| Some((fixed.get(query)?, query))).min();
        match first {
            None => Ok(()),
            Some((number, query)) => Err(Error::input(
                format!("judgments[{number}].split"),
                format!(
                    "the query {query:?} would stand in both \"train\" and \"held-out\"; give it one split"
                ),
            )),
        }
    }
}

/// The side of a query that nobody put on one: a fifth is held out, by a seeded hash of the normalised text.
pub fn split_of(query: &str, seed: u64) -> Split {
    if rng::hash(&normalise(query), seed).is_multiple_of(5) { Split::HeldOut } else { Split::Train }
}

/// Lower case, single spaces.
fn normalise(query: &str) -> String {
    let words: Vec<&str> = query.split_whitespace().collect();
    words.join(" ").to_lowercase()
}

fn check(number: usize, judgment: &Judgment, corpus: &Corpus) -> Result<()> {
    let refuse =
        |field: &str, reason: String| Err(Error::input(format!("judgments[{number}].{field}"), reason));
    if judgment.query.trim().is_empty() {
        return refuse("query", "must not be blank".into());
    }
    if corpus.position(&judgment.document).is_none() {
        return refuse("document", format!("no document has the id {:?}; add it first", judgment.document));
    }
    match judgment.grade {
        Some(grade) if !grade.is_finite() || grade < 0.0 => {
            refuse("grade", format!("must be a finite number, 0 or more; got {grade}"))
        }
        Some(grade) if !judgment.relevant && grade > 0.0 => {
            refuse("grade", format!("must be 0 for a document that is not relevant; got {grade}"))
        }
        Some(0.0) if judgment.relevant => {
            refuse("grade", "must be above 0 for a relevant document; got 0".into())
        }
        _ => Ok(()),
    }
}
