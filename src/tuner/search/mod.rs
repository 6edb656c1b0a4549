//! Search, for one query with everything a person wants to see and for many at once to be measured.

mod dense;
mod explain;
mod found;
mod graph;
mod measure;
mod options;
mod pipeline;
mod stage;
mod tokens;

pub(in crate::tuner) use dense::Dense;
pub use found::{Excerpt, Found, Group, Place};
pub(in crate::tuner) use graph::{GRAPH_FROM, Graph, Growing};
pub use options::{Mode, SearchOptions, Snippets};
pub(in crate::tuner) use stage::DEPTH;
pub use stage::{Method, Scorer, SearchStage, VectorIndex};
pub(in crate::tuner) use tokens::TokenCache;

use super::Tuner;
use crate::error::{Error, Result};
use crate::index::Bm25;
use pipeline::Request;
use std::rc::Rc;

/// A document near a vector.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Near<'a> {
    /// Of the document.
    pub id: &'a str,
    /// Cosine.
    pub score: f32,
}

impl Tuner {
    /// The best documents for a query. Documents without a vector yet are found by the lexical stage alone.
    ///
    /// # Errors
    /// `InputInvalid` for a blank query or an option, `InsufficientData` for an empty corpus, `DeviceLost`.
    pub async fn search(&mut self, query: &str, options: &SearchOptions) -> Result<Vec<Found<'_>>> {
        need_query(query)?;
        let stages = options.plan()?;
        let filter = options.filter()?;
        self.need_documents()?;
        let allowed = filter.map(|filter| {
            let matches = |document| filter.matches(document);
            self.corpus.documents().iter().map(matches).collect()
        });
        let mut request = Request { query, row: None, allowed };
        let mut trace = self.run_stages(&stages, &mut request).await?;
        let is_short = trace.hits.len() < self.corpus.len();
        // How many chunks a group has must not depend on the page either.
        if is_short && (options.per_document.is_some() || options.reach() > trace.hits.len()) {
            self.run_wide(&stages, &mut request, &mut trace).await?;
        }
        self.page(query, &trace, options).await
    }

    /// Ids and cosines of the documents nearest to a vector that the caller made, best first.
    ///
    /// # Errors
    /// `InputInvalid` for a vector of another length or with a number that is none, or an option.
    pub async fn search_vector(
        &mut self,
        vector: &[f32],
        k: usize,
        index: VectorIndex,
        ef: Option<usize>,
    ) -> Result<Vec<Near<'_>>> {
        let dim = self.encoder.dimensions();
        if vector.len() != dim || !vector.iter().all(|value| value.is_finite()) {
            return Err(Error::input("vector", format!("must be {dim} finite numbers")));
        }
        if k == 0 {
            return Err(Error::input("k", "must be 1 or more"));
        }
        let dense = self.dense().await?;
        let documents = self.corpus.documents();
        let near = |hit: crate::index::Hit| Near { id: &documents[hit.position].id, score: hit.score };
        Ok(self.nearest(&dense, vector, k, index, ef).into_iter().map(near).collect())
    }

    pub(super) fn lexical(&mut self) -> Rc<Bm25> {
        let contents = || self.corpus.documents().iter().map(crate::dataset::Document::content);
        let analyzer = || self.analyzer.clone();
        self.lexical.get_or_insert_with(|| Rc::new(Bm25::with_analyzer(analyzer(), contents()))).clone()
    }

    pub(super) fn need_documents(&self) -> Result<()> {
        if self.corpus.is_empty() {
            return Err(Error::InsufficientData { what: "documents".into(), needed: 1, got: 0 });
        }
        Ok(())
    }
}

pub(super) fn need_query(query: &str) -> Result<()> {
    if query.trim().is_empty() {
        return Err(Error::input("query", "must not be blank"));
    }
    Ok(())
}
