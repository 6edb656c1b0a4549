//! From candidates to training examples.

use std::collections::HashSet;

use super::candidates::{Candidates, Positive};
use super::filters::Rules;
use super::hand::{Hand, judged};
use super::options::MiningOptions;
use super::report::{MiningReport, Tally, report};
use super::sampling::{Eligible, order};
use super::strategy::allocate;
use super::suspects::{Suspect, likeliest};
use crate::dataset::{Example, Negative, NegativeSource, Rng};
use crate::error::{Error, Result};

/// What one round of mining gives.
#[derive(Debug, Clone, PartialEq)]
pub struct Mined {
    /// One for each (query, positive) pair, in the order of the queries and their positives.
    pub examples: Vec<Example>,
    /// The likeliest false negatives, for a person to look at.
    pub suspects: Vec<Suspect>,
    /// What was found and dropped.
    pub report: MiningReport,
}

/// Mines query by query, so that candidates need not be held for more than one query at a time.
///
/// Judged negatives come first in each example, and no filter drops them, not even `num_negatives` when there are more. The
/// remaining places go to the sources of the strategy by their shares; what one source lacks the others fill, and with
/// `top_up` random documents the rest. A positive of the query is never a negative, whatever else is said about it. A pair
/// that finds none is kept with an empty list, since in-batch negatives can still train it, and is counted as short.
///
/// # The same as sentence-transformers
/// With the dense strategy, `sampling: "top"`, a given `range_max` and the rules off that only exist here, the negatives are
/// those of `mine_hard_negatives` (6.2), order included:
/// - candidates are the first `range_max` + m hits, where m is the largest number of positives of any query (here: of
///   documents that something is known about), so that positives at the top do not use the range up;
/// - margins are measured against the *lowest* scoring positive of the query, the cautious choice: with several positives
///   all pairs of a query get the same negatives;
/// - `range_min` and `range_max` count the candidates that are left after the filters.
///
/// # Different on purpose
/// - Pairs without a negative stay, see above; `top_up` fills them with random documents unless it is off.
/// - Judged negatives, copies, near duplicates, siblings, same titles and suspects do not exist there.
/// - Random sampling draws anew for each pair, by seed, where the other draws once for a query.
/// - The default range, see [`MiningOptions::range`]; a range beyond the corpus is cut, not refused.
/// - `relative_margin` is on by default.
pub struct Miner {
    options: MiningOptions,
    documents: usize,
    range: (usize, usize),
    depth: usize,
    shares: Vec<(NegativeSource, f32)>,
    examples: Vec<Example>,
    suspects: Vec<Suspect>,
    tally: Tally,
    /// Negatives that are not judged, and how many of them are synthetic: the cap looks at both.
    mined: usize,
    synthetic: usize,
}

impl Miner {
    /// `most_known`: the largest [`Candidates::known`] of any query.
    ///
    /// # Errors
    /// `INPUT_INVALID` for an option.
    pub fn new(options: MiningOptions, documents: usize, most_known: usize) -> Result<Self> {
        options.validate()?;
        Ok(Self {
            range: options.range(documents),
            depth: options.depth(documents, most_known),
            shares: options.sources(),
            options,
            documents,
            examples: Vec::new(),
            suspects: Vec::new(),
            tally: Tally::default(),
            mined: 0,
            synthetic: 0,
        })
    }

    /// Adds one query's examples; a query without a positive has none.
    ///
    /// # Errors
    /// `INPUT_INVALID` for a score that is not finite, or a position that no document has.
    pub fn add(&mut self, number: usize, query: &Candidates) -> Result<()> {
        query.check(number, self.documents)?;
        if query.positives.is_empty() {
            self.tally.unanswered += usize::from(!query.negatives.is_empty());
            return Ok(());
        }
        let judged = judged(query);
        let pools = self.pools(number, query);
        let spares = self.spares(query);
        let mut rng = Rng::stream(self.options.seed, number as u64);
        for positive in self.positives(query, &mut rng) {
            let negatives = self.negatives(&judged, positive, &pools, &spares, &mut rng);
            self.examples.push(Example {
                query: number,
                positive: positive.document,
                negatives,
                positive_score: positive.score,
                weight: positive.weight,
            });
        }
        Ok(())
    }

    /// # Errors
    /// `INSUFFICIENT_DATA` when no query had a positive.
    pub fn finish(self) -> Result<Mined> {
        if self.examples.is_empty() {
            let what = "queries with a relevant document to mine for".into();
            return Err(Error::InsufficientData { what, needed: 1, got: 0 });
        }
        let (options, examples) = (self.options, self.examples);
        let report = report(&examples, self.tally, self.range, options.strategy, options.num_negatives);
        Ok(Mined { examples, suspects: likeliest(self.suspects), report })
    }

    /// The positives to mine for: all, or `max_positives` of them.
    fn positives<'q>(&self, query: &'q Candidates, rng: &mut Rng) -> Vec<&'q Positive> {
        let all: Vec<&Positive> = query.positives.iter().collect();
        match self.options.max_positives {
            Some(most) if most < all.len() => rng.sample(&all, most),
            _ => all,
        }
    }

    /// For each share its eligible candidates, best first, cut to the range where there is an order to cut.
    fn pools(&mut self, number: usize, query: &Candidates) -> Vec<Vec<Eligible>> {
        let rules = Rules::new(query, &self.options);
        let mut seen = HashSet::new();
        let mut pools = vec![Vec::new(); self.shares.len()];
        for list in &query.lists {
            let is_ranked = matches!(list.source, NegativeSource::Dense | NegativeSource::Bm25);
            let mut passed = Vec::new();
            for (index, candidate) in list.hits.iter().take(self.depth).enumerate() {
                let is_new = seen.insert(candidate.hit.position);
                self.tally.candidates += usize::from(is_new);
                match rules.broken(candidate) {
                    None if self.awaits_teacher(candidate.likeness.teacher) => {}
                    None => {
                        let rank = is_ranked.then_some(index + 1);
                        passed.push(Eligible { candidate: *candidate, rank });
                    }
                    Some(rule) if is_new => {
                        self.tally.dropped.count(rule);
                        let suspect = Suspect::of(number, query, candidate, rule);
                        self.tally.suspects += usize::from(suspect.is_some());
                        self.suspects.extend(suspect);
                    }
                    Some(_) => {}
                }
            }
            let (min, max) = if is_ranked { self.range } else { (0, passed.len()) };
            let share = self.shares.iter().position(|&(source, _)| source == list.source);
            if let Some(share) = share {
                pools[share] = passed.into_iter().take(max).skip(min).collect();
            }
        }
        pools
    }

    /// A teacher was asked for, and has not looked at this one: it lies below the [`super::shortlist`].
    fn awaits_teacher(&self, teacher: Option<f32>) -> bool {
        self.options.teacher.is_some() && teacher.is_none()
    }

    /// Random documents that pass every rule; where a teacher was asked for, its own too.
    fn spares(&self, query: &Candidates) -> Vec<Eligible> {
        // Only judgments are meant where people asked for them alone.
        if !self.options.top_up || self.shares.is_empty() {
            return Vec::new();
        }
        let rules = Rules::new(query, &self.options);
        let passed = query.spares.iter().filter(|candidate| {
            rules.broken(candidate).is_none() && !self.awaits_teacher(candidate.likeness.teacher)
        });
        passed.map(|&candidate| Eligible { candidate, rank: None }).collect()
    }

    fn negatives(
        &mut self,
        judged: &[Negative],
        positive: &Positive,
        pools: &[Vec<Eligible>],
        spares: &[Eligible],
        rng: &mut Rng,
    ) -> Vec<Negative> {
        let places = self.options.num_negatives.saturating_sub(judged.len());
        let counts = allocate(&self.shares, places, rng);
        let mut hand = Hand::default();
        let orders: Vec<Vec<usize>> =
            pools.iter().map(|pool| order(pool, positive.score, &self.options, rng)).collect();
        let mut wanted_synthetic = 0;
        for (share, &count) in counts.iter().enumerate() {
            let source = self.shares[share].0;
            if source == NegativeSource::Synthetic {
                wanted_synthetic = count;
            } else {
                hand.take(&pools[share], &orders[share], source, count);
            }
        }
        let synthetic = wanted_synthetic.min(self.synthetic_room(hand.negatives.len()));
        hand.take_synthetic(&positive.near_misses, synthetic);
        for (share, pool) in pools.iter().enumerate() {
            let missing = places - hand.negatives.len();
            hand.take(pool, &orders[share], self.shares[share].0, missing);
        }
        let missing = places - hand.negatives.len();
        let all: Vec<usize> = (0..spares.len()).collect();
        self.tally.topped_up += hand.take(spares, &all, NegativeSource::Random, missing);

        // Hardest first, whatever the source; a text without a score is harder than any document.
        let score = |negative: &Negative| negative.score.unwrap_or(f32::INFINITY);
        hand.negatives.sort_by(|a, b| score(b).total_cmp(&score(a)));
        self.mined += hand.negatives.len();
        self.synthetic += hand.negatives.iter().filter(|n| n.source == NegativeSource::Synthetic).count();
        judged.iter().copied().chain(hand.negatives).collect()
    }

    /// How many synthetic negatives the cap still allows, when this pair has `others`: s ≤ cap × (mined + others + s) − used.
    fn synthetic_room(&self, others: usize) -> usize {
        let cap = f64::from(self.options.max_synthetic);
        if cap >= 1.0 {
            return usize::MAX;
        }
        let room = (cap * (self.mined + others) as f64 - self.synthetic as f64) / (1.0 - cap);
        // A hair above a whole number is rounding.
        (room + 1e-9).floor().max(0.0) as usize
    }
}

/// Mines hard negatives for these queries at once; see [`Miner`].
///
/// # Errors
/// Those of [`Miner`].
pub fn mine(queries: &[Candidates], documents: usize, options: &MiningOptions) -> Result<Mined> {
    let most_known = queries.iter().map(Candidates::known).max().unwrap_or(0);
    let mut miner = Miner::new(options.clone(), documents, most_known)?;
    for (number, query) in queries.iter().enumerate() {
        miner.add(number, query)?;
    }
    miner.finish()
}

#[cfg(test)]
mod tests {
    use super::super::candidates::{Candidate, List, Marked};
    use super::*;
    use crate::index::Hit;

    fn query(positive_score: f32) -> Candidates {
        let hit = |(position, score)| Candidate::from(Hit { position, score });
        let hits = [(0, 0.9), (1, 0.8), (2, 0.7), (3, 0.6), (4, 0.5)].map(hit).to_vec();
        let marked =
            |document| Marked { document, score: None, weight: 1.0, source: NegativeSource::Labelled };
        Candidates {
            lists: vec![List { source: NegativeSource::Dense, hits }],
            positives: vec![Positive::new(1, positive_score)],
            negatives: vec![marked(0), marked(9)],
            copies: vec![2],
            ..Candidates::default()
        }
    }

    #[test]
    fn labelled_negatives_come_first_and_pass_every_filter() {
        let Mined { examples, report, .. } = mine(&[query(0.8)], 10, &MiningOptions::default()).unwrap();
        let found: Vec<_> = examples[0].negatives.iter().map(|n| (n.document, n.rank, n.source)).collect();
        let labelled = NegativeSource::Labelled;
        let expected = [(0, Some(1), labelled), (9, None, labelled), (3, Some(4), NegativeSource::Dense)];
        assert_eq!(found, expected);
        assert_eq!((report.candidates, report.short_pairs, report.shortfall), (5, 0, 0));
        assert_eq!((report.dropped.positive, report.dropped.labelled, report.dropped.copy), (1, 1, 1));
        assert_eq!(report.negative_scores.map(|scores| (scores.min, scores.max)), Some((0.6, 0.9)));
        assert_eq!(report.sources, [(labelled, 2), (NegativeSource::Dense, 1)].into());
    }

    #[test]
    fn a_pair_that_finds_too_few_is_kept_and_counted() {
        let strict =
            MiningOptions { absolute_margin: Some(0.5), num_negatives: 4, ..MiningOptions::default() };
        let Mined { examples, report, suspects } = mine(&[query(0.8)], 10, &strict).unwrap();
        assert_eq!(examples[0].negatives.len(), 2);
        assert_eq!((report.dropped.absolute_margin, report.short_pairs, report.shortfall), (2, 1, 2));
        assert_eq!(suspects.iter().map(|s| s.document).collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn spares_fill_what_stays_empty() {
        let spare = |position| Candidate::from(Hit { position, score: 0.1 });
        let short = Candidates { spares: [1, 5, 5, 6, 7].map(spare).to_vec(), ..query(0.8) };
        let options =
            MiningOptions { absolute_margin: Some(0.5), num_negatives: 4, ..MiningOptions::default() };
        let mined = mine(std::slice::from_ref(&short), 10, &options).unwrap();
        let found: Vec<usize> = mined.examples[0].negatives.iter().map(|n| n.document).collect();
        assert_eq!(found, [0, 9, 5, 6]);
        assert_eq!((mined.report.topped_up, mined.report.shortfall), (2, 0));
        let off = MiningOptions { top_up: false, ..options };
        assert_eq!(mine(&[short], 10, &off).unwrap().report.shortfall, 2);
    }

    #[test]
    fn what_cannot_be_mined_is_refused() {
        let none = mine(&[Candidates::default()], 10, &MiningOptions::default()).unwrap_err();
        assert_eq!(none.code(), "INSUFFICIENT_DATA");
        let broken = mine(&[query(f32::NAN)], 10, &MiningOptions::default()).unwrap_err();
        assert_eq!(broken.code(), "INPUT_INVALID");
        let outside = mine(&[query(0.8)], 5, &MiningOptions::default()).unwrap_err();
        assert!(outside.to_string().contains("no document 9"), "{outside}");
    }
}
