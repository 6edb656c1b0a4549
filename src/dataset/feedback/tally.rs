//! The mean value of each pair, carried on from what its judgment says.

use std::collections::HashMap;

use crate::dataset::judgment::{Key, UNDECIDED};
use crate::dataset::{Judgment, Judgments, Source};

/// Means by pair, in the order in which the pairs first counted.
pub(super) struct Tally<'a> {
    existing: &'a Judgments,
    numbers: HashMap<Key, usize>,
    means: Vec<Mean>,
}

struct Mean {
    query: String,
    document: String,
    value: f64,
    impressions: u32,
}

impl<'a> Tally<'a> {
    pub fn new(existing: &'a Judgments) -> Self {
        Self { existing, numbers: HashMap::new(), means: Vec::new() }
    }

    /// One more impression of the pair. Zeros count from the first value on.
    pub fn add(&mut self, query: &str, document: &str, value: f64) {
        let key = Key::new(query, document, Source::Click);
        let known = self.numbers.get(&key).copied();
        let existing = self.existing.get(query, document, Source::Click);
        if known.is_none() && existing.is_none() && value == 0.0 {
            return;
        }
        let number = known.unwrap_or_else(|| {
            let (value, impressions) = existing.map_or((0.0, 0), state);
            let mean = Mean { query: query.to_owned(), document: document.to_owned(), value, impressions };
            self.means.push(mean);
            self.numbers.insert(key, self.means.len() - 1);
            self.means.len() - 1
        });
        let mean = &mut self.means[number];
        mean.impressions = mean.impressions.saturating_add(1);
        mean.value += (value - mean.value) / f64::from(mean.impressions);
    }

    pub fn into_judgments(self) -> Vec<Judgment> {
        self.means.into_iter().map(Mean::into_judgment).collect()
    }
}

/// Mean and count of a judgment. One that was not made here counts as a single impression, at most as sure as a label.
fn state(judgment: &Judgment) -> (f64, u32) {
    let weight = if judgment.is_undecided() { 0.0 } else { f64::from(judgment.weight()).min(1.0) };
    (if judgment.relevant { weight } else { -weight }, judgment.impressions.unwrap_or(1))
}

impl Mean {
    fn into_judgment(self) -> Judgment {
        let weight = self.value.abs() as f32;
        let (relevant, weight) =
            if weight <= UNDECIDED { (false, UNDECIDED) } else { (self.value > 0.0, weight) };
        Judgment {
            relevant,
            weight: Some(weight),
            source: Source::Click,
            impressions: Some(self.impressions),
            ..Judgment::relevant(self.query, self.document)
        }
    }
}
