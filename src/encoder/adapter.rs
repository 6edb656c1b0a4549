//! What trains without touching the transformer: a residual linear map on finished embeddings.
//!
//! `e' = normalize(e + e W)`, with `W` zero at the start, so that an untrained head changes nothing. The idea is
//! LlamaIndex's linear adapter and ADORE (arXiv 2104.08051) when only queries pass through it.

use super::bert::drop_out;
use super::pooling::l2_normalize;
use super::{Encoder, NamedTensor, read};
use crate::embeddings::Embeddings;
use crate::error::Result;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// Rows that pass through the adapter at once.
const ADAPT_ROWS: usize = 4096;

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
        let data = TensorData::new(values, [dim, dim]);
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

impl Encoder {
    /// Sends rows through the adapter of one tower; unchanged where there is none.
    pub async fn adapt(&self, base: &Embeddings, tower: Tower) -> Result<Embeddings> {
        let Some((head, _)) = self.now.head.as_ref().filter(|(_, towers)| towers.adapt(tower)) else {
            return Ok(base.clone());
        };
        let dim = self.dimensions();
        let mut values = Vec::with_capacity(base.as_slice().len());
        for rows in base.as_slice().chunks(ADAPT_ROWS * dim) {
            let data = TensorData::new(rows.to_vec(), [rows.len() / dim, dim]);
            let [adapted] = read([head.forward(Tensor::from_data(data, &self.device), 0.0)]).await?;
            values.extend(adapted);
        }
        Embeddings::new(dim, values)
    }

    /// The adapter's numbers under their file name, or none.
    pub async fn head_tensors(&self) -> Result<Vec<NamedTensor>> {
        let Some((head, _)) = self.head() else { return Ok(Vec::new()) };
        let [values] = read([head.weight.val()]).await?;
        let dim = self.dimensions();
        Ok(vec![NamedTensor { name: "head.weight".into(), shape: vec![dim, dim], values }])
    }
}
