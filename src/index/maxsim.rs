//! Late interaction: two texts compared token by token.
//!
//! ColBERT: Khattab and Zaharia, SIGIR 2020.

use crate::embeddings::{Embeddings, dot};

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
/// # Shapes
/// query `[m, dim]`, document `[n, dim]`, unit vectors; panics when the dims differ.
pub fn align(query: &Embeddings, document: &Embeddings) -> Vec<Alignment> {
    if document.is_empty() {
        return Vec::new();
    }
    let nearest = |(query_token, row): (usize, &[f32])| {
        let start = Alignment { query_token, document_token: 0, similarity: f32::NEG_INFINITY };
        document.rows().enumerate().fold(start, |best, (document_token, other)| {
            let similarity = dot(row, other);
            if similarity > best.similarity { Alignment { query_token, document_token, similarity } } else { best }
        })
    };
    query.rows().enumerate().map(nearest).collect()
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
