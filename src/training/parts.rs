//! Texts of like length go through the transformer together, as many as memory allows.

use crate::encoder::{Encoder, Input};

/// Most tokens of one part, whatever the memory: larger ones gain nothing (see the encoder's own batches) and pad more.
const TOKENS: usize = 2048;

/// Rows of one pass.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    /// Numbers of the texts, shortest first.
    pub rows: Vec<usize>,
    /// What its activations take, padding included.
    pub bytes: u64,
}

/// Cuts texts into parts, each within the budget if it has more than one text.
pub(super) fn parts(texts: &[Input], encoder: &Encoder, layer: usize, budget: u64) -> Vec<Part> {
    let lengths: Vec<usize> = texts.iter().map(|text| encoder.tokens_of(text)).collect();
    let config = encoder.config();
    let sizes = Sizes {
        hidden: config.hidden_size as u64,
        wide: config.intermediate_size as u64,
        heads: config.num_attention_heads as u64,
        layers: (config.num_hidden_layers - layer.min(config.num_hidden_layers)) as u64,
    };
    cut(&lengths, |rows, length| sizes.bytes(rows as u64, length as u64), budget)
}

/// Of what is kept for the backward pass.
struct Sizes {
    hidden: u64,
    wide: u64,
    heads: u64,
    layers: u64,
}

impl Sizes {
    /// Numbers kept a token and layer, 4 bytes each: of the hidden size (projections, residuals, two norms), of the wide one (GELU and
    /// its parts), and scores and softmax of each head. A step of MiniLM with every layer over 20 passages of 160 tokens took 1.2 GB
    /// with burn-flex; this says 1.4.
    fn bytes(&self, rows: u64, length: u64) -> u64 {
        let token = 14 * self.hidden + 3 * self.wide + 3 * self.heads * length;
        4 * rows * length * (token * self.layers + self.hidden)
    }
}

fn cut(lengths: &[usize], bytes: impl Fn(usize, usize) -> u64, budget: u64) -> Vec<Part> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&row| lengths[row]);
    let mut parts: Vec<Part> = Vec::new();
    for row in order {
        let length = lengths[row].max(1);
        match parts.last_mut() {
            Some(part) if fits(part.rows.len() + 1, length, &bytes, budget) => {
                part.rows.push(row);
                part.bytes = bytes(part.rows.len(), length);
            }
            _ => parts.push(Part { rows: vec![row], bytes: bytes(1, length) }),
        }
    }
    parts
}

fn fits(rows: usize, length: usize, bytes: impl Fn(usize, usize) -> u64, budget: u64) -> bool {
    rows * length <= TOKENS && bytes(rows, length) <= budget
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_stands_in_one_part_shortest_first_and_within_the_budget() {
        let lengths: Vec<usize> = (0..100).map(|at| 1 + at * 37 % 120).collect();
        let parts = cut(&lengths, |rows, length| (rows * length) as u64, 500);
        let mut rows: Vec<usize> = parts.iter().flat_map(|part| part.rows.clone()).collect();
        assert!(rows.windows(2).all(|pair| lengths[pair[0]] <= lengths[pair[1]]));
        rows.sort_unstable();
        assert_eq!(rows, (0..100).collect::<Vec<_>>());
        assert!(parts.iter().all(|part| part.bytes <= 500));
        let padded: u64 = parts.iter().map(|part| part.bytes).sum();
        let real: usize = lengths.iter().sum();
        assert!((padded as f64) < 1.2 * real as f64, "{padded} for {real}");
    }

    #[test]
    fn a_text_over_the_budget_goes_alone() {
        let parts = cut(&[10, 20], |rows, length| (rows * length) as u64, 5);
        assert_eq!(parts.iter().map(|part| part.rows.len()).collect::<Vec<_>>(), [1, 1]);
    }
}
