//! What the kernels of an update must answer, against plain loops. Run once, before a device first trains.

use super::{Coefficients, norm, pack, update};
use crate::encoder::read;
use crate::error::{Error, Result};
use burn::tensor::{Device, Tensor, TensorData};

/// More parts than one kernel takes, and more numbers than a workgroup has units.
const LENGTHS: [usize; 8] = [1, 70, 3, 64, 256, 5, 2, 33];

/// # Errors
/// `Internal`, naming what was asked for, its first wrong number and the right one.
pub(in crate::training) async fn check(device: &Device) -> Result<()> {
    let count = LENGTHS.iter().sum();
    let numbers = |seed: usize| -> Vec<f32> {
        (0..count).map(|at| ((at * 37 + seed * 53) % 101) as f32 / 50.0 - 1.0).collect()
    };
    let upload = |v: &[f32]| Tensor::<1>::from_data(TensorData::new(v.to_vec(), [v.len()]), device);
    let [weights, start, gradient, first] = [1, 2, 3, 4].map(numbers);
    let second: Vec<f32> = numbers(5).iter().map(|v| v * v).collect();
    let parts = LENGTHS.iter().scan(0, |from, &length| {
        *from += length;
        Some(upload(&gradient[*from - length..*from]))
    });
    let packed = pack(parts.collect());
    let by = Coefficients {
        beta: [0.9, 0.999],
        corrected: [0.271, 0.003],
        epsilon: 1e-3,
        most: 2.0,
        rate: 0.5,
        decay: 0.1,
        anchor: 0.2,
    };
    let length = norm(packed.clone());
    let moments = [upload(&first), upload(&second)];
    let (out, moments) =
        update(upload(&weights), upload(&start), packed.clone(), length.clone(), moments, by);
    let [new_first, new_second] = moments;
    let found = read([packed, length, new_first, new_second, out]).await?;

    let length = gradient.iter().map(|g| g * g).sum::<f32>().sqrt();
    let clipped: Vec<f32> = gradient.iter().map(|g| g * (by.most / length).min(1.0)).collect();
    let mix = |old: &[f32], new: &dyn Fn(f32) -> f32, beta: f32| -> Vec<f32> {
        old.iter().zip(&clipped).map(|(old, &g)| old * beta + new(g) * (1.0 - beta)).collect()
    };
    let new_first = mix(&first, &|g| g, by.beta[0]);
    let new_second = mix(&second, &|g| g * g, by.beta[1]);
    let one = |at: usize| {
        let root = (new_second[at] / by.corrected[1]).sqrt() + by.epsilon;
        let pulled = by.decay * weights[at] + by.anchor * (weights[at] - start[at]);
        weights[at] - by.rate * (new_first[at] / by.corrected[0] / root + pulled)
    };
    let out = (0..count).map(one).collect();
    let names = ["packed gradients", "their norm", "first moments", "second moments", "weights"];
    let expected = [gradient, vec![length], new_first, new_second, out];
    for ((name, found), expected) in names.iter().zip(found).zip(expected) {
        let near = |(found, right): (&f32, &f32)| (found - right).abs() <= 1e-3 * right.abs().max(1.0);
        if let Some((found, right)) = found.iter().zip(&expected).find(|&pair| !near(pair)) {
            return Err(Error::Internal { reason: format!("{name}: expected {right}, got {found}") });
        }
    }
    Ok(())
}
