//! Token ids of several texts as one rectangle, with its mask.

use super::backend::FEW_SHAPES;
use burn::tensor::{Device, Int, Tensor, TensorData};

/// Most tokens in one forward pass. On the CPU larger batches gain nothing (the matrix products are already full) and
/// delay progress; on a GPU this bounds the attention scores.
const TOKENS: usize = 2048;
/// Most texts in one forward pass.
const TEXTS: usize = 32;
/// Padded lengths where shapes must be few, up to the model's maximum.
const LENGTHS: [usize; 5] = [16, 32, 64, 128, 256];

/// Padded token ids and their mask, `[batch, seq]` each.
pub struct TokenBatch {
    /// 0 where there is padding.
    pub ids: Tensor<2, Int>,
    /// 1 for a token, 0 for padding.
    pub mask: Tensor<2>,
}

impl TokenBatch {
    /// Pads to the longest sequence, or to the next of a few fixed lengths where shapes must be few.
    ///
    /// `positions` is the model's longest input; sequences are cut to it.
    pub fn new(sequences: &[impl AsRef<[u32]>], positions: usize, device: &Device) -> Self {
        let longest = sequences.iter().map(|ids| ids.as_ref().len()).max().unwrap_or(1).clamp(1, positions);
        let seq = if FEW_SHAPES { fixed_length(longest, positions) } else { longest };
        let (mut ids, mut mask) = (Vec::new(), Vec::new());
        for sequence in sequences {
            let sequence = sequence.as_ref();
            let used = sequence.len().min(seq);
            ids.extend(sequence.iter().take(used).map(|&id| id as i32));
            ids.extend(std::iter::repeat_n(0, seq - used));
            mask.extend(std::iter::repeat_n(1.0_f32, used));
            mask.extend(std::iter::repeat_n(0.0_f32, seq - used));
        }
        let shape = [sequences.len(), seq];
        Self {
            ids: Tensor::from_data(TensorData::new(ids, shape), device),
            mask: Tensor::from_data(TensorData::new(mask, shape), device),
        }
    }
}

pub(super) fn fixed_length(longest: usize, positions: usize) -> usize {
    LENGTHS.into_iter().find(|&l| l >= longest).unwrap_or(positions).min(positions)
}

/// On the CPU a forward pass of fewer tokens than this is not worth splitting: its matrix products are no longer full.
const FULL: usize = 256;

/// The forward passes of one batch, by the lengths of its sequences in tokens: on the CPU a tenth of a pass at most is padding, as far as its
/// size allows; where shapes must be few it is one. Every index stands in exactly one pass.
///
/// ```
/// # use nearmiss::encoder::passes;
/// assert_eq!(passes(&[10, 300, 290, 12]), [[1, 2], [3, 0]]);
/// ```
pub fn passes(lengths: &[usize]) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    if FEW_SHAPES {
        return vec![order];
    }
    order.sort_by_key(|&at| std::cmp::Reverse(lengths[at]));
    let mut passes: Vec<Vec<usize>> = Vec::new();
    let mut longest = 0;
    for at in order {
        match passes.last_mut() {
            Some(pass) if pass.len() * longest < FULL || lengths[at] * 10 >= longest * 9 => pass.push(at),
            _ => {
                longest = lengths[at];
                passes.push(vec![at]);
            }
        }
    }
    passes
}

/// Cuts texts into batches of like length, so that little is padding.
///
/// Lengths in bytes stand in for tokens, which need not be known yet. Every index of `texts` stands in exactly one batch.
///
/// ```
/// # use nearmiss::encoder::plan;
/// let batches = plan(&["a short one", "b", "a text that is rather longer than the others"], 128);
/// assert_eq!(batches.concat().len(), 3);
/// ```
pub fn plan<S: AsRef<str>>(texts: &[S], max_length: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..texts.len()).collect();
    order.sort_by_key(|&i| texts[i].as_ref().len());
    let mut batches: Vec<Vec<usize>> = Vec::new();
    for i in order {
        // English WordPiece averages over 4 bytes a token; 3 overestimates the length, never the budget.
        let tokens = (texts[i].as_ref().len() / 3 + 2).min(max_length);
        match batches.last_mut() {
            Some(batch) if batch.len() < TEXTS && (batch.len() + 1) * tokens <= TOKENS => batch.push(i),
            _ => batches.push(vec![i]),
        }
    }
    batches
}
