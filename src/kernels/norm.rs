//! Layer norm (Ba, Kiros & Hinton 2016, arXiv 1607.06450) of rows, and its gradient.

use crate::dot;
use crate::lanes::sum;

/// `gamma * (x - mean) / √(variance + epsilon) + beta` of each row, in place; the variance is that of the row as a population.
///
/// # Shapes
/// - values: `[rows, columns]`; gamma, beta: `[columns]`
pub fn layer_norm(values: &mut [f32], gamma: &[f32], beta: &[f32], epsilon: f32) {
    for row in values.chunks_exact_mut(gamma.len().max(1)) {
        let (mean, scale) = moments(row, epsilon);
        for ((x, gamma), beta) in row.iter_mut().zip(gamma).zip(beta) {
            *x = (*x - mean) * scale * gamma + beta;
        }
    }
}

/// Where the gradients of gamma and beta, `[columns]` each, are added.
#[derive(Debug)]
pub struct NormSums<'a> {
    /// Of the scale.
    pub gamma: &'a mut [f32],
    /// Of the offset.
    pub beta: &'a mut [f32],
}

/// The gradient with respect to x in the place of that with respect to the output.
///
/// # Shapes
/// - x, gradient: `[rows, columns]`; gamma: `[columns]`
pub fn layer_norm_backward(x: &[f32], gamma: &[f32], epsilon: f32, gradient: &mut [f32], sums: NormSums) {
    let columns = gamma.len().max(1);
    let mut normal = vec![0.0; columns];
    for (x, gradient) in x.chunks_exact(columns).zip(gradient.chunks_exact_mut(columns)) {
        let (mean, scale) = moments(x, epsilon);
        for (normal, x) in normal.iter_mut().zip(x) {
            *normal = (x - mean) * scale;
        }
        for ((sum, gradient), normal) in sums.gamma.iter_mut().zip(&*gradient).zip(&normal) {
            *sum += gradient * normal;
        }
        for ((sum, gradient), gamma) in sums.beta.iter_mut().zip(gradient.iter_mut()).zip(gamma) {
            *sum += *gradient;
            *gradient *= gamma;
        }
        // What would move the mean or the variance is taken out.
        let share = 1.0 / columns as f32;
        let along = sum(gradient, |g| g) * share;
        let across = dot(gradient, &normal) * share;
        for (gradient, normal) in gradient.iter_mut().zip(&normal) {
            *gradient = (*gradient - along - normal * across) * scale;
        }
    }
}

/// The sum of each column.
///
/// # Shapes
/// - values: `[rows, columns]`; output: `[columns]`
pub fn column_sums(values: &[f32], columns: usize) -> Vec<f32> {
    let mut sums = vec![0.0; columns];
    for row in values.chunks_exact(columns.max(1)) {
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += value);
    }
    sums
}

/// Mean, and 1 by the root of the variance.
fn moments(row: &[f32], epsilon: f32) -> (f32, f32) {
    let share = 1.0 / row.len() as f32;
    let mean = sum(row, |x| x) * share;
    let variance = sum(row, |x| (x - mean) * (x - mean)) * share;
    (mean, 1.0 / (variance + epsilon).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: usize = 11;

    fn numbers(count: usize, by: usize) -> Vec<f32> {
        (0..count).map(|i| ((i * by % 97) as f32 - 48.0) / 20.0).collect()
    }

    /// As the formula stands, in double precision.
    fn formula(x: &[f64], gamma: &[f32], beta: &[f32]) -> Vec<f64> {
        let mean = x.iter().sum::<f64>() / x.len() as f64;
        let variance = x.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / x.len() as f64;
        let normal = x.iter().map(|x| (x - mean) / (variance + 1e-5).sqrt());
        normal.zip(gamma).zip(beta).map(|((n, &g), &b)| n * f64::from(g) + f64::from(b)).collect()
    }

    #[test]
    fn rows_are_as_the_formula_says() {
        let (x, gamma, beta) = (numbers(3 * COLUMNS, 37), numbers(COLUMNS, 31), numbers(COLUMNS, 29));
        let mut got = x.clone();
        layer_norm(&mut got, &gamma, &beta, 1e-5);
        for (got, x) in got.chunks(COLUMNS).zip(x.chunks(COLUMNS)) {
            let x: Vec<f64> = x.iter().copied().map(f64::from).collect();
            for (got, expected) in got.iter().zip(formula(&x, &gamma, &beta)) {
                assert!((f64::from(*got) - expected).abs() < 1e-5, "{got} for {expected}");
            }
        }
    }

    #[test]
    fn gradients_are_those_of_differences() {
        let (x, gamma, beta) = (numbers(2 * COLUMNS, 37), numbers(COLUMNS, 31), numbers(COLUMNS, 29));
        let outer = numbers(2 * COLUMNS, 23);
        let mut inner = outer.clone();
        let (mut of_gamma, mut of_beta) = (vec![0.0; COLUMNS], vec![0.0; COLUMNS]);
        layer_norm_backward(
            &x,
            &gamma,
            1e-5,
            &mut inner,
            NormSums { gamma: &mut of_gamma, beta: &mut of_beta },
        );
        let loss = |x: &[f64], gamma: &[f32], beta: &[f32]| -> f64 {
            let rows = x.chunks(COLUMNS).flat_map(|row| formula(row, gamma, beta));
            rows.zip(&outer).map(|(y, &g)| y * f64::from(g)).sum()
        };
        let x: Vec<f64> = x.iter().copied().map(f64::from).collect();
        let step = 1e-4;
        for (at, got) in inner.iter().enumerate() {
            let moved = |by: f64| {
                x.iter().enumerate().map(|(i, &x)| if i == at { x + by } else { x }).collect::<Vec<_>>()
            };
            let slope =
                (loss(&moved(step), &gamma, &beta) - loss(&moved(-step), &gamma, &beta)) / (2.0 * step);
            assert!((f64::from(*got) - slope).abs() < 1e-4, "x {at}: {got} for {slope}");
        }
        for at in 0..COLUMNS {
            let moved = |own: &[f32], by: f32| {
                own.iter().enumerate().map(|(i, &x)| if i == at { x + by } else { x }).collect::<Vec<_>>()
            };
            // Linear in both: a whole step is exact.
            let gammas =
                (loss(&x, &moved(&gamma, 0.5), &beta) - loss(&x, &moved(&gamma, -0.5), &beta)) as f32;
            let betas = (loss(&x, &gamma, &moved(&beta, 0.5)) - loss(&x, &gamma, &moved(&beta, -0.5))) as f32;
            assert!(
                (of_gamma[at] - gammas).abs() < 1e-4 && (of_beta[at] - betas).abs() < 1e-4,
                "column {at}"
            );
        }
    }
}
