//! The layers of a transformer with linear maps in eight bits, for encoding on a CPU: plain rows, text after text, without padding.
//!
//! Only inference: training and tokens for late interaction stay in floats. Attention's own products, softmax, GELU and layer norm are
//! those of the CPU build.

use super::backend::read_all;
use super::bert::{Bert, BertLayer};
use super::config::Pooling;
use crate::error::{Error, Result};
use burn::nn::{LayerNorm, Linear};
use burn::tensor::{Int, Tensor, TensorData, Transaction};
use nearmiss_kernels::{Quantized, View, add, gelu, layer_norm, masked_softmax, product};
use std::cell::RefCell;
use std::rc::Rc;

/// Transformers that encode in turns: the one in use and the one that comes after it, and one for queries alone.
const COPIES: usize = 3;

/// Those that encoded last, by fingerprint.
#[derive(Default)]
pub(super) struct Copies(RefCell<Vec<(u64, Rc<QuantizedLayers>)>>);

impl Copies {
    /// The copy of a transformer, made when it is first asked for.
    ///
    /// # Errors
    /// `Internal` when a tensor cannot be read.
    pub async fn of(&self, fingerprint: u64, bert: &Bert) -> Result<Rc<QuantizedLayers>> {
        let at = self.0.borrow().iter().position(|(own, _)| *own == fingerprint);
        let copy = match at {
            Some(at) => self.0.borrow_mut().remove(at).1,
            None => Rc::new(QuantizedLayers::of(bert).await?),
        };
        let mut copies = self.0.borrow_mut();
        copies.insert(0, (fingerprint, copy.clone()));
        copies.truncate(COPIES);
        Ok(copy)
    }
}

/// All layers of one transformer.
pub(super) struct QuantizedLayers {
    layers: Vec<Layer>,
    hidden: usize,
}

struct Layer {
    /// Query, key and value: one map, `[hidden, 3 hidden]`.
    inward: Quantized,
    output: Quantized,
    inner: Quantized,
    outer: Quantized,
    attention_norm: Norm,
    norm: Norm,
    heads: usize,
}

struct Norm {
    gamma: Vec<f32>,
    beta: Vec<f32>,
    epsilon: f32,
}

impl QuantizedLayers {
    /// # Errors
    /// `Internal` when a tensor cannot be read.
    pub async fn of(bert: &Bert) -> Result<Self> {
        let mut layers = Vec::with_capacity(bert.layers.len());
        for layer in &bert.layers {
            layers.push(Layer::of(layer).await?);
        }
        let [_, hidden] = bert.embeddings.word.dims();
        Ok(Self { layers, hidden })
    }

    /// Pooled unit vectors.
    ///
    /// # Shapes
    /// - output: `[sequences, hidden]`, row-major
    ///
    /// # Errors
    /// `Internal` when a tensor cannot be read.
    pub async fn encode(&self, bert: &Bert, sequences: &[Vec<u32>], pooling: Pooling) -> Result<Vec<f32>> {
        let [positions, _] = bert.embeddings.position.dims();
        let cut: Vec<&[u32]> = sequences.iter().map(|ids| &ids[..ids.len().min(positions)]).collect();
        let mut x = self.embed(bert, &cut).await?;
        let lengths: Vec<usize> = cut.iter().map(|ids| ids.len()).collect();
        for layer in &self.layers {
            layer.forward(&mut x, &lengths, self.hidden);
        }
        Ok(pooled(&x, &lengths, self.hidden, pooling))
    }

    /// `[tokens, hidden]`, text after text.
    async fn embed(&self, bert: &Bert, sequences: &[&[u32]]) -> Result<Vec<f32>> {
        let parts = &bert.embeddings;
        let device = parts.word.device();
        let ids: Vec<i32> = sequences.iter().flat_map(|ids| ids.iter().map(|&id| id as i32)).collect();
        let places: Vec<i32> = sequences.iter().flat_map(|ids| 0..ids.len() as i32).collect();
        let rows = |table: Tensor<2>, at: Vec<i32>| {
            let count = at.len();
            table.select(0, Tensor::<1, Int>::from_data(TensorData::new(at, [count]), &device))
        };
        let place = rows(parts.position.val(), places) + parts.segment.val().narrow(0, 0, 1);
        let sum = rows(parts.word.val(), ids) + place;
        let [mut x] = take([sum], []).await?.0;
        Norm::of(&parts.norm, parts.epsilon).await?.apply(&mut x);
        Ok(x)
    }
}

impl Layer {
    async fn of(layer: &BertLayer) -> Result<Self> {
        let inward = [&layer.query, &layer.key, &layer.value];
        let weight = Tensor::cat(inward.map(|map| map.weight.val()).to_vec(), 1);
        let bias = Tensor::cat(inward.map(bias).to_vec(), 0);
        Ok(Self {
            inward: quantized(weight, bias).await?,
            output: map(&layer.output).await?,
            inner: map(&layer.inner).await?,
            outer: map(&layer.outer).await?,
            attention_norm: Norm::of(&layer.attention_norm, layer.epsilon).await?,
            norm: Norm::of(&layer.norm, layer.epsilon).await?,
            heads: layer.heads,
        })
    }

    fn forward(&self, x: &mut [f32], lengths: &[usize], hidden: usize) {
        let rows = x.len() / hidden;
        let mut mixed = vec![0.0; x.len()];
        let mut wide = vec![0.0; rows * (3 * hidden).max(self.inner.outputs())];
        let inward = &mut wide[..rows * 3 * hidden];
        self.inward.apply(x, inward);
        self.attend(inward, lengths, hidden, &mut mixed);
        let mut added = vec![0.0; x.len()];
        self.output.apply(&mixed, &mut added);
        add(x, &added);
        self.attention_norm.apply(x);
        let inner = &mut wide[..rows * self.inner.outputs()];
        self.inner.apply(x, inner);
        gelu(inner);
        self.outer.apply(inner, &mut added);
        add(x, &added);
        self.norm.apply(x);
    }

    /// inward: `[tokens, 3 hidden]`; out: `[tokens, hidden]`.
    fn attend(&self, inward: &[f32], lengths: &[usize], hidden: usize, out: &mut [f32]) {
        let size = hidden / self.heads;
        let scale = 1.0 / (size as f32).sqrt();
        let (mut scores, mut mixed) = (Vec::new(), Vec::new());
        let mut from = 0;
        for &length in lengths.iter().filter(|&&length| length > 0) {
            let own = &inward[from * 3 * hidden..(from + length) * 3 * hidden];
            scores.resize(length * length, 0.0);
            mixed.resize(length * size, 0.0);
            // Nothing is masked: there is no padding.
            let open = vec![0.0; length];
            for head in 0..self.heads {
                let part = |of: usize| View {
                    values: &own[of * hidden + head * size..],
                    row: 3 * hidden,
                    column: 1,
                };
                let key = part(1);
                let turned = View { row: key.column, column: key.row, ..key };
                product(part(0), turned, [length, size, length], &mut scores);
                masked_softmax(&mut scores, &open, scale, length);
                let shares = View { values: &scores, row: length, column: 1 };
                product(shares, part(2), [length, length, size], &mut mixed);
                for (row, values) in mixed.chunks_exact(size).enumerate() {
                    out[(from + row) * hidden + head * size..][..size].copy_from_slice(values);
                }
            }
            from += length;
        }
    }
}

impl Norm {
    async fn of(norm: &LayerNorm, epsilon: f64) -> Result<Self> {
        let gamma = norm.gamma.val();
        let beta = norm.beta.as_ref().map_or_else(|| gamma.zeros_like(), |beta| beta.val());
        let [gamma, beta] = take([], [gamma, beta]).await?.1;
        Ok(Self { gamma, beta, epsilon: epsilon as f32 })
    }

    fn apply(&self, x: &mut [f32]) {
        layer_norm(x, &self.gamma, &self.beta, self.epsilon);
    }
}

async fn map(linear: &Linear) -> Result<Quantized> {
    quantized(linear.weight.val(), bias(linear)).await
}

async fn quantized(weight: Tensor<2>, bias: Tensor<1>) -> Result<Quantized> {
    let ([weight], [bias]) = take([weight], [bias]).await?;
    Ok(Quantized::new(&weight, &bias))
}

fn bias(linear: &Linear) -> Tensor<1> {
    let [_, outputs] = linear.weight.dims();
    linear.bias.as_ref().map_or_else(|| Tensor::zeros([outputs], &linear.weight.device()), |bias| bias.val())
}

/// Plain numbers of tensors of both ranks.
async fn take<const N: usize, const M: usize>(
    matrices: [Tensor<2>; N],
    vectors: [Tensor<1>; M],
) -> Result<([Vec<f32>; N], [Vec<f32>; M])> {
    let all = matrices.into_iter().fold(Transaction::default(), Transaction::register);
    let mut values = read_all(vectors.into_iter().fold(all, Transaction::register)).await?;
    let odd = || Error::Internal { reason: "a read-back of another size".into() };
    let vectors = values.split_off(N.min(values.len()));
    Ok((values.try_into().map_err(|_| odd())?, vectors.try_into().map_err(|_| odd())?))
}

/// Mean of a text's tokens or its first, of length 1.
fn pooled(x: &[f32], lengths: &[usize], hidden: usize, pooling: Pooling) -> Vec<f32> {
    let mut out = vec![0.0_f32; lengths.len() * hidden];
    let mut from = 0;
    for (&length, out) in lengths.iter().zip(out.chunks_exact_mut(hidden)) {
        let taken = match pooling {
            Pooling::Cls => length.min(1),
            Pooling::Mean => length,
        };
        x[from * hidden..(from + taken) * hidden].chunks_exact(hidden).for_each(|row| add(out, row));
        // Whether sum or mean: its length becomes 1.
        let norm = out.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt().max(1e-12);
        out.iter_mut().for_each(|x| *x = (f64::from(*x) / norm) as f32);
        from += length;
    }
    out
}
