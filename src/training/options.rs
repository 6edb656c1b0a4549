//! What a person may choose about training, with defaults that need no choice.

use crate::dataset::Rng;
use crate::encoder::Towers;
use crate::error::{Error, Result};
use crate::loss::{InfoNce, Loss, MarginRanking};
use crate::mining::{Curriculum, MiningOptions, Strategy};
use serde::Deserialize;

/// Steps that a run without `epochs` aims at.
const AIM_STEPS: usize = 64;

/// Largest default batch of a head. In five-fold cross-validation on 477 training queries of SQuADShifts, 64 steps of 256
/// gained .0283 nDCG@10 and 48 steps of 64 gained .0185: each query sees more documents that are not its own, and with
/// frozen embeddings they cost next to nothing.
const HEAD_BATCH: usize = 256;

/// Most documents in one step. The scores of a step are queries × documents numbers, several times over for the backward
/// pass, in the 4 GB that a wasm module can address.
const MOST_DOCUMENTS: usize = 16_640;

/// Which loss, by its JavaScript name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LossName {
    #[default]
    /// In-batch and hard negatives, softmax.
    InfoNce,
    /// Margin ranking on cosines.
    Margin,
}

/// What trains.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trainable {
    /// A residual linear map on frozen embeddings.
    #[default]
    Head,
    /// Every layer; word embeddings stay frozen.
    Full,
}

/// Options of one training run. Every field has a default; unknown fields are refused.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TrainOptions {
    /// What is minimised.
    pub loss: LossName,
    /// What moves.
    pub trainable: Trainable,
    /// Which side moves (head only).
    pub towers: Towers,
    /// What is pushed away, besides the other documents of the batch.
    pub negatives: Strategy,
    /// Which candidates become negatives. Its strategy, numbers of negatives and positives, relative margin and seed are those
    /// of the run.
    pub mining: MiningOptions,
    /// Steps between two minings, for [`Strategy::Ance`].
    pub refresh_every: usize,
    /// Share of all steps that begin with BM25 negatives before `negatives` takes over, 0..1.
    pub bm25_warmup: f32,
    /// How hard negatives are as training goes on.
    pub curriculum: Curriculum,
    /// Positives of one query in one epoch, so that none dominates; each epoch draws others.
    pub max_positives: usize,
    /// Passes over the examples. By default as many as make about 64 steps.
    pub epochs: Option<usize>,
    /// Queries a step. By default half of the examples, at most 256, for a head; 8 for full training.
    pub batch_size: Option<usize>,
    /// Peak of the schedule. By default 3e-4 for a head, 2e-5 for full training.
    pub learning_rate: Option<f64>,
    /// Share of all steps that the rate takes to rise, 0..1.
    pub warmup: f64,
    /// Of the margin loss, in cosine (0..2).
    pub margin: f32,
    /// Of InfoNCE, 1 / temperature.
    pub scale: f32,
    /// Decoupled decay of trained weights, per unit of learning rate; for a head it pulls towards the identity.
    pub weight_decay: f32,
    /// Negatives a (query, positive) pair.
    pub num_negatives: usize,
    /// Mined negatives may score at most `positive − |positive| × relative_margin`; none turns the rule off.
    pub relative_margin: Option<f32>,
    /// Of everything random in a run: batches, sampling, the verdict's resampling. Not of the split.
    pub seed: u64,
}

impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            loss: LossName::default(),
            trainable: Trainable::default(),
            towers: Towers::default(),
            negatives: Strategy::default(),
            mining: MiningOptions::default(),
            refresh_every: 16,
            bm25_warmup: 0.0,
            curriculum: Curriculum::default(),
            max_positives: 4,
            epochs: None,
            batch_size: None,
            learning_rate: None,
            warmup: 0.1,
            margin: 0.1,
            // Between sentence-transformers' 20 and the 40 that did better in the same cross-validation (mean gain over its
            // standard error with 60 queries: 1.1 at 20, 1.5 at 40; with 360 queries 2.1 at both).
            scale: 30.0,
            weight_decay: 0.01,
            num_negatives: 1,
            relative_margin: Some(0.05),
            seed: 0,
        }
    }
}

impl TrainOptions {
    /// # Errors
    /// `InputInvalid`, naming the first option that is out of range.
    pub fn validate(&self) -> Result<()> {
        let range = |field: &str, value: f64, least: f64, most: f64| {
            if value >= least && value <= most {
                return Ok(());
            }
            Err(Error::input(field, format!("must be {least} to {most}, got {value}")))
        };
        range("epochs", self.epochs.unwrap_or(1) as f64, 1.0, 1000.0)?;
        range("batchSize", self.batch_size.unwrap_or(2) as f64, 2.0, 1024.0)?;
        range("learningRate", self.rate(), 1e-9, 1.0)?;
        range("warmup", self.warmup, 0.0, 1.0)?;
        range("margin", f64::from(self.margin), 0.0, 2.0)?;
        range("scale", f64::from(self.scale), 0.01, 1000.0)?;
        range("weightDecay", f64::from(self.weight_decay), 0.0, 1.0)?;
        range("numNegatives", self.num_negatives as f64, 0.0, 64.0)?;
        range("relativeMargin", f64::from(self.relative_margin.unwrap_or(0.0)), 0.0, 1.0)?;
        range("refreshEvery", self.refresh_every as f64, 1.0, 1e9)?;
        range("bm25Warmup", f64::from(self.bm25_warmup), 0.0, 1.0)?;
        range("maxPositives", self.max_positives as f64, 1.0, 1e9)?;
        self.mining.validate().map_err(|error| match error {
            Error::InputInvalid { field, reason } => Error::input(format!("mining.{field}"), reason),
            other => other,
        })?;
        if self.towers == Towers::Query && self.trainable == Trainable::Full {
            let reason = "\"query\" needs trainable \"head\": full training moves the document side too";
            return Err(Error::input("towers", reason));
        }
        let step = self.batch_size.unwrap_or(HEAD_BATCH) * (1 + self.num_negatives);
        if step > MOST_DOCUMENTS {
            let reason = format!(
                "with numNegatives {} a step has {step} documents, at most {MOST_DOCUMENTS} fit",
                self.num_negatives
            );
            return Err(Error::input("batchSize", reason));
        }
        if self.negatives == Strategy::Labelled && self.num_negatives == 0 {
            return Err(Error::input("numNegatives", "negatives \"labelled\" needs at least 1"));
        }
        if self.loss == LossName::Margin && self.num_negatives == 0 {
            return Err(Error::input("numNegatives", "the margin loss needs at least 1"));
        }
        Ok(())
    }

    /// What to mine in this epoch (from 1) at this share (0..1) of the run, at this hardness (0..1) of the curriculum.
    ///
    /// Every epoch draws anew what is drawn at random; the shares of positives and negatives stay those of the run.
    pub fn mining(&self, epoch: usize, progress: f32, hardness: f32, documents: usize) -> MiningOptions {
        let warming = self.bm25_warmup > 0.0 && progress < self.bm25_warmup;
        let strategy = match self.negatives {
            _ if self.is_in_batch() => Strategy::Labelled,
            _ if warming => Strategy::Bm25,
            strategy => strategy,
        };
        let options = MiningOptions {
            strategy,
            num_negatives: self.num_negatives.max(1),
            max_positives: Some(self.max_positives),
            relative_margin: self.relative_margin,
            seed: self.epoch_seed(epoch),
            ..self.mining.clone()
        };
        self.curriculum.at(&options, documents, hardness)
    }

    /// Are the other documents of the batch all that is wanted, besides judged ones? Mining them once more for a loss that
    /// has them already would count them twice.
    pub fn is_in_batch(&self) -> bool {
        let in_loss = self.negatives == Strategy::InBatch && self.loss == LossName::InfoNce;
        in_loss || self.num_negatives == 0
    }

    /// Of what is drawn in one epoch (from 1): unlike that of any epoch of a run with another seed.
    pub fn epoch_seed(&self, epoch: usize) -> u64 {
        Rng::stream(self.seed, epoch as u64).next_u64()
    }

    /// Negatives that an example can have at most, in batches of so many: what fits into a step.
    pub fn most_negatives(&self, batch: usize) -> usize {
        (MOST_DOCUMENTS / batch.max(1)).saturating_sub(1).max(1)
    }

    /// Peak learning rate.
    pub fn rate(&self) -> f64 {
        let by_rung = if self.trainable == Trainable::Head { 3e-4 } else { 2e-5 };
        self.learning_rate.unwrap_or(by_rung)
    }

    /// Queries a step for this many examples.
    pub fn batch(&self, examples: usize) -> usize {
        let most = if self.trainable == Trainable::Head { HEAD_BATCH } else { 8 };
        self.batch_size.unwrap_or((examples / 2).clamp(8, most)).min(examples.max(1))
    }

    /// Epochs for this many steps an epoch.
    pub fn epochs(&self, steps_an_epoch: usize) -> usize {
        self.epochs.unwrap_or_else(|| AIM_STEPS.div_ceil(steps_an_epoch.max(1)).clamp(4, 64))
    }

    /// The loss with its setting.
    pub fn loss(&self) -> Loss {
        match self.loss {
            LossName::InfoNce => Loss::InfoNce(InfoNce { scale: self.scale }),
            LossName::Margin => Loss::MarginRanking(MarginRanking { margin: self.margin }),
        }
    }
}
