//! What the kernels must answer: small inputs of awkward sizes, against plain loops. Run once, when a device is opened, because a
//! driver that gets a kernel wrong says nothing.

use super::ops::Fused;
use crate::encoder::backend::read;
use crate::error::{Error, Result};
use burn::backend::Dispatch;
use burn::tensor::{Device, Tensor, TensorData};

pub(super) const BATCH: usize = 2;
pub(super) const SEQ: usize = 5;
pub(super) const HEADS: usize = 2;
const SIZE: usize = 35;
/// More than the units of a workgroup that shares a row.
pub(super) const HIDDEN: usize = HEADS * SIZE;
pub(super) const EPSILON: f64 = 1e-12;

/// # Errors
/// `Internal`, naming the kernel, its first wrong number and the right one.
pub(in crate::encoder) async fn check(device: &Device) -> Result<()> {
    let joined = values(BATCH * SEQ * 3 * HIDDEN, 1);
    let offsets = values(3 * HIDDEN, 2);
    let mask = mask();
    let (x, added) = (values(BATCH * SEQ * HIDDEN, 3), values(SEQ * HIDDEN, 4));
    let [bias, gamma, beta] = [5, 6, 7].map(|seed| values(HIDDEN, seed));
    let row = |v: &[f32]| Tensor::<1>::from_data(TensorData::new(v.to_vec(), [v.len()]), device);
    let rows = |v: &[f32], shape: [usize; 3]| row(v).reshape(shape).into_dispatch();
    let vector = |v: &[f32]| row(v).into_dispatch();
    let wide = [BATCH, SEQ, HIDDEN];
    let mixed = Dispatch::attention(
        rows(&joined, [BATCH, SEQ, 3 * HIDDEN]),
        vector(&offsets),
        row(&mask).reshape([BATCH, SEQ]).into_dispatch(),
        HEADS,
    );
    let place = rows(&added, [1, SEQ, HIDDEN]);
    let [b, g, shift] = [&bias, &gamma, &beta].map(|v| vector(v));
    let normed = Dispatch::add_norm(rows(&x, wide), place, b, g, shift, EPSILON);
    let curved = Dispatch::bias_gelu(rows(&x, wide), vector(&bias));
    let found = read([mixed, normed, curved].map(Tensor::<3>::from_dispatch)).await?;
    let expected =
        [attention(&joined, &offsets, &mask), norm(&x, &added, [&bias, &gamma, &beta]), gelu(&x, &bias)];
    for ((name, found), expected) in ["attention", "layer norm", "GELU"].iter().zip(found).zip(expected) {
        compare(name, &found, &expected)?;
    }
    Ok(())
}

fn compare(name: &str, found: &[f32], expected: &[f64]) -> Result<()> {
    let wrong = |(found, expected): &(&f32, &f64)| {
        let apart = (f64::from(**found) - **expected).abs();
        !apart.is_finite() || apart > 1e-3
    };
    match found.iter().zip(expected).find(wrong) {
        None if found.len() == expected.len() => Ok(()),
        None => Err(Error::Internal { reason: format!("{name}: {} numbers", found.len()) }),
        Some((found, expected)) => {
            Err(Error::Internal { reason: format!("{name}: expected {expected}, got {found}") })
        }
    }
}

/// What is added to the scores of a key: one of them is no token.
pub(super) fn mask() -> Vec<f32> {
    (0..BATCH * SEQ).map(|at| if at == 8 { -1e9 } else { 0.0 }).collect()
}

/// From −1 to 1.
pub(super) fn values(count: usize, seed: usize) -> Vec<f32> {
    (0..count).map(|at| ((at * 37 + seed * 53) % 101) as f32 / 50.0 - 1.0).collect()
}

fn attention(joined: &[f32], offsets: &[f32], mask: &[f32]) -> Vec<f64> {
    let at = |batch: usize, token: usize, column: usize| {
        f64::from(joined[(batch * SEQ + token) * 3 * HIDDEN + column] + offsets[column])
    };
    let mut out = vec![0.0; BATCH * SEQ * HIDDEN];
    for (batch, token, head) in places(HEADS) {
        let part = |which: usize, token: usize, i: usize| at(batch, token, which * HIDDEN + head * SIZE + i);
        let score = |key: usize| -> f64 {
            let dot: f64 = (0..SIZE).map(|i| part(0, token, i) * part(1, key, i)).sum();
            dot / (SIZE as f64).sqrt() + f64::from(mask[batch * SEQ + key])
        };
        let scores: Vec<f64> = (0..SEQ).map(score).collect();
        let most = scores.iter().copied().fold(f64::MIN, f64::max);
        let shares: Vec<f64> = scores.iter().map(|score| (score - most).exp()).collect();
        let total: f64 = shares.iter().sum();
        for i in 0..SIZE {
            let sum: f64 = (0..SEQ).map(|key| shares[key] * part(2, key, i)).sum();
            out[(batch * SEQ + token) * HIDDEN + head * SIZE + i] = sum / total;
        }
    }
    out
}

fn norm(x: &[f32], added: &[f32], [bias, gamma, beta]: [&[f32]; 3]) -> Vec<f64> {
    let mut out = Vec::with_capacity(x.len());
    for (batch, token, _) in places(1) {
        let z = |column: usize| {
            f64::from(x[(batch * SEQ + token) * HIDDEN + column])
                + f64::from(added[token * HIDDEN + column] + bias[column])
        };
        let mean = (0..HIDDEN).map(z).sum::<f64>() / HIDDEN as f64;
        let variance = (0..HIDDEN).map(|column| (z(column) - mean).powi(2)).sum::<f64>() / HIDDEN as f64;
        let scale = 1.0 / (variance + EPSILON).sqrt();
        let one = |c: usize| (z(c) - mean) * scale * f64::from(gamma[c]) + f64::from(beta[c]);
        out.extend((0..HIDDEN).map(one));
    }
    out
}

/// By the series of the error function, erf x = 2/√π Σ (−1)ⁿ x²ⁿ⁺¹ / (n! (2n + 1)): exact enough for |x| < 2.
fn gelu(x: &[f32], bias: &[f32]) -> Vec<f64> {
    let erf = |x: f64| {
        let (mut power, mut sum) = (x, x);
        for n in 1..40 {
            power *= -x * x / f64::from(n);
            sum += power / f64::from(2 * n + 1);
        }
        sum * std::f64::consts::FRAC_2_SQRT_PI
    };
    let one = |(at, x): (usize, &f32)| {
        let u = f64::from(x + bias[at % HIDDEN]);
        0.5 * u * (1.0 + erf(u * std::f64::consts::FRAC_1_SQRT_2))
    };
    x.iter().enumerate().map(one).collect()
}

/// Texts, their tokens, and so many parts of each.
fn places(parts: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    (0..BATCH)
        .flat_map(move |text| (0..SEQ).flat_map(move |token| (0..parts).map(move |part| (text, token, part))))
}
