//! Which of the eligible candidates to take.

use super::candidates::Candidate;
use super::options::{MiningOptions, Sampling};
use crate::dataset::Rng;

/// A candidate that may become a negative, with its rank (from 1) in its list, where that has an order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Eligible {
    pub candidate: Candidate,
    pub rank: Option<usize>,
}

/// The numbers of the eligible candidates in the order in which they would be taken for a positive of this score.
pub(super) fn order(
    eligible: &[Eligible],
    positive: f32,
    options: &MiningOptions,
    rng: &mut Rng,
) -> Vec<usize> {
    let mut order: Vec<usize> = (0..eligible.len()).collect();
    match options.sampling {
        Sampling::Top => {}
        Sampling::Random => rng.shuffle(&mut order),
        Sampling::SimAns => {
            let keys: Vec<f64> = eligible
                .iter()
                .map(|e| log_weight(e.candidate.hit.score, positive, options) + gumbel(rng))
                .collect();
            order.sort_by(|&a, &b| keys[b].total_cmp(&keys[a]));
        }
    }
    order
}

/// ln of the weight that SimANS gives a candidate: −a (s − s⁺ − b)².
fn log_weight(score: f32, positive: f32, options: &MiningOptions) -> f64 {
    let distance = f64::from(score) - f64::from(positive) - f64::from(options.simans_offset);
    -f64::from(options.simans_sharpness) * distance * distance
}

/// A draw from the standard Gumbel distribution. The largest of log weight + Gumbel is a draw in proportion to the weights,
/// the next largest a draw from what is left, and so on (Efraimidis and Spirakis, IPL 2006; the "Gumbel-top-k trick": Kool,
/// van Hoof and Welling, ICML 2019); sums of tiny weights, which would vanish, are never formed.
fn gumbel(rng: &mut Rng) -> f64 {
    // 0 has no logarithm; 2^-54 is half the smallest other value that can be drawn.
    let uniform = rng.f64().max(f64::EPSILON / 4.0);
    -(-uniform.ln()).max(f64::MIN_POSITIVE).ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::Hit;

    fn eligible(scores: &[f32]) -> Vec<Eligible> {
        let one = |(position, &score)| Eligible {
            candidate: Candidate::from(Hit { position, score }),
            rank: Some(position + 1),
        };
        scores.iter().enumerate().map(one).collect()
    }

    /// The first draw follows exp(−a (s − s⁺ − b)²), normalised by hand.
    #[test]
    fn simans_draws_in_proportion() {
        let scores = [0.9, 0.8, 0.6, 0.5];
        let options = MiningOptions {
            sampling: Sampling::SimAns,
            simans_sharpness: 20.0,
            simans_offset: -0.1,
            ..MiningOptions::default()
        };
        let weights = scores.map(|score: f64| (-20.0 * (score - 0.8 + 0.1).powi(2)).exp());
        let sum: f64 = weights.iter().sum();
        let pool = eligible(&scores.map(|score| score as f32));
        let mut rng = Rng::new(5);
        let mut counts = [0usize; 4];
        let draws = 40_000;
        (0..draws).for_each(|_| counts[order(&pool, 0.8, &options, &mut rng)[0]] += 1);
        for (count, weight) in counts.iter().zip(weights) {
            let share = *count as f64 / f64::from(draws);
            // Five standard deviations of a share of one half.
            assert!((share - weight / sum).abs() < 0.0125, "{counts:?}");
        }
    }

    #[test]
    fn every_sampling_gives_each_candidate_once() {
        let pool = eligible(&[0.5; 30]);
        for sampling in [Sampling::Top, Sampling::Random, Sampling::SimAns] {
            let options = MiningOptions { sampling, simans_sharpness: 1e30, ..MiningOptions::default() };
            let mut order = order(&pool, 0.9, &options, &mut Rng::new(2));
            order.sort_unstable();
            assert_eq!(order, (0..30).collect::<Vec<_>>());
        }
    }
}
