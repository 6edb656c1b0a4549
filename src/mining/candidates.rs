//! What enters: for one query, who might be a negative and what is known about its documents.

use crate::dataset::{NegativeSource, Rng};
use crate::error::{Error, Result};
use crate::index::Hit;

/// One query's candidates and judgments; all documents are positions in the corpus.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Candidates {
    /// One for each source that the strategy draws from, except synthetic ones.
    pub lists: Vec<List>,
    /// Random documents for places that stay empty; see [`super::MiningOptions::spares`].
    pub spares: Vec<Candidate>,
    /// Relevant documents, whether among the hits or not.
    pub positives: Vec<Positive>,
    /// Documents that were judged not relevant.
    pub negatives: Vec<Marked>,
    /// Copies of a positive, word for word.
    pub copies: Vec<usize>,
}

/// Candidates of one source, best first by that source's own measure.
#[derive(Debug, Clone, PartialEq)]
pub struct List {
    /// Whose hits these are.
    pub source: NegativeSource,
    /// [`super::MiningOptions::depth`] says how many are looked at.
    pub hits: Vec<Candidate>,
}

/// A document that may become a negative.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Candidate {
    /// The document with its cosine, whatever its source: margins compare it with the positives' cosines.
    pub hit: Hit,
    /// What makes it look like a positive.
    pub likeness: Likeness,
}

/// In which ways a candidate resembles a positive of its query.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Likeness {
    /// Largest Jaccard coefficient of its shingles with a positive's, and that positive.
    pub jaccard: Option<(f32, usize)>,
    /// A positive that is a chunk of the same document.
    pub sibling: Option<usize>,
    /// A positive with the same title.
    pub same_title: Option<usize>,
    /// What the teacher gives it.
    pub teacher: Option<f32>,
}

/// A relevant document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Positive {
    /// Its position.
    pub document: usize,
    /// Its cosine with the query.
    pub score: f32,
    /// Of its judgment, above 0.
    pub weight: f32,
    /// What the teacher gives it.
    pub teacher: Option<f32>,
    /// Numbers of the synthetic near misses made from it, from the number of documents on.
    pub near_misses: Vec<usize>,
}

/// A document that somebody judged not relevant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Marked {
    /// Its position.
    pub document: usize,
    /// Its cosine with the query, where it has one.
    pub score: Option<f32>,
    /// Of its judgment.
    pub weight: f32,
    /// Who judged.
    pub source: NegativeSource,
}

impl From<Hit> for Candidate {
    fn from(hit: Hit) -> Self {
        Self { hit, likeness: Likeness::default() }
    }
}

impl Positive {
    /// One with weight 1.
    pub fn new(document: usize, score: f32) -> Self {
        Self { document, score, weight: 1.0, ..Self::default() }
    }
}

impl Candidates {
    /// How many documents something is known about.
    pub fn known(&self) -> usize {
        self.positives.len() + self.negatives.len() + self.copies.len()
    }

    /// The positive that scores lowest: margins are measured against it.
    pub(super) fn lowest(&self) -> Option<&Positive> {
        self.positives.iter().min_by(|a, b| a.score.total_cmp(&b.score))
    }

    /// The lowest score that the teacher gives a positive.
    pub(super) fn lowest_teacher(&self) -> Option<f32> {
        self.positives.iter().filter_map(|positive| positive.teacher).min_by(f32::total_cmp)
    }

    pub(super) fn is_positive(&self, document: usize) -> bool {
        self.positives.iter().any(|positive| positive.document == document)
    }

    /// Refuses numbers that no rule could compare and positions that no document has.
    pub(super) fn check(&self, query: usize, documents: usize) -> Result<()> {
        let refuse = |what: String| Err(Error::input(format!("candidates[{query}]"), what));
        let hits = self.lists.iter().flat_map(|list| &list.hits).chain(&self.spares);
        let scores = hits.map(|c| (c.hit.position, c.hit.score, c.likeness.teacher));
        let positives = self.positives.iter().map(|p| (p.document, p.score, p.teacher));
        for (document, score, teacher) in positives.chain(scores) {
            if document >= documents {
                return refuse(format!("there is no document {document}, the corpus has {documents}"));
            }
            for score in [Some(score), teacher].into_iter().flatten() {
                if !score.is_finite() {
                    return refuse(format!(
                        "the score of document {document} is {score}: not a finite number"
                    ));
                }
            }
        }
        let marked = self.negatives.iter().map(|marked| marked.document);
        match marked.chain(self.copies.iter().copied()).find(|&document| document >= documents) {
            Some(document) => refuse(format!("there is no document {document}, the corpus has {documents}")),
            None => Ok(()),
        }
    }
}

/// Different positions drawn from the whole corpus, at most `count`, in random order: the same for the same seed and query.
///
/// Floyd's algorithm would keep them unsorted in O(count) as well; drawing until enough are new is as fast while `count` is
/// far below the corpus, and a shuffle serves where it is not.
pub fn random_positions(documents: usize, count: usize, seed: u64, query: usize) -> Vec<usize> {
    let mut rng = Rng::stream(seed ^ 0x7261_6e64_6f6d, query as u64);
    let count = count.min(documents);
    if count * 2 >= documents {
        let mut all: Vec<usize> = (0..documents).collect();
        rng.shuffle(&mut all);
        all.truncate(count);
        return all;
    }
    let mut seen = std::collections::HashSet::with_capacity(count);
    let mut drawn = Vec::with_capacity(count);
    while drawn.len() < count {
        let position = rng.below(documents);
        if seen.insert(position) {
            drawn.push(position);
        }
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_positions_are_different_and_seeded() {
        for (documents, count) in [(10, 10), (10, 99), (1000, 7), (3, 2), (0, 5)] {
            let drawn = random_positions(documents, count, 3, 1);
            let mut sorted = drawn.clone();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!((drawn.len(), sorted.len()), (count.min(documents), count.min(documents)));
            assert!(drawn.iter().all(|&position| position < documents));
            assert_eq!(drawn, random_positions(documents, count, 3, 1));
        }
        assert_ne!(random_positions(1000, 7, 3, 1), random_positions(1000, 7, 3, 2));
        assert_ne!(random_positions(1000, 7, 3, 1), random_positions(1000, 7, 4, 1));
    }
}
