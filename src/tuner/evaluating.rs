//! Measures a search of several stages, one query a pull: what reorders by tokens takes seconds a query.

use super::Tuner;
use super::events::Event;
use super::search::SearchOptions;
use crate::dataset::{JudgedQuery, Split};
use crate::encoder::Snapshot;
use crate::error::Result;
use crate::evaluation::{Metrics, Report};

pub(super) struct Evaluating {
    search: SearchOptions,
    queries: Vec<JudgedQuery>,
    /// Weights to measure, those in use first; the weights as they were loaded, unless they are in use.
    weights: Vec<Option<Snapshot>>,
    rankings: Vec<Vec<String>>,
    measured: Vec<(Metrics, usize)>,
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
        Ok(Self { search, queries, weights, rankings: Vec::new(), measured: Vec::new() })
    }

    /// # Errors
    /// `InsufficientData` when no query has a relevant document; `DeviceLost`, `OutOfMemory`.
    pub(super) async fn next(&mut self, tuner: &mut Tuner) -> Result<Event> {
        if self.rankings.len() == self.queries.len() {
            let report = Report::new(&self.queries, &std::mem::take(&mut self.rankings))?;
            self.measured.push((report.metrics, report.per_query.len()));
        }
        let Some(weights) = self.weights.get(self.measured.len()) else { return Ok(self.outcome(tuner)) };
        let query = &self.queries[self.rankings.len()];
        let ranking = match weights {
            None => tuner.ranking(query, &self.search).await?,
            Some(weights) => {
                let search = &self.search;
                tuner
                    .with_weights(weights, async |tuner: &mut Tuner| tuner.ranking(query, search).await)
                    .await?
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
