//! Scaled dot-product attention (Vaswani et al. 2017, arXiv 1706.03762), all heads, forward in one kernel and backward in two.
//!
//! A unit takes one query (backward also: one key) of one head through all keys with a running softmax (Milakov & Gimelshein 2018,
//! arXiv 1805.02867), so that no score is ever stored, and backward computes them again (Dao et al. 2022, arXiv 2205.14135). The
//! kernels read the joined product as it is: no splitting into heads, no transposing, no bias added beforehand.
//!
//! With `q' = scale · (q + its bias)`, `s = q' · (k + its bias) + mask`, `p = exp(s − log Σ exp s)`, `mixed = Σ p (v + its bias)`:
//!
//! ```text
//! δ = gradient · mixed         dp = gradient · (v + its bias)      ds = p (dp − δ)
//! dq = scale · Σ_keys ds k     dk = Σ_queries ds q'                dv = Σ_queries p gradient
//! ```

use super::launch::{empty, grid, plain};
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

const UNITS: u32 = 64;

/// Below any score: padding has −10⁹.
const LOWEST: f32 = -3.0e38;

/// What the forward pass leaves.
#[derive(Debug, Clone)]
pub(super) struct Mixed {
    /// `[batch, seq, hidden]`
    pub out: CubeTensor,
    /// `[2, batch * heads * seq]`: log Σ exp s of each query, then room for its δ. One buffer, since two would be the ninth.
    kept: CubeTensor,
}

#[cube(launch_unchecked)]
fn forward_kernel(
    joined: &Tensor<f32>,
    offsets: &Tensor<f32>,
    mask: &Tensor<f32>,
    out: &mut Tensor<f32>,
    kept: &mut Tensor<f32>,
    seq: usize,
    heads: usize,
    count: usize,
    scale: f32,
    #[comptime] size: usize,
) {
    let at = ABSOLUTE_POS;
    if at < count {
        let row = at % seq;
        let head = (at / seq) % heads;
        let batch = at / (seq * heads);
        let hidden = heads * size;
        let first = batch * seq * hidden * 3 + head * size;
        let base = first + row * hidden * 3;
        let mut query = Array::<f32>::new(size);
        let mut mixed = Array::<f32>::new(size);
        let mut constant = 0f32;
        #[unroll]
        for i in 0..size {
            let q = (joined[base + i] + offsets[head * size + i]) * scale;
            query[i] = q;
            mixed[i] = 0f32;
            constant += q * offsets[hidden + head * size + i];
        }
        let mut largest = f32::new(LOWEST);
        let mut sum = 0f32;
        for other in 0..seq {
            let key = first + other * hidden * 3 + hidden;
            let mut score = constant + mask[batch * seq + other];
            #[unroll]
            for i in 0..size {
                score += query[i] * joined[key + i];
            }
            if score > largest {
                let shrink = (largest - score).exp();
                sum *= shrink;
                #[unroll]
                for i in 0..size {
                    mixed[i] *= shrink;
                }
                largest = score;
            }
            let p = (score - largest).exp();
            sum += p;
            #[unroll]
            for i in 0..size {
                mixed[i] += p * joined[key + hidden + i];
            }
        }
        let target = (batch * seq + row) * hidden + head * size;
        #[unroll]
        for i in 0..size {
            out[target + i] = mixed[i] / sum + offsets[hidden + hidden + head * size + i];
        }
        kept[at] = largest + sum.ln();
    }
}

/// The gradient of each query; leaves δ in `kept`. The bias of keys has no part in it, since Σ ds = 0.
#[cube(launch_unchecked)]
fn query_kernel(
    joined: &Tensor<f32>,
    offsets: &Tensor<f32>,
    mask: &Tensor<f32>,
    mixed: &Tensor<f32>,
    gradient: &Tensor<f32>,
    kept: &mut Tensor<f32>,
    out: &mut Tensor<f32>,
    seq: usize,
    heads: usize,
    count: usize,
    scale: f32,
    #[comptime] size: usize,
) {
    let at = ABSOLUTE_POS;
    if at < count {
        let row = at % seq;
        let head = (at / seq) % heads;
        let batch = at / (seq * heads);
        let hidden = heads * size;
        let first = batch * seq * hidden * 3 + head * size;
        let base = first + row * hidden * 3;
        let source = (batch * seq + row) * hidden + head * size;
        let mut query = Array::<f32>::new(size);
        let mut arriving = Array::<f32>::new(size);
        let mut sum = Array::<f32>::new(size);
        let mut constant = 0f32;
        let mut delta = 0f32;
        let mut along = 0f32;
        #[unroll]
        for i in 0..size {
            let q = (joined[base + i] + offsets[head * size + i]) * scale;
            let g = gradient[source + i];
            query[i] = q;
            arriving[i] = g;
            sum[i] = 0f32;
            constant += q * offsets[hidden + head * size + i];
            delta += g * mixed[source + i];
            along += g * offsets[hidden + hidden + head * size + i];
        }
        let normaliser = kept[at];
        for other in 0..seq {
            let key = first + other * hidden * 3 + hidden;
            let mut score = constant + mask[batch * seq + other];
            let mut dp = along;
            #[unroll]
            for i in 0..size {
                score += query[i] * joined[key + i];
                dp += arriving[i] * joined[key + hidden + i];
            }
            let ds = (score - normaliser).exp() * (dp - delta);
            #[unroll]
            for i in 0..size {
                sum[i] += ds * joined[key + i];
            }
        }
        #[unroll]
        for i in 0..size {
            out[base + i] = sum[i] * scale;
        }
        kept[count + at] = delta;
    }
}

/// The gradients of each key and value.
#[cube(launch_unchecked)]
fn key_kernel(
    joined: &Tensor<f32>,
    offsets: &Tensor<f32>,
    mask: &Tensor<f32>,
    gradient: &Tensor<f32>,
    kept: &Tensor<f32>,
    out: &mut Tensor<f32>,
    seq: usize,
    heads: usize,
    count: usize,
    scale: f32,
    #[comptime] size: usize,
) {
    let at = ABSOLUTE_POS;
    if at < count {
        let row = at % seq;
        let head = (at / seq) % heads;
        let batch = at / (seq * heads);
        let hidden = heads * size;
        let first = batch * seq * hidden * 3 + head * size;
        let base = first + row * hidden * 3 + hidden;
        let mut key = Array::<f32>::new(size);
        let mut value = Array::<f32>::new(size);
        let mut of_key = Array::<f32>::new(size);
        let mut of_value = Array::<f32>::new(size);
        let mut constant = mask[batch * seq + row];
        #[unroll]
        for i in 0..size {
            let k = (joined[base + i] + offsets[hidden + head * size + i]) * scale;
            key[i] = k;
            value[i] = joined[base + hidden + i] + offsets[hidden + hidden + head * size + i];
            of_key[i] = 0f32;
            of_value[i] = 0f32;
            constant += k * offsets[head * size + i];
        }
        let mut total = 0f32;
        for other in 0..seq {
            let query = first + other * hidden * 3;
            let source = (batch * seq + other) * hidden + head * size;
            let place = at - row + other;
            let mut score = constant;
            let mut dp = 0f32;
            #[unroll]
            for i in 0..size {
                score += key[i] * joined[query + i];
                dp += value[i] * gradient[source + i];
            }
            let p = (score - kept[place]).exp();
            let ds = p * (dp - kept[count + place]);
            total += ds;
            #[unroll]
            for i in 0..size {
                of_key[i] += ds * joined[query + i];
                of_value[i] += p * gradient[source + i];
            }
        }
        #[unroll]
        for i in 0..size {
            out[base + i] = (of_key[i] + total * offsets[head * size + i]) * scale;
            out[base + hidden + i] = of_value[i];
        }
    }
}

/// Sizes of a call.
struct Sizes {
    batch: usize,
    seq: usize,
    heads: usize,
    size: usize,
}

impl Sizes {
    fn of(joined: &CubeTensor, heads: usize) -> Self {
        let shape = joined.meta.shape();
        Self { batch: shape[0], seq: shape[1], heads, size: shape[2] / (3 * heads) }
    }

    /// Queries of all heads.
    fn count(&self) -> usize {
        self.batch * self.heads * self.seq
    }

    fn grid(&self) -> CubeCount {
        grid(self.count().div_ceil(UNITS as usize))
    }

    fn scale(&self) -> f32 {
        1.0 / (self.size as f32).sqrt()
    }
}

/// # Shapes
/// - inputs: joined `[batch, seq, 3 * hidden]`, offsets `[3 * hidden]`, mask `[batch, seq]`
pub(super) fn attention(inputs: [CubeTensor; 3], heads: usize) -> Mixed {
    let [joined, offsets, mask] = plain(inputs);
    let sizes = Sizes::of(&joined, heads);
    let out = empty(&joined, &[sizes.batch, sizes.seq, heads * sizes.size]);
    let kept = empty(&joined, &[2 * sizes.count()]);
    // SAFETY: a unit's number is compared with the count of queries, and what it touches is computed from that.
    unsafe {
        forward_kernel::launch_unchecked(
            &out.client,
            sizes.grid(),
            CubeDim::new_1d(UNITS),
            joined.into_tensor_arg(),
            offsets.into_tensor_arg(),
            mask.into_tensor_arg(),
            out.clone().into_tensor_arg(),
            kept.clone().into_tensor_arg(),
            sizes.seq,
            sizes.heads,
            sizes.count(),
            sizes.scale(),
            sizes.size,
        );
    }
    Mixed { out, kept }
}

/// The gradient with respect to `joined`, and, summed over its rows, to the offsets.
///
/// # Shapes
/// - inputs: as of [`attention`]; gradient: `[batch, seq, hidden]`; output: as joined
pub(super) fn backward(
    inputs: [CubeTensor; 3],
    mixed: Mixed,
    gradient: CubeTensor,
    heads: usize,
) -> CubeTensor {
    let [joined, offsets, mask] = plain(inputs);
    let [gradient] = plain([gradient]);
    let sizes = Sizes::of(&joined, heads);
    let out = empty(&joined, joined.meta.shape());
    // SAFETY: as in `attention`; the two kernels write different columns of `out`, all of them together.
    unsafe {
        query_kernel::launch_unchecked(
            &out.client,
            sizes.grid(),
            CubeDim::new_1d(UNITS),
            joined.clone().into_tensor_arg(),
            offsets.clone().into_tensor_arg(),
            mask.clone().into_tensor_arg(),
            mixed.out.into_tensor_arg(),
            gradient.clone().into_tensor_arg(),
            mixed.kept.clone().into_tensor_arg(),
            out.clone().into_tensor_arg(),
            sizes.seq,
            sizes.heads,
            sizes.count(),
            sizes.scale(),
            sizes.size,
        );
        key_kernel::launch_unchecked(
            &out.client,
            sizes.grid(),
            CubeDim::new_1d(UNITS),
            joined.into_tensor_arg(),
            offsets.into_tensor_arg(),
            mask.into_tensor_arg(),
            gradient.into_tensor_arg(),
            mixed.kept.into_tensor_arg(),
            out.clone().into_tensor_arg(),
            sizes.seq,
            sizes.heads,
            sizes.count(),
            sizes.scale(),
            sizes.size,
        );
    }
    out
}
