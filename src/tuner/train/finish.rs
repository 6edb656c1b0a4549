//! The end of a run: tuned weights are measured, compared with the baseline, and kept only if search got better.

use super::{Phase, Train};
use crate::encoder::Snapshot;
use crate::error::{Error, Result};
use crate::evaluation::{Outcome, Report, compare};
use crate::training::Tuned;
use crate::tuner::Tuner;
use crate::tuner::events::{Event, MeasuredOn, TrainingVerdict};

impl Train {
    /// Takes the tuned weights from the trainer and decides what must be encoded before they can be measured.
    pub(super) async fn finish(&mut self, tuner: &mut Tuner) -> Result<Phase> {
        let lost = || Error::Internal { reason: "a run without steps".into() };
        let before = tuner.encoder.snapshot();
        match self.trainer.take().ok_or_else(lost)?.tuned() {
            Tuned::Head(head, towers) => Ok(Phase::After { weights: before.with_head(head, towers) }),
            Tuned::Full(bert) => {
                let fingerprint = tuner.encoder.fingerprint_of(&bert).await?;
                let weights = before.with_bert(*bert, fingerprint);
                let encodings = self.everything(tuner, Some(&weights));
                Ok(Phase::Encode(encodings, Box::new(Phase::After { weights })))
            }
        }
    }

    /// Compares, keeps what is measurably better, and puts everything else back.
    pub(super) fn judge(&mut self, tuner: &mut Tuner, weights: Snapshot, after: &Report) -> Result<Event> {
        let lost = || Error::Internal { reason: "a verdict without a baseline".into() };
        let before = self.before.take().ok_or_else(lost)?;
        let verdict = compare(&before, after, self.options.seed)?;
        let kept = verdict.outcome == Outcome::Better;
        let measured_on = if self.real { MeasuredOn::Judgments } else { MeasuredOn::PseudoQueries };
        let examples = self.now.examples.len();
        let verdict = TrainingVerdict { verdict, kept, measured_on, examples, steps: self.step };
        tuner.mine_with(None);
        tuner.set_last(tuner.encoder.snapshot(), weights);
        tuner.verdict = Some(verdict.clone());
        if kept {
            tuner.keep()?;
        }
        Ok(Event::Verdict(verdict))
    }
}
