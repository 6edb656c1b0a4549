//! BM25 against bm25s (`lucene` variant, k1 0.9, b 0.4, Snowball English, Lucene's stop words) on whole collections.
//!
//! The other side's numbers stand in `../shared/data/README.md`, rounded to three places.

mod common;

use nearmiss::dataset::{Document, JudgedQuery};
use nearmiss::evaluation::Report;
use nearmiss::index::Bm25;

/// nDCG@10, MRR@10, recall@10, recall@100, precision@1, as bm25s has them.
type Expected = [f64; 5];

fn check(name: &str, queries: usize, expected: Expected) {
    let Some(collection) = common::collection(name, "qrels.tsv") else {
        return;
    };
    let index = Bm25::new(collection.corpus.documents().iter().map(Document::content));
    let search = |query: &JudgedQuery| collection.ids(&index.search(&query.text, 100));
    let run: Vec<Vec<&str>> = collection.queries.iter().map(search).collect();
    let report = Report::new(&collection.queries, &run).unwrap();
    assert_eq!(report.per_query.len(), queries, "{name}: queries with a relevant document");
    let m = report.metrics;
    let got = [m.ndcg_at_10, m.mrr_at_10, m.recall_at_10, m.recall_at_100, m.precision_at_1];
    // Half a unit of the third place, and as much again for documents whose scores tie or nearly do.
    let near = got.iter().zip(expected).all(|(got, expected)| (got - expected).abs() < 0.0015);
    assert!(near, "{name}: {got:.4?} here, {expected:?} in bm25s");
}

#[test]
fn cacm() {
    check("cacm", 52, [0.468, 0.679, 0.347, 0.636, 0.539]);
}

#[test]
fn cranfield() {
    check("cranfield", 225, [0.356, 0.502, 0.374, 0.718, 0.311]);
}

#[test]
fn npl() {
    check("npl", 93, [0.441, 0.677, 0.223, 0.623, 0.559]);
}

#[test]
fn scifact() {
    check("scifact", 300, [0.680, 0.648, 0.803, 0.922, 0.553]);
}
