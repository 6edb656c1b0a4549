//! From text to index terms.
//!
//! NFKC, lower case, Unicode word segmentation (UAX #29), Lucene's English stop words, Snowball stemming: for English the chain
//! of Lucene's EnglishAnalyzer but for one step. UAX #29 keeps "wgpu.device", "let's" and "relative_margin" whole; here a
//! word is also split at the punctuation inside it, so that each part can be found. Words of other languages pass through
//! unstemmed wherever they have no suffix of the chosen one.

use crate::error::{Error, Result};
use rust_stemmers::{Algorithm, Stemmer};
use std::ops::Range;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// The 33 stop words of Lucene's EnglishAnalyzer (`ENGLISH_STOP_WORDS_SET`), sorted.
const STOP_WORDS: [&str; 33] = [
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no",
    "not", "of", "on", "or", "such", "that", "the", "their", "then", "there", "these", "they", "this", "to",
    "was", "will", "with",
];

/// Snowball's languages by their English names.
const LANGUAGES: [(&str, Algorithm); 18] = [
    ("arabic", Algorithm::Arabic),
    ("danish", Algorithm::Danish),
    ("dutch", Algorithm::Dutch),
    ("english", Algorithm::English),
    ("finnish", Algorithm::Finnish),
    ("french", Algorithm::French),
    ("german", Algorithm::German),
    ("greek", Algorithm::Greek),
    ("hungarian", Algorithm::Hungarian),
    ("italian", Algorithm::Italian),
    ("norwegian", Algorithm::Norwegian),
    ("portuguese", Algorithm::Portuguese),
    ("romanian", Algorithm::Romanian),
    ("russian", Algorithm::Russian),
    ("spanish", Algorithm::Spanish),
    ("swedish", Algorithm::Swedish),
    ("tamil", Algorithm::Tamil),
    ("turkish", Algorithm::Turkish),
];

/// Turns text into terms; documents and queries pass through the same one.
pub struct Analyzer {
    language: Option<Algorithm>,
    stemmer: Option<Stemmer>,
}

impl Default for Analyzer {
    fn default() -> Self {
        Self::stemming(Some(Algorithm::English))
    }
}

impl Clone for Analyzer {
    fn clone(&self) -> Self {
        Self::stemming(self.language)
    }
}

impl std::fmt::Debug for Analyzer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Analyzer({:?})", self.language)
    }
}

impl Analyzer {
    /// For a language by its English name, or "none" for words as they are. Only English has stop words: those of other languages
    /// stand in so many documents that they weigh next to nothing.
    ///
    /// # Errors
    /// `InputInvalid` for a language without a stemmer.
    ///
    /// ```
    /// let german = nearmiss::index::Analyzer::new("german").unwrap();
    /// assert_eq!(german.terms("Schlüssel drehen, drehte"), ["schlussel", "dreh", "dreht"]);
    /// assert!(nearmiss::index::Analyzer::new("klingon").is_err());
    /// ```
    pub fn new(language: &str) -> Result<Self> {
        if language == "none" {
            return Ok(Self::stemming(None));
        }
        match LANGUAGES.iter().find(|(name, _)| *name == language) {
            Some((_, algorithm)) => Ok(Self::stemming(Some(*algorithm))),
            None => {
                let names = LANGUAGES.map(|(name, _)| name).join(", ");
                Err(Error::input("language", format!("must be none or one of {names}; got \"{language}\"")))
            }
        }
    }

    fn stemming(language: Option<Algorithm>) -> Self {
        Self { language, stemmer: language.map(Stemmer::create) }
    }

    /// The terms of a text in order, repeated as often as they occur.
    ///
    /// ```
    /// let terms = nearmiss::index::Analyzer::default().terms("The relative_margin of keys RUNNING");
    /// assert_eq!(terms, ["relat", "margin", "key", "run"]);
    /// ```
    pub fn terms(&self, text: &str) -> Vec<String> {
        let text = text.nfkc().collect::<String>().to_lowercase();
        let parts = text.unicode_words().flat_map(|word| word.split(joins_words));
        let kept = parts.filter(|part| !part.is_empty() && !self.is_stop_word(part));
        kept.map(|part| self.stem(part)).collect()
    }

    /// The terms with the bytes of the text that they stand for, word by word as written: for marking them. What compatibility
    /// forms hide ("①" is "1") keeps its place, as the text itself is taken apart.
    pub fn spans(&self, text: &str) -> Vec<(String, Range<usize>)> {
        let mut spans = Vec::new();
        for (start, word) in text.unicode_word_indices() {
            let mut at = start;
            for part in word.split(joins_words) {
                let range = at..at + part.len();
                let folded = part.nfkc().collect::<String>().to_lowercase();
                if !folded.is_empty() && !self.is_stop_word(&folded) {
                    spans.push((self.stem(&folded), range.clone()));
                }
                at = range.end + text[range.end..].chars().next().map_or(0, char::len_utf8);
            }
        }
        spans
    }

    fn stem(&self, word: &str) -> String {
        self.stemmer.as_ref().map_or_else(|| word.to_owned(), |stemmer| stemmer.stem(word).into_owned())
    }

    fn is_stop_word(&self, word: &str) -> bool {
        matches!(self.language, Some(Algorithm::English)) && STOP_WORDS.binary_search(&word).is_ok()
    }
}

/// Punctuation that UAX #29 lets stand inside a word (MidLetter, MidNum, MidNumLet, ExtendNumLet). Not "whatever is no
/// letter": the virama of Devanagari and its kin are none, and belong to their words.
fn joins_words(c: char) -> bool {
    c.is_ascii_punctuation() || matches!(c, '\u{2019}' | '\u{2018}' | '·' | '‧' | '‿')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_words_are_sorted_for_the_binary_search() {
        assert!(STOP_WORDS.is_sorted());
    }

    #[test]
    fn other_scripts_and_compatibility_forms_give_terms() {
        let analyzer = Analyzer::default();
        assert_eq!(analyzer.terms("ＦＵＬＬ ﬁle"), ["full", "file"]);
        assert_eq!(analyzer.terms("ключ Schlüssel"), ["ключ", "schlüssel"]);
        assert_eq!(analyzer.terms("検索").len(), 2);
        assert_eq!(analyzer.terms("हिन्दी"), ["हिन्दी"]);
        assert_eq!(analyzer.terms("it’s a.b:c"), ["s", "b", "c"]);
        assert!(analyzer.terms(" \u{200b}…—! ").is_empty());
    }

    #[test]
    fn spans_are_where_the_terms_stand() {
        let text = "It’s a ＦＵＬＬ relative_margin: ключ, the keys!";
        let spans = Analyzer::default().spans(text);
        let found: Vec<(&str, &str)> =
            spans.iter().map(|(term, at)| (term.as_str(), &text[at.clone()])).collect();
        let expected = [
            ("s", "s"),
            ("full", "ＦＵＬＬ"),
            ("relat", "relative"),
            ("margin", "margin"),
            ("ключ", "ключ"),
            ("key", "keys"),
        ];
        assert_eq!(found, expected);
    }
}
