//! Finding documents: exact vector search, BM25, and the fusion of both.
//!
//! In: embeddings or texts by position in the corpus. Out: [`Hit`]s, best first, with scores that compare within one list.
//!
//! ```
//! use nearmiss::index::{Bm25, RRF_K, fusion};
//!
//! let index = Bm25::new(["Rotating the signing key", "Baking bread", "A key change in music"]);
//! let lexical = index.search("how do I rotate a signing key", 10);
//! assert_eq!(lexical[0].position, 0);
//! let hybrid = fusion::reciprocal_rank(&[&lexical], RRF_K, 10);
//! assert_eq!(hybrid.len(), 2); // "Baking bread" shares no word with the query
//! println!("{}", index.explain("signing key", 0));
//! ```

mod analysis;
mod bm25;
mod explanation;
pub mod flat;
pub mod fusion;
mod hnsw;
mod maxsim;
mod mmr;
mod snippet;

pub use analysis::Analyzer;
pub use bm25::{B, Bm25, Bm25Params, K1};
pub use explanation::Explanation;
pub use fusion::RRF_K;
pub use hnsw::{EF, Hnsw, HnswOptions};
pub use maxsim::{Alignment, align, maxsim};
pub use mmr::mmr;
#[doc(inline)]
pub use nearmiss_kernels::{Hit, TopK, top_k};
pub use snippet::{Snippet, snippet};
