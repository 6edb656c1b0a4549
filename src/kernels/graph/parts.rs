//! A graph taken apart, to be stored.

use super::{ABSENT, Graph, HIGHEST, LINKS, TWIN};

/// A graph in plain numbers; whatever they are, [`Graph::from_parts`] makes a sound one of them or none.
#[derive(Debug, Clone, PartialEq)]
pub struct Parts {
    /// Links a row and level.
    pub m: usize,
    /// Candidates when a row is linked.
    pub ef_construction: usize,
    /// Of the levels.
    pub seed: u64,
    /// By row; [`TWIN`] for one that stands behind another, [`ABSENT`] for one that is not in the graph.
    pub levels: Vec<u8>,
    /// Where a search begins.
    pub entry: Option<u32>,
    /// For each row that is linked, in order: for each layer from 0, its links.
    pub links: Vec<Vec<Vec<u32>>>,
    /// For each row that stands behind another, in order: that other.
    pub twins: Vec<u32>,
}

impl Graph {
    /// To be stored.
    pub fn to_parts(&self) -> Parts {
        let layer = |row: usize, layer: u8| self.links.of(row as u32, layer).to_vec();
        let of = |row: usize| (0..=self.levels[row]).map(move |at| layer(row, at));
        Parts {
            m: self.m,
            ef_construction: self.ef_construction,
            seed: self.seed,
            levels: self.levels.clone(),
            entry: self.entry,
            links: self.linked().map(|row| of(row).collect()).collect(),
            twins: self.twins.pairs().map(|(_, first)| first).collect(),
        }
    }

    /// From what was stored; none where it is no graph: too many links, links to rows that are not there, an entry that is not at the
    /// top, a row behind one that is not linked.
    ///
    /// # Memory
    /// In bytes, for each level given: 8 m + 28, at most about 2 KiB, beside what the parts take.
    pub fn from_parts(parts: Parts) -> Option<Self> {
        let Parts { m, ef_construction, seed, levels, entry, links, twins } = parts;
        if !LINKS.contains(&m) || ef_construction < m {
            return None;
        }
        let mut graph = Self { levels, ..Self::new(m, ef_construction, seed) };
        if !graph.levels.iter().all(|level| matches!(*level, 0..=HIGHEST | TWIN | ABSENT)) {
            return None;
        }
        graph.put_links(links)?;
        graph.put_twins(twins)?;
        graph.len = graph.levels.iter().filter(|&&level| level != ABSENT).count();
        graph.entry = entry;
        let level = |row: u32| graph.levels.get(row as usize);
        (entry.and_then(level) == graph.highest().and_then(level) && entry.is_some() == (graph.len > 0))
            .then_some(graph)
    }

    fn put_links(&mut self, links: Vec<Vec<Vec<u32>>>) -> Option<()> {
        let linked: Vec<usize> = self.linked().collect();
        if linked.len() != links.len() {
            return None;
        }
        for (row, lists) in linked.into_iter().zip(links) {
            self.links.make_room(row, self.levels[row]);
            if lists.len() != usize::from(self.levels[row]) + 1 {
                return None;
            }
            for (layer, list) in (0..).zip(lists) {
                let reached = |&to: &u32| self.is_linked(to as usize) && self.levels[to as usize] >= layer;
                if list.len() > self.links.most(layer) || !list.iter().all(reached) {
                    return None;
                }
                self.links.set(row as u32, layer, list.into_iter());
            }
        }
        Some(())
    }

    fn put_twins(&mut self, twins: Vec<u32>) -> Option<()> {
        let rows: Vec<usize> = (0..self.levels.len()).filter(|&row| self.levels[row] == TWIN).collect();
        if rows.len() != twins.len() || !twins.iter().all(|&first| self.is_linked(first as usize)) {
            return None;
        }
        rows.into_iter().zip(twins).for_each(|(row, first)| self.twins.put(row as u32, first));
        Some(())
    }
}
