//! Exact search: every document is scored by the dot product, which is the cosine when rows are normalised.

use super::Hit;
use crate::embeddings::Embeddings;

/// The `k` documents nearest to one query, best first.
///
/// # Shapes
/// documents `[n, dim]`, query `[dim]`; panics when the lengths differ.
pub fn search(documents: &Embeddings, query: &[f32], k: usize) -> Vec<Hit> {
    nearmiss_kernels::search(documents.as_rows(), query, k)
}

/// The `k` nearest documents of each query: the hits of [`search`], bit for bit, in a fifth of its time.
///
/// # Memory
/// Never the whole matrix of scores. See [`nearmiss_kernels::search_many`] for the bound and for how it is done.
///
/// # Shapes
/// documents `[n, dim]`, queries `[m, dim]`; panics when the dims differ.
pub fn search_many(documents: &Embeddings, queries: &Embeddings, k: usize) -> Vec<Vec<Hit>> {
    nearmiss_kernels::search_many(documents.as_rows(), queries.as_rows(), k)
}
