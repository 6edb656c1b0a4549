//! What to mine. Names and defaults are those of sentence-transformers' `mine_hard_negatives`, but for a relative margin
//! that is on and rules that this crate adds.

use serde::{Deserialize, Serialize};

use super::strategy::{Mixture, Strategy};
use crate::dataset::NegativeSource;
use crate::error::{Error, Result};

/// Negatives of a pair: far more than any loss wants, few enough that examples fit into memory.
const MOST_NEGATIVES: usize = 1000;

/// Which of the eligible candidates to take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Sampling {
    /// The hardest.
    #[default]
    Top,
    /// Any, each equally likely, drawn anew for each pair.
    Random,
    /// Those that score near the positive: probability ∝ exp(−a (s − s⁺ − b)²), without replacement (SimANS: Zhou et al.,
    /// EMNLP 2022, arXiv 2210.11773).
    SimAns,
}

/// Who gives a second opinion on each candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Teacher {
    /// Late interaction over the token embeddings of the encoder in use.
    MaxSim,
    /// The caller, who is asked query by query.
    Given,
}

/// How to mine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct MiningOptions {
    /// Where candidates come from.
    pub strategy: Strategy,
    /// For [`Strategy::Hybrid`]: the weight of each source. Default: dense and BM25, half each.
    pub mixture: Option<Mixture>,
    /// Leaves out this many of the best candidates that passed the filters (0 = none).
    pub range_min: usize,
    /// Takes none from this place on, counted likewise. Default: see [`MiningOptions::range`].
    pub range_max: Option<usize>,
    /// Drops a candidate that scores above this.
    pub max_score: Option<f32>,
    /// Drops a candidate that scores below this.
    pub min_score: Option<f32>,
    /// Drops a candidate that scores above positive − this.
    pub absolute_margin: Option<f32>,
    /// Drops a candidate that scores above positive − |positive| × this; `None` turns the rule off. The default, 0.05, is
    /// what NV-Retriever (Moreira et al., arXiv 2407.15831) found best.
    pub relative_margin: Option<f32>,
    /// Negatives for each (query, positive) pair, judged ones included.
    pub num_negatives: usize,
    /// At most so many positives of one query, drawn by seed. Default: all.
    pub max_positives: Option<usize>,
    /// Which of the eligible candidates to take.
    pub sampling: Sampling,
    /// a of SimANS: how narrow the peak is. The default, 100, makes 0.07 of cosine one standard deviation.
    pub simans_sharpness: f32,
    /// b of SimANS: where the peak lies, from the positive's score.
    pub simans_offset: f32,
    /// Fills places that stay empty with random documents that pass the filters.
    pub top_up: bool,
    /// Drops a candidate whose shingles overlap a positive's by at least this Jaccard coefficient; `None` turns the rule off.
    pub near_duplicates: Option<f32>,
    /// Drops other chunks of a positive's document.
    pub siblings: bool,
    /// Drops documents with the title of a positive.
    pub same_title: bool,
    /// Drops a candidate that this scorer holds to be as good as a positive.
    pub teacher: Option<Teacher>,
    /// As good is a teacher score above positive − |positive| × this.
    pub teacher_margin: f32,
    /// Largest share of the mined negatives that may be synthetic.
    pub max_synthetic: f32,
    /// Seeds everything drawn.
    pub seed: u64,
}

impl Default for MiningOptions {
    fn default() -> Self {
        Self {
            strategy: Strategy::Dense,
            mixture: None,
            range_min: 0,
            range_max: None,
            max_score: None,
            min_score: None,
            absolute_margin: None,
            relative_margin: Some(0.05),
            num_negatives: 3,
            max_positives: None,
            sampling: Sampling::Top,
            simans_sharpness: 100.0,
            simans_offset: 0.0,
            top_up: true,
            near_duplicates: Some(0.8),
            siblings: true,
            same_title: false,
            teacher: None,
            teacher_margin: 0.0,
            max_synthetic: 0.5,
            seed: 0,
        }
    }
}

impl MiningOptions {
    /// Refuses settings that cannot be meant.
    ///
    /// # Errors
    /// `INPUT_INVALID`, naming the setting as JavaScript spells it.
    pub fn validate(&self) -> Result<()> {
        if self.num_negatives == 0 {
            return Err(Error::input("numNegatives", "must be at least 1"));
        }
        if self.num_negatives > MOST_NEGATIVES {
            let reason = format!("must be at most {MOST_NEGATIVES}; got {}", self.num_negatives);
            return Err(Error::input("numNegatives", reason));
        }
        if self.max_positives == Some(0) {
            return Err(Error::input("maxPositives", "must be at least 1"));
        }
        if let Some(range_max) = self.range_max
            && range_max <= self.range_min
        {
            let reason = format!("must be above rangeMin ({}); got {range_max}", self.range_min);
            return Err(Error::input("rangeMax", reason));
        }
        within("relativeMargin", self.relative_margin, 0.0, 1.0)?;
        within("absoluteMargin", self.absolute_margin, 0.0, f32::MAX)?;
        within("maxScore", self.max_score, f32::MIN, f32::MAX)?;
        within("minScore", self.min_score, f32::MIN, f32::MAX)?;
        within("simansSharpness", Some(self.simans_sharpness), 0.0, f32::MAX)?;
        within("simansOffset", Some(self.simans_offset), f32::MIN, f32::MAX)?;
        within("nearDuplicates", self.near_duplicates, 0.0, 1.0)?;
        within("teacherMargin", Some(self.teacher_margin), 0.0, 1.0)?;
        within("maxSynthetic", Some(self.max_synthetic), 0.0, 1.0)?;
        if let Some(mixture) = &self.mixture {
            mixture.validate()?;
        }
        match (self.min_score, self.max_score) {
            (Some(min), Some(max)) if min > max => {
                Err(Error::input("minScore", format!("must not be above maxScore ({max}); got {min}")))
            }
            _ => Ok(()),
        }
    }

    /// The sources that the strategy draws from with their shares, which sum to 1; none for labelled negatives alone.
    ///
    /// Synthetic texts get at most `max_synthetic`; what is cut from them goes to the others, or to dense hits where there
    /// is no other.
    pub fn sources(&self) -> Vec<(NegativeSource, f32)> {
        self.strategy.sources(self.mixture.unwrap_or_default(), self.max_synthetic)
    }

    /// Does this source give candidates?
    pub fn draws_from(&self, source: NegativeSource) -> bool {
        self.sources().iter().any(|&(own, _)| own == source)
    }

    /// The places taken, `range_min..range_max`, in a corpus of this many documents.
    ///
    /// Without a `range_max` it is `range_min` + 10 × `num_negatives`, room for the filters to drop nine of ten, or
    /// `range_min` + √documents if that is more: the larger the corpus, the deeper its near misses lie, though not in
    /// proportion. It never exceeds the corpus.
    pub fn range(&self, documents: usize) -> (usize, usize) {
        let width = (10usize.saturating_mul(self.num_negatives)).max(documents.isqrt());
        let range_max = self.range_max.unwrap_or(self.range_min.saturating_add(width));
        (self.range_min.min(documents), range_max.min(documents))
    }

    /// How many hits to search for each query: `range_max`, and as many more as a query has at most of documents about
    /// which something is known (`most_known`), since those are never candidates.
    pub fn depth(&self, documents: usize, most_known: usize) -> usize {
        let (_, range_max) = self.range(documents);
        range_max.saturating_add(most_known).min(documents)
    }

    /// How many random documents to score for each query, so that empty places can be filled although some of them may be
    /// known or dropped.
    pub fn spares(&self, documents: usize, known: usize) -> usize {
        let wanted = if self.top_up { self.num_negatives.saturating_mul(4).saturating_add(known) } else { 0 };
        wanted.min(documents)
    }
}

fn within(field: &str, value: Option<f32>, min: f32, max: f32) -> Result<()> {
    match value {
        Some(value) if !(min..=max).contains(&value) => {
            let bounds = if max == f32::MAX { String::new() } else { format!(" from {min} to {max}") };
            let bounds = if min == 0.0 && max == f32::MAX { ", 0 or more".into() } else { bounds };
            Err(Error::input(field, format!("must be a finite number{bounds}; got {value}")))
        }
        _ => Ok(()),
    }
}
#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn javascript_options_fill_up_with_defaults() {
        let options: MiningOptions = serde_json::from_value(
            json!({ "strategy": "dense", "relativeMargin": null, "sampling": "random" }),
        )
        .unwrap();
        let expected =
            MiningOptions { relative_margin: None, sampling: Sampling::Random, ..MiningOptions::default() };
        assert_eq!(options, expected);
        let misspelt = serde_json::from_value::<MiningOptions>(json!({ "relativMargin": 0.1 })).unwrap_err();
        assert!(misspelt.to_string().contains("relativMargin"), "{misspelt}");
    }

    #[test]
    fn settings_that_cannot_be_meant_are_refused() {
        let default = MiningOptions::default;
        let cases = [
            (MiningOptions { num_negatives: 0, ..default() }, "numNegatives: must be at least 1"),
            (
                MiningOptions { num_negatives: usize::MAX, ..default() },
                &format!("numNegatives: must be at most 1000; got {}", usize::MAX),
            ),
            (
                MiningOptions { range_min: 5, range_max: Some(5), ..default() },
                "rangeMax: must be above rangeMin (5); got 5",
            ),
            (
                MiningOptions { relative_margin: Some(1.5), ..default() },
                "relativeMargin: must be a finite number from 0 to 1; got 1.5",
            ),
            (
                MiningOptions { absolute_margin: Some(-0.1), ..default() },
                "absoluteMargin: must be a finite number, 0 or more; got -0.1",
            ),
            (
                MiningOptions { max_score: Some(f32::NAN), ..default() },
                "maxScore: must be a finite number; got NaN",
            ),
            (
                MiningOptions { min_score: Some(0.5), max_score: Some(0.4), ..default() },
                "minScore: must not be above maxScore (0.4); got 0.5",
            ),
        ];
        for (options, expected) in cases {
            assert_eq!(options.validate().unwrap_err().to_string(), expected);
        }
        assert_eq!(default().validate(), Ok(()));
    }

    #[test]
    fn the_default_range_grows_with_the_corpus_and_stays_inside() {
        let options = MiningOptions { range_min: 5, ..MiningOptions::default() };
        assert_eq!(options.range(20), (5, 20));
        assert_eq!(options.range(400), (5, 35));
        assert_eq!(options.range(10_000), (5, 105));
        assert_eq!(options.range(3), (3, 3));
        assert_eq!(options.depth(400, 7), 42);
        assert_eq!(options.depth(40, 7), 40);
    }
}
