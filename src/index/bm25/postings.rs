//! Which terms stand in which documents, kept up to date document by document.

use crate::index::Analyzer;
use std::collections::HashMap;

/// A term's occurrences in one document.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Posting {
    pub document: u32,
    pub frequency: f32,
}

/// A document as its terms: number and frequency of each, by rising number.
#[derive(Debug, Clone, Default)]
struct Bag {
    terms: Vec<(u32, u32)>,
    length: u32,
}

/// An inverted index and what it was made from, so that a change costs the analysis of what changed and no more.
#[derive(Debug, Clone, Default)]
pub(super) struct Postings {
    analyzer: Analyzer,
    /// A number for every term that was ever seen.
    terms: HashMap<String, u32>,
    /// By term, each by rising document.
    lists: Vec<Vec<Posting>>,
    /// By document.
    bags: Vec<Bag>,
    total_length: u64,
}

impl Postings {
    pub(super) fn new(analyzer: Analyzer) -> Self {
        Self { analyzer, ..Self::default() }
    }

    pub(super) fn analyzer(&self) -> &Analyzer {
        &self.analyzer
    }

    /// Number of documents.
    pub(super) fn len(&self) -> usize {
        self.bags.len()
    }

    /// Terms in a document.
    pub(super) fn length(&self, document: usize) -> f32 {
        self.bags.get(document).map_or(0.0, |bag| bag.length as f32)
    }

    /// Terms in the average document.
    pub(super) fn average_length(&self) -> f32 {
        (self.total_length as f64 / self.bags.len().max(1) as f64) as f32
    }

    /// Where a term occurs.
    pub(super) fn of(&self, term: &str) -> &[Posting] {
        self.terms.get(term).map_or(&[], |&number| &self.lists[number as usize])
    }

    /// Adds a document behind the others.
    pub(super) fn push(&mut self, text: &str) {
        let bag = self.bag(text);
        let document = self.bags.len() as u32;
        for &(term, frequency) in &bag.terms {
            self.lists[term as usize].push(Posting { document, frequency: frequency as f32 });
        }
        self.total_length += u64::from(bag.length);
        self.bags.push(bag);
    }

    /// Puts another text in the place of a document.
    pub(super) fn replace(&mut self, document: usize, text: &str) {
        let Some(old) = self.bags.get(document).cloned() else { return };
        let at = document as u32;
        for (term, _) in old.terms {
            let list = &mut self.lists[term as usize];
            if let Ok(place) = list.binary_search_by_key(&at, |posting| posting.document) {
                list.remove(place);
            }
        }
        let bag = self.bag(text);
        for &(term, frequency) in &bag.terms {
            let list = &mut self.lists[term as usize];
            if let Err(place) = list.binary_search_by_key(&at, |posting| posting.document) {
                list.insert(place, Posting { document: at, frequency: frequency as f32 });
            }
        }
        self.total_length = self.total_length - u64::from(old.length) + u64::from(bag.length);
        self.bags[document] = bag;
    }

    /// Removes the documents that are not kept; those behind them move up.
    pub(super) fn retain(&mut self, keep: impl Fn(usize) -> bool) {
        let bags = std::mem::take(&mut self.bags);
        self.lists.iter_mut().for_each(Vec::clear);
        self.total_length = 0;
        for (_, bag) in bags.into_iter().enumerate().filter(|(at, _)| keep(*at)) {
            let document = self.bags.len() as u32;
            for &(term, frequency) in &bag.terms {
                self.lists[term as usize].push(Posting { document, frequency: frequency as f32 });
            }
            self.total_length += u64::from(bag.length);
            self.bags.push(bag);
        }
    }

    fn bag(&mut self, text: &str) -> Bag {
        let mut numbers: Vec<u32> = Vec::new();
        for term in self.analyzer.terms(text) {
            let next = self.terms.len() as u32;
            let number = *self.terms.entry(term).or_insert(next);
            if number == next {
                self.lists.push(Vec::new());
            }
            numbers.push(number);
        }
        numbers.sort_unstable();
        let length = numbers.len() as u32;
        let runs = numbers.chunk_by(|a, b| a == b);
        Bag { terms: runs.map(|run| (run[0], run.len() as u32)).collect(), length }
    }
}
