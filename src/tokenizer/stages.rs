//! The crate's parts by their names in the file: normalizers, pre-tokenizers, models.

use super::invalid;
use crate::error::Result;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::HashMap;
use tokenizers::models::unigram::Unigram;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::{
    BertNormalizer, Lowercase, NFC, NFD, NFKC, NFKD, Precompiled, Prepend, Strip, StripAccents,
};
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::pre_tokenizers::metaspace::Metaspace;
use tokenizers::pre_tokenizers::punctuation::Punctuation;
use tokenizers::pre_tokenizers::whitespace::WhitespaceSplit;
use tokenizers::tokenizer::pattern::Pattern;
use tokenizers::{Model, NormalizedString, Normalizer, Offsets, PreTokenizedString, PreTokenizer, Token};

/// Changes a text before it is split.
pub(super) enum Normalize {
    Stock(Box<dyn Normalizer + Send + Sync>),
    Replace { pattern: Replaced, content: String },
}

/// What a `Replace` looks for. Of regular expressions only the one that sentencepiece's converters write.
#[derive(Clone)]
pub(super) enum Replaced {
    Text(String),
    /// ` {2,}`
    Spaces,
}

impl Pattern for &Replaced {
    fn find_matches(&self, inside: &str) -> tokenizers::Result<Vec<(Offsets, bool)>> {
        let found: Vec<(usize, usize)> = match self {
            Replaced::Text(text) => {
                inside.match_indices(text.as_str()).map(|(at, m)| (at, at + m.len())).collect()
            }
            Replaced::Spaces => runs_of_spaces(inside),
        };
        let (mut all, mut done) = (Vec::new(), 0);
        for (start, end) in found {
            if done < start {
                all.push(((done, start), false));
            }
            all.push(((start, end), true));
            done = end;
        }
        if done < inside.len() || inside.is_empty() {
            all.push(((done, inside.len()), false));
        }
        Ok(all)
    }
}

fn runs_of_spaces(text: &str) -> Vec<(usize, usize)> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(start) = text[at..].find("  ").map(|offset| at + offset) {
        at = text.len() - text[start..].trim_start_matches(' ').len();
        found.push((start, at));
    }
    found
}

impl Normalize {
    pub(super) fn apply(&self, text: &mut NormalizedString) -> tokenizers::Result<()> {
        match self {
            Self::Stock(normalizer) => normalizer.normalize(text),
            Self::Replace { pattern, content } => text.replace(pattern, content),
        }
    }
}

/// Reads `normalizer`, a sequence as its members.
pub(super) fn normalizers(value: &Value) -> Result<Vec<Normalize>> {
    fn stock<N: Normalizer + Send + Sync + DeserializeOwned + 'static>(value: &Value) -> Result<Normalize> {
        Ok(Normalize::Stock(Box::new(part::<N>(value)?)))
    }
    let one = match value["type"].as_str() {
        None if value.is_null() => return Ok(Vec::new()),
        Some("Sequence") => {
            let inner = value["normalizers"].as_array().into_iter().flatten().map(normalizers);
            return Ok(inner.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect());
        }
        Some("BertNormalizer") => stock::<BertNormalizer>(value),
        Some("Strip") => stock::<Strip>(value),
        Some("StripAccents") => stock::<StripAccents>(value),
        Some("Lowercase") => stock::<Lowercase>(value),
        Some("NFC") => stock::<NFC>(value),
        Some("NFD") => stock::<NFD>(value),
        Some("NFKC") => stock::<NFKC>(value),
        Some("NFKD") => stock::<NFKD>(value),
        Some("Prepend") => stock::<Prepend>(value),
        Some("Precompiled") => stock::<Precompiled>(value),
        Some("Replace") => replace(value),
        _ => Err(unknown(
            "normalizer",
            value,
            "BertNormalizer, Strip, StripAccents, Lowercase, NFC, NFD, NFKC, NFKD, Prepend, Precompiled, Replace and Sequence",
        )),
    };
    Ok(vec![one?])
}

fn replace(value: &Value) -> Result<Normalize> {
    let pattern = match (value["pattern"]["String"].as_str(), value["pattern"]["Regex"].as_str()) {
        (Some(text), None) if !text.is_empty() => Replaced::Text(text.to_owned()),
        (None, Some(" {2,}")) => Replaced::Spaces,
        _ => {
            let reason = format!(
                "its normalizer replaces {}; a text, or the Regex \" {{2,}}\", can be",
                value["pattern"]
            );
            return Err(invalid(reason));
        }
    };
    let content =
        value["content"].as_str().ok_or_else(|| invalid("its normalizer replaces without content"))?;
    Ok(Normalize::Replace { pattern, content: content.to_owned() })
}

/// Cuts a text into words.
pub(super) enum Split {
    Bert(BertPreTokenizer),
    Whitespace(WhitespaceSplit),
    Metaspace(Metaspace),
    Punctuation(Punctuation),
}

impl Split {
    pub(super) fn apply(&self, text: &mut PreTokenizedString) -> tokenizers::Result<()> {
        match self {
            Self::Bert(split) => split.pre_tokenize(text),
            Self::Whitespace(split) => split.pre_tokenize(text),
            Self::Metaspace(split) => split.pre_tokenize(text),
            Self::Punctuation(split) => split.pre_tokenize(text),
        }
    }
}

/// Reads `pre_tokenizer`, a sequence as its members.
pub(super) fn splits(value: &Value) -> Result<Vec<Split>> {
    let one = match value["type"].as_str() {
        None if value.is_null() => return Ok(Vec::new()),
        Some("Sequence") => {
            let inner = value["pretokenizers"].as_array().into_iter().flatten().map(splits);
            return Ok(inner.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect());
        }
        Some("BertPreTokenizer") => Split::Bert(BertPreTokenizer),
        Some("WhitespaceSplit") => Split::Whitespace(WhitespaceSplit),
        Some("Metaspace") => Split::Metaspace(part(value)?),
        Some("Punctuation") => Split::Punctuation(part(value)?),
        _ => {
            let known = "BertPreTokenizer, WhitespaceSplit, Metaspace, Punctuation and Sequence";
            return Err(unknown("pre_tokenizer", value, known));
        }
    };
    Ok(vec![one])
}

/// Cuts a word into tokens.
pub(super) enum Words {
    Pieces(WordPiece),
    Unigram(Unigram),
}

/// Reads `model`.
pub(super) fn words(mut value: Value) -> Result<Words> {
    let kind = value["type"].as_str().map(str::to_owned);
    // Old files leave the type out, and have what only WordPiece has.
    let pieces = value.get("continuing_subword_prefix").is_some();
    if let Some(fields) = value.as_object_mut() {
        fields.remove("type");
    }
    match kind.as_deref() {
        Some("WordPiece") => Ok(Words::Pieces(serde_json::from_value(value).map_err(invalid)?)),
        None if pieces => Ok(Words::Pieces(serde_json::from_value(value).map_err(invalid)?)),
        Some("Unigram") => Ok(Words::Unigram(serde_json::from_value(value).map_err(invalid)?)),
        kind => {
            let kind = kind.map_or("missing".to_owned(), |kind| format!("\"{kind}\""));
            Err(invalid(format!("model.type is {kind}; WordPiece and Unigram can be read")))
        }
    }
}

impl Words {
    pub(super) fn tokenize(&self, word: &str) -> tokenizers::Result<Vec<Token>> {
        match self {
            Self::Pieces(model) => model.tokenize(word),
            Self::Unigram(model) => model.tokenize(word),
        }
    }

    pub(super) fn id(&self, token: &str) -> Option<u32> {
        match self {
            Self::Pieces(model) => model.token_to_id(token),
            Self::Unigram(model) => model.token_to_id(token),
        }
    }

    pub(super) fn size(&self) -> usize {
        match self {
            Self::Pieces(model) => model.get_vocab_size(),
            Self::Unigram(model) => model.get_vocab_size(),
        }
    }

    pub(super) fn vocabulary(&self) -> HashMap<String, u32> {
        match self {
            Self::Pieces(model) => model.get_vocab(),
            Self::Unigram(model) => model.get_vocab(),
        }
    }
}

fn part<T: DeserializeOwned>(value: &Value) -> Result<T> {
    // By way of its text: a charsmap wants a string that it can borrow, and a `Value` gives none.
    serde_json::from_str(&value.to_string()).map_err(invalid)
}

fn unknown(part: &str, value: &Value, known: &str) -> crate::error::Error {
    invalid(format!("{part}.type is {}; {known} can be read", value["type"]))
}
