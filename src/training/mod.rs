//! From examples to better weights, a step at a time.
//!
//! Enters: [`TrainingExample`]s (numbers of queries and documents) and, for each step, what those numbers stand for.
//! Leaves: a [`StepReport`] a step, and [`Tuned`] weights at any time. Mining, batching order and evaluation are the
//! tuner's; this room only moves weights.

mod layout;
mod options;
mod schedule;
mod trainer;

pub use layout::{Layout, TrainingExample};
pub use options::{LossName, TrainOptions, Trainable};
pub use schedule::Schedule;
pub use trainer::{Inputs, StepInputs, StepReport, Trainer, Tuned};
