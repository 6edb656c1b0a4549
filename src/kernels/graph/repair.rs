//! Rows that leave a graph, and rows that change their numbers.

use super::layer::{Near, Scratch};
use super::links::{Links, select_beside};
use super::twins::Twins;
use super::{ABSENT, Graph, TWIN};
use crate::Rows;
use std::collections::{BTreeMap, BTreeSet};

impl Graph {
    /// Takes rows out. Whoever was linked to one of them is linked to its neighbours instead, as far as those are worth it.
    ///
    /// # Shapes
    /// rows `[n, dim]` as they were inserted: those that leave are still there.
    pub fn remove(&mut self, rows: Rows, leaving: &[usize]) {
        let leaving: BTreeSet<usize> = leaving.iter().copied().filter(|&row| self.contains(row)).collect();
        if leaving.is_empty() {
            return;
        }
        let old = self.levels.clone();
        for &row in &leaving {
            self.levels[row] = ABSENT;
            self.twins.take(row as u32);
        }
        self.len -= leaving.len();
        let mut heirs = BTreeMap::new();
        for &row in &leaving {
            if let Some(heir) = self.twins.succeed(row as u32) {
                heirs.insert(row as u32, heir);
                self.levels[heir as usize] = old[row];
            }
        }
        self.links.rename(&heirs);
        let mut scratch = Scratch::default();
        for row in self.linked().collect::<Vec<_>>() {
            for layer in 0..=self.levels[row] {
                self.relink(rows, row as u32, layer, &mut scratch);
            }
        }
        for row in leaving.into_iter().filter(|&row| old[row] != TWIN) {
            self.links.make_room(row, 0);
        }
        let rows = self.levels.iter().rposition(|&level| level != ABSENT).map_or(0, |last| last + 1);
        self.levels.truncate(rows);
        self.entry = self.highest();
    }

    /// Replaces links to rows that have left.
    fn relink(&mut self, rows: Rows, row: u32, layer: u8, scratch: &mut Scratch) {
        let gone = |other: &u32| self.levels[*other as usize] == ABSENT;
        let known = self.links.of(row, layer);
        if !known.iter().any(gone) {
            return;
        }
        // Those that are left, and in place of the others whoever those were linked to, through any number of rows that left.
        let mut candidates: Vec<u32> = Vec::new();
        let mut open: Vec<u32> = known.to_vec();
        let mut asked = 0;
        scratch.begin(rows.len());
        scratch.visit(row);
        while let Some(other) = open.pop() {
            if !scratch.visit(other) {
                continue;
            }
            if !gone(&other) {
                candidates.push(other);
            } else if asked < 4 * self.m {
                // More are not needed to choose from.
                asked += 1;
                open.extend_from_slice(self.links.of(other, layer));
            }
        }
        let (kept, candidates): (Vec<u32>, Vec<u32>) =
            candidates.into_iter().partition(|other| known.contains(other));
        let most = known.len();
        let own = rows.row(row as usize);
        let near = |other| Near::new(rows, other, own);
        let mut candidates: Vec<Near> = candidates.into_iter().map(near).collect();
        candidates.sort_unstable_by(|a, b| b.cmp(a));
        // The links that were chosen with more to choose from stay.
        candidates.truncate(2 * most);
        let kept: Vec<Near> = kept.into_iter().map(near).collect();
        let before = kept.len();
        let chosen = select_beside(rows, kept, &candidates, most);
        // Both ways, where it is new: a row that only led to those that left would be found by nobody.
        for &Near { row: other, score } in &chosen[before..] {
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
            let own = new(row as u32) as usize;
            assert!(levels[own] == ABSENT, "two rows have one number");
            levels[own] = self.levels[row];
            if self.is_linked(row) {
                links.make_room(own, self.levels[row]);
            }
        }
        for row in self.linked() {
            for layer in 0..=self.levels[row] {
                let own: Vec<u32> =
                    self.links.of(row as u32, layer).iter().map(|&other| new(other)).collect();
                links.set(new(row as u32), layer, own.into_iter());
            }
        }
        let mut twins = Twins::default();
        self.twins.pairs().for_each(|(row, first)| twins.put(new(row), new(first)));
        self.twins = twins;
        self.entry = self.entry.map(new);
        (self.levels, self.links) = (levels, links);
    }

    /// The first of the highest rows.
    pub(super) fn highest(&self) -> Option<u32> {
        self.linked().rev().max_by_key(|&row| self.levels[row]).map(|row| row as u32)
    }
}
