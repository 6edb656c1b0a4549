//! From examples to better weights, a step at a time.
//!
//! Enters: [`TrainingExample`]s (numbers of queries and documents) and, for each step, what those numbers stand for.
//! Leaves: a [`StepReport`] a step, and [`Tuned`] weights at any time. Mining, batching order and evaluation are the
//! tuner's; this room only moves weights.

mod adamw;
mod averaging;
mod checkpoint;
mod device;
#[cfg(feature = "webgpu")]
mod fused;
mod gradient;
mod layout;
mod moving;
mod options;
mod parameters;
mod parts;
mod schedule;
mod trainable;
mod trainer;
mod validate;

pub use adamw::{AdamW, AdamWConfig};
pub use averaging::{Averaged, between};
pub use checkpoint::{Checkpoint, Named};
pub use device::try_device;
pub use gradient::{Inputs, StepInputs, Texts};
pub use layout::{HardNegative, Layout, TrainingExample};
pub use moving::Tuned;
pub use options::{Average, LossName, TrainOptions};
pub use schedule::{Fall, Schedule};
pub use trainable::Trainable;
pub use trainer::{StepReport, Trainer};
