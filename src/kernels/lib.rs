//! The inner loops of search and of the encoder on a CPU: softmax, GELU and layer norm on slices, dot products of rows, the best of many, and the walk over a [`graph`] of neighbours.
//!
//! A crate of its own for one reason: it is built for speed (`opt-level = 3` in the workspace's Cargo.toml), while what lies
//! around it is built for size, since people download it. Built small, [`dot`] takes five times as long. So what is called
//! a million times a query belongs here, not generic and not `#[inline]`, or the caller's crate would compile it.
//!
//! ```
//! use nearmiss_kernels::{Rows, search, search_many};
//!
//! let documents = Rows::new(&[1.0, 0.0, 0.6, 0.8, 0.0, 1.0], 2); // [3, 2]
//! let hits = search(documents, &[0.8, 0.6], 2);
//! assert_eq!([hits[0].position, hits[1].position], [1, 0]);
//! assert_eq!(search_many(documents, Rows::new(&[0.8, 0.6], 2), 2), [hits]);
//! ```

#![warn(missing_docs)]

mod activation;
mod bounds;
mod dot;
mod fnv;
pub mod graph;
mod lanes;
mod norm;
mod pairs;
mod product;
mod quantized;
mod rows;
mod search;
mod top_k;

pub use activation::{gelu, gelu_backward, masked_softmax, masked_softmax_backward};
pub use dot::dot;
pub use fnv::{FNV_OFFSET, fnv1a};
pub use lanes::add;
pub use norm::{NormSums, column_sums, layer_norm, layer_norm_backward};
pub use product::{View, product};
pub use quantized::Quantized;
pub use rows::Rows;
pub use search::{search, search_many};
pub use top_k::{Hit, TopK, top_k};
