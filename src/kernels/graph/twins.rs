//! Rows of the same numbers. One of them is linked, the others stand behind it.
//!
//! Linked all, they would be each other's nearest neighbours and fill each other's links, so that a walk that enters them finds no way
//! out: with 100 equal rows before 4,000 others, a walk from one of them reached 33 rows of all, and 120 of the others were not found by
//! their own numbers. Equal texts have equal embeddings, and people keep copies.

use crate::Rows;
use std::collections::{BTreeMap, BTreeSet};

use super::layer::Near;

/// See the module.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Twins {
    /// The linked row of each row that stands behind one.
    first: BTreeMap<u32, u32>,
    /// The rows behind each linked row that has some.
    behind: BTreeMap<u32, BTreeSet<u32>>,
}

impl Twins {
    /// The linked row that a new one equals, among the nearest that a walk found, nearest first.
    pub(super) fn find(rows: Rows, row: usize, nearest: &[Near]) -> Option<u32> {
        let best = nearest.first()?.score;
        let same = |near: &&Near| rows.row(near.row as usize) == rows.row(row);
        nearest.iter().take_while(|near| near.score == best).find(same).map(|near| near.row)
    }

    pub(super) fn put(&mut self, row: u32, first: u32) {
        self.first.insert(row, first);
        self.behind.entry(first).or_default().insert(row);
    }

    /// Takes out a row that stands behind another.
    pub(super) fn take(&mut self, row: u32) {
        let Some(first) = self.first.remove(&row) else { return };
        if let Some(behind) = self.behind.get_mut(&first) {
            behind.remove(&row);
            if behind.is_empty() {
                self.behind.remove(&first);
            }
        }
    }

    /// The lowest row behind one that leaves takes its place, before the others.
    pub(super) fn succeed(&mut self, first: u32) -> Option<u32> {
        let mut behind = self.behind.remove(&first)?;
        let heir = behind.pop_first()?;
        self.first.remove(&heir);
        behind.into_iter().for_each(|row| self.put(row, heir));
        Some(heir)
    }

    /// The rows behind a linked one, rising.
    pub(super) fn of(&self, first: u32) -> impl Iterator<Item = u32> {
        self.behind.get(&first).into_iter().flatten().copied()
    }

    /// Each row that stands behind another, rising, and that other.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (u32, u32)> {
        self.first.iter().map(|(&row, &first)| (row, first))
    }
}
