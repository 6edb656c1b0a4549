//! Vectors end to end, six a kernel. burn's `cat` launches one for each.

use crate::encoder::launch::{empty, grid, plain, primitive, tensor};
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

/// As burn names it; a kernel's `Tensor` is CubeCL's.
type Long = burn::tensor::Tensor<1>;

const UNITS: u32 = 256;
/// With the output and CubeCL's own buffer, as many as every WebGPU device binds.
const SOURCES: usize = 6;

/// Unit `at` moves one number; `ends` are the places, after `start`, at which sources end.
#[cube(launch_unchecked)]
fn pack_kernel(
    a: &Tensor<f32>,
    b: &Tensor<f32>,
    c: &Tensor<f32>,
    d: &Tensor<f32>,
    e: &Tensor<f32>,
    f: &Tensor<f32>,
    out: &mut Tensor<f32>,
    start: usize,
    end_a: usize,
    end_b: usize,
    end_c: usize,
    end_d: usize,
    end_e: usize,
    end_f: usize,
) {
    let at = ABSOLUTE_POS;
    if at < end_a {
        out[start + at] = a[at];
    } else if at < end_b {
        out[start + at] = b[at - end_a];
    } else if at < end_c {
        out[start + at] = c[at - end_b];
    } else if at < end_d {
        out[start + at] = d[at - end_c];
    } else if at < end_e {
        out[start + at] = e[at - end_d];
    } else if at < end_f {
        out[start + at] = f[at - end_e];
    }
}

/// One after another.
///
/// # Panics
/// On no part at all, as `Tensor::cat` does.
///
/// # Shapes
/// - output: `[n]`, the sum of the lengths
pub(in crate::training) fn pack(parts: Vec<Long>) -> Long {
    let parts: Vec<CubeTensor> = parts.into_iter().map(primitive).collect();
    let lengths: Vec<usize> = parts.iter().map(|part| part.meta.num_elements()).collect();
    let out = empty(&parts[0], &[lengths.iter().sum()]);
    let mut start = 0;
    for (parts, lengths) in parts.chunks(SOURCES).zip(lengths.chunks(SOURCES)) {
        let total: usize = lengths.iter().sum();
        launch(parts, lengths, &out, start);
        start += total;
    }
    tensor(out)
}

/// At most [`SOURCES`] parts, not none; the last one stands for those that lack, with no number of its own.
fn launch(parts: &[CubeTensor], lengths: &[usize], out: &CubeTensor, start: usize) {
    let last = parts.len() - 1;
    let source = |at: usize| parts[at.min(last)].clone();
    let [a, b, c, d, e, f] = plain(std::array::from_fn::<_, SOURCES, _>(source));
    let end = |at: usize| lengths[..=at.min(last)].iter().sum::<usize>();
    // SAFETY: a unit's number is below the end of its source and, with the start, within the output.
    unsafe {
        pack_kernel::launch_unchecked(
            &out.client,
            grid(end(last).div_ceil(UNITS as usize)),
            CubeDim::new_1d(UNITS),
            a.into_tensor_arg(),
            b.into_tensor_arg(),
            c.into_tensor_arg(),
            d.into_tensor_arg(),
            e.into_tensor_arg(),
            f.into_tensor_arg(),
            out.clone().into_tensor_arg(),
            start,
            end(0),
            end(1),
            end(2),
            end(3),
            end(4),
            end(5),
        );
    }
}
