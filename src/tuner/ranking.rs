//! Search, for one query with everything a person wants to see and for many at once to be measured.

use super::{Dense, Tuner};
use crate::dataset::{Document, JudgedQuery};
use crate::embeddings::Embeddings;
use crate::encoder::Tower;
use crate::error::{Error, Result};
use crate::evaluation::Report;
use crate::index::{Bm25, Hit, RRF_K, flat, fusion};
use serde::{Deserialize, Serialize};
use std::rc::Rc;

/// Deep enough for recall@100, and for both lists to meet when they are fused.
pub(super) const DEPTH: usize = 100;
/// Most hits one search returns.
const MOST: usize = 1000;

/// Which stages rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Exact cosine of the encoder's vectors.
    Dense,
    /// BM25.
    Lexical,
    /// Reciprocal rank fusion of both.
    #[default]
    Hybrid,
}

/// How to search.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SearchOptions {
    /// Number of hits.
    pub k: usize,
    /// Which stages rank.
    pub mode: Mode,
}

impl Default for SearchOptions {
    fn default() -> Self {
        Self { k: 10, mode: Mode::default() }
    }
}

/// Rank (from 1) and score of a hit in one stage.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Place {
    /// From 1.
    pub rank: usize,
    /// Comparable within one list of one stage.
    pub score: f32,
}

/// A hit with its document, as a person sees it.
#[derive(Debug, Clone, Serialize)]
pub struct Found<'a> {
    #[serde(flatten)]
    /// What was found.
    pub document: &'a Document,
    /// Comparable within this list only.
    pub score: f32,
    /// From 1.
    pub rank: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// By the encoder, if it was among its best.
    pub dense: Option<Place>,
    /// By BM25, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lexical: Option<Place>,
}

impl Tuner {
    /// The best documents for a query. Documents without a vector yet are found by the lexical stage alone.
    ///
    /// # Errors
    /// `InputInvalid` for a blank query or a `k` out of range, `InsufficientData` for an empty corpus, `DeviceLost`.
    pub async fn search(&mut self, query: &str, options: &SearchOptions) -> Result<Vec<Found<'_>>> {
        if query.trim().is_empty() {
            return Err(Error::input("query", "must not be blank"));
        }
        if options.k == 0 || options.k > MOST {
            return Err(Error::input("k", format!("must be 1 to {MOST}, got {}", options.k)));
        }
        self.need_documents()?;
        let depth = options.k.max(DEPTH);
        let dense = if options.mode == Mode::Lexical {
            Vec::new()
        } else {
            let row = self.encode(&[query.to_owned()], Tower::Query).await?;
            let dense = self.dense().await?;
            dense.translate(flat::search(&dense.rows, row.row(0), depth))
        };
        let lexical = match options.mode {
            Mode::Dense => Vec::new(),
            _ => self.lexical().search(query, depth),
        };
        let hits = fuse(options.mode, &dense, &lexical, options.k);
        let place = |list: &[Hit], position: usize| {
            let at = list.iter().position(|hit| hit.position == position)?;
            Some(Place { rank: at + 1, score: list[at].score })
        };
        let found = hits.iter().enumerate().map(|(at, hit)| Found {
            document: &self.corpus.documents()[hit.position],
            score: hit.score,
            rank: at + 1,
            dense: place(&dense, hit.position),
            lexical: place(&lexical, hit.position),
        });
        Ok(found.collect())
    }

    /// Measures judged queries with the weights in use.
    ///
    /// # Errors
    /// `InsufficientData` when none of them has a relevant document.
    pub(super) async fn report(&mut self, queries: &[JudgedQuery], mode: Mode) -> Result<Report> {
        let rankings = self.rankings(queries, mode).await?;
        Report::new(queries, &rankings)
    }

    /// Ids of the best documents for each query, best first.
    async fn rankings(&mut self, queries: &[JudgedQuery], mode: Mode) -> Result<Vec<Vec<String>>> {
        let dense: Vec<Vec<Hit>> = if mode == Mode::Lexical {
            vec![Vec::new(); queries.len()]
        } else {
            let rows = self.query_rows(queries).await?;
            let dense = self.dense().await?;
            let lists = flat::search_many(&dense.rows, &rows, DEPTH);
            lists.into_iter().map(|hits| dense.translate(hits)).collect()
        };
        let mut rankings = Vec::with_capacity(queries.len());
        for (query, dense) in queries.iter().zip(dense) {
            let lexical = match mode {
                Mode::Dense => Vec::new(),
                _ => self.lexical().search(&query.text, DEPTH),
            };
            let hits = fuse(mode, &dense, &lexical, DEPTH);
            let ids = hits.iter().map(|hit| self.corpus.documents()[hit.position].id.clone());
            rankings.push(ids.collect());
        }
        Ok(rankings)
    }

    /// Vectors of judged queries, adapter applied; those not encoded yet are encoded now.
    pub(super) async fn query_rows(&mut self, queries: &[JudgedQuery]) -> Result<Embeddings> {
        let fingerprint = self.encoder.fingerprint(Tower::Query);
        let mut base = Embeddings::empty(self.encoder.dimensions());
        for query in queries {
            match self.vectors.get(fingerprint, &query.text) {
                Some(row) => base.push(row)?,
                None => {
                    let rows = self.encoder.encode(&[&query.text], Tower::Query).await?;
                    let key = super::vectors::key(fingerprint, &query.text);
                    self.vectors.put(fingerprint, key, rows.row(0))?;
                    base.push(rows.row(0))?;
                }
            }
        }
        self.encoder.adapt(&base, Tower::Query).await
    }

    /// The dense index, rebuilt when something made it stale.
    pub(super) async fn dense(&mut self) -> Result<Rc<Dense>> {
        if self.dense.is_none() {
            let fingerprint = self.encoder.fingerprint(Tower::Document);
            let mut base = Embeddings::empty(self.encoder.dimensions());
            let mut positions = Vec::new();
            for (position, document) in self.corpus.documents().iter().enumerate() {
                if let Some(row) = self.vectors.get(fingerprint, &document.content()) {
                    base.push(row)?;
                    positions.push(position);
                }
            }
            let rows = self.encoder.adapt(&base, Tower::Document).await?;
            self.dense = Some(Rc::new(Dense { rows, positions }));
        }
        self.dense.clone().ok_or_else(|| Error::Internal { reason: "no dense index".into() })
    }

    pub(super) fn lexical(&mut self) -> Rc<Bm25> {
        let contents = || self.corpus.documents().iter().map(Document::content);
        self.lexical.get_or_insert_with(|| Rc::new(Bm25::new(contents()))).clone()
    }

    pub(super) fn need_documents(&self) -> Result<()> {
        if self.corpus.is_empty() {
            return Err(Error::InsufficientData { what: "documents".into(), needed: 1, got: 0 });
        }
        Ok(())
    }
}

impl Dense {
    /// The row of the document at this position, if it has a vector.
    pub(super) fn row_of(&self, position: usize) -> Option<usize> {
        // Where all have one, which is nearly always, a row is its position.
        match self.positions.get(position) {
            Some(&at) if at == position => Some(position),
            _ => self.positions.binary_search(&position).ok(),
        }
    }

    /// From row numbers to positions in the corpus.
    pub(super) fn translate(&self, hits: Vec<Hit>) -> Vec<Hit> {
        let place = |hit: Hit| Hit { position: self.positions[hit.position], ..hit };
        hits.into_iter().map(place).collect()
    }
}

fn fuse(mode: Mode, dense: &[Hit], lexical: &[Hit], k: usize) -> Vec<Hit> {
    match mode {
        Mode::Dense => dense.iter().take(k).copied().collect(),
        Mode::Lexical => lexical.iter().take(k).copied().collect(),
        Mode::Hybrid => fusion::reciprocal_rank(&[dense, lexical], RRF_K, k),
    }
}
