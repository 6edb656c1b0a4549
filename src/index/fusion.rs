//! Reciprocal rank fusion: one list out of several whose scores do not compare.
//!
//! Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods",
//! SIGIR 2009.

use std::collections::BTreeMap;

use super::{Hit, TopK};

/// The paper's constant: how slowly a rank's worth falls.
pub const RRF_K: f32 = 60.0;

/// The `k` best documents by Σ 1 / (`constant` + rank), over the rankings that found them, rank from 1.
///
/// A position that stands twice in one ranking counts once, at its better rank.
pub fn reciprocal_rank(rankings: &[&[Hit]], constant: f32, k: usize) -> Vec<Hit> {
    // Position to the sum, and to the last ranking that added to it.
    let mut sums: BTreeMap<usize, (f32, usize)> = BTreeMap::new();
    for (ranking, hits) in rankings.iter().enumerate() {
        for (index, hit) in hits.iter().enumerate() {
            let (sum, last) = sums.entry(hit.position).or_insert((0.0, usize::MAX));
            if *last != ranking {
                *sum += 1.0 / (constant + (index + 1) as f32);
                *last = ranking;
            }
        }
    }
    let mut best = TopK::new(k);
    sums.into_iter().for_each(|(position, (sum, _))| best.push(position, sum));
    best.into_hits()
}
