//! What the gradients of the kernels must be: on the device itself, against differences of the forward pass, whose answers
//! `check` knows. Run once, before a device first trains layers: a driver that gets a gradient wrong says nothing, and the verdict
//! at the end would only tell that the training did not help.

use super::check::{BATCH, EPSILON, HEADS, HIDDEN, SEQ, mask, values};
use super::ops::Fused;
use crate::encoder::backend::read;
use crate::error::{Error, Result};
use burn::backend::Dispatch;
use burn::tensor::module::linear;
use burn::tensor::{Device, DispatchTensor, Tensor, TensorData};

/// Half of the distance between the two points of a difference.
const STEP: f32 = 1e-2;
/// How far a slope may miss, in what slopes of this input come to. On a software adapter right ones missed by at most 0.0002, and
/// those of an input whose gradient was another's by more than 2.
const SHARE: f32 = 0.02;
const LEAST: f64 = 1e-12;

/// # Errors
/// `Internal`, naming the kernel, the number of the input, the slope by its gradient and the right one.
pub(crate) async fn check_gradients(device: &Device) -> Result<()> {
    let device = &device.clone().autodiff();
    let tokens = BATCH * SEQ;
    let constant = |numbers: Vec<f32>| vector(numbers, device).reshape([BATCH, SEQ]).into_dispatch();
    let bias = constant(mask());
    let real = constant(mask().iter().map(|&bias| f32::from(bias == 0.0)).collect());
    let wide = |x: Tensor<1>| Tensor::<3>::into_dispatch(x.reshape([BATCH as i32, SEQ as i32, -1]));
    let out = |x: DispatchTensor| flat(Tensor::<3>::from_dispatch(x));

    let mut slopes = Slopes { device, names: Vec::new(), found: Vec::new() };
    slopes.of("product", [tokens * HIDDEN, HIDDEN * SIZE_OUT], |[x, weight]| {
        flat(linear(x.reshape([BATCH, SEQ, HIDDEN]), weight.reshape([HIDDEN, SIZE_OUT]), None))
    });
    slopes.of("join", [tokens * HIDDEN; 3], |[a, b, c]| out(Dispatch::join(wide(a), wide(b), wide(c))));
    slopes.of("attention", [tokens * 3 * HIDDEN, 3 * HIDDEN], |[joined, offsets]| {
        out(Dispatch::attention(wide(joined), offsets.into_dispatch(), bias.clone(), HEADS))
    });
    let sizes = [tokens * HIDDEN, SEQ * HIDDEN, HIDDEN, HIDDEN, HIDDEN];
    slopes.of("layer norm", sizes, |[x, added, bias, gamma, beta]| {
        let added = added.reshape([1, SEQ, HIDDEN]).into_dispatch();
        let [bias, gamma, beta] = [bias, gamma, beta].map(Tensor::into_dispatch);
        out(Dispatch::add_norm(wide(x), added, bias, gamma, beta, EPSILON))
    });
    slopes.of("GELU", [tokens * HIDDEN, HIDDEN], |[x, bias]| {
        out(Dispatch::bias_gelu(wide(x), bias.into_dispatch()))
    });
    slopes.of("mean", [tokens * HIDDEN], |[x]| {
        flat(Tensor::<2>::from_dispatch(Dispatch::mean_pool(wide(x), real.clone())))
    });
    slopes.of("length", [tokens * HIDDEN], |[x]| {
        let rows = x.reshape([tokens, HIDDEN]).into_dispatch();
        flat(Tensor::<2>::from_dispatch(Dispatch::unit_rows(rows, LEAST)))
    });
    slopes.compare().await
}

/// Columns of a product that is no square.
const SIZE_OUT: usize = 2 * HIDDEN + 3;

struct Slopes<'a> {
    device: &'a Device,
    names: Vec<(&'static str, usize)>,
    /// For each name by its gradient, by a difference, and what such slopes come to: `[3]`, off the graph.
    found: Vec<Tensor<1>>,
}

impl Slopes<'_> {
    /// Along one direction of each input, of a weighted sum of the outputs. Inputs and directions from −1 to 1.
    fn of<const N: usize>(
        &mut self,
        name: &'static str,
        sizes: [usize; N],
        function: impl Fn([Tensor<1>; N]) -> Tensor<1>,
    ) {
        let device = self.device;
        let given = |seed: usize| move |at: usize| vector(values(sizes[at], seed + at), device);
        let inputs: [Tensor<1>; N] = std::array::from_fn(given(1));
        let leaves = inputs.clone().map(Tensor::require_grad);
        let value = function(leaves.clone());
        let weights = vector(values(value.dims()[0], 11), device);
        let gradients = (value * weights.clone()).sum().backward();
        for (at, leaf) in leaves.iter().enumerate() {
            let direction = given(21)(at);
            let moved = |by: f32| {
                let mut inputs = inputs.clone();
                inputs[at] = inputs[at].clone() + direction.clone().mul_scalar(by);
                function(inputs)
            };
            let difference = ((moved(STEP) - moved(-STEP)) * weights.clone()).sum().div_scalar(2.0 * STEP);
            let gradient = leaf.grad(&gradients).unwrap_or_else(|| inputs[at].clone().inner().zeros_like());
            let parts = gradient * direction.inner();
            let usual = parts.clone().square().sum().sqrt();
            self.found.push(Tensor::cat(vec![parts.sum(), difference.inner(), usual], 0));
            self.names.push((name, at));
        }
    }

    async fn compare(self) -> Result<()> {
        let [numbers] = read([Tensor::cat(self.found, 0)]).await?;
        for ((name, input), numbers) in self.names.iter().zip(numbers.chunks(3)) {
            let [found, expected, usual] = numbers[..] else { continue };
            let right = (found - expected).abs() <= SHARE * usual && usual > 0.0;
            if !right {
                let reason = format!("{name}, gradient of input {input}: expected {expected}, got {found}");
                return Err(Error::Internal { reason });
            }
        }
        Ok(())
    }
}

fn vector(numbers: Vec<f32>, device: &Device) -> Tensor<1> {
    let count = numbers.len();
    Tensor::from_data(TensorData::new(numbers, [count]), device)
}

fn flat<const D: usize>(tensor: Tensor<D>) -> Tensor<1> {
    let count = tensor.dims().iter().product::<usize>();
    tensor.reshape([count])
}
