//! Passages for whoever writes an answer: relevant, none twice, within a number of tokens, each with a number to cite.

// The fields are documented where their users read of them: in the package's `types/search.ts`.
#![allow(missing_docs)]

use super::Tuner;
use super::search::{Mode, Scorer, SearchOptions, SearchStage, Snippets};
use crate::dataset::Document;
use crate::embeddings::dot;
use crate::error::{Error, Result};
use crate::index::{fusion, mmr};
use crate::text::{Shingles, sentences};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::ops::Range;

/// Passages that share so many word 3-shingles say the same (Jaccard).
const SAME: f32 = 0.8;
/// Tokens; less of a passage than this is not worth showing.
const SHORTEST: usize = 24;
/// Far more than any model reads.
const MOST_TOKENS: usize = 1_000_000;

/// What to choose from and how much to take.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ContextOptions {
    pub max_tokens: usize,
    pub candidates: usize,
    pub lambda: f32,
    pub mode: Mode,
    pub rerank: Option<Scorer>,
    pub stages: Option<Vec<SearchStage>>,
    pub filter: Option<Value>,
}

impl Default for ContextOptions {
    fn default() -> Self {
        Self {
            max_tokens: 1024,
            candidates: 30,
            lambda: 0.7,
            mode: Mode::default(),
            rerank: None,
            stages: None,
            filter: None,
        }
    }
}

/// What an answer may rest on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Context {
    pub query: String,
    pub passages: Vec<Passage>,
    /// Each passage behind its number, ready to be read by a model.
    pub text: String,
    /// Of `text`, as this model's tokenizer counts them.
    pub tokens: usize,
}

/// A document, or a part of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Passage {
    /// From 1.
    pub citation: usize,
    pub id: String,
    pub title: String,
    pub text: String,
    /// Where in the document's text it begins, in UTF-16 units.
    pub start: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    #[serde(skip_serializing_if = "Value::is_null")]
    pub metadata: Value,
    pub score: f32,
    pub tokens: usize,
}

impl ContextOptions {
    fn search(&self) -> Result<SearchOptions> {
        if !(16..=MOST_TOKENS).contains(&self.max_tokens) {
            return Err(Error::input(
                "maxTokens",
                format!("must be 16 to {MOST_TOKENS}, got {}", self.max_tokens),
            ));
        }
        if !(0.0..=1.0).contains(&self.lambda) {
            return Err(Error::input("lambda", format!("must be 0 to 1, got {}", self.lambda)));
        }
        if !(1..=200).contains(&self.candidates) {
            return Err(Error::input("candidates", format!("must be 1 to 200, got {}", self.candidates)));
        }
        Ok(SearchOptions {
            k: self.candidates,
            mode: self.mode,
            rerank: self.rerank,
            stages: self.stages.clone(),
            filter: self.filter.clone(),
            // Where a passage must be cut, it is cut around this.
            snippets: Snippets::Wanted(true),
            ..SearchOptions::default()
        })
    }
}

/// A hit that may become a passage.
struct Candidate {
    document: Document,
    score: f32,
    /// Where the most relevant part of its text begins, in bytes.
    best: usize,
}

impl Tuner {
    /// # Errors
    /// Those of [`Tuner::search`]; `InputInvalid` for an option.
    pub async fn context(&mut self, query: &str, options: &ContextOptions) -> Result<Context> {
        let search = options.search()?;
        let found = self.search(query, &search).await?;
        let candidate = |hit: &super::search::Found<'_>| Candidate {
            document: hit.document.clone(),
            score: hit.score,
            best: hit.snippet.as_ref().map_or(0, |s| bytes(&hit.document.text, s.start)),
        };
        let candidates = without_copies(found.iter().map(candidate).collect());
        let order = self.diverse(&candidates, options.lambda).await?;

        let mut context =
            Context { query: query.to_owned(), passages: Vec::new(), text: String::new(), tokens: 0 };
        for at in order {
            let left = options.max_tokens.saturating_sub(context.tokens);
            if left < SHORTEST.min(options.max_tokens) {
                break;
            }
            let citation = context.passages.len() + 1;
            if let Some(passage) = self.fit(&candidates[at], citation, left)? {
                context.tokens += passage.tokens;
                context.text.push_str(&block(citation, &passage.title, &passage.text));
                context.passages.push(passage);
            }
        }
        Ok(context)
    }

    /// Positions of candidates, so that what is taken first is relevant and new.
    async fn diverse(&mut self, candidates: &[Candidate], lambda: f32) -> Result<Vec<usize>> {
        let dense = self.dense().await?;
        let row = |candidate: &Candidate| {
            let position = self.corpus.position(&candidate.document.id)?;
            Some(dense.rows.row(dense.row_of(position)?))
        };
        let rows: Vec<Option<&[f32]>> = candidates.iter().map(row).collect();
        let scores = || candidates.iter().map(|candidate| candidate.score);
        let (low, high) =
            (scores().fold(f32::INFINITY, f32::min), scores().fold(f32::NEG_INFINITY, f32::max));
        let relevance: Vec<f32> = scores().map(|score| fusion::unit(score, low, high)).collect();
        let similarity = |a: usize, b: usize| match (rows[a], rows[b]) {
            (Some(a), Some(b)) => dot(a, b).clamp(0.0, 1.0),
            _ => 0.0,
        };
        Ok(mmr(&relevance, similarity, lambda))
    }

    /// The passage, cut where it is longer than what is left; none where too little of it would remain.
    fn fit(&self, candidate: &Candidate, citation: usize, left: usize) -> Result<Option<Passage>> {
        let Document { id, title, text, parent, metadata } = candidate.document.clone();
        let count = |text: &str| self.encoder.count_tokens(&block(citation, &title, text));
        let whole = count(text.trim())?;
        let passage = |text: String, start: usize, tokens: usize| Passage {
            citation,
            id: id.clone(),
            title: title.clone(),
            start,
            text,
            parent: parent.clone(),
            metadata: metadata.clone(),
            score: candidate.score,
            tokens,
        };
        let units = |at: usize| text[..at].encode_utf16().count();
        if whole <= left {
            let start = text.len() - text.trim_start().len();
            return Ok(Some(passage(text.trim().to_owned(), units(start), whole)));
        }
        let ranges = sentences(&text);
        let first = ranges.iter().rposition(|range| range.start <= candidate.best).unwrap_or(0);
        let Some(begin) = ranges.get(first).map(|range| range.start) else { return Ok(None) };
        // As many sentences as fit, found by halving: counting anew after each would take the square of the text's length.
        let fits = |range: &Range<usize>| count(&text[begin..range.end]).is_ok_and(|tokens| tokens <= left);
        let taken = ranges[first..].partition_point(fits);
        let Some(last) = taken.checked_sub(1) else { return Ok(None) };
        let part = text[begin..ranges[first + last].end].to_owned();
        let tokens = count(&part)?;
        Ok((tokens >= SHORTEST).then(|| passage(part, units(begin), tokens)))
    }
}

fn block(citation: usize, title: &str, text: &str) -> String {
    let title = title.trim();
    let head = if title.is_empty() { String::new() } else { format!(" {title}") };
    format!("[{citation}]{head}\n{}\n\n", text.trim())
}

/// Of those that say the same, the one that was found first.
fn without_copies(candidates: Vec<Candidate>) -> Vec<Candidate> {
    let mut kept: Vec<(Shingles, Candidate)> = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let shingles = Shingles::of(&candidate.document.content());
        if kept.iter().all(|(other, _)| other.jaccard(&shingles) < SAME) {
            kept.push((shingles, candidate));
        }
    }
    kept.into_iter().map(|(_, candidate)| candidate).collect()
}

/// The byte at which so many UTF-16 units have passed.
fn bytes(text: &str, units: usize) -> usize {
    let mut left = units;
    for (at, c) in text.char_indices() {
        if left == 0 {
            return at;
        }
        left = left.saturating_sub(c.len_utf16());
    }
    text.len()
}
