//! BM25, the lexical baseline.
//!
//! Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, in Lucene's form: the idf of
//! [`Bm25::idf`], which is never negative, and no factor (k1 + 1), which changes no ranking. k1 and b as in Pyserini's BEIR
//! baselines. Compared with other forms in Kamphuis et al., "Which BM25 Do You Mean?", ECIR 2020.

use std::collections::HashMap;

use super::{Analyzer, Explanation, Hit, TopK};

/// How soon a repeated term stops adding to the score.
pub const K1: f32 = 0.9;
/// How much long documents are discounted, 0 (not at all) to 1.
pub const B: f32 = 0.4;

/// A term's occurrences in one document.
#[derive(Debug, Clone, Copy)]
struct Posting {
    document: u32,
    frequency: f32,
}

/// An inverted index over texts; document i is the text at position i.
#[derive(Debug, Default)]
pub struct Bm25 {
    analyzer: Analyzer,
    /// Term to its postings, by rising position.
    postings: HashMap<String, Vec<Posting>>,
    /// Terms in each document.
    lengths: Vec<f32>,
    average_length: f32,
}

impl Bm25 {
    /// Indexes texts.
    pub fn new<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        let mut index = Self::default();
        for text in texts {
            index.add(text.as_ref());
        }
        let total: f64 = index.lengths.iter().map(|&length| f64::from(length)).sum();
        index.average_length = (total / index.lengths.len().max(1) as f64) as f32;
        index
    }

    fn add(&mut self, text: &str) {
        let document = self.lengths.len() as u32;
        let terms = self.analyzer.terms(text);
        self.lengths.push(terms.len() as f32);
        for term in terms {
            let postings = self.postings.entry(term).or_default();
            match postings.last_mut() {
                Some(last) if last.document == document => last.frequency += 1.0,
                _ => postings.push(Posting { document, frequency: 1.0 }),
            }
        }
    }

    /// Number of documents.
    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    /// True without documents.
    pub fn is_empty(&self) -> bool {
        self.lengths.is_empty()
    }

    /// The `k` best documents that share a term with the query, best first. A term that the query repeats counts each time.
    pub fn search(&self, query: &str, k: usize) -> Vec<Hit> {
        let mut scores = vec![0.0f32; self.len()];
        for term in self.analyzer.terms(query) {
            let postings = self.postings.get(&term).map_or(&[][..], Vec::as_slice);
            let idf = self.idf(postings.len());
            for posting in postings {
                scores[posting.document as usize] += idf * self.saturation(*posting);
            }
        }
        let mut best = TopK::new(k);
        let found = scores.iter().enumerate().filter(|(_, score)| **score > 0.0);
        found.for_each(|(position, &score)| best.push(position, score));
        best.into_hits()
    }

    /// The score that [`Bm25::search`] gives the document at `position`; 0 for one that shares no term or does not exist.
    pub fn score(&self, query: &str, position: usize) -> f32 {
        let terms = self.analyzer.terms(query);
        let found = terms.iter().filter_map(|term| self.posting(term, position));
        // In the order of `search`, from the same 0: the same number to the last bit.
        found.fold(0.0, |sum, (found, posting)| sum + self.idf(found) * self.saturation(posting))
    }

    /// Why the document at `position` has its score for the query: a term a branch, each with its idf and frequency part.
    ///
    /// The value is the score that [`Bm25::search`] gives; 0 for a document that shares no term or does not exist.
    pub fn explain(&self, query: &str, position: usize) -> Explanation {
        let terms = self.analyzer.terms(query);
        let details: Vec<Explanation> =
            terms.iter().filter_map(|term| self.explain_term(term, position)).collect();
        let score = details.iter().fold(0.0, |sum, term| sum + term.value);
        Explanation::node("BM25: sum over the query's terms", score, details)
    }

    fn explain_term(&self, term: &str, position: usize) -> Option<Explanation> {
        let (found, posting) = self.posting(term, position)?;
        let (idf, saturation) = (self.idf(found), self.saturation(posting));
        let frequency_parts = vec![
            Explanation::leaf("tf: occurrences in the document", posting.frequency),
            Explanation::leaf("k1: how soon repetition stops adding", K1),
            Explanation::leaf("b: how much length is discounted", B),
            Explanation::leaf("dl: terms in the document", self.lengths[position]),
            Explanation::leaf("avgdl: terms in the average document", self.average_length),
        ];
        let idf_parts = vec![
            Explanation::leaf("N: documents", self.len() as f32),
            Explanation::leaf("n: documents with the term", found as f32),
        ];
        let factors = vec![
            Explanation::node("idf = ln(1 + (N - n + 0.5) / (n + 0.5))", idf, idf_parts),
            Explanation::node("tf / (tf + k1 * (1 - b + b * dl / avgdl))", saturation, frequency_parts),
        ];
        Some(Explanation::node(format!("{term:?}: idf * tf part"), idf * saturation, factors))
    }

    /// In how many documents the term occurs, and how often in this one; nothing when it does not.
    fn posting(&self, term: &str, position: usize) -> Option<(usize, Posting)> {
        let postings = self.postings.get(term)?;
        let at = postings.binary_search_by_key(&position, |posting| posting.document as usize).ok()?;
        Some((postings.len(), postings[at]))
    }

    /// Rarity of a term: ln(1 + (N − n + 0.5) / (n + 0.5)) for n of N documents.
    fn idf(&self, document_frequency: usize) -> f32 {
        let (documents, found) = (self.len() as f32, document_frequency as f32);
        (1.0 + (documents - found + 0.5) / (found + 0.5)).ln()
    }

    /// tf / (tf + k1 · (1 − b + b · dl / avgdl)): rises with the term's frequency towards 1.
    fn saturation(&self, posting: Posting) -> f32 {
        let length = self.lengths[posting.document as usize] / self.average_length;
        posting.frequency / (posting.frequency + K1 * (1.0 - B + B * length))
    }
}
