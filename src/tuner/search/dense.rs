//! The documents' embeddings, and searching them.

use super::options::VectorIndex;
use crate::embeddings::{Embeddings, dot};
use crate::encoder::Tower;
use crate::error::{Error, Result};
use crate::index::{Hit, TopK, flat};
use crate::tuner::Tuner;
use std::rc::Rc;

/// Embeddings of the documents that have one, through the adapter.
pub(in crate::tuner) struct Dense {
    pub rows: Embeddings,
    /// Position in the corpus of each row, rising.
    pub positions: Vec<usize>,
}

impl Dense {
    /// The best of all.
    pub(super) fn search(
        &self,
        query: &[f32],
        k: usize,
        _index: VectorIndex,
        _ef: Option<usize>,
    ) -> Vec<Hit> {
        self.translate(flat::search(&self.rows, query, k))
    }

    /// The best of those that are allowed, every one of which is scored.
    pub(super) fn search_where(&self, query: &[f32], k: usize, allowed: impl Fn(usize) -> bool) -> Vec<Hit> {
        let mut best = TopK::new(k);
        let all = self.rows.rows().zip(&self.positions);
        for (row, &position) in all.filter(|(_, position)| allowed(**position)) {
            best.push(position, dot(row, query));
        }
        best.into_hits()
    }

    /// The row of the document at this position, if it has a vector.
    pub(in crate::tuner) fn row_of(&self, position: usize) -> Option<usize> {
        // Where all have one, which is nearly always, a row is its position.
        match self.positions.get(position) {
            Some(&at) if at == position => Some(position),
            _ => self.positions.binary_search(&position).ok(),
        }
    }

    /// From row numbers to positions in the corpus.
    pub(in crate::tuner) fn translate(&self, hits: Vec<Hit>) -> Vec<Hit> {
        let place = |hit: Hit| Hit { position: self.positions[hit.position], ..hit };
        hits.into_iter().map(place).collect()
    }
}

impl Tuner {
    /// The dense index, rebuilt when something made it stale.
    pub(in crate::tuner) async fn dense(&mut self) -> Result<Rc<Dense>> {
        if self.dense.is_none() {
            let fingerprint = self.encoder.fingerprint(Tower::Document);
            let mut base = Embeddings::empty(self.encoder.dimensions());
            let mut positions = Vec::new();
            for (position, document) in self.corpus.documents().iter().enumerate() {
                if let Some(row) = self.vectors.get(fingerprint, &document.content()) {
                    base.push(row)?;
                    positions.push(position);
                }
            }
            let rows = self.encoder.adapt(&base, Tower::Document).await?;
            self.dense = Some(Rc::new(Dense { rows, positions }));
        }
        self.dense.clone().ok_or_else(|| Error::Internal { reason: "no dense index".into() })
    }
}
