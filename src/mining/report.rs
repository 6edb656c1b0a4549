//! What mining found, and what it dropped and why.

use serde::Serialize;

/// Summary of one round of mining.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MiningReport {
    /// (query, positive) pairs: examples.
    pub pairs: usize,
    /// Negatives in all examples.
    pub negatives: usize,
    /// Hits looked at before any filter, each query once.
    pub candidates: usize,
    /// How many candidates each rule dropped.
    pub dropped: Dropped,
    /// Pairs that got fewer negatives than asked for.
    pub short_pairs: usize,
    /// Negatives missing in all.
    pub shortfall: usize,
    /// The range that was used.
    pub range_min: usize,
    /// The range that was used, at most the corpus.
    pub range_max: usize,
    /// Scores of the positives; none without pairs.
    pub positive_scores: Option<Quantiles>,
    /// Scores of the negatives; none without scored negatives.
    pub negative_scores: Option<Quantiles>,
}

/// Candidates dropped, each counted once, for the first rule that it broke in this order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dropped {
    /// Relevant to the query.
    pub positive: usize,
    /// Excluded by the caller, such as copies of a positive.
    pub excluded: usize,
    /// Already negatives, because people marked them.
    pub labelled: usize,
    /// Above positive − absolute margin.
    pub absolute_margin: usize,
    /// Above positive − |positive| × relative margin.
    pub relative_margin: usize,
    /// Above the highest score allowed.
    pub max_score: usize,
    /// Below the lowest score allowed.
    pub min_score: usize,
}

/// Five numbers that show a distribution.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Quantiles {
    /// Lowest.
    pub min: f32,
    /// A quarter lies below.
    pub p25: f32,
    /// Half lies below.
    pub median: f32,
    /// Three quarters lie below.
    pub p75: f32,
    /// Highest.
    pub max: f32,
}

impl Quantiles {
    /// The quantiles of these values, linear between neighbours (Hyndman and Fan's type 7, the default of NumPy and R);
    /// none without values.
    pub fn of(values: impl Iterator<Item = f32>) -> Option<Self> {
        let mut sorted: Vec<f32> = values.collect();
        sorted.sort_unstable_by(f32::total_cmp);
        let last = sorted.len().checked_sub(1)?;
        let at = |share: f32| {
            let place = share * last as f32;
            let (below, part) = (place.floor() as usize, place.fract());
            let above = (below + 1).min(last);
            sorted[below] + (sorted[above] - sorted[below]) * part
        };
        Some(Self { min: at(0.0), p25: at(0.25), median: at(0.5), p75: at(0.75), max: at(1.0) })
    }
}
