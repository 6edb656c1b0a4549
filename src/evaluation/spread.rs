//! shim
use crate::embeddings::Embeddings;
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spread { pub mean_cosine: f64, pub effective_rank: f64 }
impl Spread { pub fn of(_: &Embeddings, _: usize) -> Self { Self { mean_cosine: 0.0, effective_rank: 1.0 } } }
pub fn collapsed(_: Spread, _: Spread) -> bool { false }
