//! Measures a search of several stages, one query a pull: what reorders by tokens takes seconds a query.

use super::Tuner;
use super::events::Event;
use super::search::{Dense, SearchOptions};
use crate::dataset::{JudgedQuery, Split};
use crate::encoder::Snapshot;
use crate::error::{Error, Result};
use crate::evaluation::{Metrics, Report};
use std::rc::Rc;

pub(super) struct Evaluating {
    search: SearchOptions,
    queries: Vec<JudgedQuery>,
    /// Weights to measure, those in use first; the weights as they were loaded, unless they are in use.
    weights: Vec<Option<Snapshot>>,
    rankings: Vec<Vec<String>>,
    measured: Vec<(Metrics, usize)>,
    /// Over the documents, with weights that are not in use: made for the first query.
    dense: Option<Rc<Dense>>,
    /// The state of the tuner that the numbers are about.
    revision: u64,
}

impl Evaluating {
    /// # Errors
    /// `InputInvalid` for a stage.
    pub(super) fn new(tuner: &Tuner, split: Split, search: SearchOptions) -> Result<Self> {
        search.plan()?;
        let answered = |query: &JudgedQuery| !query.positives.is_empty();
        let queries = tuner.queries(split).into_iter().filter(answered).collect();
        let mut weights = vec![None];
        if !tuner.is_original() {
            weights.push(Some(tuner.original.clone()));
        }
        let (rankings, measured) = (Vec::new(), Vec::new());
        Ok(Self { search, queries, weights, rankings, measured, dense: None, revision: tuner.revision })
    }

    /// # Errors
    /// `InsufficientData` when no query has a relevant document; `InputInvalid` when documents or weights have changed;
    /// `DeviceLost`, `OutOfMemory`.
    pub(super) async fn next(&mut self, tuner: &mut Tuner) -> Result<Event> {
        if tuner.revision != self.revision {
            let reason = "documents or weights changed while it ran; start it again";
            return Err(Error::input("evaluation", reason));
        }
        if self.rankings.len() == self.queries.len() {
            let report = Report::new(&self.queries, &std::mem::take(&mut self.rankings))?;
            self.measured.push((report.metrics, report.per_query.len()));
        }
        let Some(weights) = self.weights.get(self.measured.len()) else { return Ok(self.outcome(tuner)) };
        let query = &self.queries[self.rankings.len()];
        let ranking = match weights {
            None => tuner.ranking(query, &self.search).await?,
            Some(weights) => {
                let (search, dense) = (&self.search, &mut self.dense);
                let ranking = async |tuner: &mut Tuner| {
                    tuner.dense = dense.take();
                    let ranking = tuner.ranking(query, search).await;
                    *dense = tuner.dense.take();
                    ranking
                };
                tuner.with_weights(weights, ranking).await?
            }
        };
        self.rankings.push(ranking);
        let done = self.measured.len() * self.queries.len() + self.rankings.len();
        Ok(Event::Search { done, total: self.weights.len() * self.queries.len() })
    }

    fn outcome(&self, tuner: &Tuner) -> Event {
        let (after, queries) = self.measured.first().copied().unwrap_or_default();
        let before = self.measured.last().map_or(after, |(before, _)| *before);
        Event::Evaluated { before, after, queries, verdict: tuner.verdict().cloned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::training::TrainOptions;
    use crate::tuner::search::Graph;
    use crate::tuner::train::tests::{judge, tuner};
    use crate::tuner::{Job, Mode};
    use pollster::block_on;
    use serde_json::json;

    fn reranked() -> SearchOptions {
        serde_json::from_value(json!({ "mode": "dense", "rerank": "maxsim" })).unwrap()
    }

    /// With a head in use.
    fn trained() -> Tuner {
        let mut tuner = tuner(20);
        for at in 0..4 {
            judge(&mut tuner, &format!("where is {at}"), Split::HeldOut, &[at], &[]);
            judge(&mut tuner, &format!("about {at}"), Split::Train, &[at + 4], &[]);
        }
        let options = TrainOptions { epochs: Some(1), ..TrainOptions::default() };
        let mut job = Job::train(&tuner, options).unwrap();
        while block_on(job.next(&mut tuner)).unwrap().is_some() {}
        tuner.keep().unwrap();
        assert!(!tuner.is_original());
        tuner
    }

    #[test]
    fn the_index_of_the_baseline_is_made_once() {
        let mut tuner = trained();
        let mut work = Evaluating::new(&tuner, Split::HeldOut, reranked()).unwrap();
        let mut indexes: Vec<Rc<Dense>> = Vec::new();
        let before = loop {
            match block_on(work.next(&mut tuner)).unwrap() {
                Event::Evaluated { before, .. } => break before,
                _ => indexes.extend(work.dense.clone()),
            }
        };
        assert_eq!(indexes.len(), 4, "one query a pull");
        assert!(indexes.iter().all(|index| Rc::ptr_eq(index, &indexes[0])));
        assert!(!Rc::ptr_eq(&indexes[0], &block_on(tuner.dense()).unwrap()));
        tuner.reset_weights();
        let mut work = Evaluating::new(&tuner, Split::HeldOut, reranked()).unwrap();
        let alone = loop {
            if let Event::Evaluated { after, .. } = block_on(work.next(&mut tuner)).unwrap() {
                break after;
            }
        };
        assert_eq!(before, alone, "it is that of the weights as they were loaded");
    }

    #[test]
    fn one_number_is_about_one_state_of_the_weights() {
        let mut tuner = trained();
        let mut work = Evaluating::new(&tuner, Split::HeldOut, reranked()).unwrap();
        block_on(work.next(&mut tuner)).unwrap();
        tuner.rollback().unwrap();
        let error = block_on(work.next(&mut tuner)).unwrap_err();
        assert_eq!(error.code(), "INPUT_INVALID", "{error}");
    }

    #[test]
    fn what_is_measured_does_not_go_through_the_graph() {
        let mut tuner = trained();
        let dense = block_on(tuner.dense()).unwrap();
        tuner.graph = Some(Graph::empty(dense));
        let query = tuner.queries(Split::HeldOut).remove(0);
        let found = block_on(tuner.search(&query.text, &Mode::Dense.into())).unwrap();
        assert!(found.is_empty(), "the graph is in use");
        assert_eq!(block_on(tuner.ranking(&query, &reranked())).unwrap().len(), 20);
    }
}
