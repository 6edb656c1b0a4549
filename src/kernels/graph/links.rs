//! Who is linked to whom, and which neighbours are worth a link.

use super::layer::Near;
use crate::{Rows, dot};
use std::collections::BTreeMap;

/// Links of every row: the bottom layer in one table, the few above it in lists.
#[derive(Debug, Clone)]
pub struct Links {
    m: usize,
    /// Row by row: how many links, then room for 2 m of them.
    bottom: Vec<u32>,
    /// By row, then by layer from 1.
    upper: Vec<Vec<Vec<u32>>>,
}

impl Links {
    pub(super) fn new(m: usize) -> Self {
        Self { m, bottom: Vec::new(), upper: Vec::new() }
    }

    /// Most links of a row in a layer.
    pub(super) fn most(&self, layer: u8) -> usize {
        if layer == 0 { 2 * self.m } else { self.m }
    }

    fn stride(&self) -> usize {
        1 + 2 * self.m
    }

    /// Room for a row's links up to this level.
    pub(super) fn make_room(&mut self, row: usize, level: u8) {
        let stride = self.stride();
        self.bottom.resize(self.bottom.len().max((row + 1) * stride), 0);
        self.upper.resize(self.upper.len().max(row + 1), Vec::new());
        self.bottom[row * stride] = 0;
        self.upper[row] = vec![Vec::new(); usize::from(level)];
    }

    /// Nothing for a row that is not linked there.
    pub(super) fn of(&self, row: u32, layer: u8) -> &[u32] {
        if layer > 0 {
            let layers = self.upper.get(row as usize).map_or(&[][..], Vec::as_slice);
            return layers.get(usize::from(layer) - 1).map_or(&[], Vec::as_slice);
        }
        let start = row as usize * self.stride();
        match self.bottom.get(start) {
            Some(&count) => &self.bottom[start + 1..start + 1 + count as usize],
            None => &[],
        }
    }

    /// Each first row gives its place, links from it and to it, to the second, which has none.
    pub(super) fn rename(&mut self, names: &BTreeMap<u32, u32>) {
        if names.is_empty() {
            return;
        }
        names.values().for_each(|&new| self.make_room(new as usize, 0));
        let stride = self.stride();
        for row in self.bottom.chunks_exact_mut(stride) {
            let count = row[0] as usize;
            rename_each(&mut row[1..=count], names);
        }
        self.upper.iter_mut().flatten().for_each(|layer| rename_each(layer, names));
        for (&old, &new) in names {
            let (old, new) = (old as usize, new as usize);
            self.upper.swap(old, new);
            self.bottom.copy_within(old * stride..(old + 1) * stride, new * stride);
            self.bottom[old * stride] = 0;
        }
    }

    /// At most as many as there is room for.
    pub(super) fn set(&mut self, row: u32, layer: u8, links: impl Iterator<Item = u32>) {
        let links = links.take(self.most(layer));
        if layer > 0 {
            self.upper[row as usize][usize::from(layer) - 1] = links.collect();
            return;
        }
        let start = row as usize * self.stride();
        let mut count = 0;
        for link in links {
            count += 1;
            self.bottom[start + count] = link;
        }
        self.bottom[start] = count as u32;
    }

    /// One link more; where there is no room, the ones that are worth most.
    pub(super) fn add(&mut self, rows: Rows, row: u32, near: Near, layer: u8) {
        let most = self.most(layer);
        let known = self.of(row, layer);
        if known.len() < most {
            let all: Vec<u32> = known.iter().copied().chain([near.row]).collect();
            return self.set(row, layer, all.into_iter());
        }
        let own = rows.row(row as usize);
        let mut all: Vec<Near> =
            known.iter().map(|&other| Near::new(rows, other, own)).chain([near]).collect();
        all.sort_unstable_by(|a, b| b.cmp(a));
        let chosen = select(rows, &all, most);
        self.set(row, layer, chosen.into_iter().map(|near| near.row));
    }
}

fn rename_each(links: &mut [u32], names: &BTreeMap<u32, u32>) {
    for link in links {
        if let Some(&new) = names.get(link) {
            *link = new;
        }
    }
}

/// Algorithm 4: of candidates, nearest first, those that are nearer to the base than to any chosen before, so that links lead into all
/// directions; then the nearest of the others, while there is room.
pub(super) fn select(rows: Rows, candidates: &[Near], most: usize) -> Vec<Near> {
    select_beside(rows, Vec::new(), candidates, most)
}

/// The same beside links that stay.
pub(super) fn select_beside(rows: Rows, stay: Vec<Near>, candidates: &[Near], most: usize) -> Vec<Near> {
    let mut chosen = stay;
    if chosen.len() + candidates.len() <= most {
        chosen.extend(candidates);
        return chosen;
    }
    let mut left = Vec::new();
    for &candidate in candidates {
        if chosen.len() >= most {
            break;
        }
        let own = rows.row(candidate.row as usize);
        let apart = chosen.iter().all(|near| dot(rows.row(near.row as usize), own) < candidate.score);
        if apart { chosen.push(candidate) } else { left.push(candidate) }
    }
    let room = most.saturating_sub(chosen.len());
    chosen.extend(left.into_iter().take(room));
    chosen
}
