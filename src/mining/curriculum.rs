//! Easy negatives first: how hard they are at each point of a training (Bengio et al., "Curriculum Learning", ICML 2009).

use serde::{Deserialize, Serialize};

use super::MiningOptions;

/// The relative margin at which a curriculum by score begins.
const EASY_MARGIN: f32 = 0.5;

/// What moves as training goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Curriculum {
    /// Nothing.
    #[default]
    None,
    /// The range of places: from its lower half up to the whole.
    Rank,
    /// The relative margin: from 0.5 down to its value.
    Score,
}

impl Curriculum {
    /// The options at this hardness, from 0 (easiest) to 1, on so many documents; at 1 they are those given.
    ///
    /// ```
    /// use nearmiss::mining::{Curriculum, MiningOptions};
    /// let options = MiningOptions { range_max: Some(40), ..MiningOptions::default() };
    /// let start = Curriculum::Rank.at(&options, 1000, 0.0);
    /// assert_eq!((start.range_min, start.range_max), (20, Some(40)));
    /// assert_eq!(Curriculum::Rank.at(&options, 1000, 1.0), options);
    /// ```
    pub fn at(self, options: &MiningOptions, documents: usize, hardness: f32) -> MiningOptions {
        let left = 1.0 - hardness.clamp(0.0, 1.0);
        let mut now = options.clone();
        match self {
            Self::Rank if left > 0.0 => {
                let (min, max) = options.range(documents);
                let skipped = (left * (max.saturating_sub(min)) as f32 / 2.0).round() as usize;
                now.range_min = min + skipped;
                // A range that would be empty stays as it was: nothing easier is to be had.
                if now.range_min < max {
                    now.range_max = Some(max);
                } else {
                    now.range_min = options.range_min;
                }
            }
            Self::Score if left > 0.0 => {
                let last = options.relative_margin.unwrap_or(0.0);
                now.relative_margin = Some(last + (EASY_MARGIN - last).max(0.0) * left);
            }
            _ => {}
        }
        now
    }
}
