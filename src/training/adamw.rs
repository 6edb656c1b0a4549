//! AdamW (Loshchilov & Hutter 2019, arXiv 1711.05101) over one long vector.
//!
//! ```text
//! g ← g · min(1, most / |g|)                      the norm over everything that trains
//! m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²
//! p ← p − η (m̂ / (√v̂ + ε) + λ p + α (p − p₀))     m̂, v̂ corrected for their start at 0
//! ```
//!
//! The last term pulls towards the weights with which training began (L2-SP: Li et al. 2018, arXiv 1802.01483), decoupled as the
//! decay is. burn's optimizer clips each parameter by its own norm and gives its state away only through a blocking read, which a
//! browser does not have; a test holds the two against each other.

use burn::tensor::Tensor;

const BETA_1: f32 = 0.9;
const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// What stays the same over a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamWConfig {
    /// λ, per unit of learning rate.
    pub weight_decay: f32,
    /// α, likewise.
    pub anchor: f32,
    /// Gradients are scaled down to this norm.
    pub max_norm: Option<f32>,
}

/// The state of an optimiser.
#[derive(Clone)]
pub struct AdamW {
    /// m, `[n]`.
    pub first: Tensor<1>,
    /// v, `[n]`.
    pub second: Tensor<1>,
    /// Updates made.
    pub updates: i32,
    config: AdamWConfig,
}

impl AdamW {
    /// Before the first update of something of this shape.
    pub fn new(like: &Tensor<1>, config: AdamWConfig) -> Self {
        Self { first: like.zeros_like(), second: like.zeros_like(), updates: 0, config }
    }

    /// One update; also the norm of the gradient before it was clipped, `[1]`, still on the device.
    ///
    /// # Shapes
    /// - weights, start, gradient: `[n]`
    #[cfg(feature = "webgpu")]
    pub fn step(
        &mut self,
        weights: Tensor<1>,
        start: &Tensor<1>,
        gradient: Tensor<1>,
        rate: f64,
    ) -> (Tensor<1>, Tensor<1>) {
        use super::fused::{Coefficients, norm, update};
        self.updates += 1;
        let norm = norm(gradient.clone());
        let by = Coefficients {
            beta: [BETA_1, BETA_2],
            corrected: [BETA_1, BETA_2].map(|beta| 1.0 - beta.powi(self.updates)),
            epsilon: EPSILON,
            most: self.config.max_norm.unwrap_or(f32::MAX),
            rate: rate as f32,
            decay: self.config.weight_decay,
            anchor: self.config.anchor,
        };
        let moments = [self.first.clone(), self.second.clone()];
        let (weights, moments) = update(weights, start.clone(), gradient, norm.clone(), moments, by);
        [self.first, self.second] = moments;
        (weights, norm)
    }

    /// The same, as it is written.
    #[cfg(not(feature = "webgpu"))]
    pub fn step(
        &mut self,
        weights: Tensor<1>,
        start: &Tensor<1>,
        gradient: Tensor<1>,
        rate: f64,
    ) -> (Tensor<1>, Tensor<1>) {
        let norm = gradient.clone().square().sum().sqrt(); // [1]
        let gradient = match self.config.max_norm {
            Some(most) => gradient * norm.clone().clamp_min(1e-12).recip().mul_scalar(most).clamp_max(1.0),
            None => gradient,
        };
        let first = self.first.clone().mul_scalar(BETA_1) + gradient.clone().mul_scalar(1.0 - BETA_1);
        let second = self.second.clone().mul_scalar(BETA_2) + gradient.square().mul_scalar(1.0 - BETA_2);
        self.updates += 1;
        let corrected = |beta: f32| 1.0 - beta.powi(self.updates);
        let root = second.clone().div_scalar(corrected(BETA_2)).sqrt().add_scalar(EPSILON);
        let mut direction = first.clone().div_scalar(corrected(BETA_1)) / root;
        if self.config.weight_decay > 0.0 {
            direction = direction + weights.clone().mul_scalar(self.config.weight_decay);
        }
        if self.config.anchor > 0.0 {
            direction = direction + (weights.clone() - start.clone()).mul_scalar(self.config.anchor);
        }
        (self.first, self.second) = (first, second);
        (weights - direction.mul_scalar(rate), norm)
    }
}
