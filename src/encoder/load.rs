//! From a model's files to an encoder that has encoded its first text.

use super::config;
#[cfg(not(feature = "webgpu"))]
use super::quantized;
use super::tensors;
use super::{BertConfig, Encoder, Snapshot, Source, Tower, Weights, folder, open};
use crate::embeddings::dot;
use crate::error::{Error, Result};
use crate::tokenizer::Tokenizer;
use burn::module::Module;
use nearmiss_kernels::{FNV_OFFSET, fnv1a};

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
}
