//! What trains without touching the transformer: a residual linear map on finished embeddings.
//!
//! `e' = normalize(e + e W)`, with `W` zero at the start, so that an untrained head changes nothing. The idea is
//! LlamaIndex's linear adapter and ADORE (arXiv 2104.08051) when only queries pass through it.

use super::bert::drop_out;
use super::pooling::l2_normalize;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

/// The two sides of a dual encoder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tower {
    /// Questions.
    Query,
    /// What is searched.
    Document,
}

/// Which sides an adapter acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Towers {
    /// One map for both sides.
    #[default]
    Shared,
    /// Queries only: document embeddings, and the index over them, stay valid.
    Query,
}

impl Towers {
    /// Does the adapter act on this side?
    pub fn adapt(self, tower: Tower) -> bool {
        self == Towers::Shared || tower == Tower::Query
    }
}

/// A residual linear map, `[dim, dim]`.
#[derive(Module, Debug)]
pub struct Head {
    /// `W`, zero for the identity.
    pub weight: Param<Tensor<2>>,
}

impl Head {
    /// The identity: `W = 0`.
    pub fn identity(dim: usize, device: &Device) -> Self {
        Self { weight: Param::from_tensor(Tensor::zeros([dim, dim], device)) }
    }

    /// From stored numbers, row-major `[dim, dim]`.
    pub fn from_values(values: Vec<f32>, dim: usize, device: &Device) -> Self {
        let data = burn::tensor::TensorData::new(values, [dim, dim]);
        Self { weight: Param::from_tensor(Tensor::from_data(data, device)) }
    }

    /// `dropout`: share of the numbers that `W` does not see.
    ///
    /// # Shapes
    /// - rows: `[batch, dim]`, unit length; output the same
    pub fn forward(&self, rows: Tensor<2>, dropout: f64) -> Tensor<2> {
        l2_normalize(rows.clone() + drop_out(rows, dropout).matmul(self.weight.val()))
    }
}
