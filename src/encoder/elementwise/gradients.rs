//! The same operations on the graph. What a backward pass needs is kept, not computed again: the input of GELU and of a layer norm,
//! the output of softmax.

use super::ops::{Elementwise, Floats, columns, in_place, slice};
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex};
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
