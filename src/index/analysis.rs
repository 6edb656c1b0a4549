//! From text to index terms.
//!
//! NFKC, lower case, Unicode word segmentation (UAX #29), Lucene's English stop words, Snowball English stemming: the chain
//! of Lucene's EnglishAnalyzer but for one step. UAX #29 keeps "wgpu.device", "let's" and "relative_margin" whole; here a
//! word is also split at the punctuation inside it, so that each part can be found. Words of other languages pass through
//! unstemmed wherever they have no English suffix.

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// The 33 stop words of Lucene's EnglishAnalyzer (`ENGLISH_STOP_WORDS_SET`), sorted.
const STOP_WORDS: [&str; 33] = [
    "a", "an", "and", "are", "as", "at", "be", "but", "by", "for", "if", "in", "into", "is", "it", "no",
    "not", "of", "on", "or", "such", "that", "the", "their", "then", "there", "these", "they", "this", "to",
    "was", "will", "with",
];

/// Turns text into terms; documents and queries pass through the same one.
pub struct Analyzer {
    stemmer: Stemmer,
}

impl Default for Analyzer {
    fn default() -> Self {
        Self { stemmer: Stemmer::create(Algorithm::English) }
    }
}

impl std::fmt::Debug for Analyzer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Analyzer(english)")
    }
}

impl Analyzer {
    /// The terms of a text in order, repeated as often as they occur.
    ///
    /// ```
    /// let terms = nearmiss::index::Analyzer::default().terms("The relative_margin of keys RUNNING");
    /// assert_eq!(terms, ["relat", "margin", "key", "run"]);
    /// ```
    pub fn terms(&self, text: &str) -> Vec<String> {
        let text = text.nfkc().collect::<String>().to_lowercase();
        let parts = text.unicode_words().flat_map(|word| word.split(joins_words));
        let kept = parts.filter(|part| !part.is_empty() && STOP_WORDS.binary_search(part).is_err());
        kept.map(|part| self.stemmer.stem(part).into_owned()).collect()
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
}
