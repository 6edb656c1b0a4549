//! The operations as burn calls them, and how a tensor of the CPU becomes a slice.

use super::products::{Matrices, forward, with_columns};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Flex, TensorMetadata, backend_extension};
use burn::tensor::TensorData;
use nearmiss_kernels as kernels;

/// A tensor of the CPU backend.
pub(super) type Floats = FloatTensor<Flex>;

/// Operations that are one loop each.
#[backend_extension(Flex, Autodiff)]
pub(super) trait Elementwise: Backend {
    /// `x Φ(x)`, of any shape.
    fn exact_gelu(x: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Softmax of `scores * scale + bias` over the last axis.
    ///
    /// # Shapes
    /// - scores and output: `[batch, .., seq]`; bias: `[batch, 1, .., seq]`, without a gradient
    fn masked_softmax(scores: FloatTensor<Self>, bias: FloatTensor<Self>, scale: f64) -> FloatTensor<Self>;

    /// `x × weight + bias`.
    ///
    /// # Shapes
    /// - x: `[.., k]`; weight: `[k, n]`; bias: `[n]`; output: `[.., n]`
    fn map_rows(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self>;

    /// A product for each head of each text.
    ///
    /// # Shapes
    /// - a: `[batch, heads, m, k]`; b: `[batch, heads, k, n]`; output: `[batch, heads, m, n]`
    fn products(a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Layer norm of each row.
    ///
    /// # Shapes
    /// - x and output: `[.., columns]`; gamma, beta: `[columns]`
    fn rows_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self>;
}

impl Elementwise for Flex {
    fn exact_gelu(x: Floats) -> Floats {
        in_place(x, kernels::gelu)
    }

    fn masked_softmax(scores: Floats, bias: Floats, scale: f64) -> Floats {
        let (length, bias) = (columns(&scores), bias.to_contiguous());
        in_place(scores, |scores| kernels::masked_softmax(scores, slice(&bias), scale as f32, length))
    }

    fn map_rows(x: Floats, weight: Floats, bias: Floats) -> Floats {
        let [x, weight, bias] = [x.to_contiguous(), forward(weight), bias.to_contiguous()];
        let width = columns(&weight);
        let mut out = Matrices::rows(&x).times(Matrices::of(&weight));
        for row in out.chunks_exact_mut(width.max(1)) {
            kernels::add(row, slice(&bias));
        }
        Floats::from_data(TensorData::new(out, with_columns(&x, width)))
    }

    fn products(a: Floats, b: Floats) -> Floats {
        let [a, b] = [a, b].map(forward);
        let out = Matrices::of(&a).times(Matrices::of(&b));
        Floats::from_data(TensorData::new(out, with_columns(&a, columns(&b))))
    }

    fn rows_norm(x: Floats, gamma: Floats, beta: Floats, epsilon: f64) -> Floats {
        let [gamma, beta] = [gamma, beta].map(|own| own.to_contiguous());
        in_place(x, |x| kernels::layer_norm(x, slice(&gamma), slice(&beta), epsilon as f32))
    }
}

/// Length of the last axis.
pub(super) fn columns(x: &Floats) -> usize {
    x.shape().as_slice().last().copied().unwrap_or(1)
}

/// The tensor after a change of its numbers, which are copied if another tensor has them too.
pub(super) fn in_place(x: Floats, change: impl FnOnce(&mut [f32])) -> Floats {
    let mut data = x.into_data();
    match data.as_mut_slice::<f32>() {
        Ok(values) => change(values),
        Err(error) => unreachable!("a tensor of this build holds f32: {error:?}"),
    }
    Floats::from_data(data)
}

/// Of a tensor that lies in one piece, as after `to_contiguous`.
pub(super) fn slice(x: &Floats) -> &[f32] {
    x.as_slice().unwrap_or_else(|| unreachable!("made contiguous"))
}
