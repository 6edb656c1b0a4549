//! Metrics of one ranking, as trec_eval defines them.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

/// Of one query, or the means over several; each 0..1, higher is better.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// Discounted gain of the first 10 over the best possible, with linear gain (Järvelin and Kekäläinen, 2002).
    #[serde(rename = "ndcg@10")]
    pub ndcg_at_10: f64,
    /// 1 / rank of the first relevant document; 0 past rank 10.
    #[serde(rename = "mrr@10")]
    pub mrr_at_10: f64,
    /// Share of the relevant documents among the first 10.
    #[serde(rename = "recall@10")]
    pub recall_at_10: f64,
    /// Share of the relevant documents among the first 100.
    #[serde(rename = "recall@100")]
    pub recall_at_100: f64,
    /// 1 when the first document is relevant.
    #[serde(rename = "precision@1")]
    pub precision_at_1: f64,
}

impl Metrics {
    /// The metrics of one ranking, given the relevant documents with their gains; none without a gain above 0, for then
    /// no ranking is better than another.
    ///
    /// `ranking` holds document ids, best first; an id that stands twice counts at its first place, and the later one
    /// takes no rank.
    pub fn of<S: AsRef<str>, D: AsRef<str>>(ranking: &[S], positives: &[(D, f32)]) -> Option<Self> {
        let gains: HashMap<&str, f64> = positives
            .iter()
            .filter(|(_, gain)| *gain > 0.0)
            .map(|(document, gain)| (document.as_ref(), f64::from(*gain)))
            .collect();
        if gains.is_empty() {
            return None;
        }
        let ranked = ranked_gains(ranking, &gains, 100);
        let mut ideal: Vec<f64> = gains.values().copied().collect();
        ideal.sort_by(|a, b| b.total_cmp(a));

        let first = ranked.iter().position(|&gain| gain > 0.0);
        let found = |k: usize| ranked.iter().take(k).filter(|&&gain| gain > 0.0).count() as f64;
        Some(Self {
            ndcg_at_10: discounted(&ranked, 10) / discounted(&ideal, 10),
            mrr_at_10: first.filter(|&index| index < 10).map_or(0.0, |index| 1.0 / (index + 1) as f64),
            recall_at_10: found(10) / gains.len() as f64,
            recall_at_100: found(100) / gains.len() as f64,
            precision_at_1: found(1),
        })
    }

    /// The mean over queries; zeros without any.
    pub fn mean<'a>(of: impl IntoIterator<Item = &'a Metrics>) -> Self {
        let mut sum = Self::default();
        let mut count = 0usize;
        for metrics in of {
            sum.ndcg_at_10 += metrics.ndcg_at_10;
            sum.mrr_at_10 += metrics.mrr_at_10;
            sum.recall_at_10 += metrics.recall_at_10;
            sum.recall_at_100 += metrics.recall_at_100;
            sum.precision_at_1 += metrics.precision_at_1;
            count += 1;
        }
        let n = count.max(1) as f64;
        Self {
            ndcg_at_10: sum.ndcg_at_10 / n,
            mrr_at_10: sum.mrr_at_10 / n,
            recall_at_10: sum.recall_at_10 / n,
            recall_at_100: sum.recall_at_100 / n,
            precision_at_1: sum.precision_at_1 / n,
        }
    }
}

/// The gains of the first `depth` different documents, 0 for those that are not relevant.
fn ranked_gains<S: AsRef<str>>(ranking: &[S], gains: &HashMap<&str, f64>, depth: usize) -> Vec<f64> {
    let mut seen = HashSet::new();
    let different = ranking.iter().map(AsRef::as_ref).filter(|&id| seen.insert(id));
    different.take(depth).map(|id| gains.get(id).copied().unwrap_or(0.0)).collect()
}

/// Discounted cumulative gain: Σ gain / log₂(rank + 1) over the first `k`, rank from 1.
fn discounted(gains: &[f64], k: usize) -> f64 {
    let terms = gains.iter().take(k).enumerate();
    terms.map(|(index, gain)| gain / ((index + 2) as f64).log2()).sum()
}
