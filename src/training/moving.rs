//! The part of a model that trains, on the graph, and how texts get through it.

use super::options::TrainOptions;
use super::parameters::{gradient, pack, twin, unpack};
use super::trainable::Trainable;
use crate::encoder::{Bert, Encoder, Factor, Head, Input, Lora, Tower, Towers};
use burn::module::Module;
use burn::tensor::{Device, Gradients, Tensor};

/// What trains.
#[derive(Clone)]
pub(super) enum Moving {
    Head(Head),
    /// Updates of a frozen transformer.
    Lora(Lora, Box<Bert>),
    /// A transformer of which some layers are not frozen.
    Layers(Box<Bert>),
}

/// The outcome of a run, ready for use by an encoder.
pub enum Tuned {
    /// A head, and the sides on which it acts.
    Head(Head, Towers),
    /// A transformer for these sides, and the update that made it if it was low-rank.
    Bert(Box<Bert>, Towers, Option<Lora>),
}

impl Moving {
    /// From the encoder's present weights: its head if it has one for the same towers, else the identity.
    pub(super) fn new(encoder: &Encoder, options: &TrainOptions) -> Self {
        let side = if options.towers == Towers::Query { Tower::Query } else { Tower::Document };
        // A transformer that was trained before still knows what was frozen then.
        let bert = || encoder.snapshot().bert(side).clone().unfreeze().train();
        match options.trainable {
            Trainable::Head => {
                let present = encoder.head().filter(|(_, towers)| *towers == options.towers);
                let start = present.map(|(head, _)| head.clone());
                let head = start.unwrap_or_else(|| Head::identity(encoder.dimensions(), encoder.device()));
                Moving::Head(head.train())
            }
            Trainable::Lora => {
                let lora = Lora::new(&options.lora, encoder.config(), options.seed, encoder.device());
                let factors = lora.factors.clone().train();
                Moving::Lora(Lora { factors, ..lora }, Box::new(bert().no_grad()))
            }
            Trainable::Layers(_) | Trainable::Full => {
                let mut bert = bert();
                // Half of a small encoder's weights, seldom touched each: frozen, as their dense gradient would cost more
                // than all layers together.
                bert.embeddings.word = bert.embeddings.word.set_require_grad(false);
                let frozen = lowest(options, encoder);
                if options.trainable != Trainable::Full {
                    bert.embeddings = bert.embeddings.no_grad();
                }
                let freeze =
                    |(at, layer): (usize, _)| if at < frozen { Module::no_grad(layer) } else { layer };
                bert.layers = bert.layers.into_iter().enumerate().map(freeze).collect();
                Moving::Layers(Box::new(bert))
            }
        }
    }

    /// All that trains as one vector, `[n]`.
    pub(super) fn packed(&self) -> Tensor<1> {
        match self {
            Moving::Head(head) => pack(head),
            Moving::Lora(lora, _) => pack(&lora.factors),
            Moving::Layers(bert) => pack(bert.as_ref()),
        }
    }

    /// The same with other numbers.
    pub(super) fn with(&self, packed: &Tensor<1>) -> Self {
        match self {
            Moving::Head(head) => Moving::Head(unpack(head.clone(), packed)),
            Moving::Lora(lora, bert) => {
                let factors: Vec<Factor> = unpack(lora.factors.clone(), packed);
                Moving::Lora(Lora { factors, ..lora.clone() }, bert.clone())
            }
            Moving::Layers(bert) => Moving::Layers(Box::new(unpack(bert.as_ref().clone(), packed))),
        }
    }

    /// The same numbers, whose gradients are apart from these.
    pub(super) fn twin(&self) -> Self {
        match self {
            Moving::Head(head) => Moving::Head(twin(head.clone())),
            Moving::Lora(lora, bert) => {
                let factors = twin(lora.factors.clone());
                Moving::Lora(Lora { factors, ..lora.clone() }, bert.clone())
            }
            Moving::Layers(bert) => Moving::Layers(Box::new(twin(bert.as_ref().clone()))),
        }
    }

    /// In the order of [`Self::packed`].
    pub(super) fn gradient(&self, gradients: &Gradients) -> Tensor<1> {
        match self {
            Moving::Head(head) => gradient(head, gradients),
            Moving::Lora(lora, _) => gradient(&lora.factors, gradients),
            Moving::Layers(bert) => gradient(bert.as_ref(), gradients),
        }
    }

    /// The same off the graph.
    pub(super) fn valid(&self) -> Self {
        match self {
            Moving::Head(head) => Moving::Head(head.valid()),
            Moving::Lora(lora, bert) => {
                let factors = lora.factors.valid();
                Moving::Lora(Lora { factors, ..lora.clone() }, Box::new(bert.valid()))
            }
            Moving::Layers(bert) => Moving::Layers(Box::new(bert.valid())),
        }
    }

    /// Takes finished weights out; off the graph.
    pub(super) fn into_tuned(self, towers: Towers) -> Tuned {
        match self.valid() {
            Moving::Head(head) => Tuned::Head(head, towers),
            Moving::Lora(lora, bert) => Tuned::Bert(Box::new(lora.merge(&bert, 0.0)), towers, Some(lora)),
            Moving::Layers(bert) => Tuned::Bert(bert, towers, None),
        }
    }

    /// Rows through a head.
    ///
    /// # Shapes
    /// - both `[rows, dim]`
    pub(super) fn adapt(&self, rows: Tensor<2>, dropout: f64) -> Tensor<2> {
        match self {
            Moving::Head(head) => head.forward(rows, dropout),
            _ => rows,
        }
    }

    /// Texts through the transformer, from the layer at which they enter: `[inputs, dim]`.
    pub(super) fn encode(
        &self,
        encoder: &Encoder,
        inputs: &[&Input],
        layer: usize,
        dropout: f64,
        device: &Device,
    ) -> Tensor<2> {
        match self {
            // Nothing of it is asked to encode: its inputs are rows.
            Moving::Head(_) => encoder.forward_from(encoder.bert(), inputs, layer, 0.0, device),
            Moving::Lora(lora, bert) => {
                encoder.forward_from(&lora.merge(bert, dropout), inputs, layer, 0.0, device)
            }
            Moving::Layers(bert) => encoder.forward_from(bert, inputs, layer, dropout, device),
        }
    }
}

/// Number of the lowest layer that trains, from 0: below it nothing changes.
pub(super) fn lowest(options: &TrainOptions, encoder: &Encoder) -> usize {
    let layers = encoder.config().num_hidden_layers;
    match options.trainable {
        Trainable::Head => layers,
        Trainable::Lora => Lora::lowest(&options.lora, encoder.config()),
        Trainable::Layers(count) => layers - count.min(layers),
        Trainable::Full => 0,
    }
}
