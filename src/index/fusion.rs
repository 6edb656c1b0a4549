//! Fusion: one list out of several whose scores do not compare.
//!
//! By ranks: Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual Rank Learning Methods",
//! SIGIR 2009. By scores: Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval", TOIS 2023.

use std::collections::BTreeMap;

use super::{Hit, TopK};

/// The paper's constant: how slowly a rank's worth falls.
pub const RRF_K: f32 = 60.0;

/// The `k` best documents by Σ 1 / (`constant` + rank), over the rankings that found them, rank from 1.
///
/// A position that stands twice in one ranking counts once, at its better rank.
pub fn reciprocal_rank(rankings: &[&[Hit]], constant: f32, k: usize) -> Vec<Hit> {
    weighted_ranks(rankings, &vec![1.0; rankings.len()], constant, k)
}

/// Likewise with a weight for each ranking: Σ weight / (`constant` + rank). A ranking without a weight counts for nothing.
pub fn weighted_ranks(rankings: &[&[Hit]], weights: &[f32], constant: f32, k: usize) -> Vec<Hit> {
    sum(rankings, weights, k, |_, rank| 1.0 / (constant + rank as f32))
}

/// The `k` best documents by Σ weight × score, each ranking's scores brought to 0 (its lowest) … 1 (its best) first; a document that
/// a ranking did not find has 0 there. All equal scores are 1.
///
/// Scores hold what ranks do not: by how much the first is better than the second. They hold more noise too.
pub fn weighted_scores(rankings: &[&[Hit]], weights: &[f32], k: usize) -> Vec<Hit> {
    let ends: Vec<(f32, f32)> = rankings.iter().map(|hits| ends(hits)).collect();
    let mut scaled: Vec<Vec<Hit>> = Vec::with_capacity(rankings.len());
    for (hits, &(low, high)) in rankings.iter().zip(&ends) {
        scaled.push(hits.iter().map(|hit| Hit { score: unit(hit.score, low, high), ..*hit }).collect());
    }
    let lists: Vec<&[Hit]> = scaled.iter().map(Vec::as_slice).collect();
    sum(&lists, weights, k, |score, _| score)
}

/// Lowest and highest score; both 0 for an empty list.
pub fn ends(hits: &[Hit]) -> (f32, f32) {
    let scores = || hits.iter().map(|hit| hit.score);
    if hits.is_empty() {
        return (0.0, 0.0);
    }
    (scores().fold(f32::INFINITY, f32::min), scores().fold(f32::NEG_INFINITY, f32::max))
}

/// A score from `low` … `high` to 0 … 1.
pub fn unit(score: f32, low: f32, high: f32) -> f32 {
    if high > low { (score - low) / (high - low) } else { 1.0 }
}

/// The best by weighted sums of what each ranking's hit is worth, by its score and its rank from 1.
fn sum(rankings: &[&[Hit]], weights: &[f32], k: usize, worth: impl Fn(f32, usize) -> f32) -> Vec<Hit> {
    // Position to the sum, and to the last ranking that added to it.
    let mut sums: BTreeMap<usize, (f32, usize)> = BTreeMap::new();
    for (ranking, (hits, &weight)) in rankings.iter().zip(weights).enumerate() {
        for (index, hit) in hits.iter().enumerate() {
            let (sum, last) = sums.entry(hit.position).or_insert((0.0, usize::MAX));
            if *last != ranking {
                *sum += weight * worth(hit.score, index + 1);
                *last = ranking;
            }
        }
    }
    let mut best = TopK::new(k);
    sums.into_iter().for_each(|(position, (sum, _))| best.push(position, sum));
    best.into_hits()
}
