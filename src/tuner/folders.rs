//! What was trained, as a folder that Python loads, and back.

use super::Tuner;
use crate::encoder::{ExportedFile, to_peft};
use crate::error::{Error, Result};

/// Who reads the folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderFormat {
    /// A whole model, with the head in it.
    SentenceTransformers,
    /// A LoRA adapter alone.
    Peft,
}

impl Tuner {
    /// The weights in use as a folder.
    ///
    /// # Errors
    /// `InsufficientData` when an adapter is asked for and none is in use.
    pub async fn export_folder(&self, format: FolderFormat) -> Result<Vec<ExportedFile>> {
        match format {
            FolderFormat::SentenceTransformers => self.encoder.export_folder().await,
            FolderFormat::Peft => {
                let none = || Error::InsufficientData {
                    what: "a LoRA adapter to export (none is in use)".into(),
                    needed: 1,
                    got: 0,
                };
                let now = self.encoder.snapshot();
                let (lora, towers) = now.lora().ok_or_else(none)?;
                to_peft(&lora.tensors(*towers).await?)
            }
        }
    }

    /// Puts a whole model of the same architecture, or a PEFT adapter on top of the weights as they were loaded, into use.
    /// [`Tuner::rollback`] takes it out again.
    ///
    /// # Errors
    /// `ModelInvalid` naming a file that cannot be read, `ModelMismatch` naming what was made for another model.
    pub async fn import_folder(&mut self, files: &[ExportedFile]) -> Result<()> {
        let before = self.encoder.snapshot();
        let after = self.encoder.import_folder(files, &self.original).await?;
        self.verdict = None;
        self.set_last(Some((before, after.clone())));
        self.take_up(after, None);
        Ok(())
    }
}
