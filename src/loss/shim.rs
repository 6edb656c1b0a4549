//! shim
use super::Batch;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Distance { #[default] Cosine, Euclidean }
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Triplet { pub margin: f32, pub distance: Distance }
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MarginMse;
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contrastive { pub margin: f32 }
impl MarginMse { pub fn forward(&self, _: Batch) -> Tensor<1> { unimplemented!() } }
