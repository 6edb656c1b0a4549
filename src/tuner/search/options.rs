//! How to search, as JavaScript says it, and as stages that run.

// The fields are documented where their users read of them: in the package's `types/search.ts`.
#![allow(missing_docs)]

use super::stage::{HYBRID_WEIGHTS, Method, Scorer, SearchStage, VectorIndex, check};
use crate::dataset::Filter;
use crate::error::{Error, Result};
use crate::index::{B, K1, RRF_K};
use serde::Deserialize;
use serde_json::Value;

/// Hits that one search can reach, skipped ones included.
pub(super) const MOST: usize = 1000;
/// Characters.
const SNIPPET: usize = 240;

/// Which stages rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Cosine of the encoder's vectors.
    Dense,
    /// BM25.
    Lexical,
    /// Both, their scores added up.
    #[default]
    Hybrid,
}

/// How to search.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SearchOptions {
    pub k: usize,
    pub offset: usize,
    pub mode: Mode,
    pub rerank: Option<Scorer>,
    pub stages: Option<Vec<SearchStage>>,
    pub filter: Option<Value>,
    /// Hits of one group at most, chunks of a document being a group; without it nothing is grouped.
    pub per_document: Option<usize>,
    pub snippets: Snippets,
    pub explain: bool,
}

impl Default for SearchOptions {
    fn default() -> Self {
        Self {
            k: 10,
            offset: 0,
            mode: Mode::default(),
            rerank: None,
            stages: None,
            filter: None,
            per_document: None,
            snippets: Snippets::Wanted(false),
            explain: false,
        }
    }
}

/// Characters of a snippet, or whether there is one.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Snippets {
    Wanted(bool),
    Length(usize),
}

impl From<Mode> for SearchOptions {
    fn from(mode: Mode) -> Self {
        Self { mode, ..Self::default() }
    }
}

impl SearchOptions {
    /// The stages, spelt out.
    pub(in crate::tuner) fn plan(&self) -> Result<Vec<SearchStage>> {
        self.validate()?;
        let stages = match &self.stages {
            Some(stages) => stages.clone(),
            None => shorthand(self.mode, self.rerank),
        };
        check(&stages)?;
        Ok(stages)
    }

    /// The mode, where it says all about the stages.
    pub(in crate::tuner) fn as_mode(&self) -> Option<Mode> {
        (self.stages.is_none() && self.rerank.is_none()).then_some(self.mode)
    }

    /// What documents must meet.
    pub(super) fn filter(&self) -> Result<Option<Filter>> {
        self.filter.as_ref().map(Filter::parse).transpose()
    }

    /// Characters of a snippet; none wanted, none made.
    pub(super) fn snippet_length(&self) -> Option<usize> {
        match self.snippets {
            Snippets::Wanted(false) => None,
            Snippets::Wanted(true) => Some(SNIPPET),
            Snippets::Length(length) => Some(length),
        }
    }

    /// Hits that are needed to fill the page.
    pub(super) fn reach(&self) -> usize {
        self.offset + self.k
    }

    pub(in crate::tuner) fn validate(&self) -> Result<()> {
        if self.k == 0 || self.k > MOST {
            return Err(Error::input("k", format!("must be 1 to {MOST}, got {}", self.k)));
        }
        if self.reach() > MOST {
            let reason = format!("with k must not exceed {MOST}, is {} + {}", self.offset, self.k);
            return Err(Error::input("offset", reason));
        }
        if self.per_document == Some(0) {
            return Err(Error::input("perDocument", "must be 1 or more"));
        }
        if let Snippets::Length(length) = self.snippets
            && !(20..=10_000).contains(&length)
        {
            return Err(Error::input("snippets", format!("must be 20 to 10000 characters, got {length}")));
        }
        if self.stages.is_some() && (self.mode != Mode::default() || self.rerank.is_some()) {
            let reason = "say it all: mode and rerank are short for them and do not go beside them";
            return Err(Error::input("stages", reason));
        }
        Ok(())
    }
}

fn shorthand(mode: Mode, rerank: Option<Scorer>) -> Vec<SearchStage> {
    let lexical = SearchStage::Lexical { k1: K1, b: B, depth: None };
    let dense = SearchStage::Dense { index: VectorIndex::Auto, ef: None, depth: None };
    let mut stages = match mode {
        Mode::Lexical => vec![lexical],
        Mode::Dense => vec![dense],
        Mode::Hybrid => {
            let fusion = SearchStage::Fusion {
                method: Method::default(),
                constant: RRF_K,
                weights: Some(HYBRID_WEIGHTS.to_vec()),
                depth: None,
            };
            vec![dense, lexical, fusion]
        }
    };
    stages.extend(rerank.map(|scorer| SearchStage::Rerank { scorer, weight: None, depth: None }));
    stages
}
