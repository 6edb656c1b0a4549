//! The gradient of one batch, whatever its size.
//!
//! Where the activations of all texts fit into memory, in one pass over batches of like length. Else by gradient caching (Gao et
//! al. 2021, arXiv 2101.06983): embeddings first, without a graph; then the loss and its gradient with respect to them; then part
//! after part once more, with a graph, each differentiated against the cached gradient. The result is that of the one pass.

use super::layout::Layout;
use super::moving::Moving;
use super::parts::{Part, parts};
use crate::encoder::{Encoder, Input, Tower, Towers};
use crate::error::{Error, Result};
use crate::loss::{Batch, Loss, Scored};
use burn::tensor::{Device, Int, Tensor, TensorData};

/// What enters the trained part.
pub enum Inputs {
    /// Finished embeddings, row-major `[rows, dim]`: for a head, or for a side that does not train.
    Rows(Vec<f32>),
    /// For a side that trains.
    Texts(Texts),
}

/// The texts of a side, each once: documents that several queries share, and repeated ones in the place of missing negatives, are
/// a third of a batch of few documents.
pub struct Texts {
    /// All of one kind.
    pub distinct: Vec<Input>,
    /// For each row its text's number in `distinct`.
    pub rows: Vec<usize>,
}

/// Both sides of a batch, in the order that its [`Layout`] gives.
pub struct StepInputs {
    /// One a row.
    pub queries: Inputs,
    /// Positives, then negatives.
    pub documents: Inputs,
}

/// What does not change during a run.
pub(super) struct Setting {
    pub loss: Loss,
    pub towers: Towers,
    /// At which texts enter the transformer.
    pub layer: usize,
    pub dropout: f64,
    /// Of activations.
    pub budget: u64,
    pub device: Device,
}

/// The gradient of what trains, `[n]`, and what is watched, `[4]`; both off the graph.
pub(super) struct Computed {
    pub gradient: Tensor<1>,
    pub watched: Tensor<1>,
}

/// On a GPU the gradients of both sides are added as two long vectors, and not parameter by parameter: of 94 launches a layer and
/// step this saved 16.
const ADD_ONCE: bool = cfg!(feature = "webgpu");

fn both_are_texts(inputs: &StepInputs) -> bool {
    matches!((&inputs.queries, &inputs.documents), (Inputs::Texts(_), Inputs::Texts(_)))
}

/// One side of a batch.
struct Side<'a> {
    inputs: &'a Inputs,
    tower: Tower,
    /// Texts that go through the transformer together; none for rows.
    parts: Vec<Part>,
    /// For each row the place of its text in the order of parts.
    places: Vec<usize>,
}

impl Side<'_> {
    /// From what [`Setting::forward`] gives to one a row, `[rows, dim]`.
    fn rows(&self, embeddings: Tensor<2>) -> Tensor<2> {
        match self.inputs {
            Inputs::Rows(_) => embeddings,
            Inputs::Texts(_) => {
                let places: Vec<i32> = self.places.iter().map(|&place| place as i32).collect();
                let places = TensorData::new(places, [self.places.len()]);
                let places = Tensor::<1, Int>::from_data(places, &embeddings.device());
                embeddings.select(0, places)
            }
        }
    }
}

impl Setting {
    /// `seed` of what is left out by dropout.
    pub(super) fn compute(
        &self,
        moving: &Moving,
        encoder: &Encoder,
        layout: &Layout,
        inputs: &StepInputs,
        seed: u64,
    ) -> Result<Computed> {
        let (queries, documents) = (
            self.side(encoder, &inputs.queries, Tower::Query),
            self.side(encoder, &inputs.documents, Tower::Document),
        );
        let cost: u64 = queries.parts.iter().chain(&documents.parts).map(|part| part.bytes).sum();
        if cost <= self.budget {
            let apart = (ADD_ONCE && both_are_texts(inputs)).then(|| moving.twin());
            let query = self.forward(moving, encoder, &queries, &self.device, seed)?;
            let of_documents = apart.as_ref().unwrap_or(moving);
            let document = self.forward(of_documents, encoder, &documents, &self.device, seed)?;
            let scored = self.score(layout, queries.rows(query), documents.rows(document));
            let watched = watched(&scored);
            let gradients = scored.loss.backward();
            let gradient = moving.gradient(&gradients);
            let gradient = apart.iter().fold(gradient, |sum, twin| sum + twin.gradient(&gradients));
            return Ok(Computed { gradient, watched });
        }
        let (frozen, plain) = (moving.valid(), encoder.device());
        let leaf = |rows: Tensor<2>| rows.autodiff().require_grad();
        let query = leaf(self.forward(&frozen, encoder, &queries, plain, seed)?);
        let document = leaf(self.forward(&frozen, encoder, &documents, plain, seed)?);
        let scored = self.score(layout, queries.rows(query.clone()), documents.rows(document.clone()));
        let watched = watched(&scored);
        let gradients = scored.loss.backward();
        let mut sum: Option<Tensor<1>> = None;
        for (side, rows) in [(&queries, query), (&documents, document)] {
            let cached = rows.grad(&gradients).unwrap_or_else(|| rows.inner().zeros_like()).inner();
            let mut from = 0;
            for (at, part) in side.parts.iter().enumerate() {
                let rows = self.encode(moving, encoder, side, at, &self.device, seed);
                let own = cached.clone().narrow(0, from, part.rows.len()).autodiff();
                from += part.rows.len();
                let gradient = moving.gradient(&(rows * own).sum().backward());
                sum = Some(match sum {
                    Some(sum) => sum + gradient,
                    None => gradient,
                });
            }
        }
        let lost = || Error::Internal { reason: "a batch without texts is over the memory budget".into() };
        Ok(Computed { gradient: sum.ok_or_else(lost)?, watched })
    }

    fn side<'a>(&self, encoder: &Encoder, inputs: &'a Inputs, tower: Tower) -> Side<'a> {
        let Inputs::Texts(texts) = inputs else {
            return Side { inputs, tower, parts: Vec::new(), places: Vec::new() };
        };
        let parts = parts(&texts.distinct, encoder, self.layer, self.budget);
        let mut place = vec![0; texts.distinct.len()];
        parts.iter().flat_map(|part| &part.rows).enumerate().for_each(|(at, &text)| place[text] = at);
        let places = texts.rows.iter().map(|&text| place[text]).collect();
        Side { inputs, tower, parts, places }
    }

    /// A side's embeddings, `[n, dim]`: of texts each once, in the order of parts; of rows one a row.
    fn forward(
        &self,
        moving: &Moving,
        encoder: &Encoder,
        side: &Side,
        device: &Device,
        seed: u64,
    ) -> Result<Tensor<2>> {
        let dim = encoder.dimensions();
        match side.inputs {
            Inputs::Rows(values) => {
                let shape = [values.len() / dim, dim];
                let rows = Tensor::from_data(TensorData::new(values.clone(), shape), device);
                if self.dropout > 0.0 {
                    device.seed(seed ^ side.tower as u64);
                }
                let adapts = self.towers.adapt(side.tower);
                Ok(if adapts { moving.adapt(rows, self.dropout) } else { rows })
            }
            Inputs::Texts(_) if matches!(moving, Moving::Head(_)) => {
                Err(Error::Internal { reason: "a head was given texts".into() })
            }
            Inputs::Texts(_) => {
                let rows =
                    (0..side.parts.len()).map(|at| self.encode(moving, encoder, side, at, device, seed));
                Ok(Tensor::cat(rows.collect(), 0))
            }
        }
    }

    /// `[part, dim]`. The generator is seeded for each part, so that both passes leave out the same.
    fn encode(
        &self,
        moving: &Moving,
        encoder: &Encoder,
        side: &Side,
        at: usize,
        device: &Device,
        seed: u64,
    ) -> Tensor<2> {
        let Inputs::Texts(texts) = side.inputs else {
            return Tensor::zeros([0, encoder.dimensions()], device);
        };
        let own: Vec<&Input> = side.parts[at].rows.iter().map(|&text| &texts.distinct[text]).collect();
        if self.dropout > 0.0 {
            // Low-rank updates leave out the same for all texts of a step, layers something else in each part.
            let part = if matches!(moving, Moving::Lora(..)) { 0 } else { 2 * at as u64 + side.tower as u64 };
            device.seed(seed.wrapping_add(part));
        }
        moving.encode(encoder, &own, self.layer, self.dropout, device)
    }

    fn score(&self, layout: &Layout, query: Tensor<2>, documents: Tensor<2>) -> Scored {
        let (size, rows) = (layout.queries.len(), layout.documents.len());
        let [_, dim] = query.dims();
        let constant = |v: &[f32], shape: [usize; 2]| {
            Tensor::<2>::from_data(TensorData::new(v.to_vec(), shape), &self.device)
        };
        let own = [size, layout.negatives];
        self.loss.forward(Batch {
            query,
            positive: documents.clone().narrow(0, 0, size),
            weight: constant(&layout.weights, [size, 1]),
            negative: documents.narrow(0, size, rows - size).reshape([size, layout.negatives, dim]),
            present: constant(&layout.present, own),
            excluded: constant(&layout.excluded, [size, rows]),
            teacher: constant(&layout.teacher, own),
            taught: constant(&layout.taught, own),
        })
    }
}

/// Loss, mean score of positives and of negatives, share of active triplets: `[4]`.
fn watched(scored: &Scored) -> Tensor<1> {
    let all = [&scored.loss, &scored.positive_score, &scored.negative_score, &scored.active];
    Tensor::cat(all.map(|value| value.clone().detach().inner()).to_vec(), 0)
}
