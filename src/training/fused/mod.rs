//! Kernels of an update (`webgpu` build only; the CPU keeps the plain formulas): many small vectors into a long one, and AdamW over
//! it in two passes where burn's operations make about twenty, each through all weights.

mod check;
mod pack;
mod update;

pub(super) use check::check;
pub(super) use pack::pack;
pub(super) use update::{Coefficients, norm, update};
