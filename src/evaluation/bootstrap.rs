//! How sure a mean is, from the numbers themselves.
//!
//! The percentile bootstrap (Efron, 1979) on paired differences; for retrieval experiments see Sakai, "Evaluating
//! evaluation metrics based on the bootstrap", SIGIR 2006.

use crate::dataset::Rng;

/// Resamples drawn.
pub const RESAMPLES: usize = 10_000;
/// Share of resampled means left out at each end.
const TAIL: f64 = 0.025;

/// The 95 % interval of the mean of `values`: [`RESAMPLES`] times as many values are drawn with replacement, and the middle
/// 95 % of their means taken. `[0, 0]` without values.
pub fn interval(values: &[f64], seed: u64) -> [f64; 2] {
    if values.is_empty() {
        return [0.0, 0.0];
    }
    let mut rng = Rng::new(seed);
    let mut means: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let sum: f64 = values.iter().map(|_| values[rng.below(values.len())]).sum();
            sum / values.len() as f64
        })
        .collect();
    means.sort_unstable_by(f64::total_cmp);
    let cut = (TAIL * RESAMPLES as f64) as usize;
    [means[cut], means[RESAMPLES - 1 - cut]]
}
