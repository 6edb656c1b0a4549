//! Rankings of judged queries, to be measured.

use super::pipeline::Request;
use super::stage::HYBRID_WEIGHTS;
use super::{DEPTH, Mode, SearchOptions, SearchStage, VectorIndex};
use crate::dataset::JudgedQuery;
use crate::embeddings::Embeddings;
use crate::encoder::Tower;
use crate::error::Result;
use crate::evaluation::Report;
use crate::index::{Hit, flat, fusion};
use crate::tuner::{Tuner, vectors};

impl Tuner {
    /// Measures judged queries with the weights in use.
    ///
    /// # Errors
    /// `InsufficientData` when none of them has a relevant document.
    pub(in crate::tuner) async fn report(&mut self, queries: &[JudgedQuery], mode: Mode) -> Result<Report> {
        let rankings = self.rankings(queries, mode).await?;
        Report::new(queries, &rankings)
    }

    /// Ids of the best documents for each query, best first: all queries through each stage together, which is several times as fast
    /// as one after another.
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
            let hits = match mode {
                Mode::Dense => dense,
                Mode::Lexical => self.lexical().search(&query.text, DEPTH),
                Mode::Hybrid => {
                    let lexical = self.lexical().search(&query.text, DEPTH);
                    fusion::weighted_scores(&[&dense, &lexical], &HYBRID_WEIGHTS, DEPTH)
                }
            };
            rankings.push(self.ids(&hits));
        }
        Ok(rankings)
    }

    /// Likewise of one query, through any stages.
    pub(in crate::tuner) async fn ranking(
        &mut self,
        query: &JudgedQuery,
        options: &SearchOptions,
    ) -> Result<Vec<String>> {
        let hits = self.ranked(query, options).await?;
        Ok(self.ids(&hits))
    }

    /// The best documents of one query, through any stages.
    pub(in crate::tuner) async fn ranked(
        &mut self,
        query: &JudgedQuery,
        options: &SearchOptions,
    ) -> Result<Vec<Hit>> {
        let row = self.query_rows(std::slice::from_ref(query)).await?.into_vec();
        let mut stages = options.plan()?;
        for stage in &mut stages {
            // Only weights in use have a graph: weights are compared, not ways to search.
            if let SearchStage::Dense { index, .. } = stage {
                *index = VectorIndex::Exact;
            }
        }
        let mut request = Request { query: &query.text, row: Some(row), allowed: None };
        let mut hits = self.run_stages(&stages, &mut request).await?.hits;
        hits.truncate(DEPTH);
        Ok(hits)
    }

    fn ids(&self, hits: &[Hit]) -> Vec<String> {
        hits.iter().map(|hit| self.corpus.documents()[hit.position].id.clone()).collect()
    }

    /// Vectors of judged queries, adapter applied; those not encoded yet are encoded now.
    pub(in crate::tuner) async fn query_rows(&mut self, queries: &[JudgedQuery]) -> Result<Embeddings> {
        let fingerprint = self.encoder.fingerprint(Tower::Query);
        let mut base = Embeddings::empty(self.encoder.dimensions());
        for query in queries {
            match self.vectors.get(fingerprint, &query.text) {
                Some(row) => base.push(row)?,
                None => {
                    let rows = self.encoder.encode(&[&query.text], Tower::Query).await?;
                    let key = vectors::key(fingerprint, &query.text);
                    self.vectors.put(fingerprint, key, rows.row(0))?;
                    base.push(rows.row(0))?;
                }
            }
        }
        self.encoder.adapt(&base, Tower::Query).await
    }
}
