//! A term for one of the same form from another document, one on the same topics if there is any.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use super::find_terms::terms;
use super::passage::Passage;
use super::term::{Form, Term};
use crate::dataset::Rng;
use crate::text::key_terms::KeyTerms;

/// Key phrases considered in each document, both to swap and to know what it is about.
const PHRASES: usize = 24;

/// Documents on the same topics that are asked for a term first.
const NEIGHBOURS: usize = 50;

/// Documents in which a stem may stand and still tell topics apart.
const WIDEST: usize = 200;

/// A term of more than one in so many documents tells none from another.
const COMMON: usize = 5;

/// Every term of the corpus.
pub(super) struct TermSwaps {
    /// Terms of each document.
    terms: Vec<Vec<Term>>,
    /// Terms of one form, as (document, number), each text once.
    pool: HashMap<Form, Vec<(usize, usize)>>,
    /// Stems of each document's key phrases, with their idf.
    topics: Vec<Vec<(String, f32)>>,
    /// Documents of each of these stems.
    documents: HashMap<String, Vec<usize>>,
}

/// A swap at every place of the term.
#[derive(Debug)]
pub(super) struct Swap {
    pub(super) places: Vec<Range<usize>>,
    /// As it stands at the first of them, like `to`.
    pub(super) from: String,
    pub(super) to: String,
    pub(super) donor: usize,
    pub(super) text: String,
}

impl TermSwaps {
    pub(super) fn new(passages: &[Passage]) -> Self {
        let contents: Vec<&str> = passages.iter().map(|passage| passage.content.as_str()).collect();
        let key_terms = KeyTerms::new(&contents);
        let mut swaps =
            Self { terms: Vec::new(), pool: HashMap::new(), topics: Vec::new(), documents: HashMap::new() };
        let mut found: Vec<Vec<Term>> = Vec::new();
        for (position, passage) in passages.iter().enumerate() {
            found.push(terms(passage, key_terms.top(position, PHRASES)));
        }
        let mut spread: HashMap<String, usize> = HashMap::new();
        found.iter().flatten().for_each(|term| *spread.entry(term.text.clone()).or_default() += 1);
        let rare = |term: &Term| spread[&term.text] <= (passages.len() / COMMON).max(COMMON);
        let mut seen = HashSet::new();
        for (position, mut found) in found.into_iter().enumerate() {
            found.retain(rare);
            let phrases = key_terms.top(position, PHRASES);
            for (number, term) in found.iter().enumerate() {
                if seen.insert((term.form, term.text.clone())) {
                    swaps.pool.entry(term.form).or_default().push((position, number));
                }
            }
            let mut topic: Vec<&String> = phrases.iter().flat_map(|phrase| &phrase.stems).collect();
            topic.sort_unstable();
            topic.dedup();
            for &stem in &topic {
                swaps.documents.entry(stem.clone()).or_default().push(position);
            }
            swaps.topics.push(topic.into_iter().map(|stem| (stem.clone(), key_terms.idf(stem))).collect());
            swaps.terms.push(found);
        }
        swaps
    }

    /// The terms of the document at `position`.
    pub(super) fn terms(&self, position: usize) -> &[Term] {
        &self.terms[position]
    }

    /// The documents that share most topics with this one, most first.
    pub(super) fn neighbours(&self, position: usize) -> Vec<usize> {
        let mut shared: HashMap<usize, f32> = HashMap::new();
        for (stem, idf) in &self.topics[position] {
            let documents = self.documents.get(stem).filter(|documents| documents.len() <= WIDEST);
            for &document in documents.into_iter().flatten().filter(|&&document| document != position) {
                *shared.entry(document).or_default() += idf;
            }
        }
        let mut ranked: Vec<(usize, f32)> = shared.into_iter().collect();
        ranked.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        ranked.into_iter().take(NEIGHBOURS).map(|(document, _)| document).collect()
    }

    /// Swaps the term of this number for one that the document does not use; none when no other document lends one.
    pub(super) fn swap(
        &self,
        position: usize,
        number: usize,
        passage: &Passage,
        neighbours: &[usize],
        rng: &mut Rng,
    ) -> Option<Swap> {
        let term = &self.terms[position][number];
        let lower = passage.content.to_lowercase();
        let fits = |&(document, number): &(usize, usize)| {
            let other = &self.terms[document][number];
            let used = lower.contains(&other.text.to_lowercase());
            document != position
                && other.form == term.form
                && !used
                && !names_the_same(&term.text, &other.text)
        };
        let near = neighbours
            .iter()
            .flat_map(|&document| (0..self.terms[document].len()).map(move |n| (document, n)));
        let mut found: Vec<(usize, usize)> = near.filter(fits).collect();
        if found.is_empty() {
            let pool = self.pool.get(&term.form)?;
            found = (0..NEIGHBOURS).map(|_| pool[rng.below(pool.len())]).filter(fits).collect();
        }
        // After the same word it plays the same part ("in Paris" lends to "in Rome", not to "by Chopin"); with a word or an
        // ending in common it is of the same sort ("drum solo" and "piano solo", "Marxism" and "Realism").
        let likeness = |&(document, number): &(usize, usize)| {
            let other = &self.terms[document][number];
            2 * usize::from(is_alike(&term.text, &other.text)) + usize::from(other.before == term.before)
        };
        let best = found.iter().map(likeness).max()?;
        found.retain(|lender| likeness(lender) == best);
        let &(donor, lent) = found.get(rng.below(found.len()))?;
        let (content, lent) = (&passage.content, &self.terms[donor][lent]);
        let places = term.places(content);
        let from = content[places.first()?.clone()].to_string();
        let text = replace(content, &places, lent);
        Some(Swap { to: lent.in_place_of(&from), places, from, donor, text })
    }
}

/// "Armenian Church" and "Armenian Apostolic Church", "keys" and "key", may be one thing.
fn names_the_same(one: &str, other: &str) -> bool {
    let words =
        |text: &str| -> Vec<String> { text.to_lowercase().split([' ', '-']).map(str::to_string).collect() };
    let (one, other) = (words(one), words(other));
    let akin = |a: &String, b: &String| a.starts_with(b.as_str()) || b.starts_with(a.as_str());
    let inside = |a: &[String], b: &[String]| a.iter().all(|word| b.iter().any(|other| akin(word, other)));
    inside(&one, &other) || inside(&other, &one)
}

/// Do they share a word, or do their last words end alike?
fn is_alike(one: &str, other: &str) -> bool {
    let ending = |text: &str| text.char_indices().rev().nth(2).map(|(at, _)| text[at..].to_string());
    one.split(' ').any(|word| other.split(' ').any(|other| word == other)) || ending(one) == ending(other)
}

/// The content with another term at each of these places.
fn replace(content: &str, places: &[Range<usize>], term: &Term) -> String {
    let mut text = String::with_capacity(content.len());
    let mut done = 0;
    for place in places {
        text.push_str(&content[done..place.start]);
        text.push_str(&term.in_place_of(&content[place.clone()]));
        done = place.end;
    }
    text + &content[done..]
}
