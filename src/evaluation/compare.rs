//! Two reports on the same queries: is the second better?

use serde::Serialize;

use super::{Metrics, Report, bootstrap, sign_flip};
use crate::error::{Error, Result};

/// What the numbers allow to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The whole interval lies above 0, and chance explains so many gains in at most one of forty cases.
    Better,
    /// Neither.
    NoDifference,
    /// The whole interval lies below 0, and chance explains so many losses in at most one of forty cases.
    Worse,
}

/// One query, before and after.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryChange {
    /// The query's text.
    pub query: String,
    /// nDCG@10 before.
    pub before: f64,
    /// nDCG@10 after.
    pub after: f64,
    /// Rank of the first relevant document before, from 1.
    pub rank_before: Option<usize>,
    /// Rank of the first relevant document after, from 1.
    pub rank_after: Option<usize>,
}

/// Did search get better? Everything is about nDCG@10, query by query.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// What the numbers allow to say.
    pub outcome: Outcome,
    /// Name of the metric compared.
    pub metric: &'static str,
    /// Means before.
    pub before: Metrics,
    /// Means after.
    pub after: Metrics,
    /// Mean difference a query, after − before.
    pub difference: f64,
    /// Its 95 % paired-bootstrap interval.
    pub interval: [f64; 2],
    /// Queries compared.
    pub queries: usize,
    /// Queries with a higher value after.
    pub won: usize,
    /// Queries with a lower one.
    pub lost: usize,
    /// Queries with the same one.
    pub tied: usize,
    /// Each query, in order.
    pub per_query: Vec<QueryChange>,
    /// The verdict in plain words.
    pub summary: String,
}

/// What chance may explain at most on one side, as the interval leaves it out.
const CHANCE: f64 = 0.025;

/// Below this many queries the summary warns.
const FEW_QUERIES: usize = 20;

/// Compares two reports on the same queries. Same seed, same interval.
///
/// # Errors
/// `INSUFFICIENT_DATA` with fewer than 2 queries; `INPUT_INVALID` when the reports are not about the same queries.
pub fn compare(before: &Report, after: &Report, seed: u64) -> Result<Verdict> {
    let per_query = pair(before, after)?;
    if per_query.len() < 2 {
        return Err(Error::InsufficientData {
            what: "held-out queries with a relevant document to compare on".into(),
            needed: 2,
            got: per_query.len(),
        });
    }
    let differences: Vec<f64> = per_query.iter().map(|change| change.after - change.before).collect();
    let difference = differences.iter().sum::<f64>() / differences.len() as f64;
    let interval = bootstrap::interval(&differences, seed);
    let apart = interval[0] > 0.0 || interval[1] < 0.0;
    let outcome = match apart && sign_flip::p_value(&differences, seed) <= CHANCE {
        true if difference > 0.0 => Outcome::Better,
        true => Outcome::Worse,
        false => Outcome::NoDifference,
    };
    let won = differences.iter().filter(|&&difference| difference > 0.0).count();
    let lost = differences.iter().filter(|&&difference| difference < 0.0).count();
    let queries = per_query.len();
    Ok(Verdict {
        outcome,
        metric: "ndcg@10",
        before: before.metrics,
        after: after.metrics,
        difference,
        interval,
        queries,
        won,
        lost,
        tied: queries - won - lost,
        per_query,
        summary: summary(outcome, apart, queries, won, lost),
    })
}

fn pair(before: &Report, after: &Report) -> Result<Vec<QueryChange>> {
    let (before, after) = (&before.per_query, &after.per_query);
    let same = before.len() == after.len() && before.iter().zip(after).all(|(b, a)| b.query == a.query);
    if !same {
        return Err(Error::input("reports", "must be about the same queries in the same order"));
    }
    let change = |(before, after): (&super::QueryReport, &super::QueryReport)| QueryChange {
        query: before.query.clone(),
        before: before.metrics.ndcg_at_10,
        after: after.metrics.ndcg_at_10,
        rank_before: before.rank,
        rank_after: after.rank,
    };
    Ok(before.iter().zip(after).map(change).collect())
}

/// For a person who has never heard of a confidence interval.
fn summary(outcome: Outcome, apart: bool, queries: usize, won: usize, lost: usize) -> String {
    let verdict = match outcome {
        Outcome::Better => "more than chance explains: search got better",
        Outcome::Worse => "more than chance explains: search got worse",
        Outcome::NoDifference if won + lost == 0 => "nothing changed",
        Outcome::NoDifference if apart => "too few to tell that from chance",
        Outcome::NoDifference => "too close to call: this could be chance",
    };
    let find = if won == 1 { "finds its answers" } else { "find their answers" };
    let caution = if queries < FEW_QUERIES && outcome != Outcome::NoDifference {
        " (few questions, so take it as a hint)"
    } else {
        ""
    };
    format!("{won} of {queries} held-out questions now {find} higher, {lost} lower; {verdict}{caution}.")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Judged, JudgedQuery};

    /// A report on queries whose one relevant document stands at these ranks (0 = not found).
    fn report(ranks: &[usize]) -> Report {
        let query = |number| JudgedQuery {
            text: format!("query {number}"),
            positives: vec![Judged::new("right", 1.0)],
            negatives: vec![],
        };
        let ranking = |&rank: &usize| {
            let mut ids = vec!["wrong"; rank.saturating_sub(1)];
            ids.iter_mut().zip(["a", "b", "c"]).for_each(|(id, name)| *id = name);
            ids.extend((rank > 0).then_some("right"));
            ids
        };
        let queries: Vec<JudgedQuery> = (0..ranks.len()).map(query).collect();
        Report::new(&queries, &ranks.iter().map(ranking).collect::<Vec<_>>()).unwrap()
    }

    fn verdict(before: &[usize], after: &[usize]) -> Verdict {
        compare(&report(before), &report(after), 0).unwrap()
    }

    #[test]
    fn better_and_worse_mirror_each_other() {
        let (low, high) = ([2; 24], [1; 24]);
        let better = verdict(&low, &high);
        assert_eq!((better.outcome, better.won, better.lost, better.tied), (Outcome::Better, 24, 0, 0));
        let expected = "24 of 24 held-out questions now find their answers higher, 0 lower; \
                        more than chance explains: search got better.";
        assert_eq!(better.summary, expected);
        let worse = verdict(&high, &low);
        assert_eq!((worse.outcome, worse.lost), (Outcome::Worse, 24));
        assert_eq!(worse.interval.map(|end| -end), [better.interval[1], better.interval[0]]);
        assert!(better.after.ndcg_at_10 - better.before.ndcg_at_10 - better.difference < 1e-12);
    }

    #[test]
    fn what_chance_explains_is_no_difference() {
        let even = verdict(&[1, 2, 1, 3, 2, 1], &[2, 1, 1, 1, 3, 2]);
        assert_eq!((even.outcome, even.won, even.lost, even.tied), (Outcome::NoDifference, 2, 3, 1));
        assert!(even.summary.contains("too close to call"), "{}", even.summary);
        assert!(even.interval[0] < even.difference && even.difference < even.interval[1]);
        let same = verdict(&[1, 0, 2], &[1, 0, 2]);
        assert_eq!((same.outcome, same.interval, same.tied), (Outcome::NoDifference, [0.0, 0.0], 3));
        assert!(same.summary.contains("nothing changed"), "{}", same.summary);
    }

    /// Differences that are as often above 0 as below: whoever calls that better is wrong. The interval alone does so far too often
    /// where there are few.
    #[test]
    fn chance_is_seldom_called_better() {
        let runs = 1000;
        for (queries, alone) in [(4, 90..130), (8, 40..80)] {
            let (mut by_interval, mut by_both) = (0, 0);
            for run in 0..runs {
                let mut rng = crate::dataset::Rng::new(run);
                let differences: Vec<f64> = (0..queries).map(|_| rng.f64() - 0.5).collect();
                let apart = bootstrap::interval(&differences, 0)[0] > 0.0;
                by_interval += usize::from(apart);
                by_both += usize::from(apart && sign_flip::p_value(&differences, 0) <= CHANCE);
            }
            assert!(alone.contains(&by_interval), "{queries} queries: {by_interval} of {runs}");
            // At most 25 are expected, with a standard deviation of 5.
            assert!(by_both <= 40, "{queries} queries: {by_both} of {runs}");
        }
    }

    #[test]
    fn ranks_and_warnings_are_told() {
        let few = verdict(&[0, 2, 2, 2, 3, 2], &[1; 6]);
        assert!(few.summary.contains("few questions"), "{}", few.summary);
        assert_eq!((few.per_query[0].rank_before, few.per_query[0].rank_after), (None, Some(1)));
        let too_few = verdict(&[0, 2, 2, 2, 3], &[1; 5]);
        assert!(too_few.outcome == Outcome::NoDifference && too_few.interval[0] > 0.0, "{too_few:?}");
        assert!(too_few.summary.contains("too few to tell"), "{}", too_few.summary);
        let json = serde_json::to_value(&few).unwrap();
        assert_eq!(json["outcome"], "better");
        assert_eq!(json["perQuery"][1]["rankBefore"], 2);
    }

    #[test]
    fn reports_that_cannot_be_compared_are_refused() {
        let one = compare(&report(&[1]), &report(&[1]), 0).unwrap_err();
        assert_eq!(one.code(), "INSUFFICIENT_DATA");
        let other = compare(&report(&[1, 1]), &report(&[1, 1, 1]), 0).unwrap_err();
        assert_eq!(other.code(), "INPUT_INVALID");
        let unjudged =
            JudgedQuery { text: "q".into(), positives: vec![], negatives: vec![Judged::new("a", 0.0)] };
        let empty = Report::new(std::slice::from_ref(&unjudged), &[vec!["a"]]).unwrap_err();
        assert_eq!(empty.code(), "INSUFFICIENT_DATA");
        let missing = Report::new::<&str>(&[unjudged], &[]).unwrap_err();
        assert_eq!(missing.code(), "INPUT_INVALID");
    }
}
