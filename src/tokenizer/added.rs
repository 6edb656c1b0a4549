//! Tokens that are taken out of a text before anything else is done with it, such as a typed `[SEP]`.
//!
//! As the crate's `AddedVocabulary`, whose automata and regular expressions weigh more than the rest: a tokenizer of this
//! family has five such tokens.

use super::file::AddedToken;
use super::stages::{Normalize, Words};
use crate::error::Result;
use tokenizers::tokenizer::normalizer::Range;
use tokenizers::{NormalizedString, Token};
use unicode_normalization::char::is_combining_mark;

/// All added tokens, by when they are looked for.
pub(super) struct Added {
    written: Vec<Sought>,
    normalized: Vec<Sought>,
}

struct Sought {
    /// What is looked for.
    text: String,
    id: u32,
    token: AddedToken,
}

/// Pieces of a text, those that are an added token with it.
type Pieces = Vec<(NormalizedString, Option<Vec<Token>>)>;

impl Added {
    pub(super) fn new(tokens: Vec<AddedToken>, words: &Words, normalizers: &[Normalize]) -> Result<Self> {
        let mut all = Self { written: Vec::new(), normalized: Vec::new() };
        for token in tokens {
            let mut text = NormalizedString::from(token.content.as_str());
            if token.normalized {
                normalizers
                    .iter()
                    .try_for_each(|normalize| normalize.apply(&mut text))
                    .map_err(super::invalid)?;
            }
            let list = if token.normalized { &mut all.normalized } else { &mut all.written };
            let text = text.get().to_owned();
            // Of two the later counts, as in the crate.
            list.retain(|other: &Sought| other.text != text);
            if !text.is_empty() {
                let id = words.id(&token.content).unwrap_or(token.id);
                list.push(Sought { text, id, token });
            }
        }
        // The longest first, so that the first to match is the longest.
        for list in [&mut all.written, &mut all.normalized] {
            list.sort_by_key(|sought| std::cmp::Reverse(sought.text.len()));
        }
        Ok(all)
    }

    pub(super) fn split_written(&self, piece: NormalizedString) -> tokenizers::Result<Pieces> {
        split(piece, &self.written)
    }

    pub(super) fn split_normalized(&self, piece: NormalizedString) -> tokenizers::Result<Pieces> {
        split(piece, &self.normalized)
    }

    /// Tokens that the model's own vocabulary does not have.
    pub(super) fn beyond(&self, words: &Words) -> usize {
        self.vocabulary().filter(|(token, _)| words.id(token).is_none()).count()
    }

    pub(super) fn vocabulary(&self) -> impl Iterator<Item = (String, u32)> {
        self.written.iter().chain(&self.normalized).map(|sought| (sought.token.content.clone(), sought.id))
    }
}

fn split(piece: NormalizedString, list: &[Sought]) -> tokenizers::Result<Pieces> {
    if list.is_empty() || piece.is_empty() {
        return Ok(vec![(piece, None)]);
    }
    let slice = |(id, start, end): (Option<u32>, usize, usize)| {
        let part = piece.slice(Range::Normalized(start..end)).ok_or("an added token within a character")?;
        let length = part.get().len();
        let token = id.map(|id| vec![Token::new(id, part.get().to_owned(), (0, length))]);
        Ok((part, token))
    };
    matches(piece.get(), list).into_iter().map(slice).collect()
}

/// All of the text in order: what is an added token, by its id, and what lies between. The leftmost match counts, and of those
/// that begin at one place the longest.
fn matches(text: &str, list: &[Sought]) -> Vec<(Option<u32>, usize, usize)> {
    let (mut found, mut done, mut at) = (Vec::new(), 0, 0);
    while at < text.len() {
        let rest = &text[at..];
        let Some(sought) = list.iter().find(|sought| rest.starts_with(&sought.text)) else {
            at += rest.chars().next().map_or(1, char::len_utf8);
            continue;
        };
        let (mut start, mut end) = (at, at + sought.text.len());
        at = end;
        if sought.token.single_word && !stands_alone(text, start, end) {
            continue;
        }
        if sought.token.lstrip {
            start = text[..start].trim_end().len().max(done);
        }
        if sought.token.rstrip {
            end = text.len() - text[end..].trim_start().len();
            at = end;
        }
        if done < start {
            found.push((None, done, start));
        }
        found.push((Some(sought.id), start, end));
        done = end;
    }
    if done < text.len() {
        found.push((None, done, text.len()));
    }
    found
}

/// Is there nothing on either side that `\w` of a regular expression takes for part of a word: letters, marks, numbers, connectors,
/// joiners?
fn stands_alone(text: &str, start: usize, end: usize) -> bool {
    const CONNECTORS: &str =
        "_\u{203f}\u{2040}\u{2054}\u{fe33}\u{fe34}\u{fe4d}\u{fe4e}\u{fe4f}\u{ff3f}\u{200c}\u{200d}";
    let part = |c: char| c.is_alphanumeric() || is_combining_mark(c) || CONNECTORS.contains(c);
    let word = |c: Option<char>| c.is_some_and(part);
    !word(text[..start].chars().next_back()) && !word(text[end..].chars().next())
}
