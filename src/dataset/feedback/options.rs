//! How clicks are read.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// The most that a click may count over one at rank 1.
const MOST_CAP: f32 = 1000.0;

/// How clicks are read. Names as in JavaScript, in camel case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FeedbackOptions {
    /// How fast attention falls: rank r is looked at with probability r^−eta. 0 or more; 0 says that all ranks are looked
    /// at alike. Default 1, as in Joachims et al. (2017).
    pub eta: f32,
    /// The most that a click counts over one at rank 1, from 1 to 1000; bounds what one click far down can do. Default 10.
    pub cap: f32,
    /// A click that was left again sooner counts as passed over; one of unknown duration does not. Default 0, so that
    /// durations do not count: a short note is read in a second. For web pages 30 000 is customary (Fox et al., ACM TOIS
    /// 23(2), 2005).
    pub min_dwell_ms: f64,
    /// Do documents that were passed over count against themselves? Default true.
    pub skips: bool,
    /// Measured probabilities that ranks 1, 2, … are looked at, each above 0 and at most 1, instead of `eta`; the last one
    /// holds for all ranks below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub propensities: Option<Vec<f32>>,
}

impl Default for FeedbackOptions {
    fn default() -> Self {
        Self { eta: 1.0, cap: 10.0, min_dwell_ms: 0.0, skips: true, propensities: None }
    }
}

impl FeedbackOptions {
    /// Refuses settings that cannot be meant.
    ///
    /// # Errors
    /// `INPUT_INVALID`, naming the setting as JavaScript spells it.
    pub fn validate(&self) -> Result<()> {
        if !self.eta.is_finite() || self.eta < 0.0 {
            return Err(Error::input("eta", format!("must be a finite number, 0 or more; got {}", self.eta)));
        }
        if !(1.0..=MOST_CAP).contains(&self.cap) {
            return Err(Error::input("cap", format!("must be 1 to {MOST_CAP}; got {}", self.cap)));
        }
        if !self.min_dwell_ms.is_finite() || self.min_dwell_ms < 0.0 {
            let reason = format!("must be a finite number, 0 or more; got {}", self.min_dwell_ms);
            return Err(Error::input("minDwellMs", reason));
        }
        let Some(curve) = &self.propensities else { return Ok(()) };
        if curve.is_empty() {
            return Err(Error::input("propensities", "must hold at least one number"));
        }
        match curve.iter().position(|p| !(*p > 0.0 && *p <= 1.0)) {
            None => Ok(()),
            Some(at) => Err(Error::input(
                format!("propensities[{at}]"),
                format!("must be above 0 and at most 1; got {}", curve[at]),
            )),
        }
    }

    /// The probability that this rank, from 1, is looked at.
    pub fn propensity(&self, rank: usize) -> f64 {
        let curve = self.propensities.as_ref();
        let measured = curve.and_then(|curve| curve.get(rank.saturating_sub(1)).or(curve.last()));
        measured.map_or_else(|| (rank.max(1) as f64).powf(-f64::from(self.eta)), |&p| f64::from(p))
    }

    /// What a click at this rank, from 1, is worth: in (0, 1].
    pub fn click(&self, rank: usize) -> f64 {
        let cap = f64::from(self.cap);
        (1.0 / self.propensity(rank)).min(cap) / cap
    }

    /// What a document that was passed over is worth: below 0, or 0 when that does not count.
    pub fn pass(&self) -> f64 {
        if self.skips { -1.0 / f64::from(self.cap) } else { 0.0 }
    }
}
