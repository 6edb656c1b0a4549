//! Learning rate over a run: linear rise from 0 to the peak, linear fall to 0.

/// The schedule of one run.
#[derive(Debug, Clone, Copy)]
pub struct Schedule {
    peak: f64,
    warmup: usize,
    steps: usize,
}

impl Schedule {
    /// `warmup` is the share (0..1) of `steps` over which the rate rises.
    pub fn new(peak: f64, warmup: f64, steps: usize) -> Self {
        Self { peak, warmup: (steps as f64 * warmup).round() as usize, steps }
    }

    /// Rate of one step, counted from 0. The first step already moves and so does the last.
    ///
    /// ```
    /// # use nearmiss::training::Schedule;
    /// let schedule = Schedule::new(1.0, 0.2, 10);
    /// assert_eq!([0, 1, 2, 9].map(|s| schedule.rate(s)), [0.5, 1.0, 1.0, 0.125]);
    /// ```
    pub fn rate(&self, step: usize) -> f64 {
        if step < self.warmup {
            return self.peak * (step + 1) as f64 / self.warmup as f64;
        }
        let falling = (self.steps - self.warmup).max(1);
        self.peak * self.steps.saturating_sub(step) as f64 / falling as f64
    }
}
