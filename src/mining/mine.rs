//! From hits to training examples.

use super::filters::{Eligible, eligible};
use super::report::{Dropped, MiningReport, Quantiles};
use super::{Example, MiningOptions, Negative, NegativeSource, Sampling};
use crate::dataset::Rng;
use crate::error::{Error, Result};
use crate::index::Hit;

/// One query's hits and what is known about its documents; all documents are positions in the corpus.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Candidates {
    /// Best first; [`MiningOptions::depth`] says how many are looked at.
    pub hits: Vec<Hit>,
    /// Relevant documents with their scores, whether among the hits or not.
    pub positives: Vec<(usize, f32)>,
    /// Documents that people marked as not relevant.
    pub negatives: Vec<usize>,
    /// Documents that must not become negatives for another reason, such as copies of a positive.
    pub excluded: Vec<usize>,
}

impl Candidates {
    /// How many documents something is known about.
    fn known(&self) -> usize {
        self.positives.len() + self.negatives.len() + self.excluded.len()
    }
}

/// Mines hard negatives: one example for each (query, positive) pair, in the order of the queries and their positives.
///
/// Labelled negatives come first in each example, and no filter drops them, not even `num_negatives` when there are more.
/// The remaining places go to mined ones. A positive of the query is never a negative, whatever else is said about it.
/// A pair that finds none is kept with an empty list, since in-batch negatives can still train it, and is counted as short.
///
/// # The same as sentence-transformers
/// With `sampling: "top"` and a given `range_max`, the negatives are those of `mine_hard_negatives` (6.2), order included:
/// - candidates are the first `range_max` + m hits, where m is the largest number of positives of any query (here: of
///   documents that something is known about), so that positives at the top do not use the range up;
/// - margins are measured against the *lowest* scoring positive of the query, the cautious choice: with several positives
///   all pairs of a query get the same negatives;
/// - `range_min` and `range_max` count the candidates that are left after the filters.
///
/// # Different on purpose
/// - Pairs without a negative stay, see above.
/// - Labelled negatives and `excluded` do not exist there.
/// - Random sampling draws anew for each pair, by seed, where the other draws once for a query.
/// - The default range, see [`MiningOptions::range`]; a range beyond the corpus is cut, not refused.
/// - `relative_margin` is on by default.
///
/// # Errors
/// `INPUT_INVALID` for bad options or a positive whose score is not finite; `INSUFFICIENT_DATA` without any positive.
pub fn mine(
    queries: &[Candidates],
    documents: usize,
    options: &MiningOptions,
) -> Result<(Vec<Example>, MiningReport)> {
    options.validate()?;
    check_positives(queries)?;
    let range = options.range(documents);
    let depth = options.depth(documents, queries.iter().map(Candidates::known).max().unwrap_or(0));

    let mut examples = Vec::new();
    let mut dropped = Dropped::default();
    let mut candidates = 0;
    for (number, query) in queries.iter().enumerate().filter(|(_, query)| !query.positives.is_empty()) {
        candidates += query.hits.len().min(depth);
        let eligible = eligible(query, depth, range, options, &mut dropped);
        let mut rng = Rng::stream(options.seed, number as u64);
        for &(positive, positive_score) in &query.positives {
            let mut negatives = labelled(query);
            let places = options.num_negatives.saturating_sub(negatives.len());
            negatives.extend(choose(&eligible, places, options.sampling, &mut rng));
            examples.push(Example { query: number, positive, negatives, positive_score });
        }
    }
    let report = report(&examples, candidates, dropped, range, options);
    Ok((examples, report))
}

fn check_positives(queries: &[Candidates]) -> Result<()> {
    let mut scores = queries.iter().flat_map(|query| &query.positives).peekable();
    if scores.peek().is_none() {
        return Err(Error::InsufficientData {
            what: "queries with a relevant document to mine for".into(),
            needed: 1,
            got: 0,
        });
    }
    match scores.find(|(_, score)| !score.is_finite()) {
        None => Ok(()),
        Some((position, score)) => Err(Error::input(
            "positives",
            format!("the score of document {position} is {score}: not a finite number"),
        )),
    }
}

/// The negatives that people marked, without any that is a positive too.
fn labelled(query: &Candidates) -> Vec<Negative> {
    let is_positive = |document: usize| query.positives.iter().any(|&(position, _)| position == document);
    let negatives = query.negatives.iter().filter(|&&document| !is_positive(document));
    let negatives = negatives.map(|&document| {
        let rank = query.hits.iter().position(|hit| hit.position == document);
        Negative {
            document,
            score: rank.map(|index| query.hits[index].score),
            rank: rank.map(|index| index + 1),
            source: NegativeSource::Labelled,
        }
    });
    negatives.collect()
}

fn choose(eligible: &[Eligible], places: usize, sampling: Sampling, rng: &mut Rng) -> Vec<Negative> {
    let chosen = match sampling {
        Sampling::Top => eligible[..places.min(eligible.len())].to_vec(),
        Sampling::Random => rng.sample(eligible, places),
    };
    let negative = |Eligible { hit, rank }| Negative {
        document: hit.position,
        score: Some(hit.score),
        rank: Some(rank),
        source: NegativeSource::Dense,
    };
    chosen.into_iter().map(negative).collect()
}

fn report(
    examples: &[Example],
    candidates: usize,
    dropped: Dropped,
    (range_min, range_max): (usize, usize),
    options: &MiningOptions,
) -> MiningReport {
    let missing = |example: &Example| options.num_negatives.saturating_sub(example.negatives.len());
    let negatives = || examples.iter().flat_map(|example| &example.negatives);
    MiningReport {
        pairs: examples.len(),
        negatives: negatives().count(),
        candidates,
        dropped,
        short_pairs: examples.iter().filter(|example| missing(example) > 0).count(),
        shortfall: examples.iter().map(missing).sum(),
        range_min,
        range_max,
        positive_scores: Quantiles::of(examples.iter().map(|example| example.positive_score)),
        negative_scores: Quantiles::of(negatives().filter_map(|negative| negative.score)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(positive_score: f32) -> Candidates {
        let hit = |(position, score)| Hit { position, score };
        Candidates {
            hits: [(0, 0.9), (1, 0.8), (2, 0.7), (3, 0.6), (4, 0.5)].map(hit).to_vec(),
            positives: vec![(1, positive_score)],
            negatives: vec![0, 9],
            excluded: vec![2],
        }
    }

    #[test]
    fn labelled_negatives_come_first_and_pass_every_filter() {
        let (examples, report) = mine(&[query(0.8)], 10, &MiningOptions::default()).unwrap();
        let found: Vec<_> = examples[0].negatives.iter().map(|n| (n.document, n.rank, n.source)).collect();
        let labelled = NegativeSource::Labelled;
        let expected = [(0, Some(1), labelled), (9, None, labelled), (3, Some(4), NegativeSource::Dense)];
        assert_eq!(found, expected);
        assert_eq!((report.candidates, report.short_pairs, report.shortfall), (5, 0, 0));
        assert_eq!((report.dropped.positive, report.dropped.labelled, report.dropped.excluded), (1, 1, 1));
        assert_eq!(report.negative_scores.map(|scores| (scores.min, scores.max)), Some((0.6, 0.9)));
    }

    #[test]
    fn a_pair_that_finds_too_few_is_kept_and_counted() {
        let strict =
            MiningOptions { absolute_margin: Some(0.5), num_negatives: 4, ..MiningOptions::default() };
        let (examples, report) = mine(&[query(0.8)], 10, &strict).unwrap();
        assert_eq!(examples[0].negatives.len(), 2);
        assert_eq!((report.dropped.absolute_margin, report.short_pairs, report.shortfall), (2, 1, 2));
    }

    #[test]
    fn what_cannot_be_mined_is_refused() {
        let none = mine(&[Candidates::default()], 10, &MiningOptions::default()).unwrap_err();
        assert_eq!(none.code(), "INSUFFICIENT_DATA");
        let broken = mine(&[query(f32::NAN)], 10, &MiningOptions::default()).unwrap_err();
        assert_eq!(broken.code(), "INPUT_INVALID");
    }
}
