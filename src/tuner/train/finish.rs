//! The end of a run: tuned weights are measured, compared with the baseline, and kept only if search got better.

use super::looks::SPREAD_ROWS;
use super::{Phase, Train};
use crate::dataset::{JudgedQuery, query_key};
use crate::embeddings::dot;
use crate::encoder::Snapshot;
use crate::error::{Error, Result};
use crate::evaluation::{FalsePositives, Outcome, Report, Spread, collapsed, compare, threshold_at};
use crate::training::Tuned;
use crate::tuner::Tuner;
use crate::tuner::events::{BeforeAfter, Event, MeasuredOn, TrainingVerdict};
use burn::tensor::Tensor;
use std::collections::HashSet;

/// Share of relevant documents that the threshold of the false-positive rate lets pass.
const RECALL: f64 = 0.9;
/// Documents looked at for each query to measure that rate.
const OTHERS: usize = 200;

impl Train {
    /// Turns weights, `[n]`, into a model and decides what must be encoded before it can be measured.
    pub(super) async fn finish(&mut self, tuner: &mut Tuner, weights: Tensor<1>) -> Result<Phase> {
        let lost = || Error::Internal { reason: "a run without steps".into() };
        let before = tuner.encoder.snapshot();
        let seen = self.queries.iter().chain(&self.dev).map(|query| query_key(&query.text));
        let seen: HashSet<u64> = before.trained_on().iter().copied().chain(seen).collect();
        let trainer = self.trainer.take().ok_or_else(lost)?;
        if self.chosen.weight == 0.0 {
            // The old ones: what was encoded with them holds.
            return Ok(Phase::After { weights: before });
        }
        match trainer.tuned(&weights) {
            Tuned::Head(head, towers) => {
                Ok(Phase::After { weights: before.with_head(head, towers).with_trained_on(seen) })
            }
            Tuned::Bert(bert, towers, lora) => {
                let fingerprint = tuner.encoder.fingerprint_of(&bert).await?;
                // An update of what was trained before is no update of the model that others have.
                let lora = lora.filter(|_| before.fingerprints() == tuner.original.fingerprints());
                let weights = before.with_bert(*bert, fingerprint, towers, lora).with_trained_on(seen);
                let encodings = self.everything(tuner, Some(&weights));
                Ok(Phase::Encode(encodings, Box::new(Phase::After { weights })))
            }
        }
    }

    /// Compares, keeps what is measurably better, and puts everything else back.
    pub(super) async fn judge(
        &mut self,
        tuner: &mut Tuner,
        weights: Snapshot,
        after: &Report,
    ) -> Result<Event> {
        let lost = || Error::Internal { reason: "a verdict without a baseline".into() };
        let before = self.before.take().ok_or_else(lost)?;
        let mut verdict = compare(&before, after, self.options.seed)?;
        let (train, held_out) = (&self.queries, &self.held_out);
        let measure = async |tuner: &mut Tuner| tuner.space(train, held_out).await;
        let (old_spread, old_false) = measure(tuner).await?;
        let (new_spread, new_false) = tuner.with_weights(&weights, measure).await?;
        let collapsed = collapsed(old_spread, new_spread);
        if collapsed && verdict.outcome == Outcome::Better {
            verdict.outcome = Outcome::NoDifference;
        }
        if collapsed {
            verdict.summary += " All texts now get nearly one embedding: the model has collapsed.";
        }
        let kept = verdict.outcome == Outcome::Better;
        let measured_on = if self.real { MeasuredOn::Judgments } else { MeasuredOn::PseudoQueries };
        let verdict = TrainingVerdict {
            verdict,
            kept,
            measured_on,
            examples: self.now.examples.len(),
            steps: self.updates,
            chosen: self.chosen,
            spread: BeforeAfter { before: old_spread, after: new_spread },
            collapsed,
            false_positives: BeforeAfter { before: old_false, after: new_false },
        };
        tuner.mine_with(None);
        tuner.set_last(Some((tuner.encoder.snapshot(), weights)));
        tuner.verdict = Some(verdict.clone());
        if kept {
            tuner.keep()?;
        }
        Ok(Event::Verdict(verdict))
    }
}

impl Tuner {
    /// How documents lie in space, and how many of those not known to be relevant pass the threshold that the training side sets.
    async fn space(
        &mut self,
        train: &[JudgedQuery],
        held_out: &[JudgedQuery],
    ) -> Result<(Spread, FalsePositives)> {
        let dense = self.dense().await?;
        let spread = Spread::of(&dense.rows, SPREAD_ROWS);
        let (relevant, _) = self.scores(train).await?;
        let (positives, others) = self.scores(held_out).await?;
        let threshold = threshold_at(&relevant, RECALL).unwrap_or(1.0);
        Ok((spread, FalsePositives::new(threshold, &positives, &others)))
    }

    /// Cosines of relevant pairs, and of pairs of the same queries with documents spread over the corpus.
    async fn scores(&mut self, queries: &[JudgedQuery]) -> Result<(Vec<f32>, Vec<f32>)> {
        let rows = self.query_rows(queries).await?;
        let dense = self.dense().await?;
        let stride = dense.rows.len().div_ceil(OTHERS).max(1);
        let (mut relevant, mut others) = (Vec::new(), Vec::new());
        for (query, row) in queries.iter().zip(rows.rows()) {
            let of = |id: &String| self.corpus.position(id).and_then(|position| dense.row_of(position));
            let own: HashSet<usize> =
                query.positives.iter().filter_map(|judged| of(&judged.document)).collect();
            relevant.extend(own.iter().map(|&at| dot(row, dense.rows.row(at))));
            let rest = (0..dense.rows.len()).step_by(stride).filter(|at| !own.contains(at));
            others.extend(rest.map(|at| dot(row, dense.rows.row(at))));
        }
        Ok((relevant, others))
    }
}
