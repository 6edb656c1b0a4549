//! Which documents stand where in a step, and which must not count against whom.

/// One (query, positive) pair with its negatives; all are numbers that the caller can turn into vectors or tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingExample {
    /// Number of the query.
    pub query: usize,
    /// A relevant document.
    pub positive: usize,
    /// Hardest first; may be fewer than asked for.
    pub negatives: Vec<usize>,
    /// Every document known to be relevant to the query: none of these is ever a negative for it.
    pub relevant: Vec<usize>,
}

/// A batch of examples as a rectangle.
#[derive(Debug, Clone, PartialEq)]
pub struct Layout {
    /// One a row.
    pub queries: Vec<usize>,
    /// `batch` positives, then `batch × negatives` negatives row by row; fillers repeat the positive.
    pub documents: Vec<usize>,
    /// Negatives a row; at least 1, so that shapes never vanish.
    pub negatives: usize,
    /// `[batch, negatives]`: 1 where a negative is real.
    pub present: Vec<f32>,
    /// `[batch, documents]`: 1 where a document must not count against a query.
    pub excluded: Vec<f32>,
}

impl Layout {
    /// Lays out examples with up to `negatives` negatives each.
    pub fn new(examples: &[&TrainingExample], negatives: usize) -> Self {
        let negatives = negatives.max(1);
        let mut documents: Vec<usize> = examples.iter().map(|e| e.positive).collect();
        let mut present = Vec::with_capacity(examples.len() * negatives);
        for example in examples {
            for n in 0..negatives {
                let negative = example.negatives.get(n).filter(|d| !example.relevant.contains(d));
                documents.push(*negative.unwrap_or(&example.positive));
                present.push(if negative.is_some() { 1.0 } else { 0.0 });
            }
        }
        let fillers = std::iter::repeat_n(1.0, examples.len()).chain(present.iter().copied());
        let real: Vec<bool> = fillers.map(|p| p > 0.0).collect();
        let mut excluded = Vec::with_capacity(examples.len() * documents.len());
        for (row, example) in examples.iter().enumerate() {
            for (column, document) in documents.iter().enumerate() {
                let out = column != row && (!real[column] || example.relevant.contains(document));
                excluded.push(if out { 1.0 } else { 0.0 });
            }
        }
        let queries = examples.iter().map(|e| e.query).collect();
        Self { queries, documents, negatives, present, excluded }
    }
}
