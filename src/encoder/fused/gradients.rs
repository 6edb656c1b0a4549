//! The same operations on the graph, with gradients by hand. Gradients for parameters are computed only where one trains.

use super::ops::Fused;
use super::{attention, gelu, join, norm, pooling, sums};
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Cube};
use burn::tensor::Shape;
use burn_cubecl::tensor::CubeTensor;

impl<C: CheckpointStrategy> Fused for Autodiff<Cube, C> {
    fn join(a: FloatTensor<Self>, b: FloatTensor<Self>, c: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [a.node(), b.node(), c.node()];
        let out = join::join([a, b, c].map(FloatTensor::<Self>::into_primitive));
        match Join.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((), out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }

    fn add_norm(
        x: FloatTensor<Self>,
        added: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), added.node(), bias.node(), gamma.node(), beta.node()];
        let inputs = [x, added, bias, gamma, beta].map(FloatTensor::<Self>::into_primitive);
        match AddNorm.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let (gamma, added) = (inputs[3].clone(), inputs[1].meta.shape().clone());
                let (out, kept) = norm::add_norm_keeping(inputs, epsilon);
                prep.finish((kept, gamma, added), out)
            }
            OpsKind::UnTracked(prep) => prep.finish(norm::add_norm(inputs, epsilon)),
        }
    }

    fn bias_gelu(x: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [x.node(), bias.node()];
        let [x, bias] = [x, bias].map(FloatTensor::<Self>::into_primitive);
        let out = gelu::bias_gelu(x.clone(), bias.clone());
        match BiasGelu.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((x, bias), out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }

    fn attention(
        joined: FloatTensor<Self>,
        offsets: FloatTensor<Self>,
        mask: FloatTensor<Self>,
        heads: usize,
    ) -> FloatTensor<Self> {
        let nodes = [joined.node(), offsets.node()];
        let inputs = [joined, offsets, mask].map(FloatTensor::<Self>::into_primitive);
        let mixed = attention::attention(inputs.clone(), heads);
        match Attention.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => {
                let out = mixed.out.clone();
                prep.finish((inputs, mixed, heads), out)
            }
            OpsKind::UnTracked(prep) => prep.finish(mixed.out),
        }
    }

    fn mean_pool(tokens: FloatTensor<Self>, mask: FloatTensor<Self>) -> FloatTensor<Self> {
        let nodes = [tokens.node()];
        let (out, shares) = pooling::mean(tokens.into_primitive(), mask.into_primitive());
        match MeanPool.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish(shares, out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }

    fn unit_rows(x: FloatTensor<Self>, least: f64) -> FloatTensor<Self> {
        let nodes = [x.node()];
        let (out, scales) = pooling::unit(x.into_primitive(), least);
        match UnitRows.prepare::<C>(nodes).compute_bound().stateful() {
            OpsKind::Tracked(prep) => prep.finish((out.clone(), scales), out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }
}

#[derive(Debug)]
struct Join;

impl Backward<Cube, 3> for Join {
    type State = ();

    fn backward(self, ops: Ops<(), 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let parts = join::split(grads.consume::<Cube>(&ops.node));
        for (node, part) in ops.parents.into_iter().zip(parts) {
            if let Some(node) = node {
                grads.register::<Cube>(node.id, part);
            }
        }
    }
}

#[derive(Debug)]
struct AddNorm;

impl Backward<Cube, 5> for AddNorm {
    /// What the forward pass kept; gamma; the shape of what was added.
    type State = (CubeTensor, CubeTensor, Shape);

    fn backward(self, ops: Ops<Self::State, 5>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<Cube>(&ops.node);
        let (kept, gamma, shape) = ops.state;
        let inner = norm::backward(gradient.clone(), kept.clone(), gamma);
        let [x, added, bias, gamma, beta] = ops.parents;
        if bias.is_some() || gamma.is_some() || beta.is_some() {
            let [of_gamma, of_beta, of_bias] = sums::norm_sums(gradient, kept, inner.clone());
            for (node, sum) in [(gamma, of_gamma), (beta, of_beta), (bias, of_bias)] {
                if let Some(node) = node {
                    grads.register::<Cube>(node.id, sum);
                }
            }
        }
        if let Some(node) = added {
            grads.register::<Cube>(node.id, sums::repeats(inner.clone(), shape));
        }
        if let Some(node) = x {
            grads.register::<Cube>(node.id, inner);
        }
    }
}

#[derive(Debug)]
struct BiasGelu;

impl Backward<Cube, 2> for BiasGelu {
    /// Both inputs.
    type State = (CubeTensor, CubeTensor);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (x, bias) = ops.state;
        let inner = gelu::backward(x, bias, grads.consume::<Cube>(&ops.node));
        let [x, bias] = ops.parents;
        if let Some(node) = bias {
            grads.register::<Cube>(node.id, sums::column_sums(inner.clone()));
        }
        if let Some(node) = x {
            grads.register::<Cube>(node.id, inner);
        }
    }
}

#[derive(Debug)]
struct Attention;

impl Backward<Cube, 2> for Attention {
    /// Inputs, outputs, heads.
    type State = ([CubeTensor; 3], attention::Mixed, usize);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (inputs, mixed, heads) = ops.state;
        let inner = attention::backward(inputs, mixed, grads.consume::<Cube>(&ops.node), heads);
        let [joined, offsets] = ops.parents;
        if let Some(node) = offsets {
            grads.register::<Cube>(node.id, sums::column_sums(inner.clone()));
        }
        if let Some(node) = joined {
            grads.register::<Cube>(node.id, inner);
        }
    }
}

#[derive(Debug)]
struct MeanPool;

impl Backward<Cube, 1> for MeanPool {
    /// The share of each token.
    type State = CubeTensor;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (gradient, [tokens]) = (grads.consume::<Cube>(&ops.node), ops.parents);
        if let Some(node) = tokens {
            grads.register::<Cube>(node.id, pooling::mean_backward(gradient, ops.state));
        }
    }
}

#[derive(Debug)]
struct UnitRows;

impl Backward<Cube, 1> for UnitRows {
    /// The output; `1 / |x|` of each row.
    type State = (CubeTensor, CubeTensor);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let (gradient, [x]) = (grads.consume::<Cube>(&ops.node), ops.parents);
        let (unit, scales) = ops.state;
        if let Some(node) = x {
            grads.register::<Cube>(node.id, pooling::unit_backward(gradient, unit, scales));
        }
    }
}
