//! Weights that training can change, kept aside to go back to.

use super::{Bert, Head, Lora, Tower, Towers};
use std::collections::HashSet;
use std::rc::Rc;

/// A transformer for each side, and what was added to it. Cheap to copy: tensors are shared until one side is replaced.
#[derive(Clone)]
pub struct Snapshot {
    pub(super) bert: Bert,
    pub(super) fingerprint: u64,
    /// For queries, where they have one of their own, with its fingerprint.
    pub(super) query: Option<(Bert, u64)>,
    pub(super) head: Option<(Head, Towers)>,
    /// What made the trained transformer out of the one before it, where that is known.
    pub(super) lora: Option<(Lora, Towers)>,
    /// Keys of the queries that made these weights what they are.
    pub(super) trained_on: Rc<HashSet<u64>>,
}

impl Snapshot {
    pub(super) fn new(bert: Bert, fingerprint: u64) -> Self {
        Self { bert, fingerprint, query: None, head: None, lora: None, trained_on: Rc::default() }
    }

    /// The same weights with another adapter.
    pub fn with_head(self, head: Head, towers: Towers) -> Self {
        Self { head: Some((head, towers)), ..self }
    }

    /// Another transformer on these sides, without a head. `lora`: if it is the one before with this update.
    pub fn with_bert(self, bert: Bert, fingerprint: u64, towers: Towers, lora: Option<Lora>) -> Self {
        let lora = lora.map(|lora| (lora, towers));
        match towers {
            Towers::Shared => Self { lora, ..Self::new(bert, fingerprint) },
            Towers::Query => Self { query: Some((bert, fingerprint)), head: None, lora, ..self },
        }
    }

    /// The same weights with other keys of the queries that they were trained on or chosen by, those of earlier trainings too.
    pub fn with_trained_on(self, keys: HashSet<u64>) -> Self {
        Self { trained_on: Rc::new(keys), ..self }
    }

    /// Keys of the queries that these weights were trained on or chosen by. Weights that came without say nothing.
    pub fn trained_on(&self) -> &Rc<HashSet<u64>> {
        &self.trained_on
    }

    /// The transformer of one side.
    pub fn bert(&self, tower: Tower) -> &Bert {
        match (&self.query, tower) {
            (Some((bert, _)), Tower::Query) => bert,
            _ => &self.bert,
        }
    }

    /// Of these weights; see [`super::Encoder::fingerprint`].
    pub fn fingerprint(&self, tower: Tower) -> u64 {
        match (&self.query, tower) {
            (Some((_, fingerprint)), Tower::Query) => *fingerprint,
            _ => self.fingerprint,
        }
    }

    /// Of both sides.
    pub fn fingerprints(&self) -> [u64; 2] {
        [self.fingerprint(Tower::Document), self.fingerprint(Tower::Query)]
    }

    /// The adapter, if one was trained or imported.
    pub fn head(&self) -> Option<&(Head, Towers)> {
        self.head.as_ref()
    }

    /// What made the transformer of these sides, if that was low-rank updates.
    pub fn lora(&self) -> Option<&(Lora, Towers)> {
        self.lora.as_ref()
    }

    /// Do queries have a transformer of their own?
    pub fn is_split(&self) -> bool {
        self.query.is_some()
    }
}
