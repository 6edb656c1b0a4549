//! The words and phrases that set a document apart from the others.
//!
//! Candidates as in RAKE (Rose et al., "Automatic keyword extraction from individual documents", 2010): runs of words
//! between stop words and punctuation. Scores are TF-IDF in place of RAKE's degrees, since a corpus is at hand: (1 + ln tf) ·
//! (1 + ln((1 + N) / (1 + n))) for a word with n of N documents, tf times in this one.

use std::collections::{HashMap, HashSet};

use unicode_segmentation::UnicodeSegmentation;

use super::markdown::link_targets;
use super::sentences::sentences;
use super::words::{Stems, fold, is_stop_word};

/// Words in a phrase, at most. Longer runs are chains of nouns that nobody would search for: they count only as words.
const LONGEST: usize = 4;

/// Phrases kept of each document: more than anyone asks for.
const KEPT: usize = 64;

/// A word or phrase of a document.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyPhrase {
    /// As first written in the document, white space single.
    pub text: String,
    /// The TF-IDF of its words: their sum, divided by the square root of their number. A mean would put lone rare words
    /// first, a sum long phrases.
    pub score: f32,
    /// How often it stands in the document, inflected forms included.
    pub count: usize,
    pub(super) stems: Vec<String>,
}

/// The key phrases of every text of a corpus.
#[derive(Debug, Clone, Default)]
pub struct KeyTerms {
    phrases: Vec<Vec<KeyPhrase>>,
    idf: HashMap<String, f32>,
    unseen: f32,
}

impl KeyTerms {
    /// Finds the key phrases of all texts. What [`sentences`] leaves out (code, links) counts for nothing.
    ///
    /// ```
    /// use nearmiss::text::KeyTerms;
    ///
    /// let terms = KeyTerms::new(&["Rotate the signing key. This signing key is old.", "Bake the bread.", "The key of a door."]);
    /// assert_eq!(terms.top(0, 1)[0].text, "signing key");
    /// ```
    pub fn new<T: AsRef<str>>(texts: &[T]) -> Self {
        let stems = Stems::default();
        let candidates: Vec<Vec<KeyPhrase>> =
            texts.iter().map(|text| candidates(text.as_ref(), &stems)).collect();
        let mut found: HashMap<String, usize> = HashMap::new();
        for phrases in &candidates {
            let words: HashSet<&String> = phrases.iter().flat_map(|phrase| &phrase.stems).collect();
            words.into_iter().for_each(|word| *found.entry(word.clone()).or_default() += 1);
        }
        let idf = |n: usize| 1.0 + ((1 + texts.len()) as f32 / (1 + n) as f32).ln();
        let mut terms = Self {
            phrases: Vec::new(),
            idf: found.into_iter().map(|(word, n)| (word, idf(n))).collect(),
            unseen: idf(0),
        };
        terms.phrases = candidates.into_iter().map(|phrases| terms.rank(phrases)).collect();
        terms
    }

    /// The `n` best phrases of the text at `position`, best first; none when there is no such text.
    pub fn top(&self, position: usize, n: usize) -> &[KeyPhrase] {
        let phrases = self.phrases.get(position).map_or(&[][..], Vec::as_slice);
        &phrases[..n.min(phrases.len())]
    }

    /// How rare a stem is among the texts, 1 or more.
    pub(super) fn idf(&self, stem: &str) -> f32 {
        self.idf.get(stem).copied().unwrap_or(self.unseen)
    }

    /// Merges inflected forms, scores, and keeps the best.
    fn rank(&self, found: Vec<KeyPhrase>) -> Vec<KeyPhrase> {
        let mut frequencies: HashMap<String, usize> = HashMap::new();
        for stem in found.iter().flat_map(|phrase| &phrase.stems) {
            *frequencies.entry(stem.clone()).or_default() += 1;
        }
        let weight = |stem: &String| {
            let tf = frequencies.get(stem).copied().unwrap_or(1) as f32;
            (1.0 + tf.ln()) * self.idf(stem)
        };
        let mut numbers: HashMap<Vec<String>, usize> = HashMap::new();
        let mut phrases: Vec<KeyPhrase> = Vec::new();
        for phrase in found.into_iter().filter(|phrase| phrase.stems.len() <= LONGEST) {
            match numbers.get(&phrase.stems) {
                Some(&number) => phrases[number].count += 1,
                None => {
                    numbers.insert(phrase.stems.clone(), phrases.len());
                    phrases.push(phrase);
                }
            }
        }
        for phrase in &mut phrases {
            let sum: f32 = phrase.stems.iter().map(weight).sum();
            phrase.score = sum / (phrase.stems.len() as f32).sqrt();
        }
        // A stable sort: of equals, the first in the text comes first.
        phrases.sort_by(|a, b| b.score.total_cmp(&a.score));
        phrases.truncate(KEPT);
        phrases
    }
}

/// All runs of content words, in order, unscored.
fn candidates(text: &str, stems: &Stems) -> Vec<KeyPhrase> {
    let targets = link_targets(text);
    let mut phrases = Vec::new();
    for range in sentences(text) {
        let sentence = &text[range.clone()];
        let mut run: Vec<(usize, &str)> = Vec::new();
        for (at, word) in sentence.unicode_word_indices() {
            // UAX #29 counts the underscores of `_emphasis_` to the word.
            let (at, word) = (at + word.len() - word.trim_start_matches('_').len(), word.trim_matches('_'));
            let joined = run.last().is_some_and(|&(from, last)| joins(&sentence[from + last.len()..at]));
            if !joined {
                flush(sentence, &mut run, stems, &mut phrases);
            }
            let hidden = targets.iter().any(|target| target.contains(&(range.start + at)));
            if hidden || !says_something(word) {
                flush(sentence, &mut run, stems, &mut phrases);
            } else {
                run.push((at, word));
            }
        }
        flush(sentence, &mut run, stems, &mut phrases);
    }
    phrases
}

/// Does what stands between two words leave them one phrase?
fn joins(between: &str) -> bool {
    between == "-" || !between.is_empty() && between.chars().all(char::is_whitespace)
}

/// A word of two characters or more, not all digits and no stop word.
fn says_something(word: &str) -> bool {
    word.chars().nth(1).is_some() && word.chars().any(char::is_alphabetic) && !is_stop_word(&fold(word))
}

fn flush(sentence: &str, run: &mut Vec<(usize, &str)>, stems: &Stems, phrases: &mut Vec<KeyPhrase>) {
    if let (Some(&(from, _)), Some(&(last, word))) = (run.first(), run.last()) {
        let words: Vec<&str> = sentence[from..last + word.len()].split_whitespace().collect();
        let stems = run.iter().map(|(_, word)| stems.of(word)).collect();
        phrases.push(KeyPhrase { text: words.join(" "), score: 0.0, count: 1, stems });
    }
    run.clear();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<String> {
        candidates(text, &Stems::default()).into_iter().map(|phrase| phrase.text).collect()
    }

    #[test]
    fn candidates_are_runs_between_stop_words_and_punctuation() {
        let text =
            "The low-density\nlipoprotein is bad, _very bad_: see [the guide](https://x.y/deep) of 1984.";
        assert_eq!(texts(text), ["low-density lipoprotein", "bad", "bad", "guide"]);
        assert!(texts("It is. 12 34! a b c").is_empty());
    }

    #[test]
    fn scores_are_those_of_the_formula() {
        let terms = KeyTerms::new(&["Salt and salt, and iron ore.", "Salt."]);
        let idf = |n: f32| 1.0 + (3.0f32 / (1.0 + n)).ln();
        let top = terms.top(0, 9);
        assert_eq!((top[0].text.as_str(), top[0].count), ("iron ore", 1));
        assert!((top[0].score - 2.0 * idf(1.0) / 2.0f32.sqrt()).abs() < 1e-6);
        assert_eq!((top[1].text.as_str(), top[1].count), ("Salt", 2));
        assert!((top[1].score - (1.0 + 2.0f32.ln()) * idf(2.0)).abs() < 1e-6);
        assert!(terms.top(2, 1).is_empty() && terms.top(1, 0).is_empty());
    }
}
