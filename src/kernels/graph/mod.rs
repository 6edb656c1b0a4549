//! A navigable small-world graph over rows: finds near ones without scoring all.
//!
//! Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical Navigable Small World graphs",
//! 2016, arXiv 1603.09320: algorithms 1, 2, 4 (neighbours by heuristic, with pruned ones kept) and 5. The graph holds links and no rows:
//! those are passed in, and stay where they are. Levels come from a hash of the row's number, so that the same insertions make the same
//! graph. Of rows that are equal, one is linked.

mod layer;
mod links;
mod parts;
mod repair;
mod twins;

pub use layer::Scratch;
use layer::{Near, search_layer};
use links::Links;
pub use parts::Parts;
use twins::Twins;

use crate::{Hit, Rows};
use std::ops::RangeInclusive;

/// Level of a row that is not in the graph.
pub const ABSENT: u8 = u8::MAX;
/// Level of a row that stands behind an equal one.
pub const TWIN: u8 = u8::MAX - 1;
/// No graph of 2³² rows has more.
pub const HIGHEST: u8 = 31;
/// Links a row and level. The paper takes 5 to 48; at 256 they weigh more than 384 numbers do.
const LINKS: RangeInclusive<usize> = 2..=256;

/// See the module.
#[derive(Debug, Clone)]
pub struct Graph {
    m: usize,
    ef_construction: usize,
    seed: u64,
    /// By row.
    levels: Vec<u8>,
    links: Links,
    twins: Twins,
    /// A row of the highest level.
    entry: Option<u32>,
    len: usize,
}

impl PartialEq for Graph {
    fn eq(&self, other: &Self) -> bool {
        // Room that holds no link does not count.
        self.to_parts() == other.to_parts()
    }
}

impl Graph {
    /// An empty graph. `m` links a row and level (twice as many at the bottom), 2 to 256; `ef_construction` candidates when a row is
    /// linked, at least `m`. The nearest of these numbers are taken for others.
    pub fn new(m: usize, ef_construction: usize, seed: u64) -> Self {
        let m = m.clamp(*LINKS.start(), *LINKS.end());
        // As it is stored.
        let ef_construction = ef_construction.clamp(m, u32::MAX as usize);
        let (levels, links, twins) = (Vec::new(), Links::new(m), Twins::default());
        Self { m, ef_construction, seed, levels, links, twins, entry: None, len: 0 }
    }

    /// Links a row or level.
    pub fn m(&self) -> usize {
        self.m
    }

    /// Candidates when a row is linked.
    pub fn ef_construction(&self) -> usize {
        self.ef_construction
    }

    /// Of the levels.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Rows in the graph.
    pub fn len(&self) -> usize {
        self.len
    }

    /// One more than the highest row in it.
    pub fn rows(&self) -> usize {
        self.levels.len()
    }

    /// True when no row is in it.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Is this row in it?
    pub fn contains(&self, row: usize) -> bool {
        self.levels.get(row).is_some_and(|&level| level != ABSENT)
    }

    /// Is this row in it, and not behind another?
    fn is_linked(&self, row: usize) -> bool {
        self.levels.get(row).is_some_and(|&level| level <= HIGHEST)
    }

    /// The rows that are linked, rising.
    fn linked(&self) -> impl DoubleEndedIterator<Item = usize> {
        (0..self.levels.len()).filter(|&row| self.is_linked(row))
    }

    /// Links a row; nothing when it is in the graph already.
    ///
    /// # Shapes
    /// rows `[n, dim]` with n above `row`; panics otherwise.
    pub fn insert(&mut self, rows: Rows, row: usize, scratch: &mut Scratch) {
        assert!(row < rows.len(), "the row does not exist");
        if self.contains(row) {
            return;
        }
        let (own, level) = (row as u32, self.level_of(row));
        let found = self.found(rows, rows.row(row), level, scratch);
        self.levels.resize(self.levels.len().max(row + 1), ABSENT);
        self.len += 1;
        if let Some(first) = found.first().and_then(|nearest| Twins::find(rows, row, nearest)) {
            self.levels[row] = TWIN;
            self.twins.put(own, first);
            return;
        }
        self.levels[row] = level;
        self.links.make_room(row, level);
        for (layer, nearest) in (0..).zip(&found) {
            let chosen = links::select(rows, nearest, self.m);
            for &Near { row: other, score } in &chosen {
                self.links.add(rows, other, Near { score, row: own }, layer);
            }
            self.links.set(own, layer, chosen.iter().map(|near| near.row));
        }
        if self.entry.is_none_or(|entry| level > self.levels[entry as usize]) {
            self.entry = Some(own);
        }
    }

    /// The rows that a new one may be linked to, nearest first, for each layer from 0 up to its level.
    fn found(&self, rows: Rows, query: &[f32], level: u8, scratch: &mut Scratch) -> Vec<Vec<Near>> {
        let Some(mut near) = self.descend(rows, query, level, scratch) else { return Vec::new() };
        let top = level.min(self.top());
        let mut found = vec![Vec::new(); usize::from(top) + 1];
        for (layer, found) in found.iter_mut().enumerate().rev() {
            let ef = self.ef_construction.min(self.len);
            near = search_layer(&self.links, rows, query, &near, ef, layer as u8, scratch);
            found.clone_from(&near);
        }
        found
    }

    /// Where a walk from the top arrives above this level; none in an empty graph.
    fn descend(&self, rows: Rows, query: &[f32], level: u8, scratch: &mut Scratch) -> Option<Vec<Near>> {
        let mut near = vec![Near::new(rows, self.entry?, query)];
        for layer in (level + 1..=self.top()).rev() {
            near = search_layer(&self.links, rows, query, &near, 1, layer, scratch);
        }
        Some(near)
    }

    /// The highest level, 0 without rows.
    fn top(&self) -> u8 {
        self.entry.map_or(0, |entry| self.levels[entry as usize])
    }

    /// About the `k` rows nearest to a query, best first, ties to the lower row. `ef`, raised to `k`: candidates that are kept, more
    /// find more of what exact search finds.
    ///
    /// # Shapes
    /// rows `[n, dim]`, those that were inserted; query `[dim]`.
    pub fn search(&self, rows: Rows, query: &[f32], k: usize, ef: usize, scratch: &mut Scratch) -> Vec<Hit> {
        let Some(near) = self.descend(rows, query, 0, scratch) else { return Vec::new() };
        // A person may ask for more than there are rows.
        let ef = ef.max(k).clamp(1, self.len);
        let nearest = search_layer(&self.links, rows, query, &near, ef, 0, scratch);
        let mut found: Vec<Near> = Vec::new();
        for near in nearest.into_iter().filter(|near| near.score > f32::NEG_INFINITY) {
            if found.len() >= k && found.last().is_some_and(|last| near.score < last.score) {
                break;
            }
            found.push(near);
            found.extend(self.twins.of(near.row).map(|row| Near { row, ..near }));
        }
        found.sort_unstable_by(|a, b| b.cmp(a));
        found.truncate(k);
        found.into_iter().map(|near| Hit { position: near.row as usize, score: near.score }).collect()
    }

    /// Level by level, from a hash (SplitMix64): as often as the paper draws it, ⌊−ln(u) / ln(m)⌋.
    fn level_of(&self, row: usize) -> u8 {
        let mut x = self.seed.wrapping_add((row as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^= x >> 31;
        // 53 random bits in (0, 1].
        let u = ((x >> 11) + 1) as f64 / (1u64 << 53) as f64;
        let level = -u.ln() / (self.m as f64).ln();
        (level as u64).min(u64::from(HIGHEST)) as u8
    }
}
