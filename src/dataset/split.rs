//! On which side a query stands.

use serde::{Deserialize, Serialize};

use super::{groups, rng};

/// The side on which a query stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Split {
    /// Trained on.
    Train,
    /// Decides which weights are best; never trained on, never measured on. Only what somebody put there, and what is nearly
    /// identical to it.
    Dev,
    /// Measured on: training never sees it, nor does it decide anything.
    HeldOut,
}

impl Split {
    /// Every side.
    pub const ALL: [Split; 3] = [Split::Train, Split::Dev, Split::HeldOut];

    /// As it stands in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Split::Train => "train",
            Split::Dev => "dev",
            Split::HeldOut => "held-out",
        }
    }
}

/// The side of a query that nobody put on one and that is nearly identical to no other: a fifth is held out, by a seeded hash
/// of the normalised text.
pub fn split_of(query: &str, seed: u64) -> Split {
    if rng::hash(&normalise(query), seed).is_multiple_of(5) { Split::HeldOut } else { Split::Train }
}

/// Which of the training queries are set aside as dev queries: true for about `share` (0..1) of them.
///
/// Whole [`groups`] go, in an order by seeded hash of their first query, as long as each brings the number closer to the
/// share: one that is too large for what is left is passed over. With a share above 0 at least one group goes and at least
/// one stays; none goes where there are fewer than two, or where the share is not a number.
pub fn dev_of(queries: &[&str], share: f64, seed: u64) -> Vec<bool> {
    let group_of = groups(queries);
    let mut sizes = vec![0; queries.len()];
    group_of.iter().for_each(|&group| sizes[group] += 1);
    let mut order: Vec<usize> = (0..queries.len()).filter(|&group| sizes[group] > 0).collect();
    order.sort_by_cached_key(|&group| (rng::hash(&normalise(queries[group]), seed), group));
    let mut chosen = vec![false; queries.len()];
    if order.len() > 1 && share > 0.0 {
        let target = (share.min(1.0) * queries.len() as f64).round().max(1.0) as usize;
        let (mut taken, mut stay) = (0, order.len());
        for &group in &order {
            // Not closer to the target, or the last one left.
            if taken + sizes[group] / 2 >= target || stay == 1 {
                continue;
            }
            chosen[group] = true;
            taken += sizes[group];
            stay -= 1;
        }
        if taken == 0 {
            // Every group is too large: the smallest goes.
            let smallest = order.iter().min_by_key(|&&group| sizes[group]);
            smallest.into_iter().for_each(|&group| chosen[group] = true);
        }
    }
    group_of.into_iter().map(|group| chosen[group]).collect()
}

/// Are these two spellings of one query?
pub fn same_query(a: &str, b: &str) -> bool {
    normalise(a) == normalise(b)
}

/// Names a query, whatever its spelling: for remembering which ones training has seen, without their texts.
pub fn query_key(query: &str) -> u64 {
    rng::hash(&normalise(query), 0)
}

/// Lower case, single spaces: two spellings that agree in this are one query.
pub(super) fn normalise(query: &str) -> String {
    let words: Vec<&str> = query.split_whitespace().collect();
    words.join(" ").to_lowercase()
}
