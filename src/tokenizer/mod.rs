//! Texts to token ids: parts of the `tokenizers` crate, put together by what a `tokenizer.json` says.
//!
//! The file decides everything (normalisation, vocabulary, special tokens) except length: truncation is set from the model's
//! own maximum, and padding is left to the batch, because the file's own values (128 tokens, always padded, for
//! all-MiniLM-L6-v2) would cut inputs in half and fill short ones with zeros.
//!
//! The crate's own `Tokenizer` brings every kind of tokenizer, two engines of regular expressions with it: 503 kB of wasm
//! (brotli). The parts that encoders of the BERT family use (WordPiece, and Unigram in the multilingual ones) are 130 kB. Tests
//! hold the one against the other.

mod added;
mod file;
mod stages;
mod template;

use crate::error::{Error, Result};
use added::Added;
use file::File;
use stages::{Normalize, Split, Words};
use std::collections::HashMap;
use std::ops::Range;
use template::Template;
use tokenizers::{Encoding, OffsetType, PreTokenizedString, TruncationDirection};

/// Turns text into the ids one model was trained on.
pub struct Tokenizer {
    added: Added,
    normalizers: Vec<Normalize>,
    splits: Vec<Split>,
    words: Words,
    template: Template,
    max_length: usize,
}

impl Tokenizer {
    /// Reads a Hugging Face `tokenizer.json`.
    ///
    /// `max_length` is in tokens and counts special tokens.
    ///
    /// # Errors
    /// `TokenizerInvalid` when the file is not a tokenizer, names a part of a kind that is not read here, or cannot fit its
    /// special tokens into `max_length`.
    pub fn from_json(json: &[u8], max_length: usize) -> Result<Self> {
        if max_length < 3 {
            return Err(Error::input("maxLength", format!("must be at least 3 tokens, got {max_length}")));
        }
        let file: File = serde_json::from_slice(json).map_err(invalid)?;
        let template = template::read(&file.post_processor)?;
        if template.length() >= max_length {
            let reason = format!("its {} special tokens leave no room in {max_length}", template.length());
            return Err(Error::TokenizerInvalid { reason });
        }
        let normalizers = stages::normalizers(&file.normalizer)?;
        let words = stages::words(file.model)?;
        let added = Added::new(file.added_tokens, &words, &normalizers)?;
        let splits = stages::splits(&file.pre_tokenizer)?;
        Ok(Self { added, normalizers, splits, words, template, max_length })
    }

    /// Token ids of one text, special tokens included, at most [`Self::max_length`] of them.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self.run(text, OffsetType::None)?;
        let ids = encoding.get_ids().iter().copied().take(self.room());
        let Template { before, after } = &self.template;
        Ok(before.iter().copied().chain(ids).chain(after.iter().copied()).collect())
    }

    /// The ids that [`Self::encode`] gives, each with the bytes of the text that it stands for; none for a special token that
    /// the model asks for.
    ///
    /// Both ends of a span are char boundaries of `text`, whatever normalisation did to it. Spans may be empty, and may
    /// overlap where one character became several tokens.
    pub fn encode_with_spans(&self, text: &str) -> Result<Vec<(u32, Option<Range<usize>>)>> {
        let encoding = self.run(text, OffsetType::Byte)?;
        // The crate's offsets were never seen inside a character; but a slice that panics would end a wasm instance.
        let spans = encoding.get_offsets().iter().map(|&(start, end)| {
            Some(text.floor_char_boundary(start)..text.ceil_char_boundary(end.max(start)))
        });
        let own = encoding.get_ids().iter().copied().zip(spans).take(self.room());
        let special = |ids: &[u32]| ids.iter().map(|&id| (id, None)).collect::<Vec<_>>();
        let Template { before, after } = &self.template;
        Ok(special(before).into_iter().chain(own).chain(special(after)).collect())
    }

    /// Longest output of [`Self::encode`], in tokens.
    pub fn max_length(&self) -> usize {
        self.max_length
    }

    /// Number of tokens, added ones included. Their ids need not be consecutive.
    pub fn vocabulary_size(&self) -> usize {
        self.words.size() + self.added.beyond(&self.words)
    }

    /// Has every token the same id in both?
    pub fn same_vocabulary(&self, other: &Self) -> bool {
        self.vocabulary() == other.vocabulary()
    }

    fn vocabulary(&self) -> HashMap<String, u32> {
        let mut all = self.words.vocabulary();
        all.extend(self.added.vocabulary());
        all
    }

    /// Tokens of a text itself.
    fn room(&self) -> usize {
        self.max_length - self.template.length()
    }

    /// The text without the model's special tokens, in the order of the crate's own `Tokenizer`: added tokens as they are
    /// written, normalisation, added tokens that are looked for after it, splitting into words, words into tokens.
    fn run(&self, text: &str, offsets: OffsetType) -> Result<Encoding> {
        let mut pieces = PreTokenizedString::from(text);
        pieces.split(|_, piece| self.added.split_written(piece)).map_err(invalid)?;
        let normalized = |_, mut piece| {
            self.normalizers.iter().try_for_each(|normalize| normalize.apply(&mut piece))?;
            self.added.split_normalized(piece)
        };
        pieces.split(normalized).map_err(invalid)?;
        for split in &self.splits {
            split.apply(&mut pieces).map_err(invalid)?;
        }
        let tokens = |piece: &tokenizers::NormalizedString| self.words.tokenize(piece.get());
        pieces.tokenize_with_limit(tokens, self.room(), TruncationDirection::Right).map_err(invalid)?;
        pieces.into_encoding(None, 0, offsets).map_err(invalid)
    }
}

fn invalid(error: impl ToString) -> Error {
    Error::TokenizerInvalid { reason: error.to_string() }
}
