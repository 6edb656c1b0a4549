//! Search that learns from its mistakes, on your own device.
//!
//! The rooms, in the order in which data passes through them:
//!
//! 1. [`dataset`]: documents, queries and judgments; BEIR files in and out.
//! 2. [`index`]: hits by exact cosine, by BM25, and by both fused.
//! 3. [`mining`]: from hits to training examples with hard negatives.
//! 4. [`evaluation`]: nDCG and its kin per query; did search get better?
//!
//! beside these, [`text`]: queries and near-miss negatives made from the documents themselves;
//!
//! and, with the feature `cpu` or `webgpu`:
//!
//! 5. `tokenizer`, `encoder`: texts to [`embeddings`], the hinge between tensors and everything above.
//! 6. `loss`, `training`: from examples to better weights.
//! 7. `tuner`: the whole story as a stream of events.
//! 8. `api`: the same, for JavaScript.
//!
//! Imports point only downwards through this list's layers; a test holds them to it.

#![warn(missing_docs)]

#[cfg(all(feature = "model", not(any(feature = "cpu", feature = "webgpu"))))]
compile_error!("enable the feature `cpu` or `webgpu`, not `model` alone");

pub mod dataset;
pub mod embeddings;
#[cfg(feature = "model")]
pub mod encoder;
pub mod error;
pub mod evaluation;
pub mod index;
#[cfg(feature = "model")]
pub mod loss;
pub mod mining;
pub mod text;
#[cfg(feature = "model")]
pub mod tokenizer;
#[cfg(feature = "model")]
pub mod training;
#[cfg(feature = "model")]
pub mod tuner;

#[cfg(all(feature = "model", target_family = "wasm"))]
pub mod api;
