//! The same operations on the graph. What a backward pass needs is kept, not computed again: the input of GELU and of a layer norm,
//! the output of softmax.

use super::ops::{Elementwise, Floats, columns, in_place, slice};
use super::products::{Matrices, forward, with_columns};
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex, TensorMetadata};
use burn::tensor::TensorData;
use nearmiss_kernels as kernels;

impl<C: CheckpointStrategy> Elementwise for Autodiff<Flex, C> {
    fn exact_gelu(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let node = x.node();
        let x = x.into_primitive();
        match Gelu.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(x.clone(), Flex::exact_gelu(x)),
            OpsKind::UnTracked(prep) => prep.finish(Flex::exact_gelu(x)),
        }
    }

    fn masked_softmax(scores: FloatTensor<Self>, bias: FloatTensor<Self>, scale: f64) -> FloatTensor<Self> {
        let node = scores.node();
        let shares = Flex::masked_softmax(scores.into_primitive(), bias.into_primitive(), scale);
        match MaskedSoftmax.prepare::<C>([node]).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((shares.clone(), scale as f32), shares),
            OpsKind::UnTracked(prep) => prep.finish(shares),
        }
    }

    fn map_rows(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), weight.node(), bias.node()];
        let [x, weight, bias] = [x, weight, bias].map(FloatTensor::<Self>::into_primitive);
        match MapRows.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let kept = (x.clone(), weight.clone());
                prep.finish(kept, Flex::map_rows(x, weight, bias))
            }
            OpsKind::UnTracked(prep) => prep.finish(Flex::map_rows(x, weight, bias)),
        }
    }

    fn products(a: FloatTensor<Self>, b: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [a.node(), b.node()];
        let [a, b] = [a, b].map(FloatTensor::<Self>::into_primitive);
        match Products.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((a.clone(), b.clone()), Flex::products(a, b)),
            OpsKind::UnTracked(prep) => prep.finish(Flex::products(a, b)),
        }
    }

    fn rows_norm(
        x: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), gamma.node(), beta.node()];
        let [x, gamma, beta] = [x, gamma, beta].map(FloatTensor::<Self>::into_primitive);
        match RowsNorm.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let kept = (x.clone(), gamma.clone(), epsilon as f32);
                prep.finish(kept, Flex::rows_norm(x, gamma, beta, epsilon))
            }
            OpsKind::UnTracked(prep) => prep.finish(Flex::rows_norm(x, gamma, beta, epsilon)),
        }
    }
}

#[derive(Debug)]
struct Gelu;

impl Backward<Flex, 1> for Gelu {
    /// The input.
    type State = Floats;

    fn backward(self, ops: Ops<Floats, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (gradient, [x]) = (grads.consume::<Flex>(&ops.node), ops.parents);
        if let Some(node) = x {
            let input = ops.state.to_contiguous();
            let inner = in_place(gradient, |gradient| kernels::gelu_backward(slice(&input), gradient));
            grads.register::<Flex>(node.id, inner);
        }
    }
}

#[derive(Debug)]
struct MaskedSoftmax;

impl Backward<Flex, 1> for MaskedSoftmax {
    /// The output, and by what the scores were multiplied.
    type State = (Floats, f32);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (gradient, [scores]) = (grads.consume::<Flex>(&ops.node), ops.parents);
        if let Some(node) = scores {
            let ((shares, scale), length) = (ops.state, columns(&gradient));
            let shares = shares.to_contiguous();
            let change = |gradient: &mut [f32]| {
                kernels::masked_softmax_backward(slice(&shares), gradient, scale, length);
            };
            grads.register::<Flex>(node.id, in_place(gradient, change));
        }
    }
}

#[derive(Debug)]
struct MapRows;

impl Backward<Flex, 3> for MapRows {
    /// Input and weight.
    type State = (Floats, Floats);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<Flex>(&ops.node).to_contiguous();
        let ((x, weight), [of_x, of_weight, of_bias]) = (ops.state, ops.parents);
        let [x, weight] = [x.to_contiguous(), forward(weight)];
        let rows = Matrices::rows(&gradient);
        let [from, to] = [columns(&x), columns(&gradient)];
        let mut register = |id, values, shape| {
            grads.register::<Flex>(id, Floats::from_data(TensorData::new(values, shape)));
        };
        if let Some(node) = of_x {
            register(node.id, rows.times(Matrices::of(&weight).turned()), with_columns(&gradient, from));
        }
        if let Some(node) = of_weight {
            register(node.id, Matrices::rows(&x).turned().times(rows), vec![from, to]);
        }
        if let Some(node) = of_bias {
            register(node.id, kernels::column_sums(slice(&gradient), to), vec![to]);
        }
    }
}

#[derive(Debug)]
struct Products;

impl Backward<Flex, 2> for Products {
    /// Both sides.
    type State = (Floats, Floats);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<Flex>(&ops.node).to_contiguous();
        let ((a, b), [of_a, of_b]) = (ops.state, ops.parents);
        let [a, b] = [a, b].map(forward);
        if let Some(node) = of_a {
            let values = Matrices::of(&gradient).times(Matrices::of(&b).turned());
            grads.register::<Flex>(node.id, Floats::from_data(TensorData::new(values, a.shape())));
        }
        if let Some(node) = of_b {
            let values = Matrices::of(&a).turned().times(Matrices::of(&gradient));
            grads.register::<Flex>(node.id, Floats::from_data(TensorData::new(values, b.shape())));
        }
    }
}

#[derive(Debug)]
struct RowsNorm;

impl Backward<Flex, 3> for RowsNorm {
    /// Input, gamma, epsilon.
    type State = (Floats, Floats, f32);

    fn backward(self, ops: Ops<Self::State, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<Flex>(&ops.node);
        let ((x, gamma, epsilon), [of_x, of_gamma, of_beta]) = (ops.state, ops.parents);
        let [x, gamma] = [x, gamma].map(|own| own.to_contiguous());
        let width = columns(&x);
        let (mut scales, mut offsets) = (vec![0.0; width], vec![0.0; width]);
        let change = |gradient: &mut [f32]| {
            let sums = kernels::NormSums { gamma: &mut scales, beta: &mut offsets };
            kernels::layer_norm_backward(slice(&x), slice(&gamma), epsilon, gradient, sums);
        };
        let inner = in_place(gradient, change);
        if let Some(node) = of_x {
            grads.register::<Flex>(node.id, inner);
        }
        for (node, sums) in [(of_gamma, scales), (of_beta, offsets)] {
            if let Some(node) = node {
                grads.register::<Flex>(node.id, Floats::from_data(TensorData::new(sums, [width])));
            }
        }
    }
}
