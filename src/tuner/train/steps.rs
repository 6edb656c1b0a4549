//! One step: what the numbers of a batch stand for, and one update of the weights.

use super::Train;
use crate::error::{Error, Result};
use crate::training::{Inputs, Layout, StepInputs, TrainingExample};
use crate::tuner::events::Event;
use crate::tuner::{Tuner, vectors};

impl Train {
    pub(super) async fn take_step(&mut self, tuner: &Tuner, batch: &[usize]) -> Result<Event> {
        let chosen: Vec<&TrainingExample> = batch.iter().map(|&at| &self.now.examples[at]).collect();
        let widest = chosen.iter().map(|example| example.negatives.len()).max();
        let layout = Layout::new(&chosen, widest.unwrap_or(0));
        let lost = || Error::Internal { reason: "a step before the run began".into() };
        let trainer = self.trainer.as_mut().ok_or_else(lost)?;
        let documents = tuner.corpus.documents();
        let text = |&number: &usize| match number.checked_sub(documents.len()) {
            None => documents[number].content(),
            Some(at) => self.now.texts[at].clone(),
        };
        let queries: Vec<&str> = layout.queries.iter().map(|&q| self.queries[q].text.as_str()).collect();
        let texts: Vec<String> = layout.documents.iter().map(text).collect();
        let inputs = if trainer.wants_tokens() {
            StepInputs {
                queries: Inputs::Tokens(tuner.encoder.tokenize(&queries)?),
                documents: Inputs::Tokens(tuner.encoder.tokenize(&texts)?),
            }
        } else {
            StepInputs {
                queries: rows(tuner, queries)?,
                documents: rows(tuner, texts.iter().map(String::as_str))?,
            }
        };
        let report = trainer.step(&tuner.encoder, &layout, inputs).await?;
        self.step += 1;
        Ok(Event::Step {
            epoch: self.now.number,
            epochs: self.epochs,
            step: self.step,
            steps: self.steps,
            loss: report.loss,
            learning_rate: report.learning_rate,
            positive_score: report.positive_score,
            negative_score: report.negative_score,
            active_triplets: report.active_triplets,
        })
    }
}

/// Base embeddings of texts that were encoded before.
fn rows<'a>(tuner: &Tuner, texts: impl IntoIterator<Item = &'a str>) -> Result<Inputs> {
    let fingerprint = tuner.encoder.fingerprint();
    let mut values = Vec::new();
    for text in texts {
        let missing =
            || Error::Internal { reason: format!("no vector {:016x}", vectors::key(fingerprint, text)) };
        values.extend_from_slice(tuner.vectors.get(fingerprint, text).ok_or_else(missing)?);
    }
    Ok(Inputs::Rows(values))
}
