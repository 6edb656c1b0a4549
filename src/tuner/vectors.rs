//! Embeddings before any adapter, by text: nothing is encoded twice with the same weights.

use crate::embeddings::Embeddings;
use crate::error::{Error, Result};
use nearmiss_kernels::{FNV_OFFSET, fnv1a};
use std::collections::{HashMap, HashSet};

/// Names one text under one version of the weights.
pub(super) type Key = u64;

/// A table for each version of the weights, by fingerprint.
pub(super) struct Vectors {
    dim: usize,
    tables: HashMap<u64, Table>,
}

/// Rows by key, in order of arrival.
struct Table {
    rows: Embeddings,
    keys: Vec<Key>,
    at: HashMap<Key, usize>,
}

/// The key of a text for the weights with this fingerprint.
pub(super) fn key(fingerprint: u64, text: &str) -> Key {
    fnv1a(fnv1a(FNV_OFFSET, &fingerprint.to_le_bytes()), text.as_bytes())
}

/// Reads what [`Vectors::export`] wrote.
pub(super) fn parse(text: &str) -> Result<Key> {
    Key::from_str_radix(text, 16)
        .map_err(|_| Error::input("keys", format!("\"{text}\" is not a key of this cache")))
}

impl Vectors {
    pub(super) fn new(dim: usize) -> Self {
        Self { dim, tables: HashMap::new() }
    }

    /// A row that is there already stays: same key, same numbers.
    pub(super) fn put(&mut self, fingerprint: u64, key: Key, row: &[f32]) -> Result<()> {
        let new = || Table { rows: Embeddings::empty(self.dim), keys: Vec::new(), at: HashMap::new() };
        let table = self.tables.entry(fingerprint).or_insert_with(new);
        if !table.at.contains_key(&key) {
            table.rows.push(row)?;
            table.at.insert(key, table.keys.len());
            table.keys.push(key);
        }
        Ok(())
    }

    pub(super) fn get(&self, fingerprint: u64, text: &str) -> Option<&[f32]> {
        self.row(fingerprint, key(fingerprint, text))
    }

    pub(super) fn row(&self, fingerprint: u64, key: Key) -> Option<&[f32]> {
        let table = self.tables.get(&fingerprint)?;
        table.at.get(&key).map(|&row| table.rows.row(row))
    }

    /// The texts that have no row, each once, in order.
    pub(super) fn missing(&self, fingerprint: u64, texts: impl Iterator<Item = String>) -> Vec<String> {
        let table = self.tables.get(&fingerprint);
        let mut seen = HashSet::new();
        texts
            .filter(|text| {
                let key = key(fingerprint, text);
                table.is_none_or(|table| !table.at.contains_key(&key)) && seen.insert(key)
            })
            .collect()
    }

    /// Lets go of all rows of these weights.
    pub(super) fn forget(&mut self, fingerprint: u64) {
        self.tables.remove(&fingerprint);
    }

    /// Keeps the rows of these texts alone, in order of arrival.
    pub(super) fn retain(&mut self, texts: &[String]) {
        for (&fingerprint, table) in &mut self.tables {
            let wanted: HashSet<Key> = texts.iter().map(|text| key(fingerprint, text)).collect();
            let staying: Vec<usize> =
                (0..table.keys.len()).filter(|&at| wanted.contains(&table.keys[at])).collect();
            table.rows = table.rows.gather(&staying);
            table.keys = staying.into_iter().map(|at| table.keys[at]).collect();
            table.at = table.keys.iter().enumerate().map(|(at, &key)| (key, at)).collect();
        }
    }

    /// Keys and rows of these weights, in order of arrival, but for the first `from`.
    pub(super) fn export(&self, fingerprint: u64, from: usize) -> (Vec<String>, &[f32]) {
        let Some(table) = self.tables.get(&fingerprint) else { return (Vec::new(), &[]) };
        let from = from.min(table.keys.len());
        let keys = table.keys[from..].iter().map(|key| format!("{key:016x}")).collect();
        (keys, &table.rows.as_slice()[from * self.dim..])
    }
}
