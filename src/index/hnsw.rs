//! Approximate search over a graph of neighbours (HNSW), for corpora that are too large to score every document.
//!
//! Ours, because no crate of November 2026 does all that a browser needs. Without threads and files, wasm32-unknown-unknown builds `hnsw` 0.11,
//! `small-world-rs` 1.1 and `edgevec` 0.9; not `usearch` 2.26, which wraps C++, nor `instant-distance` 0.6, `hnsw_rs` 0.3, `hora` 0.1 and
//! `hnswlib-rs` 0.10 as they come: they ask for a random source that is there only by features of indirect dependencies. Of all eight only
//! `usearch`, `edgevec` and `hnswlib-rs` delete, by a mark that searches step over, and mend no links then. All but `hnswlib-rs` keep vectors of
//! their own, 154 MB for 100,000 of 384 numbers; that one brings 70 crates, locks among them.
//!
//! The graph itself is in [`nearmiss_kernels::graph`]; this is what makes it durable.

use super::Hit;
use crate::embeddings::Embeddings;
use crate::error::{Error, Result};
use nearmiss_kernels::graph::{Graph, HIGHEST, Parts, Scratch, TWIN};
use nearmiss_kernels::{FNV_OFFSET, fnv1a};
use std::cell::RefCell;

const MAGIC: &[u8; 8] = b"nmhnsw\x02\0";

/// Size of a graph, and how carefully it is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HnswOptions {
    /// Links of a row in each layer, twice as many at the bottom.
    pub m: usize,
    /// Candidates when a row is linked.
    pub ef_construction: usize,
    /// Of the levels.
    pub seed: u64,
}

impl Default for HnswOptions {
    fn default() -> Self {
        Self { m: 16, ef_construction: 128, seed: 0 }
    }
}

/// Candidates that a search keeps unless it says otherwise.
pub const EF: usize = 128;

/// A graph over the rows of embeddings, which stay where they are: every call is given them.
#[derive(Debug, Clone)]
pub struct Hnsw {
    graph: Graph,
    scratch: RefCell<Scratch>,
}

impl PartialEq for Hnsw {
    fn eq(&self, other: &Self) -> bool {
        self.graph == other.graph
    }
}

impl Hnsw {
    /// An empty graph.
    pub fn new(options: HnswOptions) -> Self {
        let HnswOptions { m, ef_construction, seed } = options;
        Self { graph: Graph::new(m, ef_construction, seed), scratch: RefCell::default() }
    }

    /// Rows in the graph.
    pub fn len(&self) -> usize {
        self.graph.len()
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.graph.is_empty()
    }

    /// Is this row in it?
    pub fn contains(&self, row: usize) -> bool {
        self.graph.contains(row)
    }

    /// Links a row; nothing when it is linked already, or does not exist.
    pub fn insert(&mut self, rows: &Embeddings, row: usize) {
        if row < rows.len() {
            self.graph.insert(rows.as_rows(), row, self.scratch.get_mut());
        }
    }

    /// Takes rows out and links their neighbours with each other; those that are not in it are passed over. One call for many: it looks
    /// at every row that stays.
    pub fn remove(&mut self, rows: &Embeddings, leaving: &[usize]) {
        self.graph.remove(rows.as_rows(), leaving);
    }

    /// Follows rows that change their numbers: `to` has the new one of each old row, or none.
    ///
    /// Panics when a row of the graph has none.
    pub fn renumber(&mut self, to: &[Option<u32>]) {
        self.graph.renumber(to);
    }

    /// About the `k` nearest rows, best first, as [`super::flat::search`] orders them. `ef`, raised to `k`: more finds more of what
    /// that finds, and takes longer.
    ///
    /// # Shapes
    /// rows `[n, dim]`, query `[dim]`; panics when the graph has a row that `rows` has not.
    pub fn search(&self, rows: &Embeddings, query: &[f32], k: usize, ef: usize) -> Vec<Hit> {
        self.graph.search(rows.as_rows(), query, k, ef, &mut self.scratch.borrow_mut())
    }

    /// To be stored: little-endian whole numbers, then their checksum.
    pub fn to_bytes(&self) -> Vec<u8> {
        let parts = self.graph.to_parts();
        let mut bytes = MAGIC.to_vec();
        let mut put = |value: u32| bytes.extend(value.to_le_bytes());
        put(parts.m as u32);
        put(parts.ef_construction as u32);
        put(parts.seed as u32);
        put((parts.seed >> 32) as u32);
        put(parts.levels.len() as u32);
        put(parts.entry.unwrap_or(u32::MAX));
        bytes.extend(&parts.levels);
        for list in parts.links.iter().flatten() {
            bytes.extend((list.len() as u16).to_le_bytes());
            list.iter().for_each(|link| bytes.extend(link.to_le_bytes()));
        }
        parts.twins.iter().for_each(|first| bytes.extend(first.to_le_bytes()));
        let sum = fnv1a(FNV_OFFSET, &bytes);
        bytes.extend(sum.to_le_bytes());
        bytes
    }

    /// From [`Self::to_bytes`], over so many rows.
    ///
    /// # Errors
    /// `InputInvalid` for anything else, or for a graph over more rows.
    pub fn from_bytes(bytes: &[u8], rows: usize) -> Result<Self> {
        let refuse = || Error::input("index", "is damaged, or was not made by this version");
        let parts = parse(bytes).ok_or_else(refuse)?;
        // Before anything is made for each of them.
        if parts.levels.len() > rows {
            return Err(Error::input("index", format!("is about more than {rows} vectors")));
        }
        let graph = Graph::from_parts(parts).ok_or_else(refuse)?;
        Ok(Self { graph, scratch: RefCell::default() })
    }
}

fn parse(bytes: &[u8]) -> Option<Parts> {
    let (body, sum) = bytes.split_at_checked(bytes.len().checked_sub(8)?)?;
    if fnv1a(FNV_OFFSET, body).to_le_bytes() != sum {
        return None;
    }
    let mut rest = body.strip_prefix(MAGIC)?;
    let mut number = || take(&mut rest, 4).map(whole);
    let (m, ef_construction) = (number()? as usize, number()? as usize);
    let seed = u64::from(number()?) | u64::from(number()?) << 32;
    let (count, entry) = (number()? as usize, number()?);
    let levels = take(&mut rest, count)?.to_vec();
    let mut links = Vec::new();
    for &level in levels.iter().filter(|&&level| level <= HIGHEST) {
        let mut lists = Vec::new();
        for _ in 0..=level {
            let length = take(&mut rest, 2).map(|two| u16::from_le_bytes([two[0], two[1]]))?;
            let list = take(&mut rest, 4 * usize::from(length))?;
            lists.push(list.chunks_exact(4).map(whole).collect());
        }
        links.push(lists);
    }
    let twins = levels.iter().filter(|&&level| level == TWIN);
    let twins = twins.map(|_| take(&mut rest, 4).map(whole)).collect::<Option<Vec<u32>>>()?;
    let entry = (entry != u32::MAX).then_some(entry);
    rest.is_empty().then_some(Parts { m, ef_construction, seed, levels, entry, links, twins })
}

fn whole(four: &[u8]) -> u32 {
    u32::from_le_bytes([four[0], four[1], four[2], four[3]])
}

/// The next bytes, if there are so many.
fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(count)?;
    *rest = left;
    Some(taken)
}
