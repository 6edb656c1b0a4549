//! Where candidates come from, and in which shares.

use serde::{Deserialize, Serialize};

use crate::dataset::{NegativeSource, Rng};
use crate::error::{Error, Result};

/// Where candidates come from. What people marked comes first under every strategy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Strategy {
    /// The hits of the dense encoder as it is.
    #[default]
    Dense,
    /// The same, mined anew while training goes on (Xiong et al., ICLR 2021); outside of training there is no difference.
    Ance,
    /// The hits of BM25 (DPR: Karpukhin et al., EMNLP 2020).
    Bm25,
    /// Any document.
    Random,
    /// Answers to other queries.
    InBatch,
    /// A [`Mixture`].
    Hybrid,
    /// Only what people marked.
    Labelled,
    /// The answer with one thing changed.
    Synthetic,
}

/// Weights of sources; only their proportions count.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Mixture {
    /// Of the dense encoder's hits.
    #[serde(default)]
    pub dense: f32,
    /// Of BM25's hits.
    #[serde(default)]
    pub bm25: f32,
    /// Of random documents: the easy ones.
    #[serde(default)]
    pub random: f32,
    /// Of answers to other queries.
    #[serde(default)]
    pub in_batch: f32,
    /// Of synthetic texts.
    #[serde(default)]
    pub synthetic: f32,
}

impl Default for Mixture {
    fn default() -> Self {
        Self { dense: 0.5, bm25: 0.5, random: 0.0, in_batch: 0.0, synthetic: 0.0 }
    }
}

impl Mixture {
    fn weights(&self) -> [(NegativeSource, f32); 5] {
        [
            (NegativeSource::Dense, self.dense),
            (NegativeSource::Bm25, self.bm25),
            (NegativeSource::InBatch, self.in_batch),
            (NegativeSource::Random, self.random),
            (NegativeSource::Synthetic, self.synthetic),
        ]
    }

    pub(super) fn validate(&self) -> Result<()> {
        let weights = self.weights().map(|(_, weight)| weight);
        if let Some(bad) = weights.iter().find(|weight| !weight.is_finite() || **weight < 0.0) {
            return Err(Error::input(
                "mixture",
                format!("a weight must be a finite number, 0 or more; got {bad}"),
            ));
        }
        let sum: f32 = weights.iter().sum();
        if !(sum.is_finite() && sum > 0.0) {
            return Err(Error::input("mixture", "at least one weight must be above 0, and their sum finite"));
        }
        Ok(())
    }
}

impl Strategy {
    /// See [`super::MiningOptions::sources`].
    pub(super) fn sources(self, mixture: Mixture, max_synthetic: f32) -> Vec<(NegativeSource, f32)> {
        let single = |source| vec![(source, 1.0)];
        match self {
            Self::Dense | Self::Ance => single(NegativeSource::Dense),
            Self::Bm25 => single(NegativeSource::Bm25),
            Self::Random => single(NegativeSource::Random),
            Self::InBatch => single(NegativeSource::InBatch),
            Self::Labelled => Vec::new(),
            Self::Synthetic => capped(single(NegativeSource::Synthetic), max_synthetic),
            Self::Hybrid => {
                let weights = mixture.weights();
                let sum: f32 = weights.iter().map(|(_, weight)| weight).sum();
                let shares = weights.into_iter().filter(|&(_, weight)| weight > 0.0);
                capped(shares.map(|(source, weight)| (source, weight / sum)).collect(), max_synthetic)
            }
        }
    }
}

/// Cuts the share of synthetic texts, and scales the others up to fill.
fn capped(mut shares: Vec<(NegativeSource, f32)>, most: f32) -> Vec<(NegativeSource, f32)> {
    let is_synthetic = |source| source == NegativeSource::Synthetic;
    let synthetic = shares.iter().find(|(source, _)| is_synthetic(*source)).map_or(0.0, |&(_, share)| share);
    if synthetic <= most {
        return shares;
    }
    if shares.len() == 1 {
        shares.insert(0, (NegativeSource::Dense, 0.0));
    }
    let others = 1.0 - synthetic;
    let parts = if others > 0.0 { (1.0 - most) / others } else { 0.0 };
    for (source, share) in &mut shares {
        *share = match (is_synthetic(*source), others > 0.0) {
            (true, _) => most,
            (false, true) => *share * parts,
            (false, false) => 1.0 - most,
        };
    }
    shares
}

/// How many of `places` each source fills: whole numbers that sum to `places` and are right on average.
///
/// Systematic sampling: one random offset, then every source takes the whole numbers that its stretch of the line covers.
pub(super) fn allocate(shares: &[(NegativeSource, f32)], places: usize, rng: &mut Rng) -> Vec<usize> {
    let offset = rng.f64();
    let mut line = 0.0f64;
    let mut filled = 0;
    let last = shares.len().saturating_sub(1);
    let mut counts = Vec::with_capacity(shares.len());
    for (number, &(_, share)) in shares.iter().enumerate() {
        line += f64::from(share) * places as f64;
        // Rounding must not lose the last place.
        let until = if number == last { places } else { ((line + offset).floor() as usize).min(places) };
        counts.push(until.saturating_sub(filled));
        filled = filled.max(until);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_sum_up_and_follow_the_shares() {
        let shares =
            [(NegativeSource::Dense, 0.5), (NegativeSource::Bm25, 0.3), (NegativeSource::Random, 0.2)];
        let mut rng = Rng::new(1);
        let mut sums = [0usize; 3];
        for _ in 0..10_000 {
            let counts = allocate(&shares, 3, &mut rng);
            assert_eq!(counts.iter().sum::<usize>(), 3);
            counts.iter().zip(&mut sums).for_each(|(count, sum)| *sum += count);
        }
        for (sum, expected) in sums.iter().zip([15_000usize, 9_000, 6_000]) {
            assert!(sum.abs_diff(expected) < 300, "{sums:?}");
        }
        assert!(allocate(&[], 3, &mut rng).is_empty());
    }

    #[test]
    fn synthetic_texts_never_get_more_than_their_cap() {
        let synthetic = NegativeSource::Synthetic;
        let dense = NegativeSource::Dense;
        assert_eq!(Strategy::Synthetic.sources(Mixture::default(), 0.5), [(dense, 0.5), (synthetic, 0.5)]);
        assert_eq!(Strategy::Synthetic.sources(Mixture::default(), 1.0), [(synthetic, 1.0)]);
        let mixture = Mixture { dense: 1.0, bm25: 0.0, synthetic: 3.0, ..Mixture::default() };
        assert_eq!(Strategy::Hybrid.sources(mixture, 0.25), [(dense, 0.75), (synthetic, 0.25)]);
        assert_eq!(Strategy::Hybrid.sources(mixture, 0.9), [(dense, 0.25), (synthetic, 0.75)]);
    }
}
