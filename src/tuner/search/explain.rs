//! Why a hit has its score, stage by stage.

use super::pipeline::{Step, Trace};
use super::stage::{Method, RERANK_WEIGHT, Scorer, SearchStage};
use crate::index::{Bm25, Explanation, Hit, fusion};

impl Trace {
    /// The score of a document by the last stage that found it as a tree: what each stage made it from. None for a document that
    /// none found.
    pub(super) fn explain(&self, lexical: &Bm25, query: &str, position: usize) -> Option<Explanation> {
        let trace = self.behind(position);
        let last = trace.steps.len().checked_sub(1)?;
        let before = || trace.explain_step(*trace.steps[last].inputs.first()?, lexical, query, position);
        trace.explain_step(last, lexical, query, position).or_else(before)
    }

    fn explain_step(&self, at: usize, lexical: &Bm25, query: &str, position: usize) -> Option<Explanation> {
        let step = self.steps.get(at)?;
        let hit = step.hits.iter().find(|hit| hit.position == position)?;
        let of = |input: usize| self.explain_step(input, lexical, query, position);
        Some(match &step.stage {
            SearchStage::Lexical { .. } => {
                lexical.explain_with(query, position, step.stage.bm25().unwrap_or_default())
            }
            SearchStage::Dense { .. } => {
                Explanation::leaf("dense: cosine of the query's and the document's embedding", hit.score)
            }
            SearchStage::Given { .. } => Explanation::leaf("given: a score from elsewhere", hit.score),
            SearchStage::Fusion { method, constant, weights, .. } => {
                let weights = method.weights(weights.as_deref(), step.inputs.len());
                let parts = step.inputs.iter().enumerate().filter_map(|(number, &input)| {
                    let weight = weights[number];
                    let list = &self.steps.get(input)?.hits;
                    let (rank, found) = place(list, position)?;
                    Some(match method {
                        Method::Rrf => Explanation::node(
                            format!(
                                "{}: {weight} / ({constant} + rank {rank})",
                                name(self.steps.get(input)?)
                            ),
                            weight / (constant + rank as f32),
                            of(input).into_iter().collect(),
                        ),
                        Method::Weighted => {
                            let (low, high) = fusion::ends(list);
                            Explanation::node(
                                format!(
                                    "{}: {weight} * its score between the list's lowest (0) and best (1)",
                                    name(self.steps.get(input)?)
                                ),
                                weight * fusion::unit(found, low, high),
                                of(input).into_iter().collect(),
                            )
                        }
                    })
                });
                let description = match method {
                    Method::Rrf => "fusion: sum over stages of weight / (constant + rank)",
                    Method::Weighted => "fusion: sum over stages of weight * score",
                };
                Explanation::node(description, hit.score, parts.collect())
            }
            SearchStage::Rerank { scorer: Scorer::MaxSim, weight, .. } => {
                let own = place(&step.raw, position).map_or(0.0, |(_, score)| score);
                let maxsim =
                    Explanation::leaf("MaxSim: mean over query tokens of the nearest document token", own);
                let mut parts = vec![maxsim];
                parts.extend(step.inputs.first().and_then(|&input| of(input)));
                let weight = weight.unwrap_or(RERANK_WEIGHT);
                let description = if weight >= 1.0 {
                    "rerank: by MaxSim alone, of the best before".to_owned()
                } else {
                    format!(
                        "rerank: {weight} * MaxSim + {} * score before, each brought to 0 … 1",
                        1.0 - weight
                    )
                };
                Explanation::node(description, hit.score, parts)
            }
        })
    }
}

/// Rank from 1, and score.
pub(super) fn place(list: &[Hit], position: usize) -> Option<(usize, f32)> {
    let at = list.iter().position(|hit| hit.position == position)?;
    Some((at + 1, list[at].score))
}

fn name(step: &Step) -> &'static str {
    match step.stage {
        SearchStage::Lexical { .. } => "lexical",
        SearchStage::Dense { .. } => "dense",
        SearchStage::Given { .. } => "given",
        SearchStage::Fusion { .. } => "fusion",
        SearchStage::Rerank { .. } => "rerank",
    }
}
