//! What could be asked of one document, kind by kind, best first.

use std::collections::HashSet;
use std::vec::IntoIter;

use unicode_segmentation::UnicodeSegmentation;

use super::LEAST;
use crate::dataset::{Document, PseudoKind, Rng};
use crate::text::key_terms::KeyTerms;
use crate::text::markdown::{BlockKind, plain};
use crate::text::sentences::{headings, marked_sentences};
use crate::text::words::{Stems, fold, is_stop_word, parted_words as words};

/// Words in a title or heading that is a query.
const TITLE: std::ops::RangeInclusive<usize> = 2..=30;
/// Endings of the names of files that hold documents.
const FILES: [&str; 13] =
    ["csv", "doc", "docx", "htm", "html", "json", "md", "odt", "org", "pdf", "rst", "tex", "txt"];
/// Words in a sentence that is one.
const CLOZE: std::ops::RangeInclusive<usize> = 5..=30;
/// Words in a cropped span.
const CROP: std::ops::RangeInclusive<usize> = 4..=12;
/// Key phrases from which queries are put together.
const PHRASES: usize = 16;

/// The candidates of one document; each kind's are made when it is first asked.
pub(super) struct Candidates<'a> {
    document: &'a Document,
    position: usize,
    key_terms: &'a KeyTerms,
    stems: Stems,
    rng: Rng,
    made: Vec<(PseudoKind, IntoIter<String>)>,
}

impl<'a> Candidates<'a> {
    pub(super) fn new(document: &'a Document, position: usize, key_terms: &'a KeyTerms, rng: Rng) -> Self {
        Self { document, position, key_terms, stems: Stems::default(), rng, made: Vec::new() }
    }

    /// The candidates of this kind that were not taken yet.
    pub(super) fn of(&mut self, kind: PseudoKind) -> &mut IntoIter<String> {
        let number = self.made.iter().position(|(other, _)| *other == kind).unwrap_or_else(|| {
            let made = self.make(kind);
            self.made.push((kind, made.into_iter()));
            self.made.len() - 1
        });
        &mut self.made[number].1
    }

    fn make(&mut self, kind: PseudoKind) -> Vec<String> {
        let mut made = match kind {
            PseudoKind::Title => self.title().into_iter().collect(),
            PseudoKind::Heading => self.headings(),
            PseudoKind::Cloze => self.cloze(),
            PseudoKind::Crop => self.crops(),
            PseudoKind::KeyPhrases => self.key_phrases(),
        };
        // Each is looked at once: what a document repeats is no further candidate.
        let mut seen = HashSet::new();
        made.retain(|query| seen.insert(query.clone()));
        made
    }

    /// The title, unless it is one word, the id or the name of a file.
    fn title(&self) -> Option<String> {
        let title = self.document.title.trim();
        let is_file =
            title.rsplit_once('.').is_some_and(|(_, ending)| FILES.contains(&ending.to_lowercase().as_str()));
        let spaced =
            if title.contains(char::is_whitespace) { title.to_string() } else { title.replace('_', " ") };
        // "Guide > Keys" is the way to a section: its steps are words of the query, its signs are not.
        let steps = plain(&spaced);
        let query: Vec<&str> =
            steps.split(' ').filter(|word| !matches!(*word, ">" | "|" | "/" | "»" | "›")).collect();
        let asked = words(&query.join(" "));
        let is_id = asked == words(&self.document.id.replace(['-', '/', '#'], " "));
        let fits = TITLE.contains(&asked.len()) && !is_id && !is_file;
        (fits && self.says(&asked, 1)).then(|| query.join(" ").trim_end_matches(['.', ':']).to_string())
    }

    /// Headings with enough below them, in random order.
    fn headings(&mut self) -> Vec<String> {
        let title = words(&plain(&self.document.title));
        let mut found: Vec<String> = Vec::new();
        for heading in headings(&self.document.text) {
            let query = plain(heading.title);
            let asked = words(&query);
            if TITLE.contains(&asked.len())
                && asked != title
                && self.says(&asked, 2)
                && words(heading.section).len() >= LEAST
            {
                found.push(query);
            }
        }
        self.rng.shuffle(&mut found);
        found
    }

    /// Sentences that say most, the better half before the other, each half in random order; never the first of several.
    fn cloze(&mut self) -> Vec<String> {
        let mut sentences = self.prose();
        if sentences.len() > 1 {
            sentences.remove(0);
        }
        let mut scored: Vec<(f32, String)> = Vec::new();
        for sentence in sentences {
            let count = words(&sentence).len();
            let code = sentence.contains(['{', '}', '=', '|']) || sentence.ends_with(':');
            if CLOZE.contains(&count) && !code && self.says(&words(&sentence), 4) {
                scored.push((self.information(&sentence), sentence));
            }
        }
        scored.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut best: Vec<String> = scored.into_iter().map(|(_, sentence)| sentence).collect();
        let half = best.len().div_ceil(2);
        let (better, others) = best.split_at_mut(half);
        self.rng.shuffle(better);
        self.rng.shuffle(others);
        best.iter().map(|sentence| sentence.trim_end_matches(['.', ';', ',', '!']).to_string()).collect()
    }

    /// The mean rarity of a sentence's words; half of it when it leans on the sentence before ("It also…").
    fn information(&self, sentence: &str) -> f32 {
        let all = words(sentence);
        let sum: f32 = self.stems.content_words(sentence).iter().map(|stem| self.key_terms.idf(stem)).sum();
        let leans = [
            "it", "this", "that", "these", "those", "they", "he", "she", "his", "her", "its", "their",
            "such", "here", "we",
        ];
        let leaning = all.first().is_some_and(|first| leans.contains(&first.as_str()));
        sum / all.len().max(1) as f32 * if leaning { 0.5 } else { 1.0 }
    }

    /// One span with three telling words from each sentence that is long enough, in random order.
    fn crops(&mut self) -> Vec<String> {
        let mut crops = Vec::new();
        for sentence in self.prose() {
            let spans: Vec<(usize, &str)> = sentence.unicode_word_indices().collect();
            let longest = (*CROP.end()).min(spans.len().saturating_sub(1));
            if longest < *CROP.start() || sentence.contains(['{', '}', '=', '|']) {
                continue;
            }
            // A few draws: some spans are cut at a bracket or are mostly function words.
            let found = (0..5).find_map(|_| {
                let length = CROP.start() + self.rng.below(longest + 1 - CROP.start());
                let start = self.rng.below(spans.len() + 1 - length);
                let crop = crop(&sentence, &spans[start..start + length])?;
                Some(crop).filter(|crop| is_balanced(crop) && self.says(&words(crop), 3))
            });
            crops.extend(found);
        }
        self.rng.shuffle(&mut crops);
        crops
    }

    /// Two to four of the best phrases at a time, none with a word of another.
    fn key_phrases(&mut self) -> Vec<String> {
        let mut used: Vec<&String> = Vec::new();
        let mut phrases: Vec<&str> = Vec::new();
        for phrase in self.key_terms.top(self.position, PHRASES) {
            if phrase.stems.iter().all(|stem| !used.contains(&stem)) {
                used.extend(&phrase.stems);
                phrases.push(&phrase.text);
            }
        }
        let (mut queries, mut rest) = (Vec::new(), phrases.as_slice());
        while rest.len() >= 2 {
            let (taken, left) = rest.split_at((2 + self.rng.below(3)).min(rest.len()));
            queries.push(taken.join(" "));
            rest = left;
        }
        queries
    }

    /// The sentences of paragraphs and lists, as a reader sees them.
    fn prose(&self) -> Vec<String> {
        let text = &self.document.text;
        let sentences = marked_sentences(text).into_iter();
        let prose = sentences.filter(|sentence| matches!(sentence.block, BlockKind::Prose | BlockKind::Item));
        prose.map(|sentence| plain(&text[sentence.range])).collect()
    }

    /// At least so many different words that are no function words.
    fn says(&self, folded: &[String], least: usize) -> bool {
        let mut said: Vec<&String> = folded
            .iter()
            .filter(|word| !is_stop_word(word) && word.chars().any(char::is_alphabetic))
            .collect();
        said.sort_unstable();
        said.dedup();
        said.len() >= least
    }
}

/// The span without function words at either end, if enough is left.
fn crop(sentence: &str, words: &[(usize, &str)]) -> Option<String> {
    let says = |(_, word): &(usize, &str)| !is_stop_word(&fold(word));
    let (first, last) = (words.iter().position(says)?, words.iter().rposition(says)?);
    let kept = &words[first..=last];
    let ((start, _), (end, word)) = (kept.first()?, kept.last()?);
    CROP.contains(&kept.len()).then(|| sentence[*start..end + word.len()].to_string())
}

/// No bracket or quotation mark without its other half.
fn is_balanced(text: &str) -> bool {
    let count = |mark: char| text.matches(mark).count();
    let pairs = [('(', ')'), ('[', ']'), ('“', '”'), ('<', '>')];
    pairs.iter().all(|&(open, close)| count(open) == count(close)) && count('"').is_multiple_of(2)
}
