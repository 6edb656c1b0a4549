//! BM25, the lexical baseline.
//!
//! Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009, in Lucene's form: the idf of
//! [`Bm25::idf`], which is never negative, and no factor (k1 + 1), which changes no ranking. k1 and b as in Pyserini's BEIR
//! baselines. Compared with other forms in Kamphuis et al., "Which BM25 Do You Mean?", ECIR 2020.

mod postings;

use super::{Analyzer, Explanation, Hit, TopK};
use postings::{Posting, Postings};

/// How soon a repeated term stops adding to the score.
pub const K1: f32 = 0.9;
/// How much long documents are discounted, 0 (not at all) to 1.
pub const B: f32 = 0.4;

/// The two numbers of the formula; the index is the same for all of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bm25Params {
    /// How soon a repeated term stops adding to the score, 0 or more; 0 counts a term once.
    pub k1: f32,
    /// How much long documents are discounted, 0 (not at all) to 1.
    pub b: f32,
}

impl Default for Bm25Params {
    fn default() -> Self {
        Self { k1: K1, b: B }
    }
}

/// An inverted index over texts; document i is the text at position i.
#[derive(Debug, Clone, Default)]
pub struct Bm25 {
    postings: Postings,
}

impl Bm25 {
    /// Indexes English texts.
    pub fn new<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::with_analyzer(Analyzer::default(), texts)
    }

    /// Indexes texts with this analyzer, through which queries pass too.
    pub fn with_analyzer<T: AsRef<str>>(analyzer: Analyzer, texts: impl IntoIterator<Item = T>) -> Self {
        let mut postings = Postings::new(analyzer);
        for text in texts {
            postings.push(text.as_ref());
        }
        Self { postings }
    }

    /// Adds a text at the end.
    pub fn push(&mut self, text: &str) {
        self.postings.push(text);
    }

    /// Puts another text at a position; nothing where there is none.
    pub fn replace(&mut self, position: usize, text: &str) {
        self.postings.replace(position, text);
    }

    /// Removes what is not kept; later texts move up.
    pub fn retain(&mut self, keep: impl Fn(usize) -> bool) {
        self.postings.retain(keep);
    }

    /// Number of documents.
    pub fn len(&self) -> usize {
        self.postings.len()
    }

    /// True without documents.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What makes terms of texts.
    pub fn analyzer(&self) -> &Analyzer {
        self.postings.analyzer()
    }

    /// The `k` best documents that share a term with the query, best first. A term that the query repeats counts each time.
    pub fn search(&self, query: &str, k: usize) -> Vec<Hit> {
        self.search_with(query, k, Bm25Params::default(), |_| true)
    }

    /// Likewise with other parameters, and of the documents that are allowed.
    pub fn search_with(
        &self,
        query: &str,
        k: usize,
        params: Bm25Params,
        allowed: impl Fn(usize) -> bool,
    ) -> Vec<Hit> {
        let mut scores = vec![0.0f32; self.len()];
        let average = self.postings.average_length();
        for term in self.analyzer().terms(query) {
            let postings = self.postings.of(&term);
            let idf = self.idf(postings.len());
            for posting in postings {
                scores[posting.document as usize] += idf * self.saturation(*posting, average, params);
            }
        }
        let mut best = TopK::new(k);
        let found = scores.iter().enumerate().filter(|(at, score)| **score > 0.0 && allowed(*at));
        found.for_each(|(position, &score)| best.push(position, score));
        best.into_hits()
    }

    /// The score that [`Bm25::search`] gives the document at `position`; 0 for one that shares no term or does not exist.
    pub fn score(&self, query: &str, position: usize) -> f32 {
        let (terms, average) = (self.analyzer().terms(query), self.postings.average_length());
        let found = terms.iter().filter_map(|term| self.posting(term, position));
        let params = Bm25Params::default();
        // In the order of `search`, from the same 0: the same number to the last bit.
        found.fold(0.0, |sum, (found, posting)| {
            sum + self.idf(found) * self.saturation(posting, average, params)
        })
    }

    /// Why the document at `position` has its score for the query: a term a branch, each with its idf and frequency part.
    ///
    /// The value is the score that [`Bm25::search`] gives; 0 for a document that shares no term or does not exist.
    pub fn explain(&self, query: &str, position: usize) -> Explanation {
        self.explain_with(query, position, Bm25Params::default())
    }

    /// Likewise with other parameters.
    pub fn explain_with(&self, query: &str, position: usize, params: Bm25Params) -> Explanation {
        let terms = self.analyzer().terms(query);
        let details: Vec<Explanation> =
            terms.iter().filter_map(|term| self.explain_term(term, position, params)).collect();
        let score = details.iter().fold(0.0, |sum, term| sum + term.value);
        Explanation::node("BM25: sum over the query's terms", score, details)
    }

    fn explain_term(&self, term: &str, position: usize, params: Bm25Params) -> Option<Explanation> {
        let (found, posting) = self.posting(term, position)?;
        let average = self.postings.average_length();
        let (idf, saturation) = (self.idf(found), self.saturation(posting, average, params));
        let frequency_parts = vec![
            Explanation::leaf("tf: occurrences in the document", posting.frequency),
            Explanation::leaf("k1: how soon repetition stops adding", params.k1),
            Explanation::leaf("b: how much length is discounted", params.b),
            Explanation::leaf("dl: terms in the document", self.postings.length(position)),
            Explanation::leaf("avgdl: terms in the average document", average),
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
        let postings = self.postings.of(term);
        let at = postings.binary_search_by_key(&position, |posting| posting.document as usize).ok()?;
        Some((postings.len(), postings[at]))
    }

    /// Rarity of a term in these documents, as it weighs in a score.
    pub fn rarity(&self, term: &str) -> f32 {
        self.idf(self.postings.of(term).len())
    }

    /// Rarity of a term: ln(1 + (N − n + 0.5) / (n + 0.5)) for n of N documents.
    fn idf(&self, document_frequency: usize) -> f32 {
        let (documents, found) = (self.len() as f32, document_frequency as f32);
        (1.0 + (documents - found + 0.5) / (found + 0.5)).ln()
    }

    /// tf / (tf + k1 · (1 − b + b · dl / avgdl)): rises with the term's frequency towards 1.
    fn saturation(&self, posting: Posting, average: f32, Bm25Params { k1, b }: Bm25Params) -> f32 {
        let length = self.postings.length(posting.document as usize) / average;
        posting.frequency / (posting.frequency + k1 * (1.0 - b + b * length))
    }
}
