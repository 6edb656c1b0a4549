//! The negatives of one pair, as they are drawn.

use std::collections::{HashMap, HashSet};

use super::candidates::Candidates;
use super::sampling::Eligible;
use crate::dataset::{Negative, NegativeSource};

/// The mined negatives of one pair while they are drawn.
#[derive(Default)]
pub(super) struct Hand {
    taken: HashSet<usize>,
    pub negatives: Vec<Negative>,
}

impl Hand {
    /// Takes up to `count` new documents of a pool, in this order; how many there were.
    pub(super) fn take(
        &mut self,
        pool: &[Eligible],
        order: &[usize],
        source: NegativeSource,
        count: usize,
    ) -> usize {
        let before = self.negatives.len();
        for &at in order {
            if self.negatives.len() - before == count {
                break;
            }
            let Eligible { candidate, rank } = pool[at];
            if self.taken.insert(candidate.hit.position) {
                self.negatives.push(Negative {
                    document: candidate.hit.position,
                    score: Some(candidate.hit.score),
                    rank,
                    source,
                    weight: 1.0,
                });
            }
        }
        self.negatives.len() - before
    }

    pub(super) fn take_synthetic(&mut self, near_misses: &[usize], count: usize) {
        let source = NegativeSource::Synthetic;
        let new = near_misses.iter().take(count);
        let negative = |&document| Negative { document, score: None, rank: None, source, weight: 1.0 };
        self.negatives.extend(new.map(negative));
    }
}

/// The negatives that somebody judged, labels first, without any that is a positive too.
pub(super) fn judged(query: &Candidates) -> Vec<Negative> {
    let own = query.lists.first().map_or(&[][..], |list| &list.hits);
    let ranks: HashMap<usize, usize> =
        own.iter().enumerate().map(|(index, candidate)| (candidate.hit.position, index)).collect();
    let marked = query.negatives.iter().filter(|marked| !query.is_positive(marked.document));
    let negatives = marked.map(|marked| {
        let index = ranks.get(&marked.document).copied();
        Negative {
            document: marked.document,
            score: marked.score.or(index.map(|index| own[index].hit.score)),
            rank: index.map(|index| index + 1),
            source: marked.source,
            weight: marked.weight,
        }
    });
    let mut negatives: Vec<Negative> = negatives.collect();
    negatives.sort_by_key(|negative| negative.source);
    negatives
}
