//! What was trained, as a safetensors file, and back.
//!
//! A head is a file of its own, a few hundred kilobytes, with the fingerprint of the model it belongs to; low-rank updates are
//! PEFT's tensors with their config in the header. A trained transformer is a `model.safetensors` in Hugging Face's key layout
//! that replaces the original one.

use super::Tuner;
use crate::encoder::{Head, Tower, Towers, Weights, peft_files, to_peft, to_safetensors};
use crate::error::{Error, Result};
use safetensors::SafeTensors;
use std::collections::HashSet;

const KIND: &str = "nearmiss.kind";
const TOWERS: &str = "nearmiss.towers";
const MODEL: &str = "nearmiss.model";
const TRAINED_ON: &str = "nearmiss.trained_on";

impl Tuner {
    /// The trained part of the weights in use.
    ///
    /// # Errors
    /// `InsufficientData` when the weights in use are those that were loaded; `InputInvalid` for a head on top of a transformer
    /// that was itself trained or imported.
    pub async fn export(&self) -> Result<Vec<u8>> {
        let moved = self.encoder.snapshot().fingerprints() != self.original.fingerprints();
        if self.encoder.head().is_some() {
            if moved {
                let reason = "a head on top of a tuned transformer is no single file; export a sentence-transformers folder";
                return Err(Error::input("export", reason));
            }
            return self.head_file().await;
        }
        if !moved {
            let what = "trained weights to export (those in use are as they were loaded)";
            return Err(Error::InsufficientData { what: what.into(), needed: 1, got: 0 });
        }
        let now = self.encoder.snapshot();
        if let Some((lora, towers)) = now.lora() {
            let lost = || Error::Internal { reason: "an adapter without tensors".into() };
            let mut files = to_peft(&lora.tensors(*towers).await?)?;
            return files.pop().map(|tensors| tensors.bytes).ok_or_else(lost);
        }
        self.transformer(Tower::Query, if now.is_split() { "query" } else { "shared" }).await
    }

    /// Puts an exported head, or a transformer with the same sizes, into use, as [`Tuner::keep`] does. [`Tuner::rollback`]
    /// takes it out again.
    ///
    /// # Errors
    /// `ModelInvalid` when the file cannot be read, `ModelMismatch` when it was made for another model.
    pub async fn import(&mut self, bytes: &[u8]) -> Result<()> {
        let invalid = |reason: String| Error::ModelInvalid { file: "adapter".into(), reason };
        let (_, metadata) = SafeTensors::read_metadata(bytes).map_err(|e| invalid(e.to_string()))?;
        let header = metadata.metadata().clone().unwrap_or_default();
        if let Some(keys) = header.get(TRAINED_ON) {
            return self.import_trained_on(keys);
        }
        if let Some(files) = peft_files(bytes, &header) {
            return self.import_folder(&files).await;
        }
        let towers = match header.get(TOWERS).map(String::as_str) {
            None | Some("shared") => Towers::Shared,
            Some("query") => Towers::Query,
            other => return Err(invalid(format!("its {TOWERS} is {other:?}"))),
        };
        let (before, base) = (self.encoder.snapshot(), self.coming());
        let after = if header.get(KIND).map(String::as_str) == Some("head") {
            let (got, expected) = (
                header.get(MODEL).cloned().unwrap_or_default(),
                format!("{:016x}", base.fingerprint(Tower::Document)),
            );
            if got != expected {
                return Err(Error::ModelMismatch {
                    what: "the model it was trained on".into(),
                    expected,
                    got,
                });
            }
            let dim = self.encoder.dimensions();
            let values = Weights::parse(&bytes)?.take("head.weight", &[dim, dim])?;
            base.with_head(Head::from_values(values, dim, self.encoder.device()), towers)
        } else {
            let bert = Weights::parse(&bytes)?.bert(self.encoder.config(), self.encoder.device())?;
            let fingerprint = self.encoder.fingerprint_of(&bert).await?;
            base.with_bert(bert, fingerprint, towers, None)
        };
        self.verdict = None;
        self.set_last(Some((before, after.clone())));
        self.take_up(after, None);
        Ok(())
    }

    /// Everything that was trained or imported and is in use, as files to be imported one after another, the last of which says what it
    /// was trained on; none for the model as it was loaded.
    ///
    /// # Errors
    /// `DeviceLost`.
    pub async fn weights(&self) -> Result<Vec<Vec<u8>>> {
        let now = self.encoder.snapshot();
        let mut files = Vec::new();
        if let Some((lora, towers)) = now.lora() {
            files.extend(to_peft(&lora.tensors(*towers).await?)?.pop().map(|tensors| tensors.bytes));
        } else {
            let trained = |tower| now.fingerprint(tower) != self.original.fingerprint(tower);
            if trained(Tower::Document) {
                files.push(self.transformer(Tower::Document, "shared").await?);
            }
            if now.is_split() && trained(Tower::Query) {
                files.push(self.transformer(Tower::Query, "query").await?);
            }
        }
        if self.encoder.head().is_some() {
            files.push(self.head_file().await?);
        }
        if !now.trained_on().is_empty() {
            let mut keys: Vec<u64> = now.trained_on().iter().copied().collect();
            keys.sort_unstable();
            let keys = keys.iter().map(|key| format!("{key:016x}")).collect::<Vec<_>>().join(" ");
            files.push(to_safetensors(&[], &[(TRAINED_ON, keys)])?);
        }
        Ok(files)
    }

    /// Says of the weights in use, or of those that wait, what they were trained on.
    fn import_trained_on(&mut self, keys: &str) -> Result<()> {
        let key = |key: &str| u64::from_str_radix(key, 16);
        let keys = keys.split_ascii_whitespace().map(key).collect::<std::result::Result<HashSet<u64>, _>>();
        let invalid = |e: std::num::ParseIntError| Error::ModelInvalid {
            file: "adapter".into(),
            reason: format!("its {TRAINED_ON}: {e}"),
        };
        let weights = self.coming().with_trained_on(keys.map_err(invalid)?);
        if let Some((_, after)) = &mut self.last {
            *after = weights.clone();
        }
        self.take_up(weights, None);
        Ok(())
    }

    async fn transformer(&self, tower: Tower, towers: &str) -> Result<Vec<u8>> {
        let header = [(KIND, "bert".to_owned()), (TOWERS, towers.to_owned()), ("format", "pt".to_owned())];
        to_safetensors(&self.encoder.bert_tensors(tower).await?, &header)
    }

    async fn head_file(&self) -> Result<Vec<u8>> {
        let query = self.encoder.head().is_some_and(|(_, towers)| *towers == Towers::Query);
        let towers = if query { "query" } else { "shared" };
        let model = format!("{:016x}", self.encoder.fingerprint(Tower::Document));
        let header = [(KIND, "head".to_owned()), (TOWERS, towers.to_owned()), (MODEL, model)];
        to_safetensors(&self.encoder.head_tensors().await?, &header)
    }
}
