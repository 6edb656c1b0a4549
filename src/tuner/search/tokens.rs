//! Token embeddings of documents that were compared token by token, kept for the next query.

use crate::embeddings::Embeddings;
use crate::encoder::{TokenEmbeddings, Tower, plan};
use crate::error::Result;
use crate::tuner::{Tuner, vectors};
use half::f16;
use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;
use std::rc::Rc;

/// Bytes; in half precision 384 numbers a token are 768, so this holds some 2,000 passages of 170 tokens. It grows as it is used.
const BUDGET: usize = if cfg!(test) { 1 << 12 } else { 256 << 20 };

/// Texts whose tokens are at hand together in full precision: 32 of 256 tokens and 384 numbers are 13 MB.
pub(super) const TOGETHER: usize = 32;

/// The tokens of one text in half precision: a cosine moves by less than 5e-4.
struct Packed {
    rows: Vec<f16>,
    spans: Vec<Range<usize>>,
}

/// What was encoded last, within [`BUDGET`].
#[derive(Default)]
pub(in crate::tuner) struct TokenCache {
    packed: HashMap<u64, Rc<Packed>>,
    /// Oldest first.
    order: VecDeque<u64>,
    bytes: usize,
}

impl TokenCache {
    fn put(&mut self, key: u64, packed: Rc<Packed>) {
        self.bytes += packed.bytes();
        match self.packed.insert(key, packed) {
            Some(replaced) => self.bytes -= replaced.bytes(),
            None => self.order.push_back(key),
        }
        while self.bytes > BUDGET {
            let Some(oldest) = self.order.pop_front() else { break };
            if let Some(gone) = self.packed.remove(&oldest) {
                self.bytes -= gone.bytes();
            }
        }
    }
}

impl Packed {
    fn of(tokens: &TokenEmbeddings) -> Self {
        let rows = tokens.rows.as_slice().iter().map(|&value| f16::from_f32(value)).collect();
        Self { rows, spans: tokens.spans.clone() }
    }

    fn bytes(&self) -> usize {
        self.rows.len() * 2
    }

    fn open(&self, dim: usize) -> Result<TokenEmbeddings> {
        let rows = Embeddings::new(dim, self.rows.iter().map(|value| value.to_f32()).collect())?;
        Ok(TokenEmbeddings { rows, spans: self.spans.clone() })
    }
}

impl Tuner {
    /// Token embeddings of documents' contents, in order; those that are not at hand are encoded, texts of like length together.
    pub(in crate::tuner) async fn document_tokens(
        &mut self,
        contents: &[String],
    ) -> Result<Vec<TokenEmbeddings>> {
        let fingerprint = self.encoder.fingerprint(Tower::Document);
        let keys: Vec<u64> = contents.iter().map(|text| vectors::key(fingerprint, text)).collect();
        // What was found stays in use, whatever the cache lets go of meanwhile.
        let mut found: HashMap<u64, Rc<Packed>> = HashMap::new();
        found.extend(keys.iter().filter_map(|key| Some((*key, self.tokens.packed.get(key)?.clone()))));
        let mut seen = HashSet::new();
        let is_missing = |&at: &usize| !found.contains_key(&keys[at]) && seen.insert(keys[at]);
        let missing: Vec<usize> = (0..contents.len()).filter(is_missing).collect();
        let texts: Vec<String> = missing.iter().map(|&at| contents[at].clone()).collect();
        for batch in plan(&texts, self.encoder.max_length()) {
            let part: Vec<&str> = batch.iter().map(|&i| texts[i].as_str()).collect();
            let encoded = self.encoder.encode_tokens(&part, Tower::Document).await?;
            for (&i, tokens) in batch.iter().zip(&encoded) {
                let packed = Rc::new(Packed::of(tokens));
                found.insert(keys[missing[i]], packed.clone());
                self.tokens.put(keys[missing[i]], packed);
            }
        }
        let dim = self.encoder.dimensions();
        keys.iter().filter_map(|key| found.get(key)).map(|packed| packed.open(dim)).collect()
    }

    /// Token embeddings of a query.
    pub(in crate::tuner) async fn query_tokens(&self, query: &str) -> Result<TokenEmbeddings> {
        let mut tokens = self.encoder.encode_tokens(&[query], Tower::Query).await?;
        let none =
            || TokenEmbeddings { rows: Embeddings::empty(self.encoder.dimensions()), spans: Vec::new() };
        Ok(tokens.pop().unwrap_or_else(none))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_cache_knows_what_it_holds(puts in prop::collection::vec((0..12u64, 0..900usize), 0..60)) {
            let mut cache = TokenCache::default();
            for (key, numbers) in puts {
                let packed = Packed { rows: vec![f16::ZERO; numbers], spans: Vec::new() };
                let is_known = cache.packed.contains_key(&key);
                cache.put(key, Rc::new(packed));
                prop_assert!(cache.bytes <= BUDGET);
                prop_assert!(is_known || cache.packed.contains_key(&key), "what is new is there");
                prop_assert_eq!(cache.bytes, cache.packed.values().map(|packed| packed.bytes()).sum::<usize>());
                prop_assert_eq!(cache.order.len(), cache.packed.len());
            }
        }
    }
}
