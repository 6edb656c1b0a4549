//! Who might be a negative: candidates of every source that the strategy draws from.

use super::facts::Facts;
use super::round::Scores;
use crate::dataset::{Corpus, NegativeSource};
use crate::embeddings::{Embeddings, dot};
use crate::index::{Bm25, Hit, flat};
use crate::mining::{Candidate, Candidates, List, Marked, MiningOptions, Positive, random_positions};
use crate::tuner::relations::Relations;
use crate::tuner::search::Dense;
use std::ops::Range;
use std::rc::Rc;

/// Sets the draw of answers apart from that of random documents.
const ANSWERS: u64 = 0x616e_7377_6572;

/// Everything that candidates are made from, as it was when the round began.
pub(super) struct Sources {
    pub options: MiningOptions,
    /// Query rows, adapter applied: `[queries, dim]`.
    pub rows: Embeddings,
    pub dense: Rc<Dense>,
    /// Only for strategies that need it.
    pub lexical: Option<Rc<Bm25>>,
    pub relations: Rc<Relations>,
    pub facts: Vec<Facts>,
    /// Texts of the queries.
    pub texts: Vec<String>,
    /// Answers to any query, each once.
    pub answers: Vec<usize>,
    /// Hits looked at for each query.
    pub depth: usize,
}

impl Sources {
    /// Candidates of these queries. Only their own scores are held, never those of all queries.
    pub(super) fn gather(&self, queries: Range<usize>, corpus: &Corpus, scores: &Scores) -> Vec<Candidates> {
        let numbers: Vec<usize> = queries.collect();
        let mut dense = match self.options.draws_from(NegativeSource::Dense) {
            true => flat::search_many(&self.dense.rows, &self.rows.gather(&numbers), self.depth),
            false => vec![Vec::new(); numbers.len()],
        };
        let one = |(at, &number): (usize, &usize)| {
            let hits = self.dense.translate(std::mem::take(&mut dense[at]));
            self.candidates(number, hits, corpus, scores)
        };
        numbers.iter().enumerate().map(one).collect()
    }

    fn candidates(&self, number: usize, dense: Vec<Hit>, corpus: &Corpus, scores: &Scores) -> Candidates {
        let facts = &self.facts[number];
        let positives = facts.documents();
        let candidate = |hit: Hit| {
            let mut likeness = self.relations.likeness(corpus, hit.position, &positives, &self.options);
            likeness.teacher = scores.get(&(number, hit.position)).copied();
            Candidate { hit, likeness }
        };
        let list = |source, hits: Vec<Hit>| List { source, hits: hits.into_iter().map(candidate).collect() };
        let positive = |&(document, weight): &(usize, f32)| Positive {
            weight,
            teacher: scores.get(&(number, document)).copied(),
            ..Positive::new(document, self.score(number, document).unwrap_or(0.0))
        };
        let sources = self.options.sources();
        let lists = sources.iter().filter_map(|&(source, _)| {
            let hits = match source {
                NegativeSource::Dense => dense.clone(),
                NegativeSource::Bm25 => self.lexical_hits(number),
                NegativeSource::Random => self.random_hits(number, self.depth, corpus.len()),
                NegativeSource::InBatch => self.answer_hits(number),
                _ => return None,
            };
            Some(list(source, hits))
        });
        let marked = |marked: &Marked| Marked { score: self.score(number, marked.document), ..*marked };
        Candidates {
            lists: lists.collect(),
            spares: self.spare_hits(number, corpus.len()).into_iter().map(candidate).collect(),
            positives: facts.positives.iter().map(positive).collect(),
            negatives: facts.negatives.iter().map(marked).collect(),
            copies: facts.copies.clone(),
        }
    }

    /// Cosine of a query and a document, where the document has a vector.
    pub(super) fn score(&self, query: usize, document: usize) -> Option<f32> {
        let row = self.dense.row_of(document)?;
        Some(dot(self.rows.row(query), self.dense.rows.row(row)))
    }

    /// By rank in BM25; what is compared with the positives is the cosine all the same.
    fn lexical_hits(&self, query: usize) -> Vec<Hit> {
        let Some(index) = &self.lexical else { return Vec::new() };
        self.scored(query, index.search(&self.texts[query], self.depth).into_iter().map(|hit| hit.position))
    }

    fn random_hits(&self, query: usize, count: usize, documents: usize) -> Vec<Hit> {
        let drawn = random_positions(documents, count, self.options.seed, query);
        self.scored(query, drawn.into_iter())
    }

    /// Another stream of random documents than the strategy's own.
    fn spare_hits(&self, query: usize, documents: usize) -> Vec<Hit> {
        let count = self.options.spares(documents, self.facts[query].known());
        let drawn = random_positions(documents, count, !self.options.seed, query);
        self.scored(query, drawn.into_iter())
    }

    fn answer_hits(&self, query: usize) -> Vec<Hit> {
        let drawn = random_positions(self.answers.len(), self.depth, self.options.seed ^ ANSWERS, query);
        self.scored(query, drawn.into_iter().map(|at| self.answers[at]))
    }

    /// Documents without a vector have no score, and drop out.
    fn scored(&self, query: usize, documents: impl Iterator<Item = usize>) -> Vec<Hit> {
        let hit = |position| Some(Hit { position, score: self.score(query, position)? });
        documents.filter_map(hit).collect()
    }
}
