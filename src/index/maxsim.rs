//! Late interaction: two texts compared token by token.
//!
//! ColBERT: Khattab and Zaharia, SIGIR 2020.

use super::flat;
use crate::embeddings::Embeddings;

/// A token of the query and the token of the document that is nearest to it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Alignment {
    /// Row of the query.
    pub query_token: usize,
    /// Row of the document.
    pub document_token: usize,
    /// Their dot product: the cosine of unit vectors.
    pub similarity: f32,
}

/// For each token of the query the nearest one of the document, ties to the earlier; nothing when either has no tokens.
///
/// A token whose products all overflow, which unit vectors never do, is left out.
///
/// # Shapes
/// query `[m, dim]`, document `[n, dim]`, unit vectors; panics when the dims differ and neither is empty.
pub fn align(query: &Embeddings, document: &Embeddings) -> Vec<Alignment> {
    if query.is_empty() || document.is_empty() {
        return Vec::new();
    }
    let nearest = flat::search_many(document, query, 1).into_iter().enumerate();
    let found = nearest.filter_map(|(query_token, hits)| {
        let hit = hits.first()?;
        Some(Alignment { query_token, document_token: hit.position, similarity: hit.score })
    });
    found.collect()
}

/// Mean over the query's tokens of the cosine with the nearest token of the document; 0 when either has none.
///
/// The mean, where ColBERT takes the sum, so that scores lie in -1..1 and compare across queries.
///
/// # Shapes
/// As [`align`].
pub fn maxsim(query: &Embeddings, document: &Embeddings) -> f32 {
    let pairs = align(query, document);
    if pairs.is_empty() {
        return 0.0;
    }
    pairs.iter().map(|pair| pair.similarity).sum::<f32>() / pairs.len() as f32
}
