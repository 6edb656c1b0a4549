//! Which of a query's hits are eligible as negatives.

use super::report::Dropped;
use super::{Candidates, MiningOptions};
use crate::index::Hit;

/// A hit that may become a negative, with its rank (from 1) among all hits of its query.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Eligible {
    pub hit: Hit,
    pub rank: usize,
}

/// The hits among the first `depth` that pass every rule, best first, cut to `range`. Counts in `dropped` what each rule
/// dropped; a candidate that breaks several counts for the first, in the order below.
pub(super) fn eligible(
    query: &Candidates,
    depth: usize,
    range: (usize, usize),
    options: &MiningOptions,
    dropped: &mut Dropped,
) -> Vec<Eligible> {
    let lowest = query.positives.iter().map(|&(_, score)| score).fold(f32::INFINITY, f32::min);
    let passed = query.hits.iter().take(depth).enumerate().filter(|(_, hit)| {
        match broken_rule(query, lowest, hit, options, dropped) {
            Some(count) => {
                *count += 1;
                false
            }
            None => true,
        }
    });
    let passed = passed.map(|(index, &hit)| Eligible { hit, rank: index + 1 });
    // All are looked at, so that every drop is counted, before the range is cut.
    let passed: Vec<Eligible> = passed.collect();
    let (range_min, range_max) = range;
    passed.into_iter().take(range_max).skip(range_min).collect()
}

/// The counter of the first rule that the hit breaks.
fn broken_rule<'a>(
    query: &Candidates,
    lowest: f32,
    hit: &Hit,
    options: &MiningOptions,
    dropped: &'a mut Dropped,
) -> Option<&'a mut usize> {
    let above = |limit: Option<f32>| limit.is_some_and(|limit| hit.score > limit);
    if query.positives.iter().any(|&(position, _)| position == hit.position) {
        Some(&mut dropped.positive)
    } else if query.excluded.contains(&hit.position) {
        Some(&mut dropped.excluded)
    } else if query.negatives.contains(&hit.position) {
        Some(&mut dropped.labelled)
    } else if above(options.absolute_margin.map(|margin| lowest - margin)) {
        Some(&mut dropped.absolute_margin)
    } else if above(options.relative_margin.map(|margin| lowest - lowest.abs() * margin)) {
        Some(&mut dropped.relative_margin)
    } else if above(options.max_score) {
        Some(&mut dropped.max_score)
    } else if options.min_score.is_some_and(|min| hit.score < min) {
        Some(&mut dropped.min_score)
    } else {
        None
    }
}
