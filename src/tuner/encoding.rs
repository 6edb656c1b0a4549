//! Part of a job: gives texts their vectors, one batch a pull.

use super::events::{Event, Stage};
use super::{Tuner, vectors};
use crate::encoder::{Snapshot, Tower, plan};
use crate::error::Result;

/// Texts that still need vectors, cut into batches of like length.
pub(super) struct Encoding {
    stage: Stage,
    /// Weights to encode with; by default those in use.
    weights: Option<Snapshot>,
    texts: Vec<String>,
    batches: std::vec::IntoIter<Vec<usize>>,
    done: usize,
}

impl Encoding {
    pub(super) fn new(
        stage: Stage,
        texts: Vec<String>,
        max_length: usize,
        weights: Option<Snapshot>,
    ) -> Self {
        let batches = plan(&texts, max_length).into_iter();
        Self { stage, weights, texts, batches, done: 0 }
    }

    /// Encodes one batch; none when all is done.
    pub(super) async fn next(&mut self, tuner: &mut Tuner) -> Result<Option<Event>> {
        let Some(batch) = self.batches.next() else { return Ok(None) };
        let texts: Vec<&str> = batch.iter().map(|&i| self.texts[i].as_str()).collect();
        let tower = if self.stage == Stage::Queries { Tower::Query } else { Tower::Document };
        let encode = async |tuner: &mut Tuner| {
            let rows = tuner.encoder.encode(&texts, tower).await?;
            let fingerprint = tuner.encoder.fingerprint(tower);
            for (text, row) in texts.iter().zip(rows.rows()) {
                tuner.vectors.put(fingerprint, vectors::key(fingerprint, text), row)?;
            }
            Ok(())
        };
        match &self.weights {
            Some(weights) => tuner.with_weights(weights, encode).await?,
            None => {
                encode(tuner).await?;
                if self.stage == Stage::Documents {
                    tuner.dense = None;
                }
            }
        }
        self.done += batch.len();
        Ok(Some(Event::Encode { stage: self.stage, done: self.done, total: self.texts.len() }))
    }
}

impl Tuner {
    /// Does something with other weights; those in use, and the index over them, are back
    /// when it ends, whether it failed or not.
    pub(super) async fn with_weights<T>(
        &mut self,
        weights: &Snapshot,
        work: impl AsyncFnOnce(&mut Self) -> Result<T>,
    ) -> Result<T> {
        let (kept, dense) = (self.encoder.snapshot(), self.dense.take());
        self.encoder.restore(weights);
        let outcome = work(self).await;
        self.encoder.restore(&kept);
        self.dense = dense;
        outcome
    }
}
