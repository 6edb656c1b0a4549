//! A collection and its two sides.

use crate::request::{Request, Side};
use nearmiss::dataset::beir::{Qrel, Query, judgments, read_corpus, read_qrels, read_queries};
use nearmiss::dataset::{Document, Judgment, Rng, Split};
use nearmiss_kernels::{FNV_OFFSET, fnv1a};
use std::collections::HashSet;
use std::path::Path;

/// One for everything: a fold or a subset is the same queries in every run, whatever the seed of the training.
const FOLD_SEED: u64 = 1;
const DEV_SEED: u64 = 2;
const SUBSET_SEED: u64 = 3;
/// Of the training queries, the part that [`Side::Dev`] measures on.
const DEV_PARTS: usize = 5;

/// The files of a folder that every run on it shares.
pub struct Collection {
    pub documents: Vec<Document>,
    queries: Vec<Query>,
}

/// Judgments by side. No query stands on both.
pub struct Sides {
    pub train: Vec<Judgment>,
    pub held_out: Vec<Judgment>,
}

impl Collection {
    pub fn read(folder: &Path) -> Result<Self, String> {
        let documents = read_corpus(&text(folder, "corpus.jsonl")?).map_err(|error| error.to_string())?;
        let queries = read_queries(&text(folder, "queries.jsonl")?).map_err(|error| error.to_string())?;
        Ok(Self { documents, queries })
    }

    /// What the request trains and measures on.
    pub fn sides(&self, request: &Request) -> Result<Sides, String> {
        let qrels =
            |file: &str| read_qrels(&text(&request.data, file)?).map_err(|error| format!("{file}: {error}"));
        let judged = |qrels: &[Qrel], split| {
            judgments(&self.queries, qrels, Some(split)).map_err(|error| error.to_string())
        };
        let all = judged(&qrels(&request.train)?, Split::Train)?;
        let (train, test) = match (request.folds, &request.test) {
            (Some(folds), None) if folds.fold < folds.of => {
                cut(all, |query| part(query, FOLD_SEED, folds.of) == folds.fold)
            }
            (None, Some(test)) => (all, judged(&qrels(test)?, Split::HeldOut)?),
            _ => return Err("a request needs either test or folds, with fold below of".into()),
        };
        let (train, held_out) = match (request.evaluate, &request.dev) {
            (Side::Test, _) => (train, test),
            (Side::Dev, Some(dev)) => (train, judged(&qrels(dev)?, Split::HeldOut)?),
            (Side::Dev, None) => cut(train, |query| part(query, DEV_SEED, DEV_PARTS) == 0),
        };
        let train = without(train, &held_out);
        let held_out = match request.most_queries {
            Some(count) => subset(held_out, count),
            None => held_out,
        };
        let train = match request.judgments {
            Some(count) => subset(train, count),
            None => train,
        };
        Ok(Sides { train, held_out: on(held_out, Split::HeldOut) })
    }
}

fn text(folder: &Path, file: &str) -> Result<String, String> {
    let path = folder.join(file);
    std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Two spellings that agree in this are one query.
pub fn normalise(query: &str) -> String {
    query.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn random(query: &str, seed: u64) -> Rng {
    Rng::stream(seed, fnv1a(FNV_OFFSET, normalise(query).as_bytes()))
}

/// The part, from 0, of so many in which a query lies.
fn part(query: &str, seed: u64, parts: usize) -> usize {
    random(query, seed).below(parts)
}

/// The judgments of the other queries, then those of the queries that `out` picks.
fn cut(judgments: Vec<Judgment>, out: impl Fn(&str) -> bool) -> (Vec<Judgment>, Vec<Judgment>) {
    judgments.into_iter().partition(|judgment| !out(&judgment.query))
}

fn on(mut judgments: Vec<Judgment>, side: Split) -> Vec<Judgment> {
    judgments.iter_mut().for_each(|judgment| judgment.split = Some(side));
    judgments
}

/// Training must not see what is measured: some collections hold a question twice.
fn without(train: Vec<Judgment>, held_out: &[Judgment]) -> Vec<Judgment> {
    let measured: HashSet<String> = held_out.iter().map(|judgment| normalise(&judgment.query)).collect();
    train.into_iter().filter(|judgment| !measured.contains(&normalise(&judgment.query))).collect()
}

/// Whole queries in a random order, until there are as many judgments; they stand in their first order.
fn subset(train: Vec<Judgment>, count: usize) -> Vec<Judgment> {
    let mut order: Vec<(u64, usize)> = Vec::with_capacity(train.len());
    order.extend(train.iter().enumerate().map(|(at, one)| (random(&one.query, SUBSET_SEED).next_u64(), at)));
    order.sort_unstable();
    // Judgments of one query stand together: the last query comes in whole.
    let last = order.get(count.saturating_sub(1)).map_or(u64::MAX, |&(rank, _)| rank);
    let chosen: HashSet<usize> = order.iter().filter(|(rank, _)| *rank <= last).map(|&(_, at)| at).collect();
    let numbered = train.into_iter().enumerate().filter(|(at, _)| chosen.contains(at));
    numbered.map(|(_, judgment)| judgment).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn train() -> Vec<Judgment> {
        (0..300).map(|n| Judgment::relevant(format!("Query {}", n / 2), format!("d{n}"))).collect()
    }

    fn queries(judgments: &[Judgment]) -> HashSet<String> {
        judgments.iter().map(|judgment| judgment.query.clone()).collect()
    }

    #[test]
    fn folds_hold_each_query_once_and_are_about_equal() {
        let folds: Vec<_> = (0..5).map(|fold| cut(train(), |query| part(query, 1, 5) == fold).1).collect();
        assert_eq!(folds.iter().map(Vec::len).sum::<usize>(), 300);
        // 150 queries: 30 in each fold, with a standard deviation of 4.9.
        assert!(folds.iter().all(|fold| queries(fold).len().abs_diff(30) < 20));
        assert_eq!(part("Query  7", 1, 5), part("query 7", 1, 5));
    }

    #[test]
    fn subsets_are_nested_and_hold_whole_queries() {
        let [few, more] = [subset(train(), 21), subset(train(), 100)];
        assert_eq!((few.len(), more.len()), (22, 100));
        assert!(queries(&few).is_subset(&queries(&more)));
        assert_eq!(subset(train(), 1000), train());
    }

    #[test]
    fn a_query_that_is_measured_is_not_trained_on() {
        let held_out = [Judgment::relevant("query  3", "d9")];
        let left = without(train(), &held_out);
        assert_eq!(left.len(), 298);
        assert!(!queries(&left).contains("Query 3"));
    }
}
