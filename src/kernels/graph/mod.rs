//! A navigable small-world graph over rows: finds near ones without scoring all.
//!
//! Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical Navigable Small World graphs",
//! 2016, arXiv 1603.09320: algorithms 1, 2, 4 (neighbours by heuristic, with pruned ones kept) and 5. The graph holds links and no rows:
//! those are passed in, and stay where they are. Levels come from a hash of the row's number, so that the same insertions make the same
//! graph.

mod layer;
mod links;
mod repair;

pub use layer::Scratch;
use layer::{Near, search_layer};
use links::Links;
pub use repair::Parts;

use crate::{Hit, Rows, dot};

/// Level of a row that is not in the graph.
pub const ABSENT: u8 = u8::MAX;
/// No graph of 2³² rows has more.
pub const HIGHEST: u8 = 31;

/// See the module.
#[derive(Debug, Clone)]
pub struct Graph {
    m: usize,
    ef_construction: usize,
    seed: u64,
    /// By row.
    levels: Vec<u8>,
    links: Links,
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
    /// An empty graph. `m` links a row and level (twice as many at the bottom), at least 2; `ef_construction` candidates when a row is
    /// linked, at least `m`.
    pub fn new(m: usize, ef_construction: usize, seed: u64) -> Self {
        let m = m.max(2);
        let ef_construction = ef_construction.max(m);
        Self { m, ef_construction, seed, levels: Vec::new(), links: Links::new(m), entry: None, len: 0 }
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

    /// One more than the highest row that was ever in it.
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

    /// Links a row; nothing when it is linked already.
    ///
    /// # Shapes
    /// rows `[n, dim]` with n above `row`; panics otherwise.
    pub fn insert(&mut self, rows: Rows, row: usize, scratch: &mut Scratch) {
        assert!(row < rows.len(), "the row does not exist");
        if self.contains(row) {
            return;
        }
        let level = self.level_of(row);
        self.levels.resize(self.levels.len().max(row + 1), ABSENT);
        self.levels[row] = level;
        self.links.make_room(row, level);
        self.len += 1;
        let own = row as u32;
        let Some(entry) = self.entry else {
            self.entry = Some(own);
            return;
        };
        let query = rows.row(row);
        let top = self.levels[entry as usize];
        let mut near = vec![Near { score: dot(rows.row(entry as usize), query), row: entry }];
        for layer in (level + 1..=top).rev() {
            near = search_layer(&self.links, rows, query, &near, 1, layer, scratch);
        }
        for layer in (0..=level.min(top)).rev() {
            near = search_layer(&self.links, rows, query, &near, self.ef_construction, layer, scratch);
            let chosen = links::select(rows, &near, self.m);
            for &Near { row: other, score } in &chosen {
                self.links.add(rows, other, Near { score, row: own }, layer);
            }
            self.links.set(own, layer, chosen.iter().map(|near| near.row));
        }
        if level > top {
            self.entry = Some(own);
        }
    }

    /// About the `k` rows nearest to a query, best first, ties to the lower row. `ef`, raised to `k`: candidates that are kept, more
    /// find more of what exact search finds.
    ///
    /// # Shapes
    /// rows `[n, dim]`, those that were inserted; query `[dim]`.
    pub fn search(&self, rows: Rows, query: &[f32], k: usize, ef: usize, scratch: &mut Scratch) -> Vec<Hit> {
        let Some(entry) = self.entry else { return Vec::new() };
        let mut near = vec![Near { score: dot(rows.row(entry as usize), query), row: entry }];
        for layer in (1..=self.levels[entry as usize]).rev() {
            near = search_layer(&self.links, rows, query, &near, 1, layer, scratch);
        }
        near = search_layer(&self.links, rows, query, &near, ef.max(k), 0, scratch);
        near.truncate(k);
        near.into_iter().map(|near| Hit { position: near.row as usize, score: near.score }).collect()
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
