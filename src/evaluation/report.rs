//! All judged queries of one system, query by query.

use serde::Serialize;

use super::Metrics;
use crate::dataset::JudgedQuery;
use crate::error::{Error, Result};

/// Metrics of one query.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryReport {
    /// The query's text.
    pub query: String,
    /// Its metrics.
    pub metrics: Metrics,
    /// Rank of the first relevant document, from 1; none when it was not found.
    pub rank: Option<usize>,
}

/// Metrics of all queries that have a relevant document, and their means.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// Means over the queries.
    pub metrics: Metrics,
    /// Each query, in the order given.
    pub per_query: Vec<QueryReport>,
}

impl Report {
    /// Measures one ranking for each query, as document ids, best first: at least 100 deep, or recall@100 falls short.
    ///
    /// Queries without a relevant document are left out: no ranking could do well or badly on them.
    ///
    /// # Errors
    /// `INPUT_INVALID` when there is not one ranking a query, `INSUFFICIENT_DATA` when no query is left.
    pub fn new<S: AsRef<str>>(queries: &[JudgedQuery], rankings: &[Vec<S>]) -> Result<Self> {
        if queries.len() != rankings.len() {
            let reason = format!("{} rankings for {} queries", rankings.len(), queries.len());
            return Err(Error::input("rankings", reason));
        }
        let measured = queries.iter().zip(rankings).filter_map(|(query, ranking)| {
            Some(QueryReport {
                query: query.text.clone(),
                metrics: Metrics::of(ranking, &query.gains())?,
                rank: first_relevant(query, ranking),
            })
        });
        let per_query: Vec<QueryReport> = measured.collect();
        if per_query.is_empty() {
            return Err(Error::InsufficientData {
                what: "judged queries with a relevant document to measure on".into(),
                needed: 1,
                got: 0,
            });
        }
        let metrics = Metrics::mean(per_query.iter().map(|query| &query.metrics));
        Ok(Self { metrics, per_query })
    }
}

fn first_relevant<S: AsRef<str>>(query: &JudgedQuery, ranking: &[S]) -> Option<usize> {
    let relevant =
        |id: &S| query.positives.iter().any(|judged| judged.document == id.as_ref() && judged.gain > 0.0);
    ranking.iter().position(relevant).map(|index| index + 1)
}
