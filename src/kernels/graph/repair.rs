//! Rows that leave a graph, rows that change their numbers, and a graph taken apart to be stored.

use super::layer::Near;
use super::links::{Links, select};
use super::{ABSENT, Graph, HIGHEST};
use crate::{Rows, dot};

/// A graph in plain numbers; whatever they are, [`Graph::from_parts`] makes a sound one of them or none.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// Links a row and level.
    pub m: usize,
    /// Candidates when a row is linked.
    pub ef_construction: usize,
    /// Of the levels.
    pub seed: u64,
    /// By row; [`ABSENT`] for one that is not in the graph.
    pub levels: Vec<u8>,
    /// Where a search begins.
    pub entry: Option<u32>,
    /// For each row in the graph, in order: for each layer from 0, its links.
    pub links: Vec<Vec<Vec<u32>>>,
}

impl Graph {
    /// Takes rows out. Whoever was linked to one of them is linked to its neighbours instead, as far as those are worth it.
    ///
    /// # Shapes
    /// rows `[n, dim]` as they were inserted: those that leave are still there.
    pub fn remove(&mut self, rows: Rows, leaving: &[usize]) {
        let leaving: Vec<usize> = leaving.iter().copied().filter(|&row| self.contains(row)).collect();
        if leaving.is_empty() {
            return;
        }
        let old = self.levels.clone();
        for &row in &leaving {
            self.levels[row] = ABSENT;
        }
        self.len -= leaving.len();
        for row in (0..self.levels.len()).filter(|&row| self.levels[row] != ABSENT).collect::<Vec<_>>() {
            for layer in 0..=self.levels[row] {
                self.relink(rows, row as u32, layer);
            }
        }
        for row in leaving {
            for layer in 0..=old[row] {
                self.links.set(row as u32, layer, std::iter::empty());
            }
        }
        self.entry = self.highest();
    }

    /// Replaces links to rows that have left.
    fn relink(&mut self, rows: Rows, row: u32, layer: u8) {
        let gone = |other: &u32| self.levels[*other as usize] == ABSENT;
        let known = self.links.of(row, layer);
        if !known.iter().any(gone) {
            return;
        }
        // Those that are left, and in place of the others whoever those were linked to, through any number of rows that left.
        let mut candidates: Vec<u32> = Vec::new();
        let mut open: Vec<u32> = known.to_vec();
        let mut seen = vec![row];
        while let Some(other) = open.pop() {
            if seen.contains(&other) {
                continue;
            }
            seen.push(other);
            if gone(&other) {
                // Far more than are needed to choose from.
                if seen.len() < 16 * self.m {
                    open.extend_from_slice(self.links.of(other, layer));
                }
            } else {
                candidates.push(other);
            }
        }
        let own = rows.row(row as usize);
        let score = |other: u32| Near { score: dot(rows.row(other as usize), own), row: other };
        let mut near: Vec<Near> = candidates.into_iter().map(score).collect();
        near.sort_unstable_by(|a, b| b.cmp(a));
        let chosen = select(rows, &near, self.links.most(layer));
        // Both ways: a row that only led to those that left would be found by nobody.
        for &Near { row: other, score } in &chosen {
            if !self.links.of(other, layer).contains(&row) {
                self.links.add(rows, other, Near { score, row }, layer);
            }
        }
        self.links.set(row, layer, chosen.into_iter().map(|near| near.row));
    }

    /// The same graph when rows have other numbers: `to` gives each old row its new one, or none where it is not in the graph.
    ///
    /// Panics when a row of the graph has none, or two have the same.
    pub fn renumber(&mut self, to: &[Option<u32>]) {
        let rows = to.iter().flatten().map(|&row| row as usize + 1).max().unwrap_or(0);
        let (mut levels, mut links) = (vec![ABSENT; rows], Links::new(self.m));
        let new = |row: u32| to[row as usize].expect("a row of the graph has a new number");
        for row in (0..self.levels.len()).filter(|&row| self.contains(row)) {
            let own = new(row as u32);
            assert!(levels[own as usize] == ABSENT, "two rows have one number");
            levels[own as usize] = self.levels[row];
            links.make_room(own as usize, self.levels[row]);
        }
        for row in (0..self.levels.len()).filter(|&row| self.contains(row)) {
            for layer in 0..=self.levels[row] {
                let own: Vec<u32> =
                    self.links.of(row as u32, layer).iter().map(|&other| new(other)).collect();
                links.set(new(row as u32), layer, own.into_iter());
            }
        }
        self.entry = self.entry.map(new);
        (self.levels, self.links) = (levels, links);
    }

    fn highest(&self) -> Option<u32> {
        let present = (0..self.levels.len()).filter(|&row| self.levels[row] != ABSENT);
        // The first of the highest.
        present.rev().max_by_key(|&row| self.levels[row]).map(|row| row as u32)
    }

    /// To be stored.
    pub fn to_parts(&self) -> Parts {
        let present = (0..self.levels.len()).filter(|&row| self.contains(row));
        let layer = |row: usize, layer: u8| self.links.of(row as u32, layer).to_vec();
        let of = |row: usize| (0..=self.levels[row]).map(move |at| layer(row, at));
        Parts {
            m: self.m,
            ef_construction: self.ef_construction,
            seed: self.seed,
            levels: self.levels.clone(),
            entry: self.entry,
            links: present.map(|row| of(row).collect()).collect(),
        }
    }

    /// From what was stored; none where it is no graph: too many links, links to rows that are not there, an entry that is not at the top.
    pub fn from_parts(parts: Parts) -> Option<Self> {
        let Parts { m, ef_construction, seed, levels, entry, links } = parts;
        if !(2..=1024).contains(&m) || ef_construction < m {
            return None;
        }
        let mut graph = Self { levels: Vec::new(), ..Self::new(m, ef_construction, seed) };
        graph.len = levels.iter().filter(|&&level| level != ABSENT).count();
        let sound = levels.iter().all(|&level| level == ABSENT || level <= HIGHEST);
        if !sound || links.len() != graph.len {
            return None;
        }
        let present: Vec<usize> = (0..levels.len()).filter(|&row| levels[row] != ABSENT).collect();
        for (&row, lists) in present.iter().zip(&links) {
            graph.links.make_room(row, levels[row]);
            if lists.len() != usize::from(levels[row]) + 1 {
                return None;
            }
        }
        for (&row, lists) in present.iter().zip(links) {
            for (layer, list) in lists.into_iter().enumerate() {
                let layer = layer as u8;
                let reaches = |&other: &u32| {
                    levels.get(other as usize).is_some_and(|&level| level != ABSENT && level >= layer)
                };
                if list.len() > graph.links.most(layer) || !list.iter().all(reaches) {
                    return None;
                }
                graph.links.set(row as u32, layer, list.into_iter());
            }
        }
        graph.levels = levels;
        let top = graph.highest();
        let is_top = |entry: u32| {
            graph.contains(entry as usize)
                && top.is_some_and(|top| graph.levels[top as usize] == graph.levels[entry as usize])
        };
        if entry.is_none() != graph.is_empty() || !entry.is_none_or(is_top) {
            return None;
        }
        graph.entry = entry;
        Some(graph)
    }
}
