//! How embeddings lie in space, and whether a model has collapsed: gives every text nearly the same one.

use super::eigenvalues::eigenvalues;
use crate::embeddings::Embeddings;
use serde::Serialize;

/// By how much the room between texts, or the dimensions in use, must shrink to be called a collapse.
const SHRUNK: f64 = 0.25;

/// Two numbers about unit vectors.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Spread {
    /// Of all pairs of rows, −1..1; 0 with fewer than two.
    pub mean_cosine: f64,
    /// exp of the entropy of the normalised singular values: 1 to the number of dimensions (Roy & Vetterli 2007, "The effective
    /// rank"); 0 without rows.
    pub effective_rank: f64,
}

impl Spread {
    /// Of at most so many rows, evenly taken from all.
    ///
    /// # Shapes
    /// - rows: `[n, dim]`, unit length
    pub fn of(rows: &Embeddings, most: usize) -> Self {
        let stride = rows.len().div_ceil(most.max(1)).max(1);
        let sample: Vec<&[f32]> = rows.rows().step_by(stride).collect();
        let n = sample.len();
        // The products of all pairs: n squared of them, and their eigenvalues are the squares of the singular values.
        let mut gram = vec![0.0; n * n];
        for i in 0..n {
            for j in 0..=i {
                let product = precise_dot(sample[i], sample[j]);
                (gram[i * n + j], gram[j * n + i]) = (product, product);
            }
        }
        let total: f64 = gram.iter().sum();
        let own: f64 = (0..n).map(|i| gram[i * n + i]).sum();
        let pairs = (n * n.saturating_sub(1)).max(1) as f64;
        let mean_cosine = (total - own) / pairs;
        let singular: Vec<f64> =
            eigenvalues(gram, n).into_iter().map(|value| value.max(0.0).sqrt()).collect();
        let sum: f64 = singular.iter().sum();
        if n == 0 || sum <= 0.0 {
            return Self { mean_cosine, effective_rank: 0.0 };
        }
        let shares = singular.iter().map(|value| value / sum).filter(|&share| share > 0.0);
        let entropy: f64 = shares.map(|share| -share * share.ln()).sum();
        Self { mean_cosine, effective_rank: entropy.exp() }
    }
}

/// Singular values are roots of eigenvalues: noise of 1e-8 in a product would be a singular value of 1e-4.
fn precise_dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
}

/// Is the room between texts (1 − mean cosine), or the effective rank, less than a quarter of what it was?
pub fn collapsed(before: Spread, after: Spread) -> bool {
    let room = |spread: Spread| 1.0 - spread.mean_cosine;
    room(after) < SHRUNK * room(before) || after.effective_rank < SHRUNK * before.effective_rank
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(dim: usize, values: &[f32]) -> Spread {
        Spread::of(&Embeddings::new(dim, values.to_vec()).unwrap(), 100)
    }

    #[test]
    fn known_shapes() {
        let axes: Vec<f32> = (0..16).map(|i| f32::from(i % 5 == 0)).collect();
        let orthogonal = spread(4, &axes);
        assert!(orthogonal.mean_cosine.abs() < 1e-9 && (orthogonal.effective_rank - 4.0).abs() < 1e-6);
        let same = spread(2, &[0.6, 0.8].repeat(5));
        assert!(
            (same.mean_cosine - 1.0).abs() < 1e-6 && (same.effective_rank - 1.0).abs() < 1e-3,
            "{same:?}"
        );
        assert!(
            collapsed(orthogonal, same) && !collapsed(orthogonal, orthogonal) && !collapsed(same, orthogonal)
        );
        let nothing = Spread::of(&Embeddings::empty(3), 10);
        assert_eq!(nothing, Spread { mean_cosine: 0.0, effective_rank: 0.0 });
    }

    /// Rows normalize(sin(k)), k = 1, 2, … over [5, 4]; expected from numpy.linalg.svd.
    #[test]
    fn a_matrix_without_structure() {
        let mut values: Vec<f32> = (1..=20).map(|k| (k as f32).sin()).collect();
        for row in values.chunks_mut(4) {
            let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
            row.iter_mut().for_each(|v| *v /= norm);
        }
        let got = spread(4, &values);
        assert!((got.effective_rank - EXPECTED[0]).abs() < 1e-3, "{got:?}");
        assert!((got.mean_cosine - EXPECTED[1]).abs() < 1e-6, "{got:?}");
    }
    const EXPECTED: [f64; 2] = [1.974_263_68, -0.238_030_41];
}
