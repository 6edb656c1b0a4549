//! Token embeddings of documents that were compared token by token, kept for the next query.

use crate::embeddings::Embeddings;
use crate::encoder::{TokenEmbeddings, Tower, plan};
use crate::error::Result;
use crate::tuner::{Tuner, vectors};
use half::f16;
use std::collections::{HashMap, VecDeque};
use std::ops::Range;
use std::rc::Rc;

/// Bytes; in half precision 384 numbers a token are 768, so this holds some 2,000 passages of 170 tokens. It grows as it is used.
const BUDGET: usize = 256 << 20;

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
        self.bytes += packed.rows.len() * 2;
        if self.packed.insert(key, packed).is_none() {
            self.order.push_back(key);
        }
        while self.bytes > BUDGET {
            let Some(oldest) = self.order.pop_front() else { break };
            if let Some(gone) = self.packed.remove(&oldest) {
                self.bytes -= gone.rows.len() * 2;
            }
        }
    }
}

impl Packed {
    fn of(tokens: &TokenEmbeddings) -> Self {
        let rows = tokens.rows.as_slice().iter().map(|&value| f16::from_f32(value)).collect();
        Self { rows, spans: tokens.spans.clone() }
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
        let mut found: Vec<Option<Rc<Packed>>> =
            keys.iter().map(|key| self.tokens.packed.get(key).cloned()).collect();
        let missing: Vec<usize> = (0..contents.len()).filter(|&at| found[at].is_none()).collect();
        let texts: Vec<String> = missing.iter().map(|&at| contents[at].clone()).collect();
        for batch in plan(&texts, self.encoder.max_length()) {
            let part: Vec<&str> = batch.iter().map(|&i| texts[i].as_str()).collect();
            let encoded = self.encoder.encode_tokens(&part, Tower::Document).await?;
            for (&i, tokens) in batch.iter().zip(&encoded) {
                let packed = Rc::new(Packed::of(tokens));
                found[missing[i]] = Some(packed.clone());
                self.tokens.put(keys[missing[i]], packed);
            }
        }
        let dim = self.encoder.dimensions();
        found.iter().flatten().map(|packed| packed.open(dim)).collect()
    }

    /// Token embeddings of a query.
    pub(in crate::tuner) async fn query_tokens(&self, query: &str) -> Result<TokenEmbeddings> {
        let mut tokens = self.encoder.encode_tokens(&[query], Tower::Query).await?;
        let none =
            || TokenEmbeddings { rows: Embeddings::empty(self.encoder.dimensions()), spans: Vec::new() };
        Ok(tokens.pop().unwrap_or_else(none))
    }
}
