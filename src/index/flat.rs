//! Exact search: every document is scored by the dot product, which is the cosine when rows are normalised.

use super::{Hit, TopK, top_k};
use crate::embeddings::{Embeddings, dot};

/// Documents scored together: 128 rows of 384 numbers are 192 KiB and stay in the second-level cache while a block of
/// queries passes over them.
const DOCUMENT_BLOCK: usize = 128;
/// Queries that pass together: 16 rows of 384 numbers are 24 KiB and stay in the first-level cache.
const QUERY_BLOCK: usize = 16;

/// The `k` documents nearest to one query, best first.
///
/// # Shapes
/// documents `[n, dim]`, query `[dim]`; panics when the lengths differ.
pub fn search(documents: &Embeddings, query: &[f32], k: usize) -> Vec<Hit> {
    assert_eq!(query.len(), documents.dim(), "the query's length and the documents' differ");
    top_k(documents.rows().map(|row| dot(row, query)), k)
}

/// The `k` nearest documents of each query. Only the best of each query are held, never the whole score matrix.
///
/// # Shapes
/// documents `[n, dim]`, queries `[m, dim]`; panics when the dims differ.
pub fn search_many(documents: &Embeddings, queries: &Embeddings, k: usize) -> Vec<Vec<Hit>> {
    assert_eq!(queries.dim(), documents.dim(), "the queries' length and the documents' differ");
    let mut best = vec![TopK::new(k); queries.len()];
    for (block, best) in best.chunks_mut(QUERY_BLOCK).enumerate() {
        search_block(documents, queries, block * QUERY_BLOCK, best);
    }
    best.into_iter().map(TopK::into_hits).collect()
}

/// Scores all documents for the queries from `first` on, one for each of `best`.
fn search_block(documents: &Embeddings, queries: &Embeddings, first: usize, best: &mut [TopK]) {
    for start in (0..documents.len()).step_by(DOCUMENT_BLOCK) {
        let end = documents.len().min(start + DOCUMENT_BLOCK);
        for (number, best) in best.iter_mut().enumerate() {
            let query = queries.row(first + number);
            for position in start..end {
                best.push(position, dot(documents.row(position), query));
            }
        }
    }
}
