//! The end of the steps: which weights a run came to, and how far towards them to go.

use super::looks::{Looks, Seen};
use super::{Phase, Train};
use crate::error::{Error, Result};
use crate::training::between;
use crate::tuner::Tuner;
use crate::tuner::events::Event;
use burn::tensor::Tensor;

/// Shares of the way from the old weights to the new that are tried on the dev queries, besides none and all of it.
const SHARES: [f32; 3] = [0.75, 0.5, 0.25];

/// A choice in progress.
pub(super) struct Choice {
    /// The new weights.
    tuned: Tensor<1>,
    /// Still to be measured, the last first.
    left: Vec<f32>,
    best: (f32, f64),
}

impl Train {
    /// Stops the run where it is.
    pub(super) fn end_run(&mut self) {
        self.now.batches.clear();
        self.now.number = self.epochs;
    }

    /// Takes the weights of the run, and begins the next one or the choice.
    pub(super) async fn finish_run(&mut self, tuner: &mut Tuner) -> Result<Phase> {
        let lost = || Error::Internal { reason: "a run without steps".into() };
        let trainer = self.trainer.as_ref().ok_or_else(lost)?;
        let (weights, step) = match &self.looks.best {
            Some(best) => (best.weights.clone(), best.step),
            None => (self.averaged.of(trainer.weights()), self.step),
        };
        self.chosen = super::Chosen { run: self.run, step, weight: 1.0, dev: self.dev.len() };
        let (mean, runs) = match self.finished.take() {
            Some((mean, runs)) => (between(&mean, &weights, 1.0 / (runs + 1) as f32), runs + 1),
            None => (weights, 1),
        };
        if self.run < self.options.runs {
            self.finished = Some((mean, runs));
            self.run += 1;
            (self.step, self.looked_at, self.last_round) = (0, Some(0), None);
            (self.now, self.looks) =
                (Default::default(), Looks { start: self.looks.start, ..Looks::default() });
            self.begin_run(tuner);
            return Ok(Phase::Refresh);
        }
        let Some(start) = self.looks.start else { return self.finish(tuner, mean).await };
        let mut choice =
            Choice { tuned: mean, left: SHARES.iter().rev().copied().collect(), best: (0.0, start) };
        match &self.looks.best {
            // Of one run the way itself is measured already.
            Some(best) if runs == 1 => drop(choice.weigh(1.0, best.ndcg)),
            _ => choice.left.push(1.0),
        }
        Ok(Phase::Choose(choice))
    }

    /// Measures one share, or ends the choice.
    pub(super) async fn choose(
        &mut self,
        tuner: &mut Tuner,
        mut choice: Choice,
    ) -> Result<(Option<Event>, Phase)> {
        let lost = || Error::Internal { reason: "a choice without a run".into() };
        let start = self.trainer.as_ref().ok_or_else(lost)?.start().clone();
        let Some(share) = choice.left.pop() else {
            self.chosen.weight = choice.best.0;
            let weights = between(&start, &choice.tuned, choice.best.0);
            return Ok((None, self.finish(tuner, weights).await?));
        };
        let seen: Seen = self.look(tuner, &between(&start, &choice.tuned, share)).await?;
        let is_best = choice.weigh(share, seen.report.metrics.ndcg_at_10);
        Ok((Some(self.dev_event(seen, is_best)), Phase::Choose(choice)))
    }
}

impl Choice {
    /// The best on the dev queries; what they cannot tell apart is settled for the longer way, as training data speak for it.
    fn weigh(&mut self, share: f32, ndcg: f64) -> bool {
        let (best_share, best) = self.best;
        let is_better = ndcg > best || (ndcg == best && share > best_share);
        if is_better {
            self.best = (share, ndcg);
        }
        is_better
    }
}
