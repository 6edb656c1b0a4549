//! What a fixed score lets through: searches that must say "nothing found" cut by one.

use serde::Serialize;

/// How many documents that are not known to be relevant pass a threshold.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FalsePositives {
    /// A cosine, chosen on other queries than those measured.
    pub threshold: f32,
    /// Share of relevant (query, document) pairs that reach it, 0..1.
    pub recall: f64,
    /// Share of the others that do, 0..1: the false-positive rate.
    pub rate: f64,
}

impl FalsePositives {
    /// From the scores of relevant pairs and of others; shares of nothing are 0.
    pub fn new(threshold: f32, relevant: &[f32], others: &[f32]) -> Self {
        let share = |scores: &[f32]| {
            let passing = scores.iter().filter(|&&score| score >= threshold).count();
            passing as f64 / scores.len().max(1) as f64
        };
        Self { threshold, recall: share(relevant), rate: share(others) }
    }
}

/// The highest threshold that at least this share (0..1) of the scores reaches; none without scores.
///
/// ```
/// # use nearmiss::evaluation::threshold_at;
/// assert_eq!(threshold_at(&[0.1, 0.9, 0.5, 0.7], 0.75), Some(0.5));
/// assert_eq!(threshold_at(&[0.1, 0.9, 0.5, 0.7], 0.7), Some(0.5));
/// ```
pub fn threshold_at(scores: &[f32], share: f64) -> Option<f32> {
    let mut scores = scores.to_vec();
    scores.sort_unstable_by(|a, b| b.total_cmp(a));
    let needed = (scores.len() as f64 * share.clamp(0.0, 1.0)).ceil() as usize;
    scores.get(needed.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_counted() {
        let got = FalsePositives::new(0.5, &[0.5, 0.4], &[0.6, 0.1, 0.2, 0.5]);
        assert_eq!(got, FalsePositives { threshold: 0.5, recall: 0.5, rate: 0.5 });
        assert_eq!(FalsePositives::new(0.5, &[], &[]).rate, 0.0);
        assert_eq!(threshold_at(&[], 0.9), None);
        assert_eq!(threshold_at(&[0.3], 0.9), Some(0.3));
        assert_eq!(threshold_at(&[0.3, 0.4], 0.0), Some(0.4));
    }
}
