//! What the judgments say about a query's documents, by position.

use crate::dataset::{Corpus, Judged, JudgedQuery, Source};
use crate::mining::Marked;
use crate::tuner::relations::Relations;

/// One query's judged documents that are in the corpus.
pub(in crate::tuner) struct Facts {
    /// Relevant documents with their weights.
    pub positives: Vec<(usize, f32)>,
    /// Documents judged not relevant; not scored yet.
    pub negatives: Vec<Marked>,
    /// Documents with the same content as a positive.
    pub copies: Vec<usize>,
}

impl Facts {
    pub(in crate::tuner) fn new(query: &JudgedQuery, corpus: &Corpus, relations: &Relations) -> Self {
        let judged = |list: &[Judged]| -> Vec<(usize, f32, Source)> {
            let known = list.iter().filter_map(|j| Some((corpus.position(&j.document)?, j.weight, j.source)));
            known.collect()
        };
        let positives: Vec<(usize, f32)> =
            judged(&query.positives).into_iter().map(|(document, weight, _)| (document, weight)).collect();
        let documents = documents(&positives);
        let copies = relations.copies_of(&documents);
        // A copy of the answer that was marked wrong contradicts the mark on the answer: it teaches nothing.
        let negatives =
            judged(&query.negatives).into_iter().filter(|(document, ..)| !copies.contains(document));
        let marked = |(document, weight, source): (usize, f32, Source)| Marked {
            document,
            score: None,
            weight,
            source: source.into(),
        };
        Self { negatives: negatives.map(marked).collect(), positives, copies }
    }

    /// How many documents something is known about.
    pub(in crate::tuner) fn known(&self) -> usize {
        self.positives.len() + self.negatives.len() + self.copies.len()
    }

    /// Positions of the positives.
    pub(in crate::tuner) fn documents(&self) -> Vec<usize> {
        documents(&self.positives)
    }

    /// Every document known to answer the query, rising.
    pub(in crate::tuner) fn relevant(&self) -> Vec<usize> {
        let mut relevant = [self.documents(), self.copies.clone()].concat();
        relevant.sort_unstable();
        relevant
    }
}

fn documents(positives: &[(usize, f32)]) -> Vec<usize> {
    positives.iter().map(|&(document, _)| document).collect()
}
