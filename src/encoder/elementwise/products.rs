//! Tensors of the CPU backend as matrices that lie as they lie, and their products.

use super::ops::{Floats, columns, slice};
use burn::backend::TensorMetadata;
use nearmiss_kernels::{View, product};

/// Matrices in two outer axes, `[batch, heads, rows, columns]`.
#[derive(Clone, Copy)]
pub(super) struct Matrices<'a> {
    values: &'a [f32],
    shape: [usize; 4],
    strides: [usize; 4],
}

impl<'a> Matrices<'a> {
    /// Of a tensor in [`forward`] order.
    pub fn of(x: &'a Floats) -> Self {
        let layout = x.layout();
        let (mut shape, mut strides) = ([1; 4], [0; 4]);
        for (to, &from) in shape.iter_mut().rev().zip(layout.shape().as_slice().iter().rev()) {
            *to = from;
        }
        for (to, from) in strides.iter_mut().rev().zip(layout.strides().iter().rev()) {
            *to = from.unsigned_abs();
        }
        Self { values: x.storage::<f32>().get(layout.start_offset()..).unwrap_or_default(), shape, strides }
    }

    /// All rows of a tensor in one piece as one matrix.
    pub fn rows(x: &'a Floats) -> Self {
        let width = columns(x);
        let values = slice(x);
        let rows = values.len() / width.max(1);
        Self { values, shape: [1, 1, rows, width], strides: [0, 0, width, 1] }
    }

    /// Columns for rows.
    pub fn turned(mut self) -> Self {
        self.shape.swap(2, 3);
        self.strides.swap(2, 3);
        self
    }

    /// One product for each pair of matrices, `[batch, heads, m, n]`.
    pub fn times(self, other: Self) -> Vec<f32> {
        let ([batch, heads, m, k], [.., n]) = (self.shape, other.shape);
        let mut out = vec![0.0; batch * heads * m * n];
        if k == 0 {
            return out;
        }
        for (at, out) in out.chunks_exact_mut((m * n).max(1)).enumerate() {
            let place = [at / heads, at % heads];
            product(self.view(place), other.view(place), [m, k, n], out);
        }
        out
    }

    fn view(&self, [batch, head]: [usize; 2]) -> View<'a> {
        let [outer, inner, row, column] = self.strides;
        View { values: &self.values[batch * outer + head * inner..], row, column }
    }
}

/// The tensor, in one piece if an axis of it runs backwards.
pub(super) fn forward(x: Floats) -> Floats {
    if x.layout().has_positive_strides() { x } else { x.to_contiguous() }
}

/// The shape with another last axis.
pub(super) fn with_columns(x: &Floats, columns: usize) -> Vec<usize> {
    let mut shape = x.shape().as_slice().to_vec();
    if let Some(last) = shape.last_mut() {
        *last = columns;
    }
    shape
}
