//! A BERT sentence encoder with an optional adapter: texts in, [`Embeddings`](crate::embeddings::Embeddings) out.
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
mod encode;
mod folder;
#[cfg(feature = "webgpu")]
mod fused;
mod load;
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
pub(crate) use fused::{check_gradients, launch};
pub use load::ModelFiles;
pub use lora::{Factor, Lora, LoraOptions};
pub use peft::{LoraFactor, LoraTensors, Target, from_peft, peft_files, to_peft};
pub use pooling::{l2_normalize, pool};
pub use snapshot::Snapshot;
pub use states::{Input, States};
pub use tensors::Source;
pub use tokens::TokenEmbeddings;
pub(crate) use weights::to_safetensors;
pub use weights::{NamedTensor, Weights};

use crate::tokenizer::Tokenizer;
use burn::tensor::Device;

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

    /// Bits of a weight when texts are encoded.
    pub fn bits(&self) -> u32 {
        #[cfg(not(feature = "webgpu"))]
        if self.quantized.is_some() {
            return i8::BITS;
        }
        32
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
}
