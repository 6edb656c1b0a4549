//! Hidden states on their way up: what enters a layer, kept so that the layers below need not be computed again.

use super::backend::FEW_SHAPES;
use super::batch::{TokenBatch, fixed_length};
use super::{Bert, Encoder, Tower, backend, l2_normalize, pool};
use crate::error::Result;
use burn::tensor::{Device, Tensor, TensorData, Transaction};
use half::f16;
use std::rc::Rc;

/// The states of one text, in half precision: half of the memory, and the same numbers whether they were kept or computed again.
#[derive(Debug, Clone)]
pub struct States {
    /// `[tokens, hidden]`, row-major, without padding.
    values: Rc<[f16]>,
}

impl States {
    /// What they take in memory.
    pub fn bytes(&self) -> usize {
        self.values.len() * size_of::<f16>()
    }
}

/// What goes through the upper layers.
#[derive(Debug, Clone)]
pub enum Input {
    /// From the bottom.
    Tokens(Vec<u32>),
    /// From the layer at which they were taken.
    States(States),
}

impl Encoder {
    /// What enters the layer with this number for each text.
    ///
    /// On the CPU one text at a time: a text's states then do not depend on what else is in the batch, and a run that computes them
    /// again later gets the same numbers. There is no padding to waste either.
    ///
    /// # Errors
    /// `DeviceLost`, `OutOfMemory`.
    pub async fn states(&self, sequences: &[Vec<u32>], layer: usize, tower: Tower) -> Result<Vec<States>> {
        let most = if FEW_SHAPES { 16 } else { 1 };
        let hidden = self.config().hidden_size;
        let mut all = Vec::with_capacity(sequences.len());
        for part in sequences.chunks(most) {
            let batch = TokenBatch::new(part, self.config().max_position_embeddings, self.device());
            let seq = batch.mask.dims()[1];
            let states = self.now.bert(tower).lower(batch.ids, batch.mask, layer);
            let rows = backend::read_all(Transaction::default().register(states)).await?;
            let texts = rows.iter().flat_map(|values| values.chunks_exact(seq * hidden));
            all.extend(part.iter().zip(texts).map(|(ids, values)| {
                let used = &values[..ids.len().min(seq) * hidden];
                States { values: used.iter().map(|&value| f16::from_f32(value)).collect() }
            }));
        }
        Ok(all)
    }

    /// Pooled unit vectors from inputs of one kind, through any copy of the transformer.
    ///
    /// # Shapes
    /// - output: `[inputs, dimensions]`
    pub fn forward_from(
        &self,
        bert: &Bert,
        inputs: &[&Input],
        layer: usize,
        dropout: f64,
        device: &Device,
    ) -> Tensor<2> {
        let positions = self.config().max_position_embeddings;
        let longest = inputs.iter().map(|input| self.tokens_of(input)).max().unwrap_or(1).clamp(1, positions);
        // Where shapes must be few, rows are filled up with empty texts to a power of two, lengths to one of a few.
        let (rows, seq) = match FEW_SHAPES {
            true => (inputs.len().next_power_of_two(), fixed_length(longest, positions)),
            false => (inputs.len(), longest),
        };
        let (x, mask) = match inputs.first() {
            Some(Input::States(_)) => self.stack(inputs, [rows, seq], device),
            _ => {
                let tokens = |input: &&Input| match input {
                    Input::Tokens(ids) => ids.clone(),
                    Input::States(_) => Vec::new(),
                };
                let mut sequences: Vec<Vec<u32>> = inputs.iter().map(tokens).collect();
                sequences.resize(rows, Vec::new());
                let batch = TokenBatch::new(&sequences, positions, device);
                (bert.lower(batch.ids, batch.mask.clone(), 0), batch.mask)
            }
        };
        let pooled = pool(bert.upper(x, mask.clone(), layer, dropout), mask, self.pooling());
        l2_normalize(pooled.narrow(0, 0, inputs.len()))
    }

    /// Tokens of an input.
    pub fn tokens_of(&self, input: &Input) -> usize {
        match input {
            Input::Tokens(ids) => ids.len(),
            Input::States(states) => states.values.len() / self.config().hidden_size,
        }
    }

    /// `[rows, seq, hidden]` and its mask, padded with zeros.
    fn stack(&self, inputs: &[&Input], [rows, seq]: [usize; 2], device: &Device) -> (Tensor<3>, Tensor<2>) {
        let hidden = self.config().hidden_size;
        let mut values = Vec::with_capacity(rows * seq * hidden);
        let mut mask = Vec::with_capacity(rows * seq);
        for (row, input) in inputs.iter().enumerate() {
            let used = self.tokens_of(input).min(seq);
            if let Input::States(states) = input {
                values.extend(states.values.iter().take(used * hidden).map(|value| value.to_f32()));
            }
            values.resize((row + 1) * seq * hidden, 0.0);
            mask.extend(std::iter::repeat_n(1.0_f32, used));
            mask.resize((row + 1) * seq, 0.0);
        }
        values.resize(rows * seq * hidden, 0.0);
        mask.resize(rows * seq, 0.0);
        let mask = Tensor::from_data(TensorData::new(mask, [rows, seq]), device);
        (Tensor::from_data(TensorData::new(values, [rows, seq, hidden]), device), mask)
    }
}
