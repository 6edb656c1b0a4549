//! A BERT sentence encoder with an optional adapter: texts in, [`Embeddings`] out.
//!
//! Enters: a model's files in Hugging Face layout, then texts. Leaves: unit vectors, read back once, asynchronously, as
//! plain rows. Everything after this room is ordinary slices.
//!
//! ```no_run
//! # async fn example(files: nearmiss::encoder::ModelFiles<'_>) -> nearmiss::error::Result<()> {
//! use nearmiss::encoder::{Encoder, Tower};
//! let encoder = Encoder::load(files, None).await?;
//! let base = encoder.encode(&["How do I rotate the signing key?"], Tower::Query).await?;
//! let query = encoder.adapt(&base, Tower::Query).await?;
//! # Ok(()) }
//! ```

mod adapter;
mod backend;
mod batch;
mod bert;
mod config;
#[cfg(not(feature = "webgpu"))]
mod elementwise;
mod folder;
#[cfg(feature = "webgpu")]
mod fused;
mod lora;
mod peft;
mod pooling;
#[cfg(not(feature = "webgpu"))]
mod quantized;
mod snapshot;
mod states;
mod tensors;
mod tokens;
mod weights;

pub use adapter::{Head, Tower, Towers};
pub use backend::{KIND, check, open, read};
pub use batch::{TokenBatch, passes, plan};
pub use bert::Bert;
pub use config::{BertConfig, Pooling};
pub use folder::{ExportedFile, Imported};
#[cfg(feature = "webgpu")]
pub(crate) use fused::launch;
pub use lora::{Factor, Lora, LoraOptions};
pub use peft::{LoraFactor, LoraTensors, Target, from_peft, peft_files, to_peft};
pub use pooling::{l2_normalize, pool};
pub use snapshot::Snapshot;
pub use states::{Input, States};
pub use tensors::Source;
pub use tokens::TokenEmbeddings;
pub(crate) use weights::to_safetensors;
pub use weights::{NamedTensor, Weights};

use crate::embeddings::{Embeddings, dot};
use crate::error::{Error, Result};
use crate::tokenizer::Tokenizer;
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData, Transaction};

/// Rows that pass through the adapter at once.
const ADAPT_ROWS: usize = 4096;

/// The bytes of a model's files.
#[derive(Clone, Copy)]
pub struct ModelFiles<'a> {
    /// `config.json`
    pub config: &'a [u8],
    /// `tokenizer.json`
    pub tokenizer: &'a [u8],
    /// `model.safetensors`, read piece by piece
    pub weights: &'a dyn Source,
    /// `1_Pooling/config.json`
    pub pooling: Option<&'a [u8]>,
    /// `sentence_bert_config.json`
    pub sentence_bert: Option<&'a [u8]>,
    /// `modules.json`
    pub modules: Option<&'a [u8]>,
}

/// A loaded model on its device.
pub struct Encoder {
    now: Snapshot,
    tokenizer: Tokenizer,
    config: BertConfig,
    source: folder::SourceFiles,
    pooling: Pooling,
    device: Device,
    device_name: String,
    parameters: usize,
    /// Of everything besides the weights that moves an embedding.
    settings: u64,
    /// What encodes in eight bits, if that was asked for.
    #[cfg(not(feature = "webgpu"))]
    quantized: Option<quantized::Copies>,
}

impl Encoder {
    /// Opens the device, checks the files, uploads the weights.
    ///
    /// `max_length` in tokens; by default what `sentence_bert_config.json` says, else the number of positions.
    ///
    /// # Errors
    /// `ModelInvalid` or `TokenizerInvalid` naming the file and what is wrong with it; `WebGpuUnavailable`.
    pub async fn load(files: ModelFiles<'_>, max_length: Option<usize>) -> Result<Self> {
        let config = BertConfig::from_json(files.config)?;
        folder::check_plain(files.modules)?;
        let pooling = config::pooling(files.pooling)?;
        let longest = config::max_seq_length(files.sentence_bert)?.unwrap_or(config.max_position_embeddings);
        let max_length = max_length.unwrap_or(longest).min(config.max_position_embeddings);
        let tokenizer = Tokenizer::from_json(files.tokenizer, max_length)?;
        if tokenizer.vocabulary_size() > config.vocab_size {
            return Err(Error::ModelMismatch {
                what: "the tokenizer's vocabulary".into(),
                expected: format!("at most {} ids", config.vocab_size),
                got: tokenizer.vocabulary_size().to_string(),
            });
        }
        let (device, device_name) = open().await?;
        let bert = Weights::parse(files.weights)?.bert(&config, &device)?;
        // The same on 64 bits and on the 32 of wasm: a head travels between them.
        let length = (max_length as u64).to_le_bytes();
        let parts = [files.config, files.tokenizer, &[pooling as u8], &length];
        let settings = parts.iter().fold(FNV_OFFSET, |hash, part| fnv1a(hash, part));
        let fingerprint = tensors::fingerprint(settings, files.weights)?;
        let parameters = bert.num_params();
        let now = Snapshot::new(bert, fingerprint);
        let source = folder::SourceFiles { config: files.config.into(), tokenizer: files.tokenizer.into() };
        let encoder = Self {
            now,
            tokenizer,
            config,
            source,
            pooling,
            device,
            device_name,
            parameters,
            settings,
            #[cfg(not(feature = "webgpu"))]
            quantized: None,
        };
        encoder.try_out().await?;
        Ok(encoder)
    }

    /// From now on [`Self::encode`] rounds the weights of linear maps to eight bits, those that training makes too. On a GPU nothing
    /// changes. Embeddings differ a little, so do fingerprints.
    ///
    /// # Errors
    /// As [`Self::encode`].
    #[cfg(not(feature = "webgpu"))]
    pub async fn in_eight_bits(mut self) -> Result<Self> {
        let own = |hash| fnv1a(hash, b"int8");
        self.settings = own(self.settings);
        self.now.fingerprint = own(self.now.fingerprint);
        self.quantized = Some(quantized::Copies::default());
        self.try_out().await?;
        Ok(self)
    }

    /// The same for a GPU, which it leaves as it is.
    ///
    /// # Errors
    /// None.
    #[cfg(feature = "webgpu")]
    pub async fn in_eight_bits(self) -> Result<Self> {
        Ok(self)
    }

    /// Bits of a weight when texts are encoded.
    pub fn bits(&self) -> u32 {
        #[cfg(not(feature = "webgpu"))]
        if self.quantized.is_some() {
            return i8::BITS;
        }
        32
    }

    /// Encodes one text, so that what fails only in use (an upload that found no memory, a kernel that the driver refuses)
    /// fails here, where a caller can still choose another device.
    async fn try_out(&self) -> Result<()> {
        let row = self.encode(&["the key that opens the door"], Tower::Document).await?;
        let norm = dot(row.row(0), row.row(0)).sqrt();
        if (norm - 1.0).abs() < 1e-3 {
            return Ok(());
        }
        Err(config::invalid(
            "model.safetensors",
            format!("a first text has an embedding of length {norm}, not 1"),
        ))
    }

    /// Unit vectors of the texts before any adapter, one row a text.
    ///
    /// Callers cut long lists with [`plan`]; what of a batch is of unlike length goes through in [`passes`].
    ///
    /// # Errors
    /// `TokenizerInvalid`, `DeviceLost`, `OutOfMemory`.
    pub async fn encode<S: AsRef<str>>(&self, texts: &[S], tower: Tower) -> Result<Embeddings> {
        if texts.is_empty() {
            return Ok(Embeddings::empty(self.dimensions()));
        }
        let sequences = self.tokenize(texts)?;
        #[cfg(not(feature = "webgpu"))]
        if let Some(copies) = &self.quantized {
            let bert = self.now.bert(tower);
            let copy = copies.of(self.fingerprint(tower), bert).await?;
            let values = copy.encode(bert, &sequences, self.pooling).await?;
            return Embeddings::new(self.dimensions(), values);
        }
        let (dim, lengths) = (self.dimensions(), sequences.iter().map(Vec::len).collect::<Vec<_>>());
        let mut values = vec![0.0; dim * texts.len()];
        for pass in passes(&lengths) {
            let chosen: Vec<&[u32]> = pass.iter().map(|&at| sequences[at].as_slice()).collect();
            let [rows] = read([self.forward(self.now.bert(tower), &chosen, &self.device)]).await?;
            for (row, at) in rows.chunks_exact(dim).zip(pass) {
                values[at * dim..][..dim].copy_from_slice(row);
            }
        }
        Embeddings::new(dim, values)
    }

    /// Token ids of each text, all of them rows of the word-embedding table.
    ///
    /// # Errors
    /// `TokenizerInvalid` when the tokenizer gives an id that the model does not have.
    pub fn tokenize<S: AsRef<str>>(&self, texts: &[S]) -> Result<Vec<Vec<u32>>> {
        let one = |text: &S| {
            let ids = self.tokenizer.encode(text.as_ref())?;
            self.check_ids(&ids)?;
            Ok(ids)
        };
        texts.iter().map(one).collect()
    }

    /// How many tokens a text has, whatever its length, without those that mark beginning and end. Counted piece by piece, each short
    /// enough to be read whole: a word cut in two may count one more.
    ///
    /// # Errors
    /// `TokenizerInvalid`.
    pub fn count_tokens(&self, text: &str) -> Result<usize> {
        let marks = self.tokenizer.encode("")?.len();
        let longest = (self.max_length().saturating_sub(marks) / 2).max(1);
        let (mut total, mut rest) = (0, text);
        while !rest.is_empty() {
            let end = rest.char_indices().nth(longest).map_or(rest.len(), |(at, _)| at);
            let space = rest[..end].rfind(char::is_whitespace).filter(|&at| at > 0 && end < rest.len());
            let (piece, others) = rest.split_at(space.unwrap_or(end));
            total += self.tokenizer.encode(piece)?.len().saturating_sub(marks);
            rest = others;
        }
        Ok(total)
    }

    fn check_ids(&self, ids: &[u32]) -> Result<()> {
        let most = self.config.vocab_size;
        match ids.iter().find(|&&id| id as usize >= most) {
            None => Ok(()),
            Some(id) => {
                let reason = format!("it gives the id {id}, the model has {most} word embeddings");
                Err(Error::TokenizerInvalid { reason })
            }
        }
    }

    /// Pooled unit vectors of token sequences through any copy of the transformer (training passes its own).
    ///
    /// # Shapes
    /// - output: `[sequences, dimensions]`
    pub fn forward(&self, bert: &Bert, sequences: &[impl AsRef<[u32]>], device: &Device) -> Tensor<2> {
        let (tokens, mask) = self.hidden(bert, sequences, device);
        l2_normalize(pool(tokens, mask, self.pooling))
    }

    /// Last hidden states, `[sequences, seq, dimensions]`, and their mask, `[sequences, seq]`.
    fn hidden(
        &self,
        bert: &Bert,
        sequences: &[impl AsRef<[u32]>],
        device: &Device,
    ) -> (Tensor<3>, Tensor<2>) {
        let batch = TokenBatch::new(sequences, self.config.max_position_embeddings, device);
        (bert.forward(batch.ids, batch.mask.clone()), batch.mask)
    }

    /// Sends rows through the adapter of one tower; unchanged where there is none.
    pub async fn adapt(&self, base: &Embeddings, tower: Tower) -> Result<Embeddings> {
        let Some((head, _)) = self.now.head.as_ref().filter(|(_, towers)| towers.adapt(tower)) else {
            return Ok(base.clone());
        };
        let dim = self.dimensions();
        let mut values = Vec::with_capacity(base.as_slice().len());
        for rows in base.as_slice().chunks(ADAPT_ROWS * dim) {
            let data = TensorData::new(rows.to_vec(), [rows.len() / dim, dim]);
            let [adapted] = read([head.forward(Tensor::from_data(data, &self.device), 0.0)]).await?;
            values.extend(adapted);
        }
        Embeddings::new(dim, values)
    }

    /// Length of an embedding.
    pub fn dimensions(&self) -> usize {
        self.config.hidden_size
    }

    /// Longest input in tokens.
    pub fn max_length(&self) -> usize {
        self.tokenizer.max_length()
    }

    /// Number of weights of the transformer.
    pub fn parameters(&self) -> usize {
        self.parameters
    }

    /// Sizes as in `config.json`.
    pub fn config(&self) -> &BertConfig {
        &self.config
    }

    /// How tokens become a vector.
    pub fn pooling(&self) -> Pooling {
        self.pooling
    }

    /// Where tensors live.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The device in words.
    pub fn device_name(&self) -> &str {
        &self.device_name
    }

    /// Identifies what [`Self::encode`] computes for one side: files, pooling and length. Changes with every training of that
    /// side's transformer, not with a head.
    pub fn fingerprint(&self, tower: Tower) -> u64 {
        self.now.fingerprint(tower)
    }

    /// The transformer that documents go through.
    pub fn bert(&self) -> &Bert {
        &self.now.bert
    }

    /// The adapter, if one was trained or imported.
    pub fn head(&self) -> Option<&(Head, Towers)> {
        self.now.head()
    }

    /// What is in use now.
    pub fn snapshot(&self) -> Snapshot {
        self.now.clone()
    }

    /// Goes back to a snapshot.
    pub fn restore(&mut self, snapshot: &Snapshot) {
        self.now = snapshot.clone();
    }

    /// The adapter's numbers under their file name, or none.
    pub async fn head_tensors(&self) -> Result<Vec<NamedTensor>> {
        let Some((head, _)) = self.head() else { return Ok(Vec::new()) };
        let [values] = read([head.weight.val()]).await?;
        let dim = self.dimensions();
        Ok(vec![NamedTensor { name: "head.weight".into(), shape: vec![dim, dim], values }])
    }

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
        let parameters = weights::parameters(bert);
        let mut named = Vec::with_capacity(parameters.len());
        let mut transaction = Transaction::default();
        for (name, parameter) in parameters {
            let shape;
            (shape, transaction) = match parameter {
                weights::Parameter::Vector(t) => (t.dims().to_vec(), transaction.register(t)),
                weights::Parameter::Matrix(t) => (t.dims().to_vec(), transaction.register(t)),
            };
            named.push((name, shape));
        }
        let values = backend::read_all(transaction).await?;
        let all = named.into_iter().zip(values);
        Ok(all.map(|((name, shape), values)| NamedTensor { name, shape, values }).collect())
    }
}

/// What [`fnv1a`] begins with.
pub const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a over 64 bits: names a version of a model or a text. No defence against someone who wants a collision.
pub fn fnv1a(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |h, &b| (h ^ u64::from(b)).wrapping_mul(0x0000_0100_0000_01b3))
}
