//! Texts to token ids: the `tokenizers` crate behind one small type.
//!
//! `tokenizer.json` decides everything (normalisation, vocabulary, special tokens) except length: truncation is set from
//! the model's own maximum, and padding is left to the batch, because the file's own values (128 tokens, always padded,
//! for all-MiniLM-L6-v2) would cut inputs in half and fill short ones with zeros.

use crate::error::{Error, Result};
use std::ops::Range;
use tokenizers::{Tokenizer as HfTokenizer, TruncationParams};

/// Turns text into the ids one model was trained on.
pub struct Tokenizer {
    inner: HfTokenizer,
    max_length: usize,
}

impl Tokenizer {
    /// Reads a Hugging Face `tokenizer.json`.
    ///
    /// `max_length` is in tokens and counts special tokens.
    ///
    /// # Errors
    /// `TokenizerInvalid` when the file is not a tokenizer, or cannot fit its special tokens into `max_length`.
    pub fn from_json(json: &[u8], max_length: usize) -> Result<Self> {
        let invalid = |e: tokenizers::Error| Error::TokenizerInvalid { reason: e.to_string() };
        if max_length < 3 {
            return Err(Error::input("maxLength", format!("must be at least 3 tokens, got {max_length}")));
        }
        // The crate panics on a decoder that it does not know (nothing is ever decoded here) and on a template that names a
        // token it does not define; a panic ends a wasm instance.
        let mut file: serde_json::Map<String, serde_json::Value> =
            serde_json::from_slice(json).map_err(|e| Error::TokenizerInvalid { reason: e.to_string() })?;
        file.remove("decoder");
        check_template(file.get("post_processor"))?;
        let json =
            serde_json::to_vec(&file).map_err(|e| Error::TokenizerInvalid { reason: e.to_string() })?;
        let mut inner = HfTokenizer::from_bytes(json).map_err(invalid)?;
        inner
            .with_truncation(Some(TruncationParams { max_length, ..Default::default() }))
            .map_err(invalid)?;
        inner.with_padding(None);
        Ok(Self { inner, max_length })
    }

    /// Token ids of one text, special tokens included, at most [`Self::max_length`] of them.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self
            .inner
            .encode_fast(text, true)
            .map_err(|e| Error::TokenizerInvalid { reason: e.to_string() })?;
        Ok(encoding.get_ids().to_vec())
    }

    /// The ids that [`Self::encode`] gives, each with the bytes of the text that it stands for; none for a special token that
    /// the model asks for.
    ///
    /// Both ends of a span are char boundaries of `text`, whatever normalisation did to it. Spans may be empty, and may
    /// overlap where one character became several tokens.
    pub fn encode_with_spans(&self, text: &str) -> Result<Vec<(u32, Option<Range<usize>>)>> {
        let encoding =
            self.inner.encode(text, true).map_err(|e| Error::TokenizerInvalid { reason: e.to_string() })?;
        let special = encoding.get_special_tokens_mask().iter().map(|&mark| mark == 1);
        // The crate's offsets were never seen inside a character; but a slice that panics would end a wasm instance.
        let spans = special.zip(encoding.get_offsets()).map(|(special, &(start, end))| {
            (!special).then(|| text.floor_char_boundary(start)..text.ceil_char_boundary(end.max(start)))
        });
        Ok(encoding.get_ids().iter().copied().zip(spans).collect())
    }

    /// Longest output of [`Self::encode`], in tokens.
    pub fn max_length(&self) -> usize {
        self.max_length
    }

    /// Number of tokens, added ones included. Their ids need not be consecutive.
    pub fn vocabulary_size(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// Has every token the same id in both?
    pub fn same_vocabulary(&self, other: &Self) -> bool {
        self.inner.get_vocab(true) == other.inner.get_vocab(true)
    }
}

/// A template may only name special tokens that it defines.
fn check_template(processor: Option<&serde_json::Value>) -> Result<()> {
    let Some(processor) = processor else { return Ok(()) };
    for inner in processor["processors"].as_array().into_iter().flatten() {
        check_template(Some(inner))?;
    }
    let pieces = ["single", "pair"].into_iter().filter_map(|form| processor[form].as_array()).flatten();
    for name in pieces.filter_map(|piece| piece["SpecialToken"]["id"].as_str()) {
        if processor["special_tokens"].get(name).is_none() {
            return Err(Error::TokenizerInvalid {
                reason: format!("its post-processor names \"{name}\", which it does not define"),
            });
        }
    }
    Ok(())
}
