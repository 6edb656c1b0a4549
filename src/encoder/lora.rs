//! Low-rank updates of the transformer's linear maps (Hu et al. 2021, arXiv 2106.09685).
//!
//! `W' = W + alpha / rank · A B`, with `B` zero at the start, so that an untrained adapter changes nothing. burn's own
//! `apply_lora` forms the same sum; it keeps the factors inside the parameters, where they have no file and no dropout of their
//! own, so they stand beside the transformer here. A test holds both against each other.

use super::adapter::Towers;
use super::backend::read;
use super::bert::{Bert, drop_out};
use super::config::BertConfig;
use super::peft::{LoraFactor, LoraTensors, Target};
use crate::dataset::Rng;
use crate::error::{Error, Result};
use burn::module::{Module, Param, ParamId};
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// What a person may choose about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LoraOptions {
    /// Columns of A, rows of B.
    pub rank: usize,
    /// The update counts alpha / rank times.
    pub alpha: f64,
    /// Which maps get one.
    pub targets: Vec<Target>,
    /// Only in so many of the last layers.
    pub layers: Option<usize>,
}

impl Default for LoraOptions {
    fn default() -> Self {
        Self { rank: 8, alpha: 16.0, targets: vec![Target::Query, Target::Value], layers: None }
    }
}

impl LoraOptions {
    /// # Errors
    /// `InputInvalid`, naming the option.
    pub fn validate(&self) -> Result<()> {
        if !(1..=256).contains(&self.rank) {
            return Err(Error::input("lora.rank", format!("must be 1 to 256, got {}", self.rank)));
        }
        if !(self.alpha.is_finite() && self.alpha > 0.0) {
            return Err(Error::input("lora.alpha", format!("must be above 0, got {}", self.alpha)));
        }
        let twice = |(at, target): (usize, &Target)| self.targets[..at].contains(target);
        if self.targets.is_empty() || self.targets.iter().enumerate().any(twice) {
            return Err(Error::input("lora.targets", "must name at least one linear map, each once"));
        }
        match self.layers {
            Some(0) => Err(Error::input("lora.layers", "must be at least 1")),
            _ => Ok(()),
        }
    }
}

/// The two factors of one update.
#[derive(Module, Debug)]
pub struct Factor {
    /// `[d_in, rank]`
    pub a: Param<Tensor<2>>,
    /// `[rank, d_out]`
    pub b: Param<Tensor<2>>,
}

/// Updates of some linear maps of a transformer.
#[derive(Debug, Clone)]
pub struct Lora {
    /// One for each place; these train.
    pub factors: Vec<Factor>,
    /// Layer and map of each.
    pub places: Vec<(usize, Target)>,
    /// As in [`LoraOptions`].
    pub alpha: f64,
    /// Likewise.
    pub rank: usize,
}

impl Lora {
    /// Factors for these options: A uniform within ±1/√d_in as in PEFT, drawn by seed; B zero.
    pub fn new(options: &LoraOptions, config: &BertConfig, seed: u64, device: &Device) -> Self {
        let lowest = Self::lowest(options, config);
        let layers = lowest..config.num_hidden_layers;
        let places: Vec<(usize, Target)> =
            layers.flat_map(|layer| options.targets.iter().map(move |&target| (layer, target))).collect();
        let mut rng = Rng::stream(seed, 0x10_7a);
        let factors = places.iter().map(|&(_, target)| {
            let [d_in, d_out] = shape(target, config);
            let bound = 1.0 / (d_in as f32).sqrt();
            let a = (0..d_in * options.rank).map(|_| (rng.f64() as f32 * 2.0 - 1.0) * bound).collect();
            let b = vec![0.0; options.rank * d_out];
            Factor::from_values(a, b, [d_in, options.rank, d_out], device)
        });
        let factors = factors.collect();
        Self { factors, places, alpha: options.alpha, rank: options.rank }
    }

    /// Number of the lowest layer that these options change.
    pub fn lowest(options: &LoraOptions, config: &BertConfig) -> usize {
        let layers = config.num_hidden_layers;
        layers - options.layers.unwrap_or(layers).min(layers)
    }

    /// The transformer with the updates in its weights; still on the graph of the factors. `dropout`: share of the inputs of each
    /// A that are left out, the same for all texts (Lin et al. 2024, arXiv 2404.09610, drop rows of A likewise).
    pub fn merge(&self, bert: &Bert, dropout: f64) -> Bert {
        let mut merged = bert.clone();
        for (factor, &(layer, target)) in self.factors.iter().zip(&self.places) {
            let Some(layer) = merged.layers.get_mut(layer) else { continue };
            let linear = target.of(layer);
            let a = factor.a.val();
            let [d_in, _] = a.dims();
            let rows = drop_out(Tensor::<2>::ones([d_in, 1], &a.device()), dropout);
            let delta = (a * rows).matmul(factor.b.val()).mul_scalar(self.alpha / self.rank as f64);
            linear.weight = Param::initialized(ParamId::new(), linear.weight.val() + delta);
        }
        merged
    }

    /// As plain numbers, for these sides.
    ///
    /// # Errors
    /// `DeviceLost`.
    pub async fn tensors(&self, towers: Towers) -> Result<LoraTensors> {
        let mut factors = Vec::with_capacity(self.factors.len());
        for (factor, &(layer, target)) in self.factors.iter().zip(&self.places) {
            let [a, b] = read([factor.a.val(), factor.b.val()]).await?;
            factors.push(LoraFactor { layer, target, a, b });
        }
        Ok(LoraTensors { rank: self.rank, alpha: self.alpha, towers, factors })
    }

    /// From plain numbers.
    ///
    /// # Errors
    /// `ModelMismatch` when they are for a model of other sizes.
    pub fn from_tensors(tensors: LoraTensors, config: &BertConfig, device: &Device) -> Result<Self> {
        tensors.check(config)?;
        let LoraTensors { rank, alpha, factors, .. } = tensors;
        let places = factors.iter().map(|factor| (factor.layer, factor.target)).collect();
        let factor = |LoraFactor { target, a, b, .. }| {
            let [d_in, d_out] = shape(target, config);
            Factor::from_values(a, b, [d_in, rank, d_out], device)
        };
        Ok(Self { factors: factors.into_iter().map(factor).collect(), places, alpha, rank })
    }
}

impl Factor {
    /// From row-major numbers: A `[d_in, rank]`, B `[rank, d_out]`.
    pub fn from_values(a: Vec<f32>, b: Vec<f32>, [d_in, rank, d_out]: [usize; 3], device: &Device) -> Self {
        let tensor = |values: Vec<f32>, shape: [usize; 2]| {
            Param::from_tensor(Tensor::from_data(TensorData::new(values, shape), device))
        };
        Self { a: tensor(a, [d_in, rank]), b: tensor(b, [rank, d_out]) }
    }
}

/// `[d_in, d_out]` of a linear map.
pub(super) fn shape(target: Target, config: &BertConfig) -> [usize; 2] {
    let (hidden, wide) = (config.hidden_size, config.intermediate_size);
    match target {
        Target::Inner => [hidden, wide],
        Target::Outer => [wide, hidden],
        _ => [hidden, hidden],
    }
}
