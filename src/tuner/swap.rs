//! Other weights come into use once the documents have embeddings of theirs: until then search goes on with the old ones.

use super::Tuner;
use super::encoding::Encoding;
use super::events::Stage;
use crate::dataset::Document;
use crate::encoder::{Snapshot, Tower};
use crate::error::{Error, Result};

/// Weights that wait for embeddings.
pub(super) struct Pending {
    weights: Snapshot,
    /// What the verdict then says.
    kept: Option<bool>,
}

impl Tuner {
    /// Takes the weights of the last training into use: at once where the documents have embeddings of theirs, which after a
    /// training they have; else with the next index job.
    ///
    /// # Errors
    /// `InsufficientData` when nothing was trained.
    pub fn keep(&mut self) -> Result<()> {
        self.switch(|(_, after)| after, true)
    }

    /// Puts the weights before the last training back, likewise.
    ///
    /// # Errors
    /// `InsufficientData` when nothing was trained.
    pub fn rollback(&mut self) -> Result<()> {
        self.switch(|(before, _)| before, false)
    }

    /// Puts the model as it was loaded into use, likewise.
    pub fn reset_weights(&mut self) {
        self.verdict = None;
        self.take_up(self.original.clone(), None);
        self.set_last(None);
    }

    fn switch(&mut self, pick: impl Fn(&(Snapshot, Snapshot)) -> &Snapshot, kept: bool) -> Result<()> {
        let none = || Error::InsufficientData { what: "a finished training".into(), needed: 1, got: 0 };
        let weights = pick(self.last.as_ref().ok_or_else(none)?).clone();
        self.take_up(weights, Some(kept));
        Ok(())
    }

    /// Puts these weights into use, or has them wait for the next index job.
    pub(super) fn take_up(&mut self, weights: Snapshot, kept: Option<bool>) {
        let pending = Pending { weights, kept };
        if self.unencoded_with(&pending.weights).is_empty() {
            self.swap(pending);
        } else {
            self.pending = Some(pending);
        }
    }

    /// The weights that are in use, or will be.
    pub(super) fn coming(&self) -> Snapshot {
        self.pending.as_ref().map_or_else(|| self.encoder.snapshot(), |pending| pending.weights.clone())
    }

    /// What must be encoded so that all documents have an embedding of the weights that are in use or will be.
    pub(super) fn indexing(&self) -> Encoding {
        let weights = self.pending.as_ref().map(|pending| pending.weights.clone());
        let texts = weights.as_ref().map_or_else(|| self.unencoded(), |weights| self.unencoded_with(weights));
        Encoding::new(Stage::Documents, texts, self.encoder.max_length(), weights)
    }

    /// What waited is in use from now on.
    pub(super) fn finish_indexing(&mut self) {
        if let Some(pending) = self.pending.take() {
            self.swap(pending);
        }
    }

    fn swap(&mut self, Pending { weights, kept }: Pending) {
        self.pending = None;
        self.use_weights(&weights);
        if let (Some(verdict), Some(kept)) = (&mut self.verdict, kept) {
            verdict.kept = kept;
        }
    }

    fn unencoded_with(&self, weights: &Snapshot) -> Vec<String> {
        let contents = self.corpus.documents().iter().map(Document::content);
        self.vectors.missing(weights.fingerprint(Tower::Document), contents)
    }
}
