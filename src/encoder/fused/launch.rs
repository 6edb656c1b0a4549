//! What kernels share, here and in training: new tensors, sizes, grids, the way to what is below a tensor.

use burn::backend::Cube;
use burn::tensor::Tensor;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

/// Workgroups along one dimension: what every WebGPU device has.
const WIDEST: u32 = 65_535;

/// A tensor of this shape beside another, of unknown content.
pub(crate) fn empty(like: &CubeTensor, shape: &[usize]) -> CubeTensor {
    empty_device_contiguous_dtype(like.client.clone(), like.device.clone(), shape.into(), like.dtype)
}

/// Row-major, without gaps, as the kernels count; no copy where it is so already.
pub(crate) fn plain<const N: usize>(tensors: [CubeTensor; N]) -> [CubeTensor; N] {
    tensors.map(into_contiguous)
}

/// `[rows, columns]` of a tensor taken as a matrix of its last dimension.
pub(crate) fn matrix(tensor: &CubeTensor) -> [usize; 2] {
    let shape = tensor.meta.shape();
    let columns = shape.last().copied().unwrap_or(1);
    [shape.iter().product::<usize>() / columns.max(1), columns]
}

/// At least so many workgroups; a kernel counts them by `CUBE_POS` and leaves those too many idle.
pub(crate) fn grid(count: usize) -> CubeCount {
    let count = count.max(1) as u32;
    let deep = count.div_ceil(WIDEST);
    CubeCount::Static(count.div_ceil(deep), deep, 1)
}

/// What is below a tensor off the graph.
///
/// # Panics
/// On the graph: that is a mistake of the caller's.
pub(crate) fn primitive<const D: usize>(tensor: Tensor<D>) -> CubeTensor {
    match tensor.try_into_primitive::<Cube>() {
        Ok(primitive) => primitive,
        Err(error) => panic!("a kernel was given a tensor on the graph: {error:?}"),
    }
}

/// The way back.
pub(crate) fn tensor<const D: usize>(primitive: CubeTensor) -> Tensor<D> {
    Tensor::from_primitive::<Cube>(primitive)
}
