//! Words that stand in the same surroundings: the nearest thing to synonyms that documents alone give.
//!
//! Each word has a vector of the words found up to [`WINDOW`] places before it and of those after it, weighted by positive
//! pointwise mutual information with smoothed contexts (Levy, Goldberg and Dagan, "Improving distributional similarity with
//! lessons learned from word embeddings", TACL 3, 2015). Two words are a pair when each is the other's nearest, by a cosine
//! of at least [`LEAST_COSINE`] over at least [`LEAST_SHARED`] common surroundings. Words that stand side by side more often
//! than chance has it are none: those are names and terms ("wind tunnel"), and opposites ("males and females").
//!
//! Both thresholds were chosen by reading the pairs of four collections. 5,000 abstracts of medicine give about 50 pairs, 1,400
//! of aeronautics about 30, most of them good ("results" and "findings", "tumor" and "tumour", "role" and "roles") and some not
//! ("prospective" and "retrospective", "inch" and "foot"); a book on programming gives about 15, a third of them wrong ("inner" and
//! "outer"); 1,600 encyclopaedia paragraphs on many subjects give none. With half as many common surroundings, most of the
//! pairs that come on top are wrong.

use std::collections::{HashMap, HashSet};

use crate::text::sentences::sentences;
use crate::text::words::{is_stop_word, words};

/// Places to either side of a word that are its surroundings.
const WINDOW: usize = 2;
/// Times that a word must stand in the documents.
const LEAST_COUNT: u32 = 5;
/// Words compared, and words that count as surroundings: the most frequent.
const VOCABULARY: usize = 5_000;
/// Surroundings kept of a word: those that say most about it. Bounds the memory, and with it the time.
const KEPT: usize = 200;
/// Words read, from the first document on: more make no better vectors of five thousand words, and take longer.
const READ: usize = 1_000_000;
/// Power of a context's count, so that rare ones weigh less (Levy et al., 3.1).
const SMOOTHING: f64 = 0.75;
/// Surroundings that both words must have.
const LEAST_SHARED: u32 = 20;
/// The least cosine of a pair.
const LEAST_COSINE: f32 = 0.25;

/// Words whose surroundings agree because they count or divide the same thing: never synonyms.
const SERIES: &str = "january february march april may june july august september october november december monday tuesday \
                      wednesday thursday friday saturday sunday spring summer autumn winter one two three four five six \
                      seven eight nine ten eleven twelve twenty thirty forty fifty hundred thousand million billion trillion \
                      first second third fourth fifth sixth seventh eighth ninth tenth seconds minutes hours days weeks \
                      months years decades centuries day week month year decade century north south east west northern \
                      southern eastern western left right daily weekly monthly yearly percent";

/// Pairs of folded words, the more frequent first.
pub(super) fn pairs<T: AsRef<str>>(texts: &[T]) -> Vec<(String, String)> {
    let vocabulary = Vocabulary::new(texts);
    let vectors = vocabulary.vectors(texts);
    let nearest = nearest(&vectors);
    let mutual = |(word, near): (usize, &Option<usize>)| {
        let near = (*near)?;
        let first = word < near && nearest[near] == Some(word);
        first.then(|| (vocabulary.words[word].clone(), vocabulary.words[near].clone()))
    };
    nearest.iter().enumerate().filter_map(mutual).collect()
}

/// The most frequent words, by number.
struct Vocabulary {
    words: Vec<String>,
    /// Which of them can have a synonym: function words, numbers and the like are surroundings only.
    compared: Vec<bool>,
    numbers: HashMap<String, usize>,
}

impl Vocabulary {
    fn new<T: AsRef<str>>(texts: &[T]) -> Self {
        let mut counts: HashMap<String, u32> = HashMap::new();
        for_each_sentence(texts, |words| {
            words.into_iter().for_each(|word| *counts.entry(word).or_default() += 1);
        });
        let mut counted: Vec<(String, u32)> =
            counts.into_iter().filter(|(_, count)| *count >= LEAST_COUNT).collect();
        counted.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        counted.truncate(VOCABULARY);
        let words: Vec<String> = counted.into_iter().map(|(word, _)| word).collect();
        let series: HashSet<&str> = SERIES.split_whitespace().collect();
        let plain = |word: &str| word.chars().all(char::is_alphabetic) && word.chars().nth(2).is_some();
        let compared = |word: &String| plain(word) && !is_stop_word(word) && !series.contains(word.as_str());
        let compared = words.iter().map(compared).collect();
        let numbers = words.iter().cloned().enumerate().map(|(number, word)| (word, number)).collect();
        Self { words, compared, numbers }
    }

    /// The vector of each word: (context, weight), contexts rising, of length 1; empty for words that are not compared or have
    /// too few. See [`context`].
    fn vectors<T: AsRef<str>>(&self, texts: &[T]) -> Vec<Vec<(usize, f32)>> {
        let mut cells: Vec<HashMap<u32, u32>> = vec![HashMap::new(); self.words.len()];
        let mut contexts = vec![0u32; 2 * self.words.len()];
        for_each_sentence(texts, |words| {
            let numbers: Vec<Option<usize>> =
                words.iter().map(|word| self.numbers.get(word).copied()).collect();
            for (at, word) in numbers.iter().enumerate() {
                let Some(word) = word.filter(|&word| self.compared[word]) else { continue };
                let around = at.saturating_sub(WINDOW)..(at + WINDOW + 1).min(numbers.len());
                for place in around.filter(|&place| place != at) {
                    let Some(other) = numbers[place] else { continue };
                    let context = context(other, place > at);
                    *cells[word].entry(context as u32).or_default() += 1;
                    contexts[context] += 1;
                }
            }
        });
        let smoothed: Vec<f64> = contexts.iter().map(|&count| f64::from(count).powf(SMOOTHING)).collect();
        let all: f64 = smoothed.iter().sum();
        let weigh = |cells: HashMap<u32, u32>| {
            let total: f64 = cells.values().copied().map(f64::from).sum();
            let pmi = |(context, count): (u32, u32)| {
                let context = context as usize;
                (context, (f64::from(count) / total * all / smoothed[context]).ln() as f32)
            };
            let positive = cells.into_iter().map(pmi).filter(|(_, weight)| *weight > 0.0);
            let mut vector: Vec<(usize, f32)> = positive.collect();
            if vector.len() < LEAST_SHARED as usize {
                return Vec::new();
            }
            vector.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            vector.truncate(KEPT);
            vector.sort_unstable_by_key(|(context, _)| *context);
            let length = vector.iter().map(|(_, weight)| weight * weight).sum::<f32>().sqrt();
            vector.iter_mut().for_each(|(_, weight)| *weight /= length);
            vector
        };
        cells.into_iter().map(weigh).collect()
    }
}

/// The number of a word as surroundings: before another, or after it.
fn context(word: usize, after: bool) -> usize {
    2 * word + usize::from(after)
}

/// Do they stand side by side more often than chance has it?
fn adjoin(vectors: &[Vec<(usize, f32)>], one: usize, other: usize) -> bool {
    let near = |word: usize, other: usize| {
        let stands =
            |after| vectors[word].binary_search_by_key(&context(other, after), |cell| cell.0).is_ok();
        stands(false) || stands(true)
    };
    near(one, other) || near(other, one)
}

/// For each word the one with the highest cosine, if that is high enough; of equals the more frequent.
fn nearest(vectors: &[Vec<(usize, f32)>]) -> Vec<Option<usize>> {
    let mut holders: Vec<Vec<(usize, f32)>> = vec![Vec::new(); 2 * vectors.len()];
    for (word, vector) in vectors.iter().enumerate() {
        vector.iter().for_each(|&(context, weight)| holders[context].push((word, weight)));
    }
    let mut cosines = vec![(0.0f32, 0u32); vectors.len()];
    let of = |(word, vector): (usize, &Vec<(usize, f32)>)| {
        cosines.fill((0.0, 0));
        for &(context, weight) in vector {
            for &(other, others) in &holders[context] {
                cosines[other].0 += weight * others;
                cosines[other].1 += 1;
            }
        }
        let mut best: Option<(usize, f32)> = None;
        for (other, &(cosine, shared)) in cosines.iter().enumerate() {
            let fits = other != word && shared >= LEAST_SHARED && cosine >= LEAST_COSINE;
            if fits && best.is_none_or(|(_, most)| cosine > most) && !adjoin(vectors, word, other) {
                best = Some((other, cosine));
            }
        }
        best.map(|(other, _)| other)
    };
    vectors.iter().enumerate().map(of).collect()
}

/// Hands over the folded words of each sentence that stands among the first words read; code and links are none.
fn for_each_sentence<T: AsRef<str>>(texts: &[T], mut take: impl FnMut(Vec<String>)) {
    let mut read = 0;
    for text in texts {
        let text = text.as_ref();
        let mut seen: HashSet<&str> = HashSet::new();
        for sentence in sentences(text).into_iter().map(|range| &text[range]) {
            if read >= READ {
                return;
            }
            // A line that a document repeats is no second witness.
            if seen.insert(sentence) {
                let words = words(sentence);
                read += words.len();
                take(words);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "start" and "launch" stand before the same thirty words, "paint" before thirty others. So do "wind" and "tunnel", but
    /// those are one term.
    fn corpus() -> Vec<String> {
        let of = |n: usize| {
            format!(
                "They start s{n} today. They launch s{n} today. We paint p{n}. \
                 A wind tunnel t{n}. Of wind t{n}. Of tunnel t{n}."
            )
        };
        // Each word must stand there five times.
        (0..5).flat_map(|_| (0..30).map(of)).collect()
    }

    #[test]
    fn words_of_the_same_surroundings_are_found_and_no_others() {
        let found = pairs(&corpus());
        assert_eq!(found, [("launch".to_string(), "start".to_string())]);
    }

    #[test]
    fn without_enough_to_go_by_there_are_none() {
        assert!(pairs::<&str>(&[]).is_empty());
        assert!(pairs(&["They start. They launch."]).is_empty());
        assert!(pairs(&vec!["They start the engine. They launch the engine."; 20]).is_empty());
    }

    #[test]
    fn series_are_words_that_could_be_compared() {
        assert!(SERIES.split_whitespace().all(|word| words(word) == [word]));
    }
}
