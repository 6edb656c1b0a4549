//! The stages of a search, and which lists of them make sense.

// The fields are documented where their users read of them: in the package's `types/search.ts`.
#![allow(missing_docs)]

use crate::error::{Error, Result};
use crate::index::{B, Bm25Params, K1, RRF_K};
use serde::Deserialize;

/// Deep enough for recall@100, and for both lists to meet when they are fused.
pub(in crate::tuner) const DEPTH: usize = 100;
/// Deepest list of a stage.
const DEEPEST: usize = 10_000;
/// Stages of one search; more are more likely a mistake.
const MOST_STAGES: usize = 16;
/// Documents that are compared with the query token by token unless a stage says otherwise: each is encoded once more, which takes a
/// CPU about as long as indexing it did.
const RERANK_DEPTH: usize = 20;
/// How far tokens decide the order of what is reranked. On the same queries, after fused scores: 0.25 .7789 and .9021, 0.5 .7731 and .9051,
/// 0.75 .7684 and .9120, 1 .7401 and .9115; without, .7727 and .8944. The encoder was not trained for it: alone it can do harm.
pub(super) const RERANK_WEIGHT: f32 = 0.5;

/// How much meaning and words count in `mode: "hybrid"`. nDCG@10 on training and dev queries of SciFact and SQuADShifts, for meaning 0.3, 0.4,
/// 0.5: all-MiniLM-L6-v2 .7534, .7615, .7519 and .8941, .8969, .8940; the compact model .7476, .7499, .7463 and .8846, .8864, .8800.
pub(super) const HYBRID_WEIGHTS: [f32; 2] = [0.4, 0.6];

/// What reorders the best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scorer {
    /// Late interaction over the encoder's token embeddings.
    MaxSim,
}

/// How vectors are searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum VectorIndex {
    /// The graph where there is one and no filter, else exactly.
    #[default]
    Auto,
    /// Every vector.
    Exact,
    /// The graph; exactly where there is none.
    Hnsw,
}

/// How lists become one. With all-MiniLM-L6-v2 and halves, scores gave .7727 and .8944 nDCG@10 on queries set aside for choosing
/// (SciFact, SQuADShifts), ranks .7676 and .8731.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// By ranks.
    Rrf,
    /// By scores.
    #[default]
    Weighted,
}

/// One step of a search.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "stage", rename_all = "lowercase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum SearchStage {
    Lexical {
        #[serde(default = "k1")]
        k1: f32,
        #[serde(default = "b")]
        b: f32,
        depth: Option<usize>,
    },
    Dense {
        #[serde(default)]
        index: VectorIndex,
        /// Candidates that the search of a graph keeps.
        ef: Option<usize>,
        depth: Option<usize>,
    },
    /// A list from elsewhere, best first; unknown documents are passed over.
    Given { documents: Vec<String>, scores: Vec<f32> },
    Fusion {
        #[serde(default)]
        method: Method,
        #[serde(default = "constant")]
        constant: f32,
        weights: Option<Vec<f32>>,
        depth: Option<usize>,
    },
    Rerank {
        scorer: Scorer,
        /// 1 orders by the scorer alone, 0 not at all.
        weight: Option<f32>,
        depth: Option<usize>,
    },
}

fn k1() -> f32 {
    K1
}

fn b() -> f32 {
    B
}

fn constant() -> f32 {
    RRF_K
}

/// Do these stages make one list, with sensible numbers?
pub(super) fn check(stages: &[SearchStage]) -> Result<()> {
    if stages.len() > MOST_STAGES {
        return Err(Error::input("stages", format!("must be at most {MOST_STAGES}")));
    }
    let mut lists = 0usize;
    for (at, stage) in stages.iter().enumerate() {
        let refuse = |field: &str, reason: &str| Err(Error::input(format!("stages[{at}]{field}"), reason));
        if stage.depth().is_some_and(|depth| !(1..=DEEPEST).contains(&depth)) {
            return refuse(".depth", &format!("must be 1 to {DEEPEST}"));
        }
        match stage {
            SearchStage::Lexical { k1, b, .. } => {
                if !(k1.is_finite() && *k1 >= 0.0) {
                    return refuse(".k1", "must be 0 or more");
                }
                if !(0.0..=1.0).contains(b) {
                    return refuse(".b", "must be 0 to 1");
                }
                lists += 1;
            }
            SearchStage::Dense { ef, .. } => {
                if ef.is_some_and(|ef| !(1..=DEEPEST).contains(&ef)) {
                    return refuse(".ef", &format!("must be 1 to {DEEPEST}"));
                }
                lists += 1;
            }
            SearchStage::Given { documents, scores } => {
                if documents.len() != scores.len() || documents.len() > DEEPEST {
                    return refuse(
                        "",
                        &format!("must have one score a document, and at most {DEEPEST} of them"),
                    );
                }
                if !scores.iter().all(|score| score.is_finite()) {
                    return refuse(".scores", "must be finite numbers");
                }
                lists += 1;
            }
            SearchStage::Fusion { constant, weights, .. } => {
                if lists == 0 {
                    return refuse("", "has nothing to fuse: lexical or dense must come before");
                }
                if !(constant.is_finite() && *constant >= 0.0) {
                    return refuse(".constant", "must be 0 or more");
                }
                if let Some(weights) = weights {
                    if weights.len() != lists {
                        return refuse(".weights", &format!("must be {lists}, one for each list before it"));
                    }
                    let sound = weights.iter().all(|weight| weight.is_finite() && *weight >= 0.0);
                    if !sound || weights.iter().sum::<f32>() <= 0.0 {
                        return refuse(".weights", "must be 0 or more, and not all 0");
                    }
                }
                lists = 1;
            }
            SearchStage::Rerank { weight, .. } => {
                if lists != 1 {
                    return refuse("", "reorders one list: lists before it must be fused first");
                }
                if weight.is_some_and(|weight| !(0.0..=1.0).contains(&weight)) {
                    return refuse(".weight", "must be 0 to 1");
                }
            }
        }
    }
    match lists {
        1 => Ok(()),
        0 => Err(Error::input("stages", "must begin with lexical or dense")),
        _ => Err(Error::input("stages", format!("leave {lists} lists; a fusion must make one of them"))),
    }
}

impl Method {
    /// Those that were given; else equal ones: sums of ranks are the paper's then, and sums of scores lie in 0 … 1.
    pub(super) fn weights(self, given: Option<&[f32]>, lists: usize) -> Vec<f32> {
        let even = if self == Method::Rrf { 1.0 } else { 1.0 / lists.max(1) as f32 };
        given.map_or_else(|| vec![even; lists], <[f32]>::to_vec)
    }
}

impl SearchStage {
    pub(super) fn depth(&self) -> Option<usize> {
        match self {
            Self::Lexical { depth, .. }
            | Self::Dense { depth, .. }
            | Self::Fusion { depth, .. }
            | Self::Rerank { depth, .. } => *depth,
            Self::Given { .. } => None,
        }
    }

    /// How many hits this stage finds, whatever page is shown: scores and places must not change from page to page.
    pub(super) fn window(&self) -> usize {
        self.depth().unwrap_or(if matches!(self, Self::Rerank { .. }) { RERANK_DEPTH } else { DEPTH })
    }

    /// The same with a list of at least so many.
    pub(super) fn widened(&self, least: usize) -> Self {
        let mut wide = self.clone();
        if let Self::Lexical { depth, .. } | Self::Dense { depth, .. } | Self::Fusion { depth, .. } =
            &mut wide
        {
            *depth = Some(depth.unwrap_or(0).max(least));
        }
        wide
    }

    /// The parameters of BM25, where this is it.
    pub(super) fn bm25(&self) -> Option<Bm25Params> {
        match self {
            Self::Lexical { k1, b, .. } => Some(Bm25Params { k1: *k1, b: *b }),
            _ => None,
        }
    }
}
