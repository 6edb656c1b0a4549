//! Rows of numbers, borrowed.

use std::slice::ChunksExact;

/// A table `[n, dim]` of f32, row-major.
#[derive(Debug, Clone, Copy)]
pub struct Rows<'a> {
    values: &'a [f32],
    dim: usize,
}

impl<'a> Rows<'a> {
    /// The rows that the values fill, `dim` numbers each. Without numbers, as when `dim` is 0, there are none.
    pub fn new(values: &'a [f32], dim: usize) -> Self {
        Self { values, dim }
    }

    /// Row `i`; panics past the end.
    pub fn row(self, i: usize) -> &'a [f32] {
        &self.values[i * self.dim..(i + 1) * self.dim]
    }

    /// All rows in order.
    pub fn iter(self) -> ChunksExact<'a, f32> {
        // `max(1)`: chunks of 0 panic.
        self.values.chunks_exact(self.dim.max(1))
    }

    /// Number of rows.
    pub fn len(self) -> usize {
        self.values.len() / self.dim.max(1)
    }

    /// True without rows.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Numbers in a row.
    pub fn dim(self) -> usize {
        self.dim
    }
}
