//! From impressions to judgments.

use std::collections::{HashMap, HashSet};

use serde::Serialize;

use super::tally::Tally;
use super::{FeedbackOptions, Impression};
use crate::dataset::{Corpus, Judgment, Judgments};
use crate::error::{Error, Result};

/// What clicks come to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Feedback {
    /// The judgments to put, each in the stead of the click's judgment that its pair has now; pairs in the order in which
    /// they were first worth anything.
    pub judgments: Vec<Judgment>,
    /// How many times a document was shown, and not clicked, that is not in the corpus: a log may be older than a removal,
    /// and what was said about such a document is lost, no more. Ranks are those of the list as it was shown.
    pub left_out: usize,
}

/// Reads impressions, in order, on top of what the clicks so far have said. All or none; the same impressions in one call or
/// in several come to the same, but for rounding.
///
/// # Errors
/// `INPUT_INVALID`, naming an option, or what is wrong with an impression by its number from 0: a blank query, a document
/// that is shown twice, a first rank of 0, a click on a document that was not shown or is not in the corpus, or a duration
/// that is not a finite number, 0 or more.
pub fn apply(
    impressions: &[Impression],
    options: &FeedbackOptions,
    existing: &Judgments,
    corpus: &Corpus,
) -> Result<Feedback> {
    options.validate()?;
    for (number, impression) in impressions.iter().enumerate() {
        check(number, impression, corpus)?;
    }
    let mut tally = Tally::new(existing);
    let mut left_out = 0;
    for impression in impressions {
        for (document, value) in values(impression, options) {
            match corpus.position(document) {
                Some(_) => tally.add(&impression.query, document, value),
                None => left_out += 1,
            }
        }
    }
    Ok(Feedback { judgments: tally.into_judgments(), left_out })
}

/// What each document shown is worth.
fn values<'a>(impression: &'a Impression, options: &FeedbackOptions) -> Vec<(&'a str, f64)> {
    // Was there a click, and a long one?
    let mut clicked: HashMap<&str, bool> = HashMap::new();
    for click in &impression.clicks {
        let long = click.dwell_ms.is_none_or(|dwell| dwell >= options.min_dwell_ms);
        *clicked.entry(&click.document).or_default() |= long;
    }
    // A short click too tells how far down the person looked.
    let shown = impression.shown.iter().map(String::as_str);
    let lowest = shown.clone().rposition(|document| clicked.contains_key(document));
    let first = impression.first_rank.unwrap_or(1);
    let value = |(index, document): (usize, &'a str)| match clicked.get(document) {
        Some(true) => (document, options.click(first.saturating_add(index))),
        Some(false) => (document, options.pass()),
        None if lowest.is_some_and(|lowest| index < lowest) => (document, options.pass()),
        None => (document, 0.0),
    };
    shown.enumerate().map(value).collect()
}

fn check(number: usize, impression: &Impression, corpus: &Corpus) -> Result<()> {
    let refuse =
        |field: String, reason: String| Err(Error::input(format!("impressions[{number}].{field}"), reason));
    if impression.query.trim().is_empty() {
        return refuse("query".into(), "must not be blank".into());
    }
    if impression.first_rank == Some(0) {
        return refuse("firstRank".into(), "must be at least 1; got 0".into());
    }
    let mut shown = HashSet::new();
    for (at, document) in impression.shown.iter().enumerate() {
        if !shown.insert(document.as_str()) {
            return refuse(format!("shown[{at}]"), format!("{document:?} stands twice in this list"));
        }
    }
    for (at, click) in impression.clicks.iter().enumerate() {
        let document = &click.document;
        if !shown.contains(document.as_str()) {
            return refuse(format!("clicks[{at}].document"), format!("{document:?} was not shown"));
        }
        if corpus.position(document).is_none() {
            let reason =
                format!("no document has the id {document:?}; add it first, or leave this click out");
            return refuse(format!("clicks[{at}].document"), reason);
        }
        if let Some(dwell) = click.dwell_ms.filter(|dwell| !dwell.is_finite() || *dwell < 0.0) {
            let reason = format!("must be a finite number of milliseconds, 0 or more; got {dwell}");
            return refuse(format!("clicks[{at}].dwellMs"), reason);
        }
    }
    Ok(())
}
