//! Words in the stead of others.

use std::collections::HashMap;

use super::Word;
use crate::dataset::Rng;
use crate::text::words::fold;

/// For a folded word or phrase those that may stand in its stead.
#[derive(Debug, Clone, Default)]
pub(super) struct Synonyms {
    others: HashMap<String, Vec<String>>,
    /// Words of the longest phrase.
    longest: usize,
}

impl Synonyms {
    /// Each row names words and phrases that mean the same.
    pub fn new(rows: &[Vec<String>]) -> Self {
        let mut synonyms = Self::default();
        for row in rows {
            for word in row {
                let key = key(word.split_whitespace());
                synonyms.longest = synonyms.longest.max(key.split(' ').count());
                let others = synonyms.others.entry(key.clone()).or_default();
                for other in row.iter().map(|other| other.split_whitespace().collect::<Vec<_>>().join(" ")) {
                    if fold(&other) != key && !others.contains(&other) {
                        others.push(other);
                    }
                }
            }
        }
        synonyms.others.retain(|_, others| !others.is_empty());
        synonyms
    }

    /// Replaces each word or phrase that has a synonym with this chance; of several synonyms each is equally likely.
    pub fn replace(&self, words: &mut Vec<Word>, chance: f32, rng: &mut Rng) {
        let mut at = 0;
        while at < words.len() {
            let lengths = (1..=self.longest.min(words.len() - at)).rev();
            let found = lengths.filter_map(|length| Some((length, self.of(&words[at..at + length])?))).next();
            let Some((length, others)) = found else {
                at += 1;
                continue;
            };
            if rng.f64() < f64::from(chance) {
                let other = &others[rng.below(others.len())];
                let (first, last) = (words[at].clone(), words[at + length - 1].clone());
                let core = with_case_of(&first.core, other);
                words.splice(at..at + length, [Word { before: first.before, core, after: last.after }]);
                at += 1;
            } else {
                at += length;
            }
        }
    }

    /// What may stand in the stead of a phrase that no punctuation parts.
    fn of(&self, words: &[Word]) -> Option<&[String]> {
        let gaps = words.windows(2);
        let whole = gaps.into_iter().all(|pair| pair[0].after.is_empty() && pair[1].before.is_empty());
        let key = whole.then(|| key(words.iter().map(|word| word.core.as_str())))?;
        self.others.get(&key).map(Vec::as_slice)
    }
}

fn key<'a>(words: impl Iterator<Item = &'a str>) -> String {
    fold(&words.collect::<Vec<_>>().join(" "))
}

/// The word with an upper-case first letter, when the other has one.
fn with_case_of(word: &str, other: &str) -> String {
    let mut rest = other.chars();
    match rest.next() {
        Some(first) if word.chars().next().is_some_and(char::is_uppercase) => {
            first.to_uppercase().chain(rest).collect()
        }
        _ => other.to_owned(),
    }
}
