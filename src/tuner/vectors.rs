//! Embeddings before any adapter, by text: nothing is encoded twice with the same weights.

use crate::embeddings::Embeddings;
use crate::encoder::fnv1a;
use crate::error::{Error, Result};
use std::collections::{HashMap, HashSet};

/// Names one text under one version of the weights.
pub(super) type Key = u64;

/// Rows by key, in order of arrival.
pub(super) struct Vectors {
    rows: Embeddings,
    keys: Vec<Key>,
    at: HashMap<Key, usize>,
}

/// The key of a text for the weights with this fingerprint.
pub(super) fn key(fingerprint: u64, text: &str) -> Key {
    fnv1a(fnv1a(0xcbf2_9ce4_8422_2325, &fingerprint.to_le_bytes()), text.as_bytes())
}

/// Reads what [`Vectors::export`] wrote.
pub(super) fn parse(text: &str) -> Result<Key> {
    Key::from_str_radix(text, 16)
        .map_err(|_| Error::input("keys", format!("\"{text}\" is not a key of this cache")))
}

impl Vectors {
    pub(super) fn new(dim: usize) -> Self {
        Self { rows: Embeddings::empty(dim), keys: Vec::new(), at: HashMap::new() }
    }

    /// A row that is there already stays: same key, same numbers.
    pub(super) fn put(&mut self, key: Key, row: &[f32]) -> Result<()> {
        if !self.at.contains_key(&key) {
            self.rows.push(row)?;
            self.at.insert(key, self.keys.len());
            self.keys.push(key);
        }
        Ok(())
    }

    pub(super) fn get(&self, fingerprint: u64, text: &str) -> Option<&[f32]> {
        self.at.get(&key(fingerprint, text)).map(|&row| self.rows.row(row))
    }

    /// The texts that have no row, each once, in order.
    pub(super) fn missing(&self, fingerprint: u64, texts: impl Iterator<Item = String>) -> Vec<String> {
        let mut seen = HashSet::new();
        texts
            .filter(|text| {
                let key = key(fingerprint, text);
                !self.at.contains_key(&key) && seen.insert(key)
            })
            .collect()
    }

    pub(super) fn export(&self) -> (Vec<String>, &[f32]) {
        (self.keys.iter().map(|key| format!("{key:016x}")).collect(), self.rows.as_slice())
    }
}
