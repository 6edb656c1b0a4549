//! All that trains as one long vector, so that clipping, averaging and going back are one line each, and one update is a few
//! operations on a device whatever the number of parameters.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};

/// The parameters that train, in the order in which the module names them, `[n]`, off the graph.
pub fn pack<M: Module>(module: &M) -> Tensor<1> {
    let mut flat = Flat(Vec::new());
    module.visit(&mut flat);
    join(flat.0)
}

struct Flat(Vec<Tensor<1>>);

impl ModuleVisitor for Flat {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            self.0.push(flat(param.val().inner()));
        }
    }
}

/// Their gradients in the same order, `[n]`, off the graph; 0 where the loss does not reach.
pub fn gradient<M: Module>(module: &M, gradients: &Gradients) -> Tensor<1> {
    let mut flat = FlatGradient(gradients, Vec::new());
    module.visit(&mut flat);
    join(flat.1)
}

struct FlatGradient<'a>(&'a Gradients, Vec<Tensor<1>>);

impl ModuleVisitor for FlatGradient<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            let value = param.val();
            let gradient = value.grad(self.0).unwrap_or_else(|| value.inner().zeros_like());
            self.1.push(flat(gradient.inner()));
        }
    }
}

/// The module with these numbers in the place of those that train: leaves of a new graph.
pub fn unpack<M: Module>(module: M, packed: &Tensor<1>) -> M {
    module.map(&mut Filling { packed, at: 0 })
}

struct Filling<'a> {
    packed: &'a Tensor<1>,
    at: usize,
}

impl ModuleMapper for Filling<'_> {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if !param.is_require_grad() {
            return param;
        }
        let shape = param.val().dims();
        let count = shape.iter().product();
        let own = self.packed.clone().narrow(0, self.at, count).reshape(shape);
        self.at += count;
        Param::initialized(param.id, own.autodiff().require_grad())
    }
}

/// The module with the same numbers as leaves of their own: what goes through it has its gradient apart.
pub fn twin<M: Module>(module: M) -> M {
    module.map(&mut Renewing)
}

struct Renewing;

impl ModuleMapper for Renewing {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if !param.is_require_grad() {
            return param;
        }
        let own = param.val().inner().autodiff().require_grad();
        Param::initialized(param.id, own)
    }
}

fn flat<const D: usize>(tensor: Tensor<D>) -> Tensor<1> {
    let count = tensor.dims().iter().product::<usize>();
    tensor.reshape([count])
}

#[cfg(feature = "webgpu")]
use super::fused::pack as join;

#[cfg(not(feature = "webgpu"))]
fn join(parts: Vec<Tensor<1>>) -> Tensor<1> {
    Tensor::cat(parts, 0)
}
