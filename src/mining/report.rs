//! What mining found, and what it dropped and why.

use std::collections::BTreeMap;

use serde::Serialize;

use super::filters::Rule;
use super::strategy::Strategy;
use crate::dataset::{Example, NegativeSource};

/// Summary of one round of mining.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MiningReport {
    /// Where candidates came from.
    pub strategy: Strategy,
    /// (query, positive) pairs: examples.
    pub pairs: usize,
    /// Negatives in all examples.
    pub negatives: usize,
    /// Candidates looked at before any filter; one that several sources found counts once a query.
    pub candidates: usize,
    /// How many candidates each rule dropped.
    pub dropped: Dropped,
    /// Negatives by source.
    pub sources: BTreeMap<NegativeSource, usize>,
    /// Random documents that filled places which would have stayed empty.
    pub topped_up: usize,
    /// Queries with negatives alone: without an answer there is no pair, and they teach nothing.
    pub unanswered: usize,
    /// Pairs that got fewer negatives than asked for.
    pub short_pairs: usize,
    /// Negatives missing in all.
    pub shortfall: usize,
    /// Candidates dropped because they may answer the query.
    pub suspects: usize,
    /// The range that was used.
    pub range_min: usize,
    /// The range that was used, at most the corpus.
    pub range_max: usize,
    /// Scores of the positives; none without pairs.
    pub positive_scores: Option<Quantiles>,
    /// Scores of the negatives; none without scored negatives.
    pub negative_scores: Option<Quantiles>,
    /// Both as counts in equal bins; none without pairs.
    pub histogram: Option<Histogram>,
    /// Share of the negatives that the round before this one had found for the same pair; none for the first.
    pub overlap: Option<f32>,
    /// Time spent, without encoding.
    pub mining_ms: f64,
}

/// Candidates dropped, each counted once, for the first rule that it broke.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "the rules are documented at Rule")]
pub struct Dropped {
    pub positive: usize,
    pub copy: usize,
    pub labelled: usize,
    pub near_duplicate: usize,
    pub sibling: usize,
    pub same_title: usize,
    pub absolute_margin: usize,
    pub relative_margin: usize,
    pub max_score: usize,
    pub min_score: usize,
    pub teacher: usize,
}

impl Dropped {
    pub(super) fn count(&mut self, rule: Rule) {
        let counter = match rule {
            Rule::Positive => &mut self.positive,
            Rule::Copy => &mut self.copy,
            Rule::Labelled => &mut self.labelled,
            Rule::NearDuplicate => &mut self.near_duplicate,
            Rule::Sibling => &mut self.sibling,
            Rule::SameTitle => &mut self.same_title,
            Rule::AbsoluteMargin => &mut self.absolute_margin,
            Rule::RelativeMargin => &mut self.relative_margin,
            Rule::MaxScore => &mut self.max_score,
            Rule::MinScore => &mut self.min_score,
            Rule::Teacher => &mut self.teacher,
        };
        *counter += 1;
    }
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

/// Bins of a [`Histogram`].
const BINS: usize = 24;

/// Scores of positives and negatives, counted in equal bins from `min` to `max`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Histogram {
    /// Lower edge of the first bin.
    pub min: f32,
    /// Upper edge of the last.
    pub max: f32,
    /// Positives in each bin.
    pub positives: Vec<usize>,
    /// Scored negatives in each bin.
    pub negatives: Vec<usize>,
}

impl Histogram {
    /// Counts both distributions; none without values.
    pub fn of(positives: &[f32], negatives: &[f32]) -> Option<Self> {
        let all = || positives.iter().chain(negatives).copied();
        let (min, max) = (all().reduce(f32::min)?, all().reduce(f32::max)?);
        let count = |values: &[f32]| {
            let mut bins = vec![0; BINS];
            for value in values {
                let share = if max > min { (value - min) / (max - min) } else { 0.0 };
                bins[((share * BINS as f32) as usize).min(BINS - 1)] += 1;
            }
            bins
        };
        Some(Self { min, max, positives: count(positives), negatives: count(negatives) })
    }
}

/// What the rounds share: counted while examples arrive.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub candidates: usize,
    pub dropped: Dropped,
    pub topped_up: usize,
    pub unanswered: usize,
    pub suspects: usize,
}

pub(super) fn report(
    examples: &[Example],
    tally: Tally,
    (range_min, range_max): (usize, usize),
    strategy: Strategy,
    num_negatives: usize,
) -> MiningReport {
    let missing = |example: &Example| num_negatives.saturating_sub(example.negatives.len());
    let negatives = || examples.iter().flat_map(|example| &example.negatives);
    let mut sources = BTreeMap::new();
    negatives().for_each(|negative| *sources.entry(negative.source).or_insert(0) += 1);
    let positive_scores: Vec<f32> = examples.iter().map(|example| example.positive_score).collect();
    let negative_scores: Vec<f32> = negatives().filter_map(|negative| negative.score).collect();
    MiningReport {
        strategy,
        pairs: examples.len(),
        negatives: negatives().count(),
        candidates: tally.candidates,
        dropped: tally.dropped,
        sources,
        topped_up: tally.topped_up,
        unanswered: tally.unanswered,
        short_pairs: examples.iter().filter(|example| missing(example) > 0).count(),
        shortfall: examples.iter().map(missing).sum(),
        suspects: tally.suspects,
        range_min,
        range_max,
        histogram: Histogram::of(&positive_scores, &negative_scores),
        positive_scores: Quantiles::of(positive_scores.into_iter()),
        negative_scores: Quantiles::of(negative_scores.into_iter()),
        overlap: None,
        mining_ms: 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_counts_every_value_once() {
        let histogram = Histogram::of(&[1.0, 0.5, 0.99], &[-1.0, 0.0, 0.0]).unwrap();
        assert_eq!((histogram.min, histogram.max), (-1.0, 1.0));
        assert_eq!(histogram.positives.iter().sum::<usize>(), 3);
        assert_eq!(histogram.negatives[0], 1);
        assert_eq!(histogram.negatives[BINS / 2], 2);
        assert_eq!(histogram.positives[BINS - 1], 2);
        let flat = Histogram::of(&[0.3], &[0.3]).unwrap();
        assert_eq!((flat.positives[0], flat.negatives[0]), (1, 1));
        assert_eq!(Histogram::of(&[], &[]), None);
    }
}
