//! Which documents stand where in a step, and which must not count against whom.

/// One (query, positive) pair with its negatives; all are numbers that the caller can turn into vectors or tokens.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainingExample {
    /// Number of the query.
    pub query: usize,
    /// A relevant document.
    pub positive: usize,
    /// How much the pair counts beside others, above 0; 1 for a person's label.
    pub weight: f32,
    /// Hardest first, each with its weight; may be fewer than asked for. One whose weight is not above 0 is left out.
    pub negatives: Vec<(usize, f32)>,
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
    /// `[batch]`: how much each row counts.
    pub weights: Vec<f32>,
    /// Negatives a row; at least 1, so that shapes never vanish.
    pub negatives: usize,
    /// `[batch, negatives]`: the weight of each negative, 0 for a filler.
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
                let real =
                    |(document, weight): &(usize, f32)| *weight > 0.0 && !example.relevant.contains(document);
                let filler = (example.positive, 0.0);
                let (document, weight) = example.negatives.get(n).copied().filter(real).unwrap_or(filler);
                documents.push(document);
                present.push(weight);
            }
        }
        let positives = std::iter::repeat_n(true, examples.len());
        let real: Vec<bool> = positives.chain(present.iter().map(|&weight| weight > 0.0)).collect();
        let mut excluded = Vec::with_capacity(examples.len() * documents.len());
        for (row, example) in examples.iter().enumerate() {
            for (column, document) in documents.iter().enumerate() {
                let out = column != row && (!real[column] || example.relevant.contains(document));
                excluded.push(if out { 1.0 } else { 0.0 });
            }
        }
        let queries = examples.iter().map(|e| e.query).collect();
        let weights = examples.iter().map(|e| e.weight).collect();
        Self { queries, documents, weights, negatives, present, excluded }
    }
}
