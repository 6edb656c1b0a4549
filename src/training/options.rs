//! What a person may choose about training, with defaults that need no choice.

use super::schedule::Fall;
use super::trainable::Trainable;
use crate::dataset::Rng;
use crate::encoder::{LoraOptions, Towers};
use crate::loss::{Contrastive, Distance, InfoNce, Loss, MarginMse, MarginRanking, Triplet};
use crate::mining::{Curriculum, MiningOptions, Strategy};
use crate::text::AugmentOptions;
use serde::{Deserialize, Serialize};

/// Steps that a run without `epochs` aims at: more for more examples. With 20 and 50 examples, 64 steps lost .005 and .003 nDCG@10 on
/// SQuADShifts where 8 to 16 lost nothing (means of 3 draws, on queries set aside from training); with 500 and more, 64 gained most.
const STEPS: [usize; 2] = [8, 64];
const STEPS_BY_ROOT: f64 = 2.7;

/// Largest default batch of a head. In five-fold cross-validation on 477 training queries of SQuADShifts, 64 steps of 256
/// gained .0283 nDCG@10 and 48 steps of 64 gained .0185: each query sees more documents that are not its own, and with
/// frozen embeddings they cost next to nothing.
pub(super) const HEAD_BATCH: usize = 256;

/// Peak rate of a head. On queries set aside from training (SQuADShifts by query and by article, SciFact; nDCG@10 gained, one seed):
/// 3e-4 .0137, -.0009, .0730; 5e-4 .0150, .0003, .1059; 1e-3 .0153, -.0009, .1296. Twice as much gains more on SciFact alone; where
/// nothing is to be gained it is no better, and the verdict has less to roll back with the smaller one.
const HEAD_RATE: f64 = 5e-4;

/// Likewise of LoRA: with 39 questions on 200 passages of SQuADShifts, 1e-3 took nDCG@10 from .8372 to .8555 (queries set aside from
/// training). Rates of 2e-4 and less, as usual elsewhere, are for longer runs than these.
const LORA_RATE: f64 = 1e-3;

/// Largest default batch of everything else: each text goes through the transformer, forward and back.
const TEXT_BATCH: usize = 16;

/// Dev queries cost training data: below so many queries there are none, above it is a fifth.
const LEAST_FOR_DEV: usize = 40;
const DEV_SHARE: f64 = 0.2;

/// Most documents in one step. The scores of a step are queries × documents numbers, several times over for the backward
/// pass, in the 4 GB that a wasm module can address.
pub(super) const MOST_DOCUMENTS: usize = 16_640;

/// Which loss, by its JavaScript name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LossName {
    #[default]
    /// In-batch and hard negatives, softmax.
    InfoNce,
    /// Margin ranking on cosines.
    Margin,
    /// The same hinge on a distance.
    Triplet,
    /// A teacher's score differences.
    MarginMse,
    /// Pairs, pulled together or pushed apart.
    Contrastive,
}

/// Which weights a run gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Average {
    /// Those of one step.
    #[default]
    None,
    /// Their exponential moving average.
    Ema,
    /// The mean of those at each look at the dev queries so far.
    Checkpoints,
}

/// Options of one training run. Every field has a default; unknown fields are refused.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TrainOptions {
    /// What is minimised.
    pub loss: LossName,
    /// What moves.
    pub trainable: Trainable,
    /// Of [`Trainable::Lora`].
    pub lora: LoraOptions,
    /// Which side moves.
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
    /// Passes over the examples. By default as many as make 8 to 64 steps, more for more examples.
    pub epochs: Option<usize>,
    /// Queries a batch. By default half of the examples, at most 256, for a head; at most 16 for everything else.
    pub batch_size: Option<usize>,
    /// Batches whose gradients are averaged for one step.
    pub accumulate: usize,
    /// Bytes that the activations of a batch may take before it goes through the model in parts.
    pub memory_budget: u64,
    /// Peak of the schedule. By default 5e-4 for a head, 1e-3 for LoRA, 2e-5 for layers.
    pub learning_rate: Option<f64>,
    /// Share of all steps that the rate takes to rise, 0..1.
    pub warmup: f64,
    /// How it falls afterwards.
    pub schedule: Fall,
    /// Gradients are scaled down to this global norm.
    pub max_grad_norm: Option<f32>,
    /// Of the margin, triplet and contrastive losses, in cosine or distance (0..2).
    pub margin: f32,
    /// Of the triplet loss.
    pub distance: Distance,
    /// Of InfoNCE, 1 / temperature.
    pub scale: f32,
    /// Of InfoNCE: taken off the positive's cosine (0..1).
    pub additive_margin: f32,
    /// Of InfoNCE: what scores above the positive + this is left out.
    pub false_negative_margin: Option<f32>,
    /// Pull towards the weights with which training began, decoupled, per unit of learning rate.
    pub anchor: f32,
    /// Share (0..0.9) of the inputs of what trains that each step leaves out.
    pub dropout: f64,
    /// Changes of training queries.
    pub augment: AugmentOptions,
    /// Which weights a run gives.
    pub average: Average,
    /// Runs with different seeds whose weights are averaged.
    pub runs: usize,
    /// Share (0..0.5) of the training queries that decide instead of being trained on. By default a fifth, and none of fewer than
    /// 40.
    pub dev_share: Option<f64>,
    /// Steps between two looks at the dev queries. By default an eighth of the run.
    pub evaluate_every: Option<usize>,
    /// Looks without gain after which a run stops.
    pub patience: usize,
    /// Steps between two checkpoints.
    pub checkpoint_every: Option<usize>,
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
            lora: LoraOptions::default(),
            towers: Towers::default(),
            negatives: Strategy::default(),
            mining: MiningOptions::default(),
            refresh_every: 16,
            bm25_warmup: 0.0,
            curriculum: Curriculum::default(),
            max_positives: 4,
            epochs: None,
            batch_size: None,
            accumulate: 1,
            memory_budget: 1 << 30,
            learning_rate: None,
            warmup: 0.1,
            schedule: Fall::default(),
            max_grad_norm: Some(1.0),
            margin: 0.1,
            distance: Distance::default(),
            // Between sentence-transformers' 20 and the 40 that did better in the same cross-validation (mean gain over its
            // standard error with 60 queries: 1.1 at 20, 1.5 at 40; with 360 queries 2.1 at both).
            scale: 30.0,
            additive_margin: 0.0,
            false_negative_margin: None,
            anchor: 0.0,
            dropout: 0.0,
            augment: AugmentOptions::default(),
            average: Average::default(),
            runs: 1,
            dev_share: None,
            evaluate_every: None,
            patience: 3,
            checkpoint_every: None,
            weight_decay: 0.01,
            num_negatives: 1,
            relative_margin: Some(0.05),
            seed: 0,
        }
    }
}

impl TrainOptions {
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
        let by_rung = match self.trainable {
            Trainable::Head => HEAD_RATE,
            Trainable::Lora => LORA_RATE,
            Trainable::Layers(_) | Trainable::Full => 2e-5,
        };
        self.learning_rate.unwrap_or(by_rung)
    }

    /// Queries a step for this many examples.
    pub fn batch(&self, examples: usize) -> usize {
        let most = if self.trainable == Trainable::Head { HEAD_BATCH } else { TEXT_BATCH };
        self.batch_size.unwrap_or((examples / 2).clamp(8, most)).min(examples.max(1))
    }

    /// Epochs for so many examples, which take so many steps each time.
    pub fn epochs(&self, examples: usize, steps_an_epoch: usize) -> usize {
        let aim = ((examples as f64).sqrt() * STEPS_BY_ROOT).round() as usize;
        let by_steps = aim.clamp(STEPS[0], STEPS[1]).div_ceil(steps_an_epoch.max(1));
        let least = if self.trainable == Trainable::Head { 4 } else { 2 };
        self.epochs.unwrap_or(by_steps.clamp(least, 64))
    }

    /// The loss with its setting.
    pub fn loss(&self) -> Loss {
        match self.loss {
            LossName::InfoNce => Loss::InfoNce(InfoNce {
                scale: self.scale,
                margin: self.additive_margin,
                false_negative_margin: self.false_negative_margin,
            }),
            LossName::Margin => Loss::MarginRanking(MarginRanking { margin: self.margin }),
            LossName::Triplet => Loss::Triplet(Triplet { margin: self.margin, distance: self.distance }),
            LossName::MarginMse => Loss::MarginMse(MarginMse),
            LossName::Contrastive => Loss::Contrastive(Contrastive { margin: self.margin }),
        }
    }

    /// How many of so many training queries are dev queries, if none was named as such.
    pub fn dev_share(&self, queries: usize) -> f64 {
        self.dev_share.unwrap_or(if queries < LEAST_FOR_DEV { 0.0 } else { DEV_SHARE })
    }

    /// Must documents be encoded anew to see what training came to?
    pub fn encodes_documents(&self) -> bool {
        self.trainable != Trainable::Head && self.towers == Towers::Shared
    }

    /// Steps between two looks at the dev queries.
    pub fn evaluate_every(&self, steps: usize) -> usize {
        let looks = if self.encodes_documents() { 4 } else { 8 };
        self.evaluate_every.unwrap_or(steps.div_ceil(looks)).max(1)
    }
}
