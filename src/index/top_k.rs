//! The best k of a stream of scores.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// One document found: its position in the corpus and its score, higher is better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// Position in the corpus.
    pub position: usize,
    /// Comparable within one result list only.
    pub score: f32,
}

/// A hit by goodness: higher score, then lower position. Never holds NaN, so the order is total.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Ranked(Hit);

impl Eq for Ranked {}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        let score = self.0.score.partial_cmp(&other.0.score).unwrap_or(Ordering::Equal);
        score.then(other.0.position.cmp(&self.0.position))
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Keeps the best `k` of the hits pushed into it: a heap of `k` with the worst on top.
#[derive(Debug, Clone)]
pub struct TopK {
    k: usize,
    heap: BinaryHeap<Reverse<Ranked>>,
}

impl TopK {
    /// Room for `k` hits.
    pub fn new(k: usize) -> Self {
        Self { k, heap: BinaryHeap::new() }
    }

    /// Offers a hit. Equal scores go to the lower position; a NaN score is never taken.
    #[inline]
    pub fn push(&mut self, position: usize, score: f32) {
        if score.is_nan() {
            return;
        }
        let hit = Ranked(Hit { position, score });
        if self.heap.len() < self.k {
            self.heap.push(Reverse(hit));
        } else if let Some(mut worst) = self.heap.peek_mut()
            && hit > worst.0
        {
            *worst = Reverse(hit);
        }
    }

    /// The hits kept, best first.
    pub fn into_hits(self) -> Vec<Hit> {
        let sorted = self.heap.into_sorted_vec();
        sorted.into_iter().map(|Reverse(Ranked(hit))| hit).collect()
    }
}

/// The `k` best of the scores, best first; a score's position is its number. Ties go to the lower position, NaN never wins.
pub fn top_k(scores: impl IntoIterator<Item = f32>, k: usize) -> Vec<Hit> {
    let mut best = TopK::new(k);
    for (position, score) in scores.into_iter().enumerate() {
        best.push(position, score);
    }
    best.into_hits()
}
