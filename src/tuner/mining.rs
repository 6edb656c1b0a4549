//! Brings hits, judgments and copies together for the mining room, and gives its examples their names back.

use super::Tuner;
use super::events::{MinedExample, MinedNegative};
use crate::dataset::{Judged, JudgedQuery};
use crate::embeddings::dot;
use crate::error::Result;
use crate::index::flat;
use crate::mining::{Candidates, Example, MiningOptions, MiningReport, mine};
use std::collections::HashSet;

/// Examples of one round of mining with the queries that they number.
pub(super) struct Mined {
    pub queries: Vec<JudgedQuery>,
    /// For each query, every document known to answer it: those marked relevant and their copies.
    pub relevant: Vec<Vec<usize>>,
    pub examples: Vec<Example>,
    pub report: MiningReport,
}

impl Tuner {
    /// Mines these queries with the weights in use.
    pub(super) async fn mine(&mut self, options: &MiningOptions, queries: Vec<JudgedQuery>) -> Result<Mined> {
        self.need_documents()?;
        options.validate()?;
        let rows = self.query_rows(&queries).await?;
        let originals = self.corpus.originals();
        let known: Vec<Candidates> = queries.iter().map(|query| self.known(query, &originals)).collect();
        let most = known.iter().map(|c| c.positives.len() + c.negatives.len() + c.excluded.len()).max();
        let depth = options.depth(self.corpus.len(), most.unwrap_or(0));
        let dense = self.dense().await?;
        let lists = flat::search_many(&dense.rows, &rows, depth);
        let mut candidates = known;
        for ((candidate, hits), query) in candidates.iter_mut().zip(lists).zip(rows.rows()) {
            candidate.hits = hits
                .iter()
                .map(|hit| crate::index::Hit { position: dense.positions[hit.position], ..*hit })
                .collect();
            for (position, score) in &mut candidate.positives {
                let row = dense.positions.binary_search(position);
                *score = row.map_or(0.0, |row| dot(query, dense.rows.row(row)));
            }
        }
        let (examples, report) = mine(&candidates, self.corpus.len(), options)?;
        let relevant =
            |c: &Candidates| c.positives.iter().map(|&(p, _)| p).chain(c.excluded.clone()).collect();
        let relevant = candidates.iter().map(relevant).collect();
        Ok(Mined { queries, relevant, examples, report })
    }

    /// What the judgments say about a query's documents, by position; copies of a relevant document are set aside.
    fn known(&self, query: &JudgedQuery, originals: &[usize]) -> Candidates {
        let position = |judged: &Judged| self.corpus.position(&judged.document);
        let positives: Vec<(usize, f32)> =
            query.positives.iter().filter_map(|judged| Some((position(judged)?, 0.0))).collect();
        let relevant: HashSet<usize> = positives.iter().map(|&(p, _)| p).collect();
        let texts: HashSet<usize> = relevant.iter().map(|&p| originals[p]).collect();
        let copies = originals.iter().enumerate();
        let copies = copies.filter(|(p, original)| texts.contains(original) && !relevant.contains(p));
        let excluded: Vec<usize> = copies.map(|(p, _)| p).collect();
        // A copy of the answer that was marked wrong contradicts the mark on the answer: it teaches nothing.
        let marked = query.negatives.iter().filter_map(position);
        Candidates {
            hits: Vec::new(),
            negatives: marked.filter(|p| !excluded.contains(p)).collect(),
            excluded,
            positives,
        }
    }

    /// Examples by the caller's own ids.
    pub(super) fn named(&self, mined: &Mined) -> Vec<MinedExample> {
        let id = |position: usize| self.corpus.documents()[position].id.clone();
        let named = mined.examples.iter().map(|example| MinedExample {
            query: mined.queries[example.query].text.clone(),
            positive: id(example.positive),
            positive_score: example.positive_score,
            negatives: example
                .negatives
                .iter()
                .map(|n| MinedNegative {
                    document: id(n.document),
                    score: n.score,
                    rank: n.rank,
                    source: n.source,
                })
                .collect(),
        });
        named.collect()
    }
}
