//! Learning rate over a run: linear rise from 0 to the peak, then a fall to 0.

use serde::{Deserialize, Serialize};

/// How the rate falls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fall {
    /// In a straight line.
    #[default]
    Linear,
    /// Along half a cosine (Loshchilov & Hutter 2017, arXiv 1608.03983): slow at both ends.
    Cosine,
}

/// The schedule of one run.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    peak: f64,
    warmup: usize,
    steps: usize,
    fall: Fall,
}

impl Schedule {
    /// `warmup` is the share (0..1) of `steps` over which the rate rises.
    pub fn new(peak: f64, warmup: f64, steps: usize, fall: Fall) -> Self {
        Self { peak, warmup: (steps as f64 * warmup).round() as usize, steps, fall }
    }

    /// Rate of one step, counted from 0. The first step already moves and so does the last.
    ///
    /// ```
    /// # use nearmiss::training::{Fall, Schedule};
    /// let schedule = Schedule::new(1.0, 0.2, 10, Fall::Linear);
    /// assert_eq!([0, 1, 2, 9].map(|s| schedule.rate(s)), [0.5, 1.0, 1.0, 0.125]);
    /// let schedule = Schedule::new(1.0, 0.2, 10, Fall::Cosine);
    /// assert_eq!([1, 2, 6].map(|s| schedule.rate(s)), [1.0, 1.0, 0.5]);
    /// ```
    pub fn rate(&self, step: usize) -> f64 {
        if step < self.warmup {
            return self.peak * (step + 1) as f64 / self.warmup as f64;
        }
        let falling = (self.steps - self.warmup.min(self.steps)).max(1);
        let left = self.steps.saturating_sub(step) as f64 / falling as f64;
        match self.fall {
            Fall::Linear => self.peak * left,
            // Rounded where the cosine of a right angle is not quite 0.
            Fall::Cosine => {
                self.peak * ((1.0 - (left * std::f64::consts::PI).cos()) / 2.0 * 1e12).round() / 1e12
            }
        }
    }
}
