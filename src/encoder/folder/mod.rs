//! A whole model as the folder that Python's sentence-transformers writes and reads, and adapters as PEFT does.
//!
//! Enters: the encoder with whatever was trained. Leaves: files that `SentenceTransformer("folder")` loads and that give the
//! same embeddings; and the reverse. A head is a Dense module: `normalize(e + e W)` is `normalize(e (I + W))`, and normalising
//! before it changes nothing, because a linear map without bias keeps proportions.

mod describe;
mod modules;
mod read;
mod write;

pub(super) use modules::check_plain;
pub use read::Imported;

use super::weights::Weights;
use super::{Encoder, Head, Lora, Snapshot, Tower, Towers};
use crate::error::Result;
use safetensors::SafeTensors;
use serde_json::Value;

/// In a safetensors header: the side that the weights are for.
pub(super) const TOWERS: &str = "nearmiss.towers";

const CONFIG: &str = "config.json";
const TOKENIZER: &str = "tokenizer.json";
const WEIGHTS: &str = "model.safetensors";
const MODULES: &str = "modules.json";
const SENTENCE_TRANSFORMERS: &str = "config_sentence_transformers.json";

/// A file of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportedFile {
    /// Relative to the folder, with `/`.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl ExportedFile {
    pub(super) fn json(path: impl Into<String>, value: &Value) -> Self {
        Self { path: path.into(), bytes: format!("{value:#}\n").into_bytes() }
    }
}

/// Files of the model as they were loaded, which its weights do not tell.
pub(super) struct SourceFiles {
    pub(super) config: Vec<u8>,
    pub(super) tokenizer: Vec<u8>,
}

impl Encoder {
    /// The model in use, head included, as a sentence-transformers folder with a README.
    ///
    /// Where queries alone were trained it is the side of the queries; the README says so, and [`Self::import_folder`] knows it
    /// again.
    ///
    /// # Errors
    /// `DeviceLost`, `OutOfMemory`.
    pub async fn export_folder(&self) -> Result<Vec<ExportedFile>> {
        let head = self.head_tensors().await?.into_iter().next();
        let contents = write::Contents {
            source: &self.source,
            max_length: self.max_length(),
            pooling: self.pooling,
            dimensions: self.dimensions(),
            weights: &self.bert_tensors(Tower::Query).await?,
            head: head.as_ref().map(|tensor| tensor.values.as_slice()),
            towers: self.trained_towers(),
        };
        write::folder(&contents)
    }

    /// The sides that differ from the model that documents go through without a head.
    fn trained_towers(&self) -> Towers {
        let head = self.head().is_some_and(|(_, towers)| *towers == Towers::Query);
        if head || self.now.is_split() { Towers::Query } else { Towers::Shared }
    }

    /// Reads a sentence-transformers folder of this architecture, or a PEFT adapter for it; puts nothing into use.
    ///
    /// Paths may share a leading folder. Not looked at: the longest input, which stays as this model was opened.
    ///
    /// # Errors
    /// `ModelMismatch` naming what differs from this model (sizes, vocabulary, pooling); `ModelInvalid` naming a file that is
    /// missing, broken, or asks for what this encoder does not have; `InputInvalid` when the files are no such folder.
    pub fn read_folder(&self, files: &[ExportedFile]) -> Result<Imported> {
        read::folder(self, files)
    }

    /// The weights that a folder holds, ready for [`Self::restore`]. An adapter is added to the weights of `original`.
    ///
    /// # Errors
    /// Those of [`Self::read_folder`].
    pub async fn import_folder(&self, files: &[ExportedFile], original: &Snapshot) -> Result<Snapshot> {
        let Imported { bert, lora, head, towers } = self.read_folder(files)?;
        let (bert, lora) = match (bert, lora) {
            (Some(bert), _) => (Some(bert), None),
            (None, Some(lora)) => {
                let lora = Lora::from_tensors(lora, &self.config, &self.device)?;
                (Some(lora.merge(&original.bert, 0.0)), Some(lora))
            }
            (None, None) => (None, None),
        };
        let mut after = Snapshot { head: None, ..original.clone() };
        if let Some(bert) = bert {
            let fingerprint = self.fingerprint_of(&bert).await?;
            // The same numbers are the same model: embeddings made with it stay valid.
            if fingerprint != self.fingerprint_of(&original.bert).await? {
                after = after.with_bert(bert, fingerprint, towers, lora);
            }
        }
        Ok(match head {
            Some(values) => {
                after.with_head(Head::from_values(values, self.dimensions(), &self.device), towers)
            }
            None => after,
        })
    }
}

pub(super) fn towers_name(towers: Towers) -> &'static str {
    match towers {
        Towers::Shared => "shared",
        Towers::Query => "query",
    }
}

/// The side in the header of a safetensors file; both where it does not say, as in files of others.
pub(super) fn towers_in(file: &str, bytes: &[u8]) -> Result<Towers> {
    let invalid = |reason: String| super::config::invalid(file, reason);
    let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|e| invalid(e.to_string()))?;
    match metadata.metadata().as_ref().and_then(|header| header.get(TOWERS)).map(String::as_str) {
        None | Some("shared") => Ok(Towers::Shared),
        Some("query") => Ok(Towers::Query),
        Some(other) => Err(invalid(format!("its {TOWERS} is \"{other}\""))),
    }
}

/// The one matrix of a Dense module.
fn dense_weight(file: &str, bytes: &[u8], dim: usize) -> Result<Vec<f32>> {
    Weights::named(&bytes, file)?.take("linear.weight", &[dim, dim])
}
