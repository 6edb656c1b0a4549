//! Search beside twins that do the same in the plainest way; what they find is compared before they are timed.
//!
//! ```sh
//! cargo bench --bench search               # all; a part of a name chooses, as in `-- bm25`
//! ```

mod data;
#[path = "../tests/twins/mod.rs"]
mod twins;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use nearmiss::embeddings::Embeddings;
use nearmiss::index::{Analyzer, Bm25, Hit, Hnsw, HnswOptions, flat, top_k};
use std::collections::{HashMap, HashSet};
use std::hint::black_box;
use twins::{naive_bm25, naive_top_k};

const K: usize = 10;

fn best_of_many(c: &mut Criterion) {
    let scores = data::numbers(100_000, 1);
    assert_eq!(top_k(scores.iter().copied(), K), naive_top_k(&scores, K));
    let mut group = c.benchmark_group("best 10 of 100,000 scores");
    group.throughput(Throughput::Elements(scores.len() as u64));
    group.bench_function("top_k", |b| b.iter(|| top_k(black_box(&scores).iter().copied(), K)));
    group.bench_function("twin: a sort", |b| b.iter(|| naive_top_k(black_box(&scores), K)));
    group.finish();
}

/// Dot products one by one, then a sort.
fn naive_search(rows: &Embeddings, query: &[f32]) -> Vec<Hit> {
    let scores: Vec<f32> = rows.rows().map(|row| row.iter().zip(query).map(|(a, b)| a * b).sum()).collect();
    naive_top_k(&scores, K)
}

fn every_row(c: &mut Criterion) {
    let rows = data::clustered(10_000, 1);
    let queries = data::clustered(32, 2);
    for query in queries.rows() {
        assert_eq!(positions(flat::search(&rows, query, K)), positions(naive_search(&rows, query)));
    }
    let mut group = c.benchmark_group("32 queries over 10,000 rows of 384");
    group.throughput(Throughput::Elements(32)).sample_size(20);
    group.bench_function("search_many", |b| b.iter(|| flat::search_many(&rows, black_box(&queries), K)));
    group.bench_function("search, one by one", |b| {
        b.iter(|| queries.rows().map(|query| flat::search(&rows, black_box(query), K)).collect::<Vec<_>>())
    });
    group.bench_function("twin: products and a sort", |b| {
        b.iter(|| queries.rows().map(|query| naive_search(&rows, black_box(query))).collect::<Vec<_>>())
    });
    group.finish();
}

fn graph_of(rows: &Embeddings) -> Hnsw {
    let mut graph = Hnsw::new(HnswOptions::default());
    (0..rows.len()).for_each(|row| graph.insert(rows, row));
    graph
}

fn neighbours(c: &mut Criterion) {
    let rows = data::clustered(20_000, 1);
    let queries = data::clustered(100, 2);
    let graph = graph_of(&rows);
    let mut group = c.benchmark_group("100 queries over 20,000 rows of 384, a graph");
    group.throughput(Throughput::Elements(100)).sample_size(20);
    for ef in [64, 128] {
        let found = queries.rows().map(|query| {
            let exact: HashSet<usize> = positions(flat::search(&rows, query, K)).into_iter().collect();
            graph.search(&rows, query, K, ef).iter().filter(|hit| exact.contains(&hit.position)).count()
        });
        let recall = found.sum::<usize>() as f64 / (K * queries.len()) as f64;
        assert!(recall > 0.8, "recall@10 {recall} with ef {ef}");
        group.bench_function(format!("hnsw, ef {ef}, recall@10 {recall:.3}"), |b| {
            b.iter(|| {
                queries.rows().map(|query| graph.search(&rows, black_box(query), K, ef)).collect::<Vec<_>>()
            })
        });
    }
    group.bench_function("twin: every row", |b| {
        b.iter(|| queries.rows().map(|query| flat::search(&rows, black_box(query), K)).collect::<Vec<_>>())
    });
    group.finish();

    // What a graph costs beforehand: as many searches of every row as rows are linked.
    let few = data::clustered(2_000, 3);
    let mut group = c.benchmark_group("2,000 rows of 384, linked");
    group.throughput(Throughput::Elements(2_000)).sample_size(10);
    group.bench_function("hnsw insert", |b| b.iter(|| graph_of(black_box(&few))));
    group.bench_function("twin: the nearest 10 of each by every row", |b| {
        b.iter(|| flat::search_many(&few, black_box(&few), K))
    });
    group.finish();
}

/// How often each document has each word, and nothing else.
fn counted(analyzer: &Analyzer, texts: &[String]) -> Vec<HashMap<String, u32>> {
    let count = |text: &String| {
        analyzer.terms(text).into_iter().fold(HashMap::new(), |mut words, word| {
            *words.entry(word).or_insert(0) += 1;
            words
        })
    };
    texts.iter().map(count).collect()
}

fn words(c: &mut Criterion) {
    let (texts, queries) = data::texts(10_000, 50);
    let mut group = c.benchmark_group("10,000 texts of 60 words");
    group.throughput(Throughput::Elements(texts.len() as u64)).sample_size(10);
    group.bench_function("bm25 build", |b| b.iter(|| Bm25::new(black_box(&texts))));
    let analyzer = Analyzer::default();
    group.bench_function("twin: words counted", |b| b.iter(|| counted(&analyzer, black_box(&texts))));
    group.finish();

    let index = Bm25::new(&texts);
    c.benchmark_group("10,000 texts and one more").bench_function("bm25 push", |b| {
        b.iter_batched_ref(|| index.clone(), |index| index.push(black_box(&texts[0])), BatchSize::LargeInput)
    });

    let few = &texts[..500];
    let index = Bm25::new(few);
    for query in &queries {
        let right = naive_bm25(few, query);
        for hit in index.search(query, K) {
            let expected = right[hit.position];
            assert!((hit.score - expected).abs() < 1e-3 * expected, "{query}: {} for {expected}", hit.score);
        }
    }
    let mut group = c.benchmark_group("a query of 3 words over 500 texts");
    group.sample_size(20);
    group.bench_function("bm25 search", |b| b.iter(|| index.search(black_box(&queries[0]), K)));
    group.bench_function("twin: the formula, document by document", |b| {
        b.iter(|| naive_top_k(&naive_bm25(few, black_box(&queries[0])), K))
    });
    group.finish();
}

fn positions(hits: Vec<Hit>) -> Vec<usize> {
    hits.into_iter().map(|hit| hit.position).collect()
}

criterion_group!(benches, best_of_many, every_row, neighbours, words);
criterion_main!(benches);
