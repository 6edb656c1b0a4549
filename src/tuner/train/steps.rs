//! One step: what the numbers of its batches stand for, and one update of the weights.

use super::Train;
use crate::encoder::Tower;
use crate::error::{Error, Result};
use crate::training::{Inputs, Layout, StepInputs, Texts, Trainer};
use crate::tuner::events::Event;
use crate::tuner::{Tuner, vectors};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

impl Train {
    pub(super) async fn take_step(&mut self, tuner: &mut Tuner, batches: Vec<Vec<usize>>) -> Result<Event> {
        let lost = || Error::Internal { reason: "a step before the run began".into() };
        let trainer = self.trainer.take().ok_or_else(lost)?;
        let outcome = self.step_with(tuner, trainer, &batches).await;
        let report = outcome?;
        self.step += 1;
        self.updates += 1;
        self.trained += batches.iter().map(Vec::len).sum::<usize>();
        Ok(Event::Step {
            run: self.run,
            epoch: self.now.number,
            epochs: self.epochs,
            step: self.taken(),
            steps: self.steps * self.options.runs,
            loss: report.loss,
            learning_rate: report.learning_rate,
            grad_norm: report.grad_norm,
            examples_per_second: self.trained as f64 / self.started.elapsed().as_secs_f64().max(1e-9),
            positive_score: report.positive_score,
            negative_score: report.negative_score,
            active_triplets: report.active_triplets,
        })
    }

    /// A trainer that failed is gone with its run.
    async fn step_with(
        &mut self,
        tuner: &mut Tuner,
        mut trainer: Trainer,
        batches: &[Vec<usize>],
    ) -> Result<crate::training::StepReport> {
        let mut inputs = Vec::with_capacity(batches.len());
        for batch in batches {
            inputs.push(self.inputs(tuner, &trainer, batch).await?);
        }
        let report = trainer.step(&tuner.encoder, &inputs).await?;
        self.averaged.stepped(trainer.weights());
        self.trainer = Some(trainer);
        Ok(report)
    }

    async fn inputs(
        &mut self,
        tuner: &mut Tuner,
        trainer: &Trainer,
        batch: &[usize],
    ) -> Result<(Layout, StepInputs)> {
        let layout = self.layout(tuner, batch);
        let documents = tuner.corpus.documents();
        let text = |&number: &usize| match number.checked_sub(documents.len()) {
            None => documents[number].content(),
            Some(at) => self.now.texts[at].clone(),
        };
        let queries: Vec<String> = layout.queries.iter().map(|&query| self.query(query).to_owned()).collect();
        let texts: Vec<String> = layout.documents.iter().map(text).collect();
        let queries = self.side(tuner, trainer, queries, Tower::Query).await?;
        let documents = self.side(tuner, trainer, texts, Tower::Document).await?;
        Ok((layout, StepInputs { queries, documents }))
    }

    async fn side(
        &mut self,
        tuner: &Tuner,
        trainer: &Trainer,
        texts: Vec<String>,
        tower: Tower,
    ) -> Result<Inputs> {
        match trainer.wants_texts(tower) {
            true => {
                let (texts, rows) = each_once(texts);
                let distinct = self.states.inputs(&tuner.encoder, &texts, trainer.layer(), tower).await?;
                Ok(Inputs::Texts(Texts { distinct, rows }))
            }
            false => rows(tuner, &texts, tower),
        }
    }
}

/// The texts without repetitions, and for each of the given ones its number among these.
fn each_once(texts: Vec<String>) -> (Vec<String>, Vec<usize>) {
    let (mut distinct, mut numbers) = (Vec::new(), HashMap::new());
    let rows = texts.into_iter().map(|text| match numbers.entry(text) {
        Entry::Occupied(known) => *known.get(),
        Entry::Vacant(new) => {
            distinct.push(new.key().clone());
            *new.insert(distinct.len() - 1)
        }
    });
    let rows = rows.collect();
    (distinct, rows)
}

/// Base embeddings of texts that were encoded before.
fn rows(tuner: &Tuner, texts: &[String], tower: Tower) -> Result<Inputs> {
    let fingerprint = tuner.encoder.fingerprint(tower);
    let mut values = Vec::new();
    for text in texts {
        let missing =
            || Error::Internal { reason: format!("no vector {:016x}", vectors::key(fingerprint, text)) };
        values.extend_from_slice(tuner.vectors.get(fingerprint, text).ok_or_else(missing)?);
    }
    Ok(Inputs::Rows(values))
}
