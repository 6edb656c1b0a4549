//! Which documents stand where in a step, and which must not count against whom.

use serde::{Deserialize, Serialize};

/// A document that is pushed away.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct HardNegative {
    /// Its number.
    pub document: usize,
    /// How much it counts for its own query; one whose weight is not above 0 is left out.
    pub weight: f32,
    /// By how much a teacher scores the positive above it, if one has spoken.
    pub gap: Option<f32>,
}

impl HardNegative {
    /// With weight 1, unknown to any teacher.
    pub fn new(document: usize) -> Self {
        Self { document, weight: 1.0, gap: None }
    }
}

/// One (query, positive) pair with its negatives; all are numbers that the caller can turn into vectors or tokens.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrainingExample {
    /// Number of the query.
    pub query: usize,
    /// A relevant document.
    pub positive: usize,
    /// How much the pair counts beside others, above 0; 1 for a person's label.
    pub weight: f32,
    /// Hardest first; may be fewer than asked for.
    pub negatives: Vec<HardNegative>,
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
    /// `[batch, negatives]`: by how much a teacher scores the positive above each negative, 0 where none has spoken.
    pub teacher: Vec<f32>,
    /// `[batch, negatives]`: 1 where one has.
    pub taught: Vec<f32>,
    /// `[batch, documents]`: 1 where a document must not count against a query.
    pub excluded: Vec<f32>,
}

impl Layout {
    /// Lays out examples with up to `negatives` negatives each. `out`: must not count against the query of the example at this
    /// place in the batch; asked about its own negatives too, never about its positive where that is its own.
    pub fn new(examples: &[&TrainingExample], negatives: usize, out: impl Fn(usize, usize) -> bool) -> Self {
        let negatives = negatives.max(1);
        let mut documents: Vec<usize> = examples.iter().map(|e| e.positive).collect();
        let places = examples.len() * negatives;
        let (mut present, mut gaps) = (Vec::with_capacity(places), Vec::with_capacity(places));
        for (row, example) in examples.iter().enumerate() {
            for n in 0..negatives {
                let real = |negative: &HardNegative| negative.weight > 0.0 && !out(row, negative.document);
                let filler = HardNegative { document: example.positive, weight: 0.0, gap: None };
                let negative = example.negatives.get(n).copied().filter(real).unwrap_or(filler);
                documents.push(negative.document);
                present.push(negative.weight);
                gaps.push(negative.gap);
            }
        }
        let positives = std::iter::repeat_n(true, examples.len());
        let real: Vec<bool> = positives.chain(present.iter().map(|&weight| weight > 0.0)).collect();
        let mut excluded = Vec::with_capacity(examples.len() * documents.len());
        for row in 0..examples.len() {
            for (column, &document) in documents.iter().enumerate() {
                let excludes = column != row && (!real[column] || out(row, document));
                excluded.push(if excludes { 1.0 } else { 0.0 });
            }
        }
        let queries = examples.iter().map(|e| e.query).collect();
        let weights = examples.iter().map(|e| e.weight).collect();
        let teacher = gaps.iter().map(|gap| gap.unwrap_or(0.0)).collect();
        let taught = gaps.iter().map(|gap| if gap.is_some() { 1.0 } else { 0.0 }).collect();
        Self { queries, documents, weights, negatives, present, teacher, taught, excluded }
    }
}
