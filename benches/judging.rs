//! Mining and measuring beside twins that do the same in the plainest way; what they come to is compared before they are timed.
//!
//! ```sh
//! cargo bench --bench judging
//! ```

mod data;
#[path = "../tests/twins/mod.rs"]
mod twins;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use nearmiss::dataset::{NegativeSource, Rng};
use nearmiss::evaluation::{Metrics, interval};
use nearmiss::index::{Hit, top_k};
use nearmiss::mining::{Candidate, Candidates, Likeness, List, MiningOptions, Positive, Sampling, mine};
use std::collections::BTreeMap;
use std::hint::black_box;
use twins::{naive_eligible, naive_ndcg};

const DOCUMENTS: usize = 10_000;
const QUERIES: usize = 200;

/// 200 hits a query, every tenth of which resembles the answer, which is among the first twenty.
fn candidates() -> Vec<Candidates> {
    let mut rng = Rng::new(3);
    let one = |number: usize| {
        let scores = data::numbers(DOCUMENTS, number as u64);
        let hits = top_k(scores, 200);
        let answer = hits[rng.below(20)];
        let candidate = |(at, hit): (usize, Hit)| {
            let jaccard = (at % 10 == 3).then_some((0.95, answer.position));
            Candidate { hit, likeness: Likeness { jaccard, ..Likeness::default() } }
        };
        let hits = hits.into_iter().enumerate().map(candidate).collect();
        Candidates {
            lists: vec![List { source: NegativeSource::Dense, hits }],
            positives: vec![Positive::new(answer.position, answer.score)],
            ..Candidates::default()
        }
    };
    (0..QUERIES).map(one).collect()
}

fn mining(c: &mut Criterion) {
    let queries = candidates();
    let options = MiningOptions {
        range_max: Some(100),
        num_negatives: 4,
        top_up: false,
        sampling: Sampling::Top,
        ..MiningOptions::default()
    };
    let most_known = queries.iter().map(Candidates::known).max().unwrap_or(0);
    let twin = |query: &Candidates| {
        let eligible = naive_eligible(query, &query.lists[0], most_known, DOCUMENTS, &options);
        eligible.into_iter().take(options.num_negatives).collect::<Vec<_>>()
    };
    let mined = mine(&queries, DOCUMENTS, &options).expect("the options are valid");
    assert_eq!(mined.examples.len(), QUERIES);
    for example in &mined.examples {
        let taken: Vec<usize> = example.negatives.iter().map(|negative| negative.document).collect();
        assert_eq!(taken, twin(&queries[example.query]));
    }
    let mut group = c.benchmark_group("the filters over 200 queries with 200 hits");
    group.throughput(Throughput::Elements(QUERIES as u64));
    group.bench_function("mine, with suspects and report", |b| {
        b.iter(|| mine(black_box(&queries), DOCUMENTS, &options))
    });
    group.bench_function("twin: filter after filter, no report", |b| {
        b.iter(|| black_box(&queries).iter().map(twin).collect::<Vec<_>>())
    });
    group.finish();
}

fn metrics(c: &mut Criterion) {
    let ranking: Vec<String> = (0..100).map(|id| format!("d{id}")).collect();
    let gains: BTreeMap<String, f32> = (0..8).map(|at| (format!("d{}", at * 3), 1.0)).collect();
    let positives: Vec<(String, f32)> = gains.clone().into_iter().collect();
    let ours = Metrics::of(&ranking, &positives).map(|metrics| metrics.ndcg_at_10);
    let short = &ranking[..10].to_vec();
    assert!(ours.is_some_and(|ndcg| (ndcg - naive_ndcg(short, &gains)).abs() < 1e-12));
    let mut group = c.benchmark_group("a ranking of 100 with 8 right ones");
    group.bench_function("five metrics", |b| b.iter(|| Metrics::of(black_box(&ranking), &positives)));
    group.bench_function("twin: nDCG alone", |b| b.iter(|| naive_ndcg(black_box(short), &gains)));
    group.finish();
}

/// The interval that a normal distribution would give: mean ± 1.96 standard errors.
fn normal_interval(values: &[f64]) -> [f64; 2] {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let half = 1.96 * (variance / n).sqrt();
    [mean - half, mean + half]
}

fn certainty(c: &mut Criterion) {
    let values: Vec<f64> = data::numbers(300, 9).into_iter().map(f64::from).collect();
    let (ours, normal) = (interval(&values, 0), normal_interval(&values));
    // With so many even numbers the mean is as good as normal: the ends lie within a twentieth of the width.
    let width = normal[1] - normal[0];
    assert!((0..2).all(|end| (ours[end] - normal[end]).abs() < width / 20.0), "{ours:?} and {normal:?}");
    let mut group = c.benchmark_group("how sure the mean of 300 differences is");
    group.sample_size(20);
    group.bench_function("bootstrap, 10,000 resamples", |b| b.iter(|| interval(black_box(&values), 0)));
    group.bench_function("twin: 1.96 standard errors", |b| b.iter(|| normal_interval(black_box(&values))));
    group.finish();
}

criterion_group!(benches, mining, metrics, certainty);
criterion_main!(benches);
