//! Runs the stages of a search and remembers what each of them found.

use super::options::MOST;
use super::stage::{Method, RERANK_WEIGHT, Scorer, SearchStage, VectorIndex};
use crate::encoder::{TokenEmbeddings, Tower};
use crate::error::Result;
use crate::index::{Hit, TopK, fusion, maxsim};
use crate::tuner::Tuner;
use std::collections::HashSet;

use super::tokens::TOGETHER;

/// One stage that ran.
pub(super) struct Step {
    pub stage: SearchStage,
    /// The steps whose lists it took up.
    pub inputs: Vec<usize>,
    /// What it left, best first.
    pub hits: Vec<Hit>,
    /// The scorer's own scores, of a stage that mixes them with those before.
    pub raw: Vec<Hit>,
}

/// All stages of a search, in order, and what they came to.
pub(super) struct Trace {
    pub steps: Vec<Step>,
    /// The last stage's hits, then those behind them: what was too far down to be reordered, and what `wide` found besides.
    pub hits: Vec<Hit>,
    /// The same search with longer lists, where a page may show what these hold, and from which hit on they are its own.
    wide: Option<(usize, Box<Trace>)>,
}

/// What is searched for and where.
pub(super) struct Request<'a> {
    pub query: &'a str,
    /// The query's vector, where it is known already.
    pub row: Option<Vec<f32>>,
    /// By position; all documents without it.
    pub allowed: Option<Vec<bool>>,
}

impl Request<'_> {
    fn allows(&self, position: usize) -> bool {
        self.allowed.as_ref().is_none_or(|allowed| allowed.get(position).copied().unwrap_or(false))
    }
}

impl Trace {
    fn new(steps: Vec<Step>) -> Self {
        let last = steps.last().map_or(&[][..], |step| &step.hits);
        let mut trace = Self { hits: last.to_vec(), steps, wide: None };
        let reorders = |step: &&Step| matches!(step.stage, SearchStage::Rerank { .. });
        let input = trace.steps.last().filter(reorders).and_then(|step| step.inputs.first());
        let before = input.map_or(Vec::new(), |&input| trace.steps[input].hits.clone());
        trace.append(before);
        trace
    }

    /// The stages that a hit is due to, this search's or those of the wider one.
    pub(super) fn behind(&self, position: usize) -> &Self {
        match &self.wide {
            Some((from, wide)) if self.hits[*from..].iter().any(|hit| hit.position == position) => wide,
            _ => self,
        }
    }

    /// Puts other hits behind those that there are. Their scores are moved down together where they would stand above the last one.
    fn append(&mut self, mut others: Vec<Hit>) {
        let seen: HashSet<usize> = self.hits.iter().map(|hit| hit.position).collect();
        others.retain(|hit| !seen.contains(&hit.position));
        if let (Some(last), Some(first)) = (self.hits.last(), others.first()) {
            let gap = (first.score - last.score).max(0.0);
            others.iter_mut().for_each(|hit| hit.score = (hit.score - gap).min(last.score));
        }
        self.hits.extend(others);
    }
}

impl Tuner {
    /// Likewise, and as many hits behind what the stages find as any page can show: always the same ones.
    ///
    /// # Errors
    /// `DeviceLost`, `OutOfMemory`.
    pub(super) async fn run_wide(
        &mut self,
        stages: &[SearchStage],
        request: &mut Request<'_>,
        trace: &mut Trace,
    ) -> Result<()> {
        let ranks = stages.iter().filter(|stage| !matches!(stage, SearchStage::Rerank { .. }));
        let stages: Vec<SearchStage> = ranks.map(|stage| stage.widened(MOST)).collect();
        let (from, wide) = (trace.hits.len(), self.run_stages(&stages, request).await?);
        trace.append(wide.hits.clone());
        trace.wide = Some((from, Box::new(wide)));
        Ok(())
    }

    /// # Errors
    /// `DeviceLost`, `OutOfMemory`.
    pub(super) async fn run_stages(
        &mut self,
        stages: &[SearchStage],
        request: &mut Request<'_>,
    ) -> Result<Trace> {
        let mut steps: Vec<Step> = Vec::with_capacity(stages.len());
        // Lists that no stage has taken up yet, by step.
        let mut open: Vec<usize> = Vec::new();
        for stage in stages {
            let depth = stage.window();
            let inputs = match stage {
                SearchStage::Fusion { .. } | SearchStage::Rerank { .. } => std::mem::take(&mut open),
                _ => Vec::new(),
            };
            let mut raw = Vec::new();
            let hits = match stage {
                SearchStage::Lexical { .. } => {
                    let params = stage.bm25().unwrap_or_default();
                    self.lexical().search_with(request.query, depth, params, |at| request.allows(at))
                }
                SearchStage::Dense { index, ef, .. } => self.dense_hits(request, depth, *index, *ef).await?,
                SearchStage::Given { documents, scores } => self.given(documents, scores, request),
                SearchStage::Fusion { method, constant, weights, .. } => {
                    let lists: Vec<&[Hit]> = inputs.iter().map(|&step| steps[step].hits.as_slice()).collect();
                    let weights = method.weights(weights.as_deref(), lists.len());
                    let weights = weights.as_slice();
                    match method {
                        Method::Rrf => fusion::weighted_ranks(&lists, weights, *constant, depth),
                        Method::Weighted => fusion::weighted_scores(&lists, weights, depth),
                    }
                }
                SearchStage::Rerank { scorer: Scorer::MaxSim, weight, .. } => {
                    let before = inputs.first().map_or(&[][..], |&step| &steps[step].hits);
                    let before = &before[..depth.min(before.len())];
                    raw = self.maxsim_scores(request.query, before).await?;
                    mix(before, &raw, weight.unwrap_or(RERANK_WEIGHT))
                }
            };
            open.push(steps.len());
            steps.push(Step { stage: stage.clone(), inputs, hits, raw });
        }
        Ok(Trace::new(steps))
    }

    async fn dense_hits(
        &mut self,
        request: &mut Request<'_>,
        depth: usize,
        index: VectorIndex,
        ef: Option<usize>,
    ) -> Result<Vec<Hit>> {
        let row = match request.row.take() {
            Some(row) => row,
            None => self.encode(&[request.query.to_owned()], Tower::Query).await?.into_vec(),
        };
        let dense = self.dense().await?;
        let hits = match &request.allowed {
            Some(_) => dense.search_where(&row, depth, |position| request.allows(position)),
            None => self.nearest(&dense, &row, depth, index, ef),
        };
        request.row = Some(row);
        Ok(hits)
    }

    fn given(&self, documents: &[String], scores: &[f32], request: &Request<'_>) -> Vec<Hit> {
        let known = documents.iter().zip(scores).filter_map(|(id, &score)| {
            let position = self.corpus.position(id).filter(|&at| request.allows(at))?;
            Some(Hit { position, score })
        });
        known.collect()
    }

    /// How well each of these answers the query, token by token, in their order.
    async fn maxsim_scores(&mut self, query: &str, hits: &[Hit]) -> Result<Vec<Hit>> {
        let query = self.query_tokens(query).await?;
        let mut scored = Vec::with_capacity(hits.len());
        for hits in hits.chunks(TOGETHER) {
            let contents: Vec<String> =
                hits.iter().map(|hit| self.corpus.documents()[hit.position].content()).collect();
            let tokens = self.document_tokens(&contents).await?;
            let score = |(hit, document): (&Hit, &TokenEmbeddings)| Hit {
                score: maxsim(&query.rows, &document.rows),
                ..*hit
            };
            scored.extend(hits.iter().zip(&tokens).map(score));
        }
        Ok(scored)
    }
}

/// The same documents by (1 − weight) × score before + weight × score of the scorer, each brought to 0 … 1 first; by the scorer's own
/// scores where its weight is 1.
fn mix(before: &[Hit], raw: &[Hit], weight: f32) -> Vec<Hit> {
    let ((low, high), (least, most)) = (fusion::ends(before), fusion::ends(raw));
    let mut best = TopK::new(before.len());
    for (before, raw) in before.iter().zip(raw) {
        let score = if weight >= 1.0 {
            raw.score
        } else {
            (1.0 - weight) * fusion::unit(before.score, low, high)
                + weight * fusion::unit(raw.score, least, most)
        };
        best.push(before.position, score);
    }
    best.into_hits()
}
