//! A training run: baseline first, then epochs of mining and steps with looks at the dev queries, then the verdict.
//!
//! Nothing of it touches the weights in use until the verdict: search goes on undisturbed, and a run that is dropped leaves
//! everything as it was.

mod begin;
mod checkpoint;
mod choice;
mod epoch;
mod examples;
mod finish;
mod looks;
mod states;
mod steps;
#[cfg(test)]
pub(super) mod tests;

use super::Tuner;
use super::encoding::Encoding;
use super::events::{Event, Moment, Stage};
use super::mining::{Round, Scores};
use super::search::Mode;
use crate::dataset::JudgedQuery;
use crate::encoder::{Snapshot, Tower};
use crate::error::{Error, Result};
use crate::evaluation::Report;
use crate::mining::Strategy;
use crate::text::Augmenter;
use crate::training::{Averaged, Checkpoint, TrainOptions, Trainer, try_device};
use burn::tensor::Tensor;
use choice::Choice;
use epoch::Epoch;
use looks::Looks;
use serde::{Deserialize, Serialize};
use states::StateCache;
use std::collections::HashSet;
use web_time::Instant;

/// Stages of a curriculum in a run of fewer epochs.
const LEAST_STAGES: usize = 4;

/// Where a run stands. Each pull does the work of one phase, or one part of it, and may move on.
#[allow(clippy::large_enum_variant, reason = "there is one of it in a run")]
enum Phase {
    /// Goes back to where a checkpoint was made.
    Restore(Box<Checkpoint>),
    /// Texts that need vectors, then the next phase.
    Encode(Encodings, Box<Phase>),
    Before,
    /// Decides with which weights to mine, and what they must encode first.
    Refresh,
    /// Begins a round of mining, with other weights than those in use if there are any.
    Mine(Option<Snapshot>),
    Mining(Box<Round>),
    Steps,
    /// How far to go from the old weights to the new.
    Choose(Choice),
    After {
        weights: Snapshot,
    },
    Verdict {
        weights: Snapshot,
        after: Report,
    },
    Done,
}

/// One after another.
struct Encodings(Vec<Encoding>);

/// One run, or several whose weights are averaged.
pub(super) struct Train {
    options: TrainOptions,
    phase: Phase,
    /// Of the training side, as they were when the run began; what is judged meanwhile counts for the next run.
    queries: Vec<JudgedQuery>,
    /// Those that decide instead of being trained on.
    dev: Vec<JudgedQuery>,
    /// Of the other side, likewise: before and after are about the same queries.
    held_out: Vec<JudgedQuery>,
    /// Does a person's word say what is relevant?
    real: bool,
    /// The state of the tuner that the run belongs to.
    revision: u64,
    trainer: Option<Trainer>,
    averaged: Averaged,
    before: Option<Report>,
    /// What is trained on now.
    now: Epoch,
    /// Of one run, as are `step` and `steps`.
    epochs: usize,
    step: usize,
    steps: usize,
    /// From 1.
    run: usize,
    /// Steps taken in all runs; one that stops early takes fewer than `steps`.
    updates: usize,
    last_round: Option<LastRound>,
    /// Training queries on which people said only what is wrong.
    unanswered: usize,
    /// A teacher's words, as long as they stay true.
    scores: Scores,
    looks: Looks,
    /// The step of the last look at the dev queries, and of the last checkpoint.
    looked_at: Option<usize>,
    saved_at: usize,
    /// Documents that a look searches where not all are encoded for it.
    pool: Vec<usize>,
    /// Mean weights of the runs that are over, and how many these are.
    finished: Option<(Tensor<1>, usize)>,
    chosen: Chosen,
    states: StateCache,
    augmenter: Option<Augmenter>,
    started: Instant,
    /// Examples since then.
    trained: usize,
}

/// Which weights a training came to.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Chosen {
    /// From 1.
    pub run: usize,
    /// Of that run.
    pub step: usize,
    /// 0: the old weights, 1: the new ones.
    pub weight: f32,
    /// Dev queries that had a say.
    pub dev: usize,
}

/// What was mined last.
#[derive(Clone, Serialize, Deserialize)]
struct LastRound {
    found: HashSet<u64>,
    /// Steps taken before it.
    step: usize,
    strategy: Strategy,
    /// Of the curriculum.
    stage: usize,
}

impl Train {
    /// # Errors
    /// Whatever the work meets; the run is over then.
    pub(super) async fn next(&mut self, tuner: &mut Tuner) -> Result<Option<Event>> {
        if matches!(self.phase, Phase::Done) {
            return Ok(None);
        }
        if tuner.revision != self.revision {
            let reason = "documents or weights changed while it ran; nothing was kept, start it again";
            return Err(Error::input("training", reason));
        }
        try_device(tuner.encoder.device(), self.options.trainable).await?;
        loop {
            // Taken out, so that a failure on the way leaves the run finished rather than half way.
            match std::mem::replace(&mut self.phase, Phase::Done) {
                Phase::Restore(checkpoint) => self.restore(tuner, *checkpoint).await?,
                Phase::Encode(mut encodings, then) => match encodings.next(tuner).await? {
                    Some(event) => {
                        self.phase = Phase::Encode(encodings, then);
                        return Ok(Some(event));
                    }
                    None => self.phase = *then,
                },
                Phase::Before => {
                    let report = tuner.report(&self.held_out, Mode::Dense).await?;
                    let event = self.measured(Moment::Before, &report);
                    self.before = Some(report);
                    self.set_pool(tuner).await?;
                    self.phase = if self.trainer.is_some() { Phase::Steps } else { Phase::Refresh };
                    return Ok(Some(event));
                }
                Phase::Refresh => self.phase = self.refresh(tuner).await?,
                Phase::Mine(weights) => {
                    let round = self.begin_round(tuner, weights).await?;
                    self.phase = Phase::Mining(Box::new(round));
                }
                Phase::Mining(mut round) => match round.next(tuner).await? {
                    Some(event) => {
                        self.phase = Phase::Mining(round);
                        return Ok(Some(event));
                    }
                    None => return self.end_round(tuner, *round).map(Some),
                },
                Phase::Steps => {
                    if let Some(event) = self.between_steps(tuner).await? {
                        self.phase = Phase::Steps;
                        return Ok(Some(event));
                    }
                    if self.is_stale() {
                        self.phase = Phase::Refresh;
                    } else if !self.now.batches.is_empty() {
                        let most = self.options.accumulate.min(self.now.batches.len());
                        let batches = self.now.batches.drain(..most).collect();
                        let event = self.take_step(tuner, batches).await?;
                        self.phase = Phase::Steps;
                        return Ok(Some(event));
                    } else if self.now.number < self.epochs {
                        self.now.is_over = true;
                        self.phase = Phase::Refresh;
                    } else {
                        self.phase = self.finish_run(tuner).await?;
                    }
                }
                Phase::Choose(choice) => {
                    let (event, phase) = self.choose(tuner, choice).await?;
                    self.phase = phase;
                    if let Some(event) = event {
                        return Ok(Some(event));
                    }
                }
                Phase::After { weights } => {
                    let held_out = &self.held_out;
                    let report = async |tuner: &mut Tuner| tuner.report(held_out, Mode::Dense).await;
                    let after = tuner.with_weights(&weights, report).await?;
                    let event = self.measured(Moment::After, &after);
                    self.phase = Phase::Verdict { weights, after };
                    return Ok(Some(event));
                }
                Phase::Verdict { weights, after } => {
                    return self.judge(tuner, weights, &after).await.map(Some);
                }
                Phase::Done => return Ok(None),
            }
        }
    }

    /// A look at the dev queries, or a checkpoint, where it is time for one.
    async fn between_steps(&mut self, tuner: &mut Tuner) -> Result<Option<Event>> {
        if self.must_look() {
            return self.look_now(tuner).await.map(Some);
        }
        let every = self.options.checkpoint_every.unwrap_or(usize::MAX);
        if self.taken() >= self.saved_at.saturating_add(every) {
            self.saved_at = self.taken();
            return self.save(tuner).await.map(Some);
        }
        Ok(None)
    }

    /// Takes the caller's word on the candidates of the last `Scoring` event.
    ///
    /// # Errors
    /// `InputInvalid` when nobody asked, or the numbers do not fit.
    pub(super) fn put_scores(&mut self, scores: &[f32]) -> Result<()> {
        match &mut self.phase {
            Phase::Mining(round) => round.put_scores(scores),
            _ => Err(Error::input("teacher", "gave scores that nobody asked for")),
        }
    }

    /// All documents, and the queries of both sides, that have no vector under these weights (default: those in use).
    fn everything(&self, tuner: &Tuner, weights: Option<&Snapshot>) -> Encodings {
        self.encodings(tuner, weights, self.queries.iter().chain(&self.dev).chain(&self.held_out))
    }

    /// Likewise, but of the queries only these.
    fn encodings<'a>(
        &self,
        tuner: &Tuner,
        weights: Option<&Snapshot>,
        queries: impl Iterator<Item = &'a JudgedQuery>,
    ) -> Encodings {
        let present = tuner.encoder.snapshot();
        let fingerprint = |tower| weights.unwrap_or(&present).fingerprint(tower);
        let length = tuner.encoder.max_length();
        let contents = tuner.corpus.documents().iter().map(|document| document.content());
        let queries = queries.map(|query| query.text.clone());
        let documents = tuner.vectors.missing(fingerprint(Tower::Document), contents);
        let queries = tuner.vectors.missing(fingerprint(Tower::Query), queries);
        Encodings(vec![
            Encoding::new(Stage::Documents, documents, length, weights.cloned()),
            Encoding::new(Stage::Queries, queries, length, weights.cloned()),
        ])
    }

    /// Number of the last step over all runs, as if none stopped early: what events count by.
    fn taken(&self) -> usize {
        (self.run - 1) * self.steps + self.step
    }

    fn measured(&self, stage: Moment, report: &Report) -> Event {
        let (metrics, queries) = (report.metrics, report.per_query.len());
        Event::Evaluation { stage, epoch: self.now.number, step: self.taken(), metrics, queries, dev: None }
    }

    /// Changes the queries for the epoch that begins.
    fn augment(&mut self) {
        if let Some(augmenter) = &self.augmenter {
            let epoch = self.epoch() as u64;
            let change = |query: &JudgedQuery| augmenter.augment(&query.text, epoch);
            self.now.queries = self.queries.iter().map(change).collect();
        }
    }

    /// Share of the steps taken, 0..1.
    fn progress(&self) -> f32 {
        if self.steps == 0 { 0.0 } else { self.step as f32 / self.steps as f32 }
    }

    /// The stage of the curriculum, from 0, and the last one: an epoch each, or a quarter of a run of few epochs, so that the
    /// last stage is as hard as was asked for.
    fn stage(&self) -> (usize, usize) {
        let stages = self.epochs.max(LEAST_STAGES);
        let now = (self.step * stages).checked_div(self.steps).unwrap_or(0);
        (now.min(stages - 1), stages - 1)
    }
}

impl Encodings {
    /// One batch; none when all is done.
    async fn next(&mut self, tuner: &mut Tuner) -> Result<Option<Event>> {
        while let Some(encoding) = self.0.first_mut() {
            match encoding.next(tuner).await? {
                Some(event) => return Ok(Some(event)),
                None => drop(self.0.remove(0)),
            }
        }
        Ok(None)
    }
}
