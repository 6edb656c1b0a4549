//! What the kernels of this room share: new tensors, sizes, grids.

use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

/// Workgroups along one dimension: what every WebGPU device has.
const WIDEST: u32 = 65_535;

/// A tensor of this shape beside another, of unknown content.
pub(super) fn empty(like: &CubeTensor, shape: &[usize]) -> CubeTensor {
    empty_device_contiguous_dtype(like.client.clone(), like.device.clone(), shape.into(), like.dtype)
}

/// Row-major, without gaps, as the kernels count; no copy where it is so already.
pub(super) fn plain<const N: usize>(tensors: [CubeTensor; N]) -> [CubeTensor; N] {
    tensors.map(into_contiguous)
}

/// `[rows, columns]` of a tensor taken as a matrix of its last dimension.
pub(super) fn matrix(tensor: &CubeTensor) -> [usize; 2] {
    let shape = tensor.meta.shape();
    let columns = shape.last().copied().unwrap_or(1);
    [shape.iter().product::<usize>() / columns.max(1), columns]
}

/// At least so many workgroups; a kernel counts them by `CUBE_POS` and leaves those too many idle.
pub(super) fn grid(count: usize) -> CubeCount {
    let count = count.max(1) as u32;
    let deep = count.div_ceil(WIDEST);
    CubeCount::Static(count.div_ceil(deep), deep, 1)
}
