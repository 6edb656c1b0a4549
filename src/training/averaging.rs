//! Means of weights: less variance than the weights of any one step.

use super::options::Average;
use burn::tensor::Tensor;

/// The mean that a run keeps beside its weights.
#[derive(Clone)]
pub struct Averaged {
    kind: Average,
    /// Of the moving average.
    decay: f32,
    /// `[n]`, once there is one.
    pub mean: Option<Tensor<1>>,
    /// Weights that have gone into it.
    pub count: usize,
}

impl Averaged {
    /// For a run of so many steps: the moving average looks back over about an eighth of them.
    pub fn new(kind: Average, steps: usize) -> Self {
        Self { kind, decay: 1.0 - 1.0 / (steps as f32 / 8.0).max(1.0), mean: None, count: 0 }
    }

    /// After each step.
    pub fn stepped(&mut self, weights: &Tensor<1>) {
        if self.kind == Average::Ema {
            // Young averages look back less far, so that the first weights do not linger.
            let decay = self.decay.min((1 + self.count) as f32 / (10 + self.count) as f32);
            self.mix(weights, 1.0 - decay);
        }
    }

    /// At each look at the dev queries.
    pub fn looked(&mut self, weights: &Tensor<1>) {
        if self.kind == Average::Checkpoints {
            self.mix(weights, 1.0 / (self.count + 1) as f32);
        }
    }

    fn mix(&mut self, weights: &Tensor<1>, share: f32) {
        self.mean = Some(match self.mean.take() {
            Some(mean) => between(&mean, weights, share),
            None => weights.clone(),
        });
        self.count += 1;
    }

    /// What stands for these weights.
    pub fn of(&self, weights: &Tensor<1>) -> Tensor<1> {
        self.mean.clone().unwrap_or_else(|| weights.clone())
    }
}

/// The point at this share (0..1) of the way from one to the other (Wortsman et al. 2022, arXiv 2109.01903).
pub fn between(from: &Tensor<1>, to: &Tensor<1>, share: f32) -> Tensor<1> {
    from.clone() + (to.clone() - from.clone()).mul_scalar(share)
}
