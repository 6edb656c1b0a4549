//! Words as every generator of this room sees them.

use std::collections::HashSet;
use std::sync::LazyLock;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// Function words of English: Snowball's list (<https://snowballstem.org/algorithms/english/stop.txt>), and common verbs and
/// adverbs that say as little about a document.
static STOP_WORDS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    "a about above according after again against all allow allows almost along already also although always am \
     among an and another any are around as at back based be became because become becomes been before begin \
     begins being below best between both brings but by called came can can't cannot come comes contain \
     contains could depends describes did didn't do does doesn't doing don't done down due during each early \
     either else even ever every few find first follow following follows for found from full further gave get \
     gets give given gives go goes going gone good got had happens has have having he help helps her here hers \
     herself him himself his how however i if in include included includes including instead into is isn't it \
     it's its itself just keep kept known large last late later leads least less let let's lets like long look \
     made mainly make makes making many may me means might more most mostly much must my myself near need \
     needed needs neither never new next no nor not now occur occurs of off often on once one ones only onto or \
     other others our ours ourselves out over own per provide provides put quite rather really remains require \
     requires said same saw say says second see seen several shall she should show showed shown shows similar \
     simply since small so some still such take taken takes tell tells than that that's the their theirs them \
     themselves then there therefore these they thing things third this those though three through throughout \
     thus to together too took toward towards try turns two under until up upon us use used uses using usually \
     various versus very via want wants was way ways we we'll we're we've well went were what when where \
     whether which while who whom whose why will with within without would wrote yet you you'll you're you've \
     your yours yourself yourselves"
        .split(' ')
        .collect()
});

/// NFKC, lower case, straight apostrophes.
pub(super) fn fold(text: &str) -> String {
    text.nfkc().collect::<String>().to_lowercase().replace('\u{2019}', "'")
}

/// The folded words of a text (UAX #29), in order.
pub(super) fn words(text: &str) -> Vec<String> {
    fold(text).unicode_words().map(str::to_string).collect()
}

/// The folded words of a text, "a_b" being two: titles and file names join words so.
pub(super) fn parted_words(text: &str) -> Vec<String> {
    words(&text.replace('_', " "))
}

/// Is this folded word one that says nothing about a document?
pub(super) fn is_stop_word(folded: &str) -> bool {
    STOP_WORDS.contains(folded)
}

/// Makes one of "key" and "keys" (Snowball English; words of other languages mostly stay as they are).
pub(super) struct Stems(Stemmer);

impl Default for Stems {
    fn default() -> Self {
        Self(Stemmer::create(Algorithm::English))
    }
}

impl Stems {
    /// The stem of a word as written.
    pub(super) fn of(&self, word: &str) -> String {
        self.0.stem(&fold(word)).into_owned()
    }

    /// The stems of the words of a text that are no stop words.
    pub(super) fn content_words(&self, text: &str) -> Vec<String> {
        let words = words(text).into_iter().filter(|word| !is_stop_word(word));
        words.map(|word| self.0.stem(&word).into_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stop_words_are_single_words() {
        assert!(STOP_WORDS.len() > 300 && STOP_WORDS.iter().all(|word| words(word) == [*word]));
        assert!(is_stop_word("don't") && is_stop_word("a") && !is_stop_word("key"));
    }

    #[test]
    fn words_are_folded_and_stemmed() {
        assert_eq!(words("ＦＵＬＬ, “Don’t”!"), ["full", "don't"]);
        assert_eq!(Stems::default().content_words("The keys, and a Key"), ["key", "key"]);
    }
}
