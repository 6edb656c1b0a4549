//! `model.safetensors` in Hugging Face's BERT key layout, in and out.
//!
//! | here | Hugging Face (after an optional `bert.` or `0.auto_model.`) |
//! |---|---|
//! | `embeddings.{word,position,segment}` | `embeddings.{word,position,token_type}_embeddings.weight` |
//! | `embeddings.norm` | `embeddings.LayerNorm` |
//! | `layers.N.{query,key,value}` | `encoder.layer.N.attention.self.{query,key,value}` |
//! | `layers.N.output`, `attention_norm` | `encoder.layer.N.attention.output.{dense,LayerNorm}` |
//! | `layers.N.inner` | `encoder.layer.N.intermediate.dense` |
//! | `layers.N.outer`, `norm` | `encoder.layer.N.output.{dense,LayerNorm}` |
//!
//! PyTorch keeps a linear weight as `[out, in]`, burn as `[in, out]`: transposed here, once, on the way in and out.

use super::bert::{Bert, BertEmbeddings, BertLayer};
use super::config::BertConfig;
use super::tensors::{Source, TensorFile};
use super::{Encoder, Tower, backend};
use crate::error::Result;
use burn::module::Param;
use burn::nn::{LayerNorm, LayerNormConfig, Linear};
use burn::tensor::{Device, Tensor, TensorData, Transaction};
use nearmiss_kernels::fnv1a;
use safetensors::tensor::{Dtype, TensorView};

const FILE: &str = "model.safetensors";
const PREFIXES: [&str; 3] = ["", "bert.", "0.auto_model."];

/// The linear maps of a layer, in the order that [`BertLayer::new`] takes.
pub(super) const LINEARS: [&str; 6] = [
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
];
const NORMS: [&str; 2] = ["attention.output.LayerNorm", "output.LayerNorm"];

/// A tensor outside of burn: what files hold and what read-backs give.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedTensor {
    /// As in the file.
    pub name: String,
    /// Outermost first.
    pub shape: Vec<usize>,
    /// Row-major.
    pub values: Vec<f32>,
}

/// A parsed file from which tensors are taken by name.
pub struct Weights<'a> {
    tensors: TensorFile<'a>,
    prefix: &'static str,
}

impl<'a> Weights<'a> {
    /// # Errors
    /// `ModelInvalid` when the bytes are no safetensors file.
    pub fn parse(source: &'a dyn Source) -> Result<Self> {
        Self::named(source, FILE)
    }

    /// As [`Self::parse`], for a file that messages call `file`.
    pub(super) fn named(source: &'a dyn Source, file: &'a str) -> Result<Self> {
        let tensors = TensorFile::open(source, file)?;
        let known = |p: &&str| tensors.has(&format!("{p}embeddings.word_embeddings.weight"));
        let prefix = PREFIXES.into_iter().find(known).unwrap_or("");
        Ok(Self { tensors, prefix })
    }

    /// Every tensor's full name and shape.
    pub(super) fn shapes(&self) -> Vec<(String, Vec<usize>)> {
        self.tensors.shapes()
    }

    /// Values of one tensor as f32, of exactly this shape.
    ///
    /// # Errors
    /// `ModelInvalid` naming the tensor when it is missing, has another shape or element type, or holds NaN or infinity.
    pub fn take(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>> {
        self.tensors.take(&format!("{}{name}", self.prefix), shape)
    }

    fn matrix(&self, name: &str, [rows, columns]: [usize; 2], device: &Device) -> Result<Param<Tensor<2>>> {
        let values = self.take(name, &[rows, columns])?;
        Ok(Param::from_tensor(Tensor::from_data(TensorData::new(values, [rows, columns]), device)))
    }

    fn vector(&self, name: &str, length: usize, device: &Device) -> Result<Param<Tensor<1>>> {
        let values = self.take(name, &[length])?;
        Ok(Param::from_tensor(Tensor::from_data(TensorData::new(values, [length]), device)))
    }

    fn linear(&self, name: &str, [d_in, d_out]: [usize; 2], device: &Device) -> Result<Linear> {
        let values = transpose(&self.take(&format!("{name}.weight"), &[d_out, d_in])?, d_in);
        let weight = Tensor::from_data(TensorData::new(values, [d_in, d_out]), device);
        let bias = self.vector(&format!("{name}.bias"), d_out, device)?;
        Ok(Linear { weight: Param::from_tensor(weight), bias: Some(bias) })
    }

    fn norm(&self, name: &str, config: &BertConfig, device: &Device) -> Result<LayerNorm> {
        let mut norm =
            LayerNormConfig::new(config.hidden_size).with_epsilon(config.layer_norm_eps).init(device);
        // Old checkpoints say gamma and beta.
        let pick = |new: &str, old: &str| {
            self.vector(&format!("{name}.{new}"), config.hidden_size, device)
                .or_else(|e| self.vector(&format!("{name}.{old}"), config.hidden_size, device).map_err(|_| e))
        };
        norm.gamma = pick("weight", "gamma")?;
        norm.beta = Some(pick("bias", "beta")?);
        Ok(norm)
    }

    /// Builds the transformer that `config` describes.
    pub fn bert(&self, config: &BertConfig, device: &Device) -> Result<Bert> {
        let hidden = config.hidden_size;
        let table = |name: &str, rows: usize| {
            self.matrix(&format!("embeddings.{name}_embeddings.weight"), [rows, hidden], device)
        };
        let embeddings = BertEmbeddings {
            word: table("word", config.vocab_size)?,
            position: table("position", config.max_position_embeddings)?,
            segment: table("token_type", config.type_vocab_size)?,
            norm: self.norm("embeddings.LayerNorm", config, device)?,
            epsilon: config.layer_norm_eps,
        };
        let layers = (0..config.num_hidden_layers).map(|n| self.layer(n, config, device));
        Ok(Bert { embeddings, layers: layers.collect::<Result<_>>()? })
    }

    fn layer(&self, n: usize, config: &BertConfig, device: &Device) -> Result<BertLayer> {
        let (hidden, wide) = (config.hidden_size, config.intermediate_size);
        let linear = |i: usize| {
            let shape = match i {
                4 => [hidden, wide],
                5 => [wide, hidden],
                _ => [hidden, hidden],
            };
            self.linear(&format!("encoder.layer.{n}.{}", LINEARS[i]), shape, device)
        };
        let norm = |i: usize| self.norm(&format!("encoder.layer.{n}.{}", NORMS[i]), config, device);
        let linears = [linear(0)?, linear(1)?, linear(2)?, linear(3)?, linear(4)?, linear(5)?];
        Ok(BertLayer::new(linears, [norm(0)?, norm(1)?], config))
    }
}

/// Every parameter as a rank-erased tensor under its Hugging Face name, linear weights already `[out, in]`.
pub(super) fn parameters(bert: &Bert) -> Vec<(String, Parameter)> {
    let mut all = Vec::new();
    let e = &bert.embeddings;
    for (name, table) in [("word", &e.word), ("position", &e.position), ("token_type", &e.segment)] {
        all.push((format!("embeddings.{name}_embeddings.weight"), Parameter::Matrix(table.val())));
    }
    push_norm(&mut all, "embeddings.LayerNorm", &e.norm);
    for (n, layer) in bert.layers.iter().enumerate() {
        let linears = [&layer.query, &layer.key, &layer.value, &layer.output, &layer.inner, &layer.outer];
        for (name, linear) in LINEARS.into_iter().zip(linears) {
            let name = format!("encoder.layer.{n}.{name}");
            all.push((format!("{name}.weight"), Parameter::Matrix(linear.weight.val().transpose())));
            if let Some(bias) = &linear.bias {
                all.push((format!("{name}.bias"), Parameter::Vector(bias.val())));
            }
        }
        for (name, norm) in NORMS.into_iter().zip([&layer.attention_norm, &layer.norm]) {
            push_norm(&mut all, &format!("encoder.layer.{n}.{name}"), norm);
        }
    }
    all
}

fn push_norm(all: &mut Vec<(String, Parameter)>, name: &str, norm: &LayerNorm) {
    all.push((format!("{name}.weight"), Parameter::Vector(norm.gamma.val())));
    if let Some(beta) = &norm.beta {
        all.push((format!("{name}.bias"), Parameter::Vector(beta.val())));
    }
}

/// A tensor of either rank that a BERT has.
pub(super) enum Parameter {
    Vector(Tensor<1>),
    Matrix(Tensor<2>),
}

/// A safetensors file of these tensors, f32, with a header of strings.
pub(crate) fn to_safetensors(tensors: &[NamedTensor], header: &[(&str, String)]) -> Result<Vec<u8>> {
    let failed = |e: safetensors::SafeTensorError| crate::error::Error::Internal { reason: e.to_string() };
    let bytes: Vec<Vec<u8>> =
        tensors.iter().map(|t| t.values.iter().flat_map(|v| v.to_le_bytes()).collect()).collect();
    let views = tensors
        .iter()
        .zip(&bytes)
        .map(|(t, b)| {
            let view = TensorView::new(Dtype::F32, t.shape.clone(), b).map_err(failed)?;
            Ok((t.name.as_str(), view))
        })
        .collect::<Result<Vec<_>>>()?;
    let header = header.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    safetensors::serialize(views, Some(header)).map_err(failed)
}

impl Encoder {
    /// A fingerprint from the numbers of a transformer, for weights that no file holds yet.
    pub async fn fingerprint_of(&self, bert: &Bert) -> Result<u64> {
        let tensors = self.tensors(bert).await?;
        let hash = |hash, values: &[f32]| values.iter().fold(hash, |hash, v| fnv1a(hash, &v.to_le_bytes()));
        Ok(tensors.iter().fold(self.settings, |all, tensor| hash(all, &tensor.values)))
    }

    /// All weights of the transformer of one side under their Hugging Face names.
    pub async fn bert_tensors(&self, tower: Tower) -> Result<Vec<NamedTensor>> {
        self.tensors(self.now.bert(tower)).await
    }

    async fn tensors(&self, bert: &Bert) -> Result<Vec<NamedTensor>> {
        let parameters = parameters(bert);
        let mut named = Vec::with_capacity(parameters.len());
        let mut transaction = Transaction::default();
        for (name, parameter) in parameters {
            let shape;
            (shape, transaction) = match parameter {
                Parameter::Vector(t) => (t.dims().to_vec(), transaction.register(t)),
                Parameter::Matrix(t) => (t.dims().to_vec(), transaction.register(t)),
            };
            named.push((name, shape));
        }
        let values = backend::read_all(transaction).await?;
        let all = named.into_iter().zip(values);
        Ok(all.map(|((name, shape), values)| NamedTensor { name, shape, values }).collect())
    }
}

/// Row-major `[rows, columns]` to `[columns, rows]`.
pub(super) fn transpose(values: &[f32], columns: usize) -> Vec<f32> {
    let rows = values.len() / columns;
    (0..columns).flat_map(|c| (0..rows).map(move |r| values[r * columns + c])).collect()
}
