//! One optimiser step after another: AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101) on a head or on every layer.

use super::layout::Layout;
use super::options::{TrainOptions, Trainable};
use super::schedule::Schedule;
use crate::encoder::{Bert, Encoder, Head, Tower, Towers, read};
use crate::error::{Error, Result};
use crate::loss::{Batch, Loss};
use burn::module::Module;
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor, TensorData};

/// What enters the trained part: finished base embeddings for a head, token ids for the transformer.
pub enum Inputs {
    /// Row-major `[rows, dim]`.
    Rows(Vec<f32>),
    /// One sequence a row.
    Tokens(Vec<Vec<u32>>),
}

/// Both sides of a step, in the order that its [`Layout`] gives.
pub struct StepInputs {
    /// One a row.
    pub queries: Inputs,
    /// Positives, then negatives.
    pub documents: Inputs,
}

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StepReport {
    /// Before the update, as are the rest; weighted, which the rest are not.
    pub loss: f32,
    /// Mean cosine of queries with their positives.
    pub positive_score: f32,
    /// Mean cosine of queries with their own negatives.
    pub negative_score: f32,
    /// Share of triplets within the margin, 0..1.
    pub active_triplets: f32,
    /// Of this step.
    pub learning_rate: f64,
}

/// Most memory that the attention scores of one step may take, of the 4 GB that a wasm module can address.
const STEP_BYTES: u64 = 2 << 30;

/// The part that trains.
enum Trained {
    Head(Head, Towers),
    Full(Box<Bert>),
}

/// A run in progress.
pub struct Trainer {
    trained: Trained,
    optimizer: ModuleOptimizer,
    schedule: Schedule,
    loss: Loss,
    device: Device,
    step: usize,
}

/// The outcome of a run, ready for use by an encoder.
pub enum Tuned {
    /// A head, and the sides on which it acts.
    Head(Head, Towers),
    /// A whole transformer.
    Full(Box<Bert>),
}

impl Trainer {
    /// Starts from the encoder's present weights: its head if it has one for the same towers, else the identity.
    pub fn new(encoder: &Encoder, options: &TrainOptions, steps: usize) -> Self {
        let device = encoder.device().clone().autodiff();
        let trained = match options.trainable {
            Trainable::Head => {
                let present = encoder.head().filter(|(_, towers)| *towers == options.towers);
                let start = present.map(|(head, _)| head.clone());
                let head = start.unwrap_or_else(|| Head::identity(encoder.dimensions(), encoder.device()));
                Trained::Head(head.train(), options.towers)
            }
            Trainable::Full => {
                let mut bert = encoder.bert().clone().train();
                // Half of a small encoder's weights, seldom touched each: frozen, as their dense gradient would cost more
                // than all layers together.
                bert.embeddings.word = bert.embeddings.word.set_require_grad(false);
                Trained::Full(Box::new(bert))
            }
        };
        let optimizer = AdamWConfig::new().with_epsilon(1e-8).with_weight_decay(options.weight_decay).init();
        let schedule = Schedule::new(options.rate(), options.warmup, steps);
        Self { trained, optimizer, schedule, loss: options.loss(), device, step: 0 }
    }

    /// Forward, backward, update; one read-back.
    ///
    /// # Errors
    /// `OutOfMemory` before anything is computed; `DeviceLost`; `InputInvalid` when the loss is no longer a number (the
    /// weights are then of no use); `Internal` for inputs of the kind that [`Self::wants_tokens`] does not ask for.
    pub async fn step(
        &mut self,
        encoder: &Encoder,
        layout: &Layout,
        inputs: StepInputs,
    ) -> Result<StepReport> {
        self.check_memory(encoder, &inputs)?;
        let size = layout.queries.len();
        let rows = layout.documents.len();
        let query = self.project(encoder, inputs.queries, Tower::Query)?;
        let documents = self.project(encoder, inputs.documents, Tower::Document)?; // [rows, dim]
        let dim = encoder.dimensions();
        let constant = |v: &[f32], shape: [usize; 2]| {
            Tensor::<2>::from_data(TensorData::new(v.to_vec(), shape), &self.device)
        };
        let batch = Batch {
            query,
            positive: documents.clone().narrow(0, 0, size),
            weight: constant(&layout.weights, [size, 1]),
            negative: documents.narrow(0, size, rows - size).reshape([size, layout.negatives, dim]),
            present: constant(&layout.present, [size, layout.negatives]),
            excluded: constant(&layout.excluded, [size, rows]),
        };
        let scored = self.loss.forward(batch);
        let watched = Tensor::cat(
            vec![
                scored.loss.clone().detach().inner(),
                scored.positive_score.inner(),
                scored.negative_score.inner(),
                scored.active.inner(),
            ],
            0,
        );
        let learning_rate = self.schedule.rate(self.step);
        self.update(scored.loss, learning_rate);
        self.step += 1;
        let [values] = read([watched]).await?;
        let [loss, positive_score, negative_score, active_triplets] = values[..] else {
            return Err(Error::Internal { reason: format!("a step read back {} numbers", values.len()) });
        };
        if !loss.is_finite() {
            let reason = format!("the loss became {loss} at step {}; use a lower rate", self.step);
            return Err(Error::input("learningRate", reason));
        }
        Ok(StepReport { loss, positive_score, negative_score, active_triplets, learning_rate })
    }

    fn update(&mut self, loss: Tensor<1>, rate: f64) {
        let gradients = loss.backward();
        match &mut self.trained {
            Trained::Head(head, _) => {
                let gradients = GradientsParams::from_grads(gradients, head);
                *head = self.optimizer.step(rate, head.clone(), gradients);
            }
            Trained::Full(bert) => {
                let gradients = GradientsParams::from_grads(gradients, bert.as_ref());
                **bert = self.optimizer.step(rate, bert.as_ref().clone(), gradients);
            }
        }
    }

    /// Refuses a step whose attention scores alone would not fit; a failed allocation would end the instance.
    fn check_memory(&self, encoder: &Encoder, inputs: &StepInputs) -> Result<()> {
        let scores = |inputs: &Inputs| match inputs {
            Inputs::Rows(_) => 0,
            Inputs::Tokens(sequences) => {
                let longest = sequences.iter().map(Vec::len).max().unwrap_or(0) as u64;
                sequences.len() as u64 * longest * longest
            }
        };
        let config = encoder.config();
        // Scores and their softmax are kept for the backward pass, 4 bytes each.
        let per_score = 8 * (config.num_attention_heads * config.num_hidden_layers) as u64;
        let bytes = (scores(&inputs.queries) + scores(&inputs.documents)) * per_score;
        if bytes <= STEP_BYTES {
            return Ok(());
        }
        let reason =
            format!("a step would keep {} MB of attention scores; use a smaller batchSize", bytes >> 20);
        Err(Error::OutOfMemory { reason })
    }

    /// `[rows, dim]` through what trains.
    fn project(&self, encoder: &Encoder, inputs: Inputs, tower: Tower) -> Result<Tensor<2>> {
        match (&self.trained, inputs) {
            (Trained::Full(bert), Inputs::Tokens(sequences)) => {
                Ok(encoder.forward(bert, &sequences, &self.device))
            }
            (Trained::Head(head, towers), Inputs::Rows(values)) => {
                let shape = [values.len() / encoder.dimensions(), encoder.dimensions()];
                let rows = Tensor::from_data(TensorData::new(values, shape), &self.device);
                Ok(if towers.adapt(tower) { head.forward(rows) } else { rows })
            }
            (Trained::Full(_), Inputs::Rows(_)) | (Trained::Head(..), Inputs::Tokens(_)) => {
                Err(Error::Internal { reason: "a step was given inputs of the other kind".into() })
            }
        }
    }

    /// Must the inputs of a step be token ids (else base embeddings)?
    pub fn wants_tokens(&self) -> bool {
        matches!(self.trained, Trained::Full(_))
    }

    /// The weights as they are now, free of gradients.
    pub fn tuned(&self) -> Tuned {
        match &self.trained {
            Trained::Head(head, towers) => Tuned::Head(head.valid(), *towers),
            Trained::Full(bert) => Tuned::Full(Box::new(bert.valid())),
        }
    }
}
