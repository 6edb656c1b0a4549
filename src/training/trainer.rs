//! One optimiser step after another.

use super::adamw::{AdamW, AdamWConfig};
use super::gradient::{Setting, StepInputs};
use super::layout::Layout;
use super::moving::{Moving, Tuned, lowest};
use super::options::TrainOptions;
use super::schedule::Schedule;
use super::trainable::Trainable;
use crate::dataset::Rng;
use crate::encoder::{Encoder, Tower, read};
use crate::error::{Error, Result};
use burn::tensor::Tensor;

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepReport {
    /// Before the update, as are the rest; weighted, which the scores are not.
    pub loss: f32,
    /// Mean cosine of queries with their positives.
    pub positive_score: f32,
    /// Mean cosine of queries with their own negatives.
    pub negative_score: f32,
    /// Share of triplets within the margin, 0..1.
    pub active_triplets: f32,
    /// Global norm, before clipping.
    pub grad_norm: f32,
    /// Of this step.
    pub learning_rate: f64,
}

/// A run in progress.
pub struct Trainer {
    moving: Moving,
    /// All that trains, `[n]`.
    pub(super) weights: Tensor<1>,
    /// As it was when training began.
    pub(super) start: Tensor<1>,
    pub(super) optimizer: AdamW,
    setting: Setting,
    schedule: Schedule,
    seed: u64,
    pub(super) step: usize,
    is_head: bool,
}

impl Trainer {
    /// Starts from the encoder's present weights. `steps` of the whole run; `seed` of dropout.
    pub fn new(encoder: &Encoder, options: &TrainOptions, steps: usize, seed: u64) -> Self {
        let moving = Moving::new(encoder, options);
        let weights = moving.packed();
        let config = AdamWConfig {
            weight_decay: options.weight_decay,
            anchor: options.anchor,
            max_norm: options.max_grad_norm,
        };
        let setting = Setting {
            loss: options.loss(),
            towers: options.towers,
            layer: lowest(options, encoder),
            dropout: options.dropout,
            budget: options.memory_budget,
            device: encoder.device().clone().autodiff(),
        };
        Self {
            optimizer: AdamW::new(&weights, config),
            start: weights.clone(),
            weights,
            moving,
            setting,
            schedule: Schedule::new(options.rate(), options.warmup, steps, options.schedule),
            seed,
            step: 0,
            is_head: options.trainable == Trainable::Head,
        }
    }

    /// Forward and backward for each batch, one update with their mean gradient; one read-back.
    ///
    /// # Errors
    /// `DeviceLost`; `InputInvalid` when the loss is no longer a number (the weights are then of no use); `Internal` for inputs of
    /// the kind that [`Self::wants_texts`] does not ask for.
    pub async fn step(&mut self, encoder: &Encoder, batches: &[(Layout, StepInputs)]) -> Result<StepReport> {
        let (mut gradient, mut watched): (Option<Tensor<1>>, Option<Tensor<1>>) = (None, None);
        let add = |sum: Option<Tensor<1>>, more: Tensor<1>| match sum {
            Some(sum) => sum + more,
            None => more,
        };
        for (at, (layout, inputs)) in batches.iter().enumerate() {
            let seed = Rng::stream(self.seed, (self.step * batches.len() + at) as u64).next_u64();
            let computed = self.setting.compute(&self.moving, encoder, layout, inputs, seed)?;
            gradient = Some(add(gradient, computed.gradient));
            watched = Some(add(watched, computed.watched));
        }
        let (Some(gradient), Some(watched)) = (gradient, watched) else {
            return Err(Error::Internal { reason: "a step without batches".into() });
        };
        let share = 1.0 / batches.len() as f32;
        let learning_rate = self.schedule.rate(self.step);
        let gradient = if batches.len() > 1 { gradient.mul_scalar(share) } else { gradient };
        let (weights, norm) = self.optimizer.step(self.weights.clone(), &self.start, gradient, learning_rate);
        self.put(weights);
        self.step += 1;
        let [values] = read([Tensor::cat(vec![watched.mul_scalar(share), norm], 0)]).await?;
        let [loss, positive_score, negative_score, active_triplets, grad_norm] = values[..] else {
            return Err(Error::Internal { reason: format!("a step read back {} numbers", values.len()) });
        };
        if !(loss.is_finite() && grad_norm.is_finite()) {
            let reason = format!("the loss became {loss} at step {}; use a lower rate", self.step);
            return Err(Error::input("learningRate", reason));
        }
        Ok(StepReport { loss, positive_score, negative_score, active_triplets, grad_norm, learning_rate })
    }

    /// Must the inputs of this side be texts (else finished embeddings)?
    pub fn wants_texts(&self, tower: Tower) -> bool {
        !self.is_head && self.setting.towers.adapt(tower)
    }

    /// Number of the layer at which texts enter, from 0: what is below it does not train.
    pub fn layer(&self) -> usize {
        self.setting.layer
    }

    /// All that trains, `[n]`, as it is now.
    pub fn weights(&self) -> &Tensor<1> {
        &self.weights
    }

    /// Likewise as it was at the beginning.
    pub fn start(&self) -> &Tensor<1> {
        &self.start
    }

    pub(super) fn put(&mut self, weights: Tensor<1>) {
        self.moving = self.moving.with(&weights);
        self.weights = weights;
    }

    /// A model with these weights, `[n]`, free of gradients.
    pub fn tuned(&self, weights: &Tensor<1>) -> Tuned {
        self.moving.with(weights).into_tuned(self.setting.towers)
    }
}
