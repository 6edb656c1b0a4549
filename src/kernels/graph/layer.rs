//! One layer of a graph: the nearest rows that a walk over its links finds.

use super::links::Links;
use crate::{Rows, dot};
use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// A row and how near it is. Greater is nearer; of equally near ones, the lower row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    pub score: f32,
    pub row: u32,
}

impl Near {
    /// How near a row is to a query. NaN, which rows of extreme length lead to, is as far as can be; both zeros are one.
    pub fn new(rows: Rows, row: u32, query: &[f32]) -> Self {
        let score = dot(rows.row(row as usize), query) + 0.0;
        Self { score: if score.is_nan() { f32::NEG_INFINITY } else { score }, row }
    }
}

impl Eq for Near {}

impl Ord for Near {
    fn cmp(&self, other: &Self) -> Ordering {
        self.score.total_cmp(&other.score).then(other.row.cmp(&self.row))
    }
}

impl PartialOrd for Near {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// What a walk has seen, kept between walks so that nothing is allocated or cleared for each.
#[derive(Debug, Clone, Default)]
pub struct Scratch {
    seen: Vec<u32>,
    walk: u32,
}

impl Scratch {
    pub(super) fn begin(&mut self, rows: usize) {
        if self.seen.len() < rows || self.walk == u32::MAX {
            self.seen = vec![0; rows];
            self.walk = 0;
        }
        self.walk += 1;
    }

    /// Was it new?
    pub(super) fn visit(&mut self, row: u32) -> bool {
        let mark = &mut self.seen[row as usize];
        let new = *mark != self.walk;
        *mark = self.walk;
        new
    }
}

/// Algorithm 2: the `ef` nearest rows that are reached from `entries`, nearest first.
pub(super) fn search_layer(
    links: &Links,
    rows: Rows,
    query: &[f32],
    entries: &[Near],
    ef: usize,
    layer: u8,
    scratch: &mut Scratch,
) -> Vec<Near> {
    scratch.begin(rows.len());
    let mut open: BinaryHeap<Near> = BinaryHeap::with_capacity(ef + 1);
    let mut found: BinaryHeap<Reverse<Near>> = BinaryHeap::with_capacity(ef + 1);
    for &near in entries {
        if scratch.visit(near.row) {
            open.push(near);
            found.push(Reverse(near));
        }
    }
    while found.len() > ef {
        found.pop();
    }
    while let Some(near) = open.pop() {
        if found.len() >= ef && found.peek().is_some_and(|Reverse(worst)| near < *worst) {
            break;
        }
        for &row in links.of(near.row, layer) {
            if !scratch.visit(row) {
                continue;
            }
            let next = Near::new(rows, row, query);
            if found.len() < ef {
                open.push(next);
                found.push(Reverse(next));
            } else if found.peek().is_some_and(|Reverse(worst)| next > *worst) {
                open.push(next);
                found.pop();
                found.push(Reverse(next));
            }
        }
    }
    let mut nearest: Vec<Near> = found.into_iter().map(|Reverse(near)| near).collect();
    nearest.sort_unstable_by(|a, b| b.cmp(a));
    nearest
}
