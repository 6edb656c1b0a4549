//! What is trained on: mined at the beginning of each epoch, and in between where negatives would grow stale.

use super::{Encodings, LastRound, Phase, Train};
use crate::dataset::{BatchKey, Rng, batches};
use crate::encoder::{Snapshot, Towers};
use crate::error::Result;
use crate::mining::{Curriculum, MiningOptions, MiningReport, Strategy, Teacher};
use crate::training::{Averaged, LossName, Trainer, TrainingExample, Tuned};
use crate::tuner::Tuner;
use crate::tuner::events::Event;
use crate::tuner::mining::{Round, found, overlap};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// One pass over the examples.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct Epoch {
    /// From 1 once the first has begun; of this run.
    pub number: usize,
    /// All batches are taken: the next round begins an epoch.
    pub is_over: bool,
    /// What is left of it.
    pub batches: VecDeque<Vec<usize>>,
    pub examples: Vec<TrainingExample>,
    /// How many negatives of each example are judged; these come first.
    pub judged: Vec<usize>,
    /// Texts that are no documents, numbered from the number of documents on: near misses, then answers without their
    /// question.
    pub texts: Vec<String>,
    /// The document from which each text was made.
    pub sources: Vec<usize>,
    /// For each query all documents known to answer it, rising: they are no negatives of it.
    pub relevant: Vec<Vec<usize>>,
    /// The queries as augmentation has changed them; empty without it.
    pub queries: Vec<String>,
}

impl Default for Epoch {
    fn default() -> Self {
        Self {
            number: 0,
            is_over: true,
            batches: VecDeque::new(),
            examples: Vec::new(),
            judged: Vec::new(),
            texts: Vec::new(),
            sources: Vec::new(),
            relevant: Vec::new(),
            queries: Vec::new(),
        }
    }
}

impl Train {
    /// Must be mined anew before the next step, in the middle of an epoch?
    pub(super) fn is_stale(&self) -> bool {
        let Some(last) = &self.last_round else { return false };
        let is_ance = self.options.negatives == Strategy::Ance;
        let grown_old = is_ance && self.step >= last.step + self.options.refresh_every;
        let handed_over = self.mining(self.epoch(), 1).strategy != last.strategy;
        let harder = self.options.curriculum != Curriculum::None && self.stage().0 != last.stage;
        // The last epoch's batches may be empty already: nothing would be trained on what is mined then.
        (grown_old || handed_over || harder) && !self.now.batches.is_empty()
    }

    fn mining(&self, epoch: usize, documents: usize) -> MiningOptions {
        let (stage, last) = self.stage();
        self.options.mining(epoch, self.progress(), stage as f32 / last as f32, documents)
    }

    /// Weights to mine with: those trained so far, where that is affordable.
    ///
    /// A head only moves finished embeddings, and where queries alone train only they are encoded anew. When documents move too,
    /// the whole corpus must be encoded, which costs more than an epoch: only ANCE asks for that.
    pub(super) async fn refresh(&mut self, tuner: &mut Tuner) -> Result<Phase> {
        let Some(trainer) = &self.trainer else { return Ok(Phase::Mine(None)) };
        let now = tuner.encoder.snapshot();
        let (bert, towers) = match trainer.tuned(trainer.weights()) {
            Tuned::Head(head, towers) => return Ok(Phase::Mine(Some(now.with_head(head, towers)))),
            Tuned::Bert(_, Towers::Shared, _) if self.options.negatives != Strategy::Ance => {
                return Ok(Phase::Mine(None));
            }
            Tuned::Bert(bert, towers, _) => (bert, towers),
        };
        let fingerprint = tuner.encoder.fingerprint_of(&bert).await?;
        tuner.mine_with(Some(fingerprint));
        if self.options.mining.teacher == Some(Teacher::MaxSim) {
            // That is the encoder itself: what it said is no longer true.
            self.scores.clear();
        }
        let weights = now.with_bert(*bert, fingerprint, towers, None);
        // Mining asks about training queries alone.
        let encodings = self.encodings(tuner, Some(&weights), self.queries.iter());
        Ok(Phase::Encode(encodings, Box::new(Phase::Mine(Some(weights)))))
    }

    pub(super) async fn begin_round(
        &mut self,
        tuner: &mut Tuner,
        weights: Option<Snapshot>,
    ) -> Result<Round> {
        // Within an epoch the same positives: its batches number them.
        let epoch = self.epoch() + usize::from(self.now.is_over);
        let options = self.mining(epoch, tuner.corpus.len());
        let scores = std::mem::take(&mut self.scores);
        // Another strategy or stage of the curriculum looks at other candidates.
        let has_stages = self.options.curriculum != Curriculum::None;
        let stage = self.stage().0;
        let is_other =
            |last: &LastRound| last.strategy != options.strategy || (has_stages && last.stage != stage);
        let asks_again = self.last_round.as_ref().is_some_and(is_other);
        let round = Round::begin(tuner, options, self.queries.clone(), weights, scores, asks_again).await?;
        Ok(if self.options.loss == LossName::MarginMse { round.with_judged() } else { round })
    }

    /// Turns what was mined into examples, and begins the epoch if the last one is over.
    pub(super) fn end_round(&mut self, tuner: &mut Tuner, round: Round) -> Result<Event> {
        let (mut mined, scores) = round.finish()?;
        self.scores = scores;
        let found = found(tuner, &mined);
        let last = self.last_round.take();
        let staleness = last.as_ref().map(|last| self.step - last.step);
        mined.report.overlap = overlap(last.map(|last| last.found).as_ref(), &found);
        let (step, strategy, stage) = (self.step, mined.report.strategy, self.stage().0);
        self.last_round = Some(LastRound { found, step, strategy, stage });
        self.complete(&mut mined.report);

        if self.now.is_over {
            self.now.number += 1;
        }
        self.set_examples(tuner, &mined);
        if self.now.is_over {
            self.now.is_over = false;
            self.begin_epoch(tuner);
        } else {
            // The same pairs with other negatives: what is left of the epoch is kept apart anew.
            let left = Vec::from(std::mem::take(&mut self.now.batches));
            let count = left.len();
            let left = left.concat();
            let size = left.len().div_ceil(count.max(1));
            self.lay_out(tuner, left, size);
        }
        let encodings = Encodings(self.missing_texts(tuner));
        self.phase = Phase::Encode(encodings, Box::new(Phase::Steps));
        Ok(Event::Mining { epoch: self.epoch(), step, staleness, report: mined.report })
    }

    /// What the room cannot know: which strategy the run has, and that judged negatives alone were wanted.
    fn complete(&self, report: &mut MiningReport) {
        report.unanswered = self.unanswered;
        if self.options.is_in_batch() {
            report.strategy = Strategy::InBatch;
            (report.short_pairs, report.shortfall) = (0, 0);
        }
    }

    /// Batches for a whole epoch; the first one of a run begins it, the very first also settles how long a run will be.
    fn begin_epoch(&mut self, tuner: &mut Tuner) {
        let count = self.now.examples.len();
        let size = self.options.batch(count);
        if self.trainer.is_none() {
            let batches = count.div_ceil(size.max(1));
            let steps = batches.div_ceil(self.options.accumulate);
            self.epochs = self.options.epochs(count, steps);
            self.steps = self.epochs * steps;
            self.begin_run(tuner);
            self.narrow();
        }
        self.augment();
        self.lay_out(tuner, (0..count).collect(), size);
    }

    /// Fresh weights, with another seed in each run.
    pub(super) fn begin_run(&mut self, tuner: &Tuner) {
        let seed = Rng::stream(self.options.seed, !(self.run as u64)).next_u64();
        self.trainer = Some(Trainer::new(&tuner.encoder, &self.options, self.steps, seed));
        self.averaged = Averaged::new(self.options.average, self.steps);
    }

    /// Deals these examples into batches.
    fn lay_out(&mut self, tuner: &mut Tuner, numbers: Vec<usize>, size: usize) {
        let relations = tuner.relations();
        let class = |number: usize| relations.originals.get(number).copied().unwrap_or(number);
        let key = |&number: &usize| {
            let example = &self.now.examples[number];
            // An answer without its question stands for the document.
            let made = example.positive.checked_sub(tuner.corpus.len());
            let positive = made.map_or(example.positive, |text| self.now.sources[text]);
            let negatives = example.negatives.iter().map(|negative| negative.document);
            let documents = std::iter::once(positive).chain(negatives).map(class).collect();
            BatchKey { query: example.query, documents }
        };
        let keys: Vec<BatchKey> = numbers.iter().map(key).collect();
        let batches = batches(&keys, size, self.options.epoch_seed(self.epoch()));
        let named = batches.into_iter().map(|batch| batch.into_iter().map(|at| numbers[at]).collect());
        self.now.batches = named.collect();
    }

    /// Number of the epoch over all runs, from 1: each draws something else.
    pub(super) fn epoch(&self) -> usize {
        (self.run - 1) * self.epochs + self.now.number
    }
}
