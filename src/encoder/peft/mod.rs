//! LoRA adapters (Hu et al. 2021, arXiv 2106.09685) on the host, in and out of the files of Hugging Face's PEFT.
//!
//! An adapted linear map is `W + alpha / rank · A B`. Here matrices are `[in, out]`, so `A` is `[d_in, rank]` and `B`
//! `[rank, d_out]`; PEFT keeps both transposed, as PyTorch does with every linear weight.

mod config;
mod files;

pub use files::{ADAPTER_CONFIG, from_peft, peft_files, to_peft};

use super::adapter::Towers;
use super::bert::BertLayer;
use super::config::BertConfig;
use super::lora::shape;
use super::weights::LINEARS;
use crate::error::{Error, Result};
use burn::nn::Linear;
use serde::{Deserialize, Serialize};

/// The linear maps of a layer that an adapter can change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// Of the attention, `[hidden, hidden]`, as are the next three.
    Query,
    /// Of the attention.
    Key,
    /// Of the attention.
    Value,
    /// Of the attention, after its heads.
    Output,
    /// Of the feed-forward, `[hidden, intermediate]`.
    Inner,
    /// Back, `[intermediate, hidden]`.
    Outer,
}

impl Target {
    /// In the order of Hugging Face's modules within a layer.
    pub const ALL: [Self; 6] = [Self::Query, Self::Key, Self::Value, Self::Output, Self::Inner, Self::Outer];

    /// Hugging Face's path within a layer, like `attention.self.query`.
    pub fn module(self) -> &'static str {
        LINEARS[self as usize]
    }

    /// Hugging Face's path within a BERT, like `encoder.layer.0.attention.self.query`.
    pub fn path(self, layer: usize) -> String {
        format!("encoder.layer.{layer}.{}", self.module())
    }

    pub(super) fn of(self, layer: &mut BertLayer) -> &mut Linear {
        match self {
            Self::Query => &mut layer.query,
            Self::Key => &mut layer.key,
            Self::Value => &mut layer.value,
            Self::Output => &mut layer.output,
            Self::Inner => &mut layer.inner,
            Self::Outer => &mut layer.outer,
        }
    }
}

/// The update of one linear map.
#[derive(Debug, Clone, PartialEq)]
pub struct LoraFactor {
    /// From 0.
    pub layer: usize,
    /// Which of its maps.
    pub target: Target,
    /// `[d_in, rank]`, row-major.
    pub a: Vec<f32>,
    /// `[rank, d_out]`, row-major.
    pub b: Vec<f32>,
}

/// A whole adapter as plain numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct LoraTensors {
    /// Columns of each `A`, rows of each `B`.
    pub rank: usize,
    /// The update counts `alpha / rank` times.
    pub alpha: f64,
    /// Which sides it acts on.
    pub towers: Towers,
    /// At most one for each layer and target.
    pub factors: Vec<LoraFactor>,
}

impl LoraFactor {
    fn path(&self) -> String {
        self.target.path(self.layer)
    }
}

impl LoraTensors {
    /// # Errors
    /// `ModelMismatch` naming the map when the adapter was made for a model of other sizes.
    pub(super) fn check(&self, config: &BertConfig) -> Result<()> {
        for factor in &self.factors {
            if factor.layer >= config.num_hidden_layers {
                return Err(Error::ModelMismatch {
                    what: "the adapter's layer".into(),
                    expected: format!("layers 0 to {}", config.num_hidden_layers - 1),
                    got: factor.layer.to_string(),
                });
            }
            let [d_in, d_out] = shape(factor.target, config);
            if self.rank == 0 || factor.a.len() != d_in * self.rank || factor.b.len() != self.rank * d_out {
                let rank = self.rank.max(1);
                return Err(Error::ModelMismatch {
                    what: format!("the adapter's {}", factor.path()),
                    expected: format!("{d_in} × {d_out}"),
                    got: format!("{} × {}", factor.a.len() / rank, factor.b.len() / rank),
                });
            }
        }
        Ok(())
    }
}
