//! A second opinion on candidates: late interaction over the encoder's own token embeddings.

use super::round::Scores;
use crate::embeddings::Embeddings;
use crate::encoder::{Snapshot, Tower, plan};
use crate::error::Result;
use crate::index::maxsim;
use crate::tuner::Tuner;
use crate::tuner::events::{Event, Stage};
use std::collections::{BTreeMap, HashMap};

/// Token embeddings of all queries, then of the documents, batch by batch: each document is encoded once, scored for every
/// query that wants it, and let go. In memory at any time: the queries' tokens and one batch of documents.
pub(super) struct MaxSim {
    weights: Option<Snapshot>,
    /// Query number and text.
    queries: Vec<(usize, String)>,
    query_batches: std::vec::IntoIter<Vec<usize>>,
    tokens: HashMap<usize, Embeddings>,
    /// Document, its text, and the queries that want its score.
    documents: Vec<(usize, String, Vec<usize>)>,
    document_batches: std::vec::IntoIter<Vec<usize>>,
    done: usize,
}

impl MaxSim {
    /// `wanted`: for each query number the documents to score.
    pub(super) fn new(
        tuner: &Tuner,
        texts: &[String],
        wanted: &[(usize, Vec<usize>)],
        weights: Option<Snapshot>,
    ) -> Self {
        let mut by_document: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (query, documents) in wanted {
            documents.iter().for_each(|&document| by_document.entry(document).or_default().push(*query));
        }
        let asked = wanted.iter().filter(|(_, documents)| !documents.is_empty());
        let queries: Vec<(usize, String)> = asked.map(|&(query, _)| (query, texts[query].clone())).collect();
        let content = |document: usize| tuner.corpus.documents()[document].content();
        let documents: Vec<(usize, String, Vec<usize>)> =
            by_document.into_iter().map(|(at, queries)| (at, content(at), queries)).collect();
        let length = tuner.encoder.max_length();
        let batches = |texts: Vec<&str>| plan(&texts, length).into_iter();
        Self {
            query_batches: batches(queries.iter().map(|(_, text)| text.as_str()).collect()),
            document_batches: batches(documents.iter().map(|(_, text, _)| text.as_str()).collect()),
            weights,
            queries,
            tokens: HashMap::new(),
            documents,
            done: 0,
        }
    }

    /// Encodes one batch and scores what it makes possible; none when all is done.
    pub(super) async fn next(&mut self, tuner: &mut Tuner, scores: &mut Scores) -> Result<Option<Event>> {
        if let Some(batch) = self.query_batches.next() {
            let texts: Vec<&str> = batch.iter().map(|&at| self.queries[at].1.as_str()).collect();
            let rows = self.encode(tuner, &texts, Tower::Query).await?;
            self.tokens.extend(batch.iter().map(|&at| self.queries[at].0).zip(rows));
            self.done += batch.len();
        } else if let Some(batch) = self.document_batches.next() {
            let texts: Vec<&str> = batch.iter().map(|&at| self.documents[at].1.as_str()).collect();
            let rows = self.encode(tuner, &texts, Tower::Document).await?;
            for (&at, tokens) in batch.iter().zip(rows) {
                let (document, _, queries) = &self.documents[at];
                for query in queries {
                    let score = self.tokens.get(query).map_or(0.0, |query| maxsim(query, &tokens));
                    scores.insert((*query, *document), score);
                }
            }
            self.done += batch.len();
        } else {
            return Ok(None);
        }
        let total = self.queries.len() + self.documents.len();
        Ok(Some(Event::Encode { stage: Stage::Tokens, done: self.done, total }))
    }

    async fn encode(&self, tuner: &mut Tuner, texts: &[&str], tower: Tower) -> Result<Vec<Embeddings>> {
        let encode = async |tuner: &mut Tuner| tuner.encoder.encode_tokens(texts, tower).await;
        let tokens = match &self.weights {
            Some(weights) => tuner.with_weights(weights, encode).await?,
            None => encode(tuner).await?,
        };
        Ok(tokens.into_iter().map(|tokens| tokens.rows).collect())
    }
}
