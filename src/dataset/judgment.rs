//! One word on one document for one query.

use serde::{Deserialize, Serialize};

use super::split::normalise;
use super::{Corpus, PseudoKind, Source, Split};
use crate::error::{Error, Result};

/// The most that one judgment may weigh.
const MOST_WEIGHT: f32 = 1000.0;

/// The weight of clicks that cancel each other out: the least that a click's judgment may have.
pub(super) const UNDECIDED: f32 = 1e-6;

/// A word on one document for one query: a person's, unless `source` says otherwise.
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
    /// How much it counts in training, above 0 and at most 1000; 1 unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f32>,
    /// Who says so; a person unless given.
    #[serde(default)]
    pub source: Source,
    /// How the query was made; only with the source synthetic.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<PseudoKind>,
    /// The number of times the document was shown of which a click's `weight` is the mean; see [`super::feedback`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub impressions: Option<u32>,
    /// Fixes the side of the query, for all its judgments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<Split>,
}

impl Judgment {
    /// "This document answers it", says a person.
    pub fn relevant(query: impl Into<String>, document: impl Into<String>) -> Self {
        Self {
            query: query.into(),
            document: document.into(),
            relevant: true,
            grade: None,
            weight: None,
            source: Source::Labelled,
            kind: None,
            impressions: None,
            split: None,
        }
    }

    /// "This document does not": a labelled negative.
    pub fn not_relevant(query: impl Into<String>, document: impl Into<String>) -> Self {
        Self { relevant: false, ..Self::relevant(query, document) }
    }

    /// What the document is worth to a metric: its grade, 1 without one, 0 when not relevant.
    pub fn gain(&self) -> f32 {
        if self.relevant { self.grade.unwrap_or(1.0) } else { 0.0 }
    }

    /// How much it counts in training.
    pub fn weight(&self) -> f32 {
        self.weight.unwrap_or(1.0)
    }

    /// Do the clicks for and against cancel each other out? Then it only keeps their count and says nothing.
    pub fn is_undecided(&self) -> bool {
        self.source == Source::Click && self.weight() <= UNDECIDED
    }

    /// Refuses what cannot be meant; `number` is the judgment's place in the list that the person gave.
    pub(super) fn check(&self, number: usize, corpus: &Corpus) -> Result<()> {
        let refuse =
            |field: &str, reason: String| Err(Error::input(format!("judgments[{number}].{field}"), reason));
        if self.query.trim().is_empty() {
            return refuse("query", "must not be blank".into());
        }
        if corpus.position(&self.document).is_none() {
            return refuse("document", format!("no document has the id {:?}; add it first", self.document));
        }
        if let Some(reason) = self.bad_grade() {
            return refuse("grade", reason);
        }
        if let Some(weight) = self.weight.filter(|weight| !(*weight > 0.0 && *weight <= MOST_WEIGHT)) {
            return refuse("weight", format!("must be above 0 and at most {MOST_WEIGHT}; got {weight}"));
        }
        if self.kind.is_some() && self.source != Source::Synthetic {
            return refuse("kind", "only a judgment of source \"synthetic\" has one".into());
        }
        if self.impressions == Some(0) {
            return refuse("impressions", "must be at least 1; got 0".into());
        }
        Ok(())
    }

    fn bad_grade(&self) -> Option<String> {
        match self.grade? {
            grade if !grade.is_finite() || grade < 0.0 => {
                Some(format!("must be a finite number, 0 or more; got {grade}"))
            }
            grade if !self.relevant && grade > 0.0 => {
                Some(format!("must be 0 for a document that is not relevant; got {grade}"))
            }
            0.0 if self.relevant => Some("must be above 0 for a relevant document; got 0".into()),
            _ => None,
        }
    }
}

/// What there is one judgment of.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// Normalised.
    pub query: String,
    pub document: String,
    pub source: Source,
}

impl Key {
    pub fn new(query: &str, document: &str, source: Source) -> Self {
        Self { query: normalise(query), document: document.to_owned(), source }
    }

    pub fn of(judgment: &Judgment) -> Self {
        Self::new(&judgment.query, &judgment.document, judgment.source)
    }
}
