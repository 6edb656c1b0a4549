//! Embeddings: n rows of `dim` numbers. The hinge between tensors and everything that searches, mines and measures.
//!
//! ```
//! use nearmiss::embeddings::{Embeddings, dot};
//!
//! let mut documents = Embeddings::new(2, vec![3.0, 4.0, 0.0, 2.0])?; // [2, 2]
//! documents.normalize();
//! assert_eq!(documents.row(1), [0.0, 1.0]);
//! assert!((dot(documents.row(0), documents.row(1)) - 0.8).abs() < 1e-6);
//! # Ok::<(), nearmiss::error::Error>(())
//! ```

use crate::error::{Error, Result};
use nearmiss_kernels::Rows;

#[doc(inline)]
pub use nearmiss_kernels::dot;

/// A table `[n, dim]` of f32, row-major.
#[derive(Debug, Clone, PartialEq)]
pub struct Embeddings {
    dim: usize,
    values: Vec<f32>,
}

impl Embeddings {
    /// A table from its values, row after row.
    ///
    /// # Errors
    /// `INPUT_INVALID` when `dim` is 0, the values do not fill whole rows, or one of them is NaN or infinite.
    pub fn new(dim: usize, values: Vec<f32>) -> Result<Self> {
        if dim == 0 {
            return Err(Error::input("dim", "must be at least 1"));
        }
        if !values.len().is_multiple_of(dim) {
            let reason = format!("{} numbers do not fill rows of {dim}", values.len());
            return Err(Error::input("embeddings", reason));
        }
        check_finite(dim, &values)?;
        Ok(Self { dim, values })
    }

    /// A table without rows.
    pub fn empty(dim: usize) -> Self {
        Self { dim, values: Vec::new() }
    }

    /// Adds a row.
    ///
    /// # Errors
    /// `MODEL_MISMATCH` when the row has another length, `INPUT_INVALID` when it holds NaN or infinity.
    pub fn push(&mut self, row: &[f32]) -> Result<()> {
        if row.len() != self.dim {
            return Err(Error::ModelMismatch {
                what: "the embedding's length".into(),
                expected: self.dim.to_string(),
                got: row.len().to_string(),
            });
        }
        check_finite(self.dim, row)?;
        self.values.extend_from_slice(row);
        Ok(())
    }

    /// Row `i`; panics past the end.
    pub fn row(&self, i: usize) -> &[f32] {
        &self.values[i * self.dim..(i + 1) * self.dim]
    }

    /// All rows in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[f32]> {
        // `max(1)`: an empty table of dimension 0 has no rows, and chunks of 0 panic.
        self.values.chunks_exact(self.dim.max(1))
    }

    /// The rows at these positions, in this order; panics past the end.
    pub fn gather(&self, positions: &[usize]) -> Self {
        let mut values = Vec::with_capacity(positions.len() * self.dim);
        for &position in positions {
            values.extend_from_slice(self.row(position));
        }
        Self { dim: self.dim, values }
    }

    /// Scales each row to length 1 (L2), so that a dot product is a cosine. Rows of zeros stay zero.
    pub fn normalize(&mut self) {
        for row in self.values.chunks_exact_mut(self.dim.max(1)) {
            // In f64: the squares of large f32 values overflow, those of small ones vanish.
            let squares: f64 = row.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
            if squares > 0.0 {
                let scale = 1.0 / squares.sqrt();
                row.iter_mut().for_each(|x| *x = (f64::from(*x) * scale) as f32);
            }
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.values.len() / self.dim.max(1)
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Length of a row.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// All values, row after row.
    pub fn as_slice(&self) -> &[f32] {
        &self.values
    }

    /// The rows as the inner loops take them.
    pub fn as_rows(&self) -> Rows<'_> {
        Rows::new(&self.values, self.dim)
    }

    /// Gives the values away, row after row.
    pub fn into_vec(self) -> Vec<f32> {
        self.values
    }
}

fn check_finite(dim: usize, values: &[f32]) -> Result<()> {
    match values.iter().position(|value| !value.is_finite()) {
        None => Ok(()),
        Some(at) => Err(Error::input(
            "embeddings",
            format!("row {}, column {} is {}: not a finite number", at / dim, at % dim, values[at]),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_numbers_are_refused_and_named() {
        let message = |result: Result<Embeddings>| result.unwrap_err().to_string();
        assert!(message(Embeddings::new(0, vec![])).contains("at least 1"));
        assert!(message(Embeddings::new(3, vec![0.0; 7])).contains("7 numbers do not fill rows of 3"));
        assert!(
            message(Embeddings::new(2, vec![0.0, 0.0, f32::NAN, 0.0])).contains("row 1, column 0 is NaN")
        );
        let mut rows = Embeddings::empty(2);
        assert_eq!(rows.push(&[1.0]).unwrap_err().code(), "MODEL_MISMATCH");
        assert_eq!(rows.push(&[1.0, f32::INFINITY]).unwrap_err().code(), "INPUT_INVALID");
        assert!(rows.is_empty());
    }

    #[test]
    fn normalise_holds_at_the_edges_of_f32() {
        let mut rows = Embeddings::new(2, vec![3e30, 4e30, 3e-30, 4e-30, 0.0, -0.0]).unwrap();
        rows.normalize();
        for (got, expected) in rows.as_slice().iter().zip([0.6, 0.8, 0.6, 0.8, 0.0, 0.0]) {
            assert!((got - expected).abs() < 1e-6, "{:?}", rows.as_slice());
        }
    }

    #[test]
    fn rows_gather_in_the_order_asked_for() {
        let mut rows = Embeddings::empty(1);
        (0..4).for_each(|n| rows.push(&[n as f32]).unwrap());
        assert_eq!(rows.gather(&[3, 1, 3]).into_vec(), [3.0, 1.0, 3.0]);
        assert_eq!((rows.len(), rows.dim(), rows.rows().len()), (4, 1, 4));
        assert_eq!(Embeddings::empty(0).len(), 0);
    }
}
