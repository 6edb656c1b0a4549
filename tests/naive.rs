//! Each clever routine against a twin too simple to be wrong, on random inputs from a fixed seed.

mod common;
mod twins;

use std::collections::{BTreeMap, HashSet};

use nearmiss::dataset::{BatchKey, batches};
use nearmiss::embeddings::{Embeddings, dot};
use nearmiss::evaluation::{Metrics, interval};
use nearmiss::index::{Alignment, Bm25, Hit, RRF_K, align, flat, fusion, maxsim, top_k};
use nearmiss::mining::Quantiles;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use twins::{naive_bm25, naive_ndcg, naive_top_k};

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 200,
        rng_seed: RngSeed::Fixed(0x6e65_6172),
        // A fixed seed finds the same failure again: no file needs to remember it.
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Scores with many ties, zeros of both signs, infinities and NaN.
fn scores() -> impl Strategy<Value = Vec<f32>> {
    let score = prop_oneof![
        8 => (-6i8..6).prop_map(|n| f32::from(n) / 4.0),
        1 => prop::sample::select(vec![f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0]),
        4 => -1.0f32..1.0,
    ];
    prop::collection::vec(score, 0..80)
}

/// A table `[rows, dim]` in -1..1.
fn table(rows: std::ops::Range<usize>, dim: usize) -> impl Strategy<Value = Embeddings> {
    let rows = prop::collection::vec(prop::collection::vec(-1.0f32..1.0, dim), rows);
    rows.prop_map(move |rows| Embeddings::new(dim, rows.concat()).unwrap())
}

fn two_tables() -> impl Strategy<Value = (Embeddings, Embeddings)> {
    (1usize..40).prop_flat_map(|dim| (table(0..300, dim), table(1..40, dim)))
}

/// A table most of whose rows are of a usual length; some are zero, some too long or too short to multiply, some copies.
fn odd_table(rows: std::ops::Range<usize>, dim: usize) -> impl Strategy<Value = Embeddings> {
    let sizes =
        prop_oneof![60 => Just(1.0f32), 1 => prop::sample::select(vec![0.0, 1e-30, 1e-17, 1e17, 1e30])];
    let row = (prop::collection::vec(-1.0f32..1.0, dim), sizes);
    let row = row.prop_map(|(row, size)| row.into_iter().map(|x| x * size).collect::<Vec<f32>>());
    (prop::collection::vec(row, rows), 1usize..4).prop_map(move |(rows, copies)| {
        let rows: Vec<f32> = (0..rows.len()).flat_map(|i| rows[i / copies].clone()).collect();
        Embeddings::new(dim, rows).unwrap()
    })
}

/// Texts over few words, so that they meet; stop words and inflections among them.
fn text(most: usize) -> impl Strategy<Value = String> {
    let words = ["key", "keys", "rotate", "the", "rotating", "bread", "of", "sign", "ключ", "x"];
    prop::collection::vec(prop::sample::select(words.to_vec()), 0..most).prop_map(|words| words.join(" "))
}

/// Examples over few queries and documents, so that they meet.
fn batch_keys(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<BatchKey>> {
    let key = (0usize..12, prop::collection::vec(0usize..20, 0..5));
    prop::collection::vec(key.prop_map(|(query, documents)| BatchKey { query, documents }), count)
}

/// What the pairs of all batches share: queries and positives first, then other documents.
fn naive_common(keys: &[BatchKey], batches: &[Vec<usize>]) -> (usize, usize) {
    let (mut heavy, mut light) = (0, 0);
    for (batch, at) in batches.iter().flat_map(|batch| (0..batch.len()).map(move |at| (batch, at))) {
        for other in &batch[..at] {
            let [a, b] = [&keys[batch[at]], &keys[*other]];
            let documents = |key: &BatchKey| key.documents.iter().copied().collect::<HashSet<usize>>();
            let shared = documents(a).intersection(&documents(b)).count();
            let positive = !a.documents.is_empty() && a.documents.first() == b.documents.first();
            heavy += usize::from(a.query == b.query) + usize::from(positive);
            light += shared - usize::from(positive);
        }
    }
    (heavy, light)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn top_k_is_a_sort(scores in scores(), k in 0usize..90) {
        prop_assert_eq!(top_k(scores.iter().copied(), k), naive_top_k(&scores, k));
    }

    #[test]
    fn search_scores_every_document((documents, queries) in two_tables(), k in 0usize..20) {
        let many = flat::search_many(&documents, &queries, k);
        for (query, hits) in queries.rows().zip(many) {
            let exact: Vec<f32> = documents.rows().map(|row| {
                row.iter().zip(query).map(|(&x, &y)| f64::from(x) * f64::from(y)).sum::<f64>() as f32
            }).collect();
            for hit in &hits {
                prop_assert!((hit.score - exact[hit.position]).abs() < 1e-5);
            }
            let fast: Vec<f32> = documents.rows().map(|row| dot(row, query)).collect();
            prop_assert_eq!(&hits, &naive_top_k(&fast, k));
            prop_assert_eq!(hits, flat::search(&documents, query, k));
        }
    }

    /// Copies, zeros, rows so long that products overflow or so short that they vanish: still the same hits.
    #[test]
    fn many_queries_find_what_one_finds(
        (documents, queries) in (30usize..70).prop_flat_map(|dim| (odd_table(100..300, dim), odd_table(4..40, dim))),
        k in 0usize..60,
    ) {
        let many = flat::search_many(&documents, &queries, k);
        prop_assert_eq!(many.len(), queries.len());
        for (query, hits) in queries.rows().zip(many) {
            prop_assert_eq!(hits, flat::search(&documents, query, k));
        }
    }

    #[test]
    fn maxsim_is_a_mean_of_maxima((document, query) in two_tables()) {
        let nearest = query.rows().enumerate().filter_map(|(query_token, row)| {
            let products: Vec<f32> = document.rows().map(|other| dot(other, row)).collect();
            let best = *naive_top_k(&products, 1).first()?;
            Some(Alignment { query_token, document_token: best.position, similarity: best.score })
        });
        let nearest: Vec<Alignment> = nearest.collect();
        prop_assert_eq!(&align(&query, &document), &nearest);
        let mean = nearest.iter().map(|pair| f64::from(pair.similarity)).sum::<f64>() / query.len() as f64;
        prop_assert!((f64::from(maxsim(&query, &document)) - mean).abs() < 1e-5);
        prop_assert_eq!(maxsim(&Embeddings::empty(query.dim()), &document), 0.0);
        prop_assert_eq!(maxsim(&query, &Embeddings::empty(query.dim())), 0.0);
    }

    #[test]
    fn bm25_is_its_formula(texts in prop::collection::vec(text(12), 1..20), query in text(6)) {
        let index = Bm25::new(&texts);
        let scores = naive_bm25(&texts, &query);
        let hits = index.search(&query, texts.len());
        prop_assert_eq!(hits.len(), scores.iter().filter(|&&score| score > 0.0).count());
        for hit in &hits {
            prop_assert!((hit.score - scores[hit.position]).abs() < 1e-5);
            prop_assert_eq!(index.explain(&query, hit.position).value, hit.score);
            prop_assert_eq!(index.score(&query, hit.position), hit.score);
        }
        prop_assert!(hits.windows(2).all(|pair| pair[0].score >= pair[1].score));
        for position in (0..=texts.len()).filter(|position| !hits.iter().any(|hit| hit.position == *position)) {
            prop_assert_eq!(index.explain(&query, position).value, 0.0);
            prop_assert_eq!(index.score(&query, position), 0.0);
        }
    }

    #[test]
    fn fusion_sums_reciprocal_ranks(a in scores(), b in scores(), k in 0usize..90) {
        let (a, b) = (top_k(a, 50), top_k(b, 50));
        let worth = |hits: &[Hit], position| {
            let rank = hits.iter().position(|hit| hit.position == position);
            rank.map_or(0.0, |index| 1.0 / (RRF_K + (index + 1) as f32))
        };
        let sums: Vec<f32> = (0..80).map(|position| worth(&a, position) + worth(&b, position)).collect();
        let mut expected = naive_top_k(&sums, k);
        expected.retain(|hit| hit.score > 0.0);
        prop_assert_eq!(fusion::reciprocal_rank(&[&a, &b], RRF_K, k), expected);
    }

    #[test]
    fn metrics_are_their_definitions(
        order in Just((0..150).collect::<Vec<usize>>()).prop_shuffle(),
        depth in 0usize..150,
        gains in prop::collection::btree_map(0usize..300, 1u8..4, 1..30),
    ) {
        let id = |n: usize| format!("d{n}");
        let ranking: Vec<String> = order[..depth].iter().map(|&n| id(n)).collect();
        let gains: BTreeMap<String, f32> = gains.into_iter().map(|(n, gain)| (id(n), f32::from(gain))).collect();
        let positives: Vec<(String, f32)> = gains.clone().into_iter().collect();
        let metrics = Metrics::of(&ranking, &positives).unwrap();

        let found = |k: usize| ranking.iter().take(k).filter(|id| gains.contains_key(*id)).count() as f64;
        let first = (1..=10).find(|&k| found(k) > 0.0);
        prop_assert!((metrics.ndcg_at_10 - naive_ndcg(&ranking, &gains)).abs() < 1e-12);
        prop_assert_eq!(metrics.mrr_at_10, first.map_or(0.0, |rank| 1.0 / rank as f64));
        prop_assert_eq!(metrics.recall_at_10, found(10) / gains.len() as f64);
        prop_assert_eq!(metrics.recall_at_100, found(100) / gains.len() as f64);
        prop_assert_eq!(metrics.precision_at_1, found(1));
    }

    #[test]
    fn batches_hold_each_example_once(
        keys in batch_keys(0..80),
        size in 1usize..20,
        seed in any::<u64>(),
    ) {
        let made = batches(&keys, size, seed);
        prop_assert_eq!(made.len(), keys.len().div_ceil(size));
        prop_assert!(made.iter().all(|batch| (1..=size).contains(&batch.len())));
        let mut all = made.concat();
        all.sort_unstable();
        prop_assert_eq!(all, (0..keys.len()).collect::<Vec<_>>());
        prop_assert_eq!(made, batches(&keys, size, seed));
    }

    #[test]
    fn batches_keep_what_is_shared_apart(groups in 20usize..40, seed in any::<u64>()) {
        // Each query has two positives and each document two queries.
        // One is a negative of its neighbour too; another is everyone's, and cannot be kept apart.
        let key = |query, positive| {
            BatchKey { query, documents: vec![positive, (positive + 2) % groups, usize::MAX] }
        };
        let keys: Vec<BatchKey> = (0..groups).flat_map(|n| [key(n, n), key(n, (n + 1) % groups)]).collect();
        for batch in batches(&keys, 4, seed) {
            let queries: HashSet<usize> = batch.iter().map(|&at| keys[at].query).collect();
            let documents: HashSet<usize> = batch.iter().flat_map(|&at| keys[at].documents.clone()).collect();
            prop_assert_eq!((queries.len(), documents.len()), (batch.len(), 2 * batch.len() + 1));
        }
    }

    /// What swaps can reach: no exchange of two examples leaves less in common.
    #[test]
    fn batches_are_as_far_apart_as_swaps_go(
        keys in batch_keys(2..24),
        size in 2usize..8,
        seed in any::<u64>(),
    ) {
        let made = batches(&keys, size, seed);
        let reached = naive_common(&keys, &made);
        let places = made.iter().enumerate().flat_map(|(b, batch)| (0..batch.len()).map(move |at| (b, at)));
        let places: Vec<(usize, usize)> = places.collect();
        for &(a, i) in &places {
            for &(b, j) in &places {
                let mut other = made.clone();
                (other[a][i], other[b][j]) = (made[b][j], made[a][i]);
                prop_assert!(naive_common(&keys, &other) >= reached, "{made:?} could be {other:?}");
            }
        }
    }

    /// All n^n resamples, instead of 10,000 drawn ones.
    #[test]
    fn the_bootstrap_draws_what_enumeration_lists(values in prop::collection::vec(-1.0f64..1.0, 1..6), seed in any::<u64>()) {
        let n = values.len();
        let mean = |mut code: usize| {
            let sum: f64 = (0..n).map(|_| { let at = code % n; code /= n; values[at] }).sum();
            sum / n as f64
        };
        let mut means: Vec<f64> = (0..n.pow(n as u32)).map(mean).collect();
        means.sort_unstable_by(f64::total_cmp);
        let quantile = |share: f64| means[((share * means.len() as f64) as usize).min(means.len() - 1)];
        let [low, high] = interval(&values, seed);
        // A share of 0.025 drawn 10,000 times has a standard deviation of 0.0016: five of them.
        let slack = 1e-9;
        prop_assert!(quantile(0.017) - slack <= low && low <= quantile(0.033) + slack);
        prop_assert!(quantile(0.967) - slack <= high && high <= quantile(0.983) + slack);
    }
}

/// What NumPy gives for [4, 1, 3, 2].
#[test]
fn quantiles_lie_between_neighbours() {
    let quantiles = Quantiles::of([4.0, 1.0, 3.0, 2.0].into_iter()).unwrap();
    let expected = Quantiles { min: 1.0, p25: 1.75, median: 2.5, p75: 3.25, max: 4.0 };
    assert_eq!(quantiles, expected);
    assert_eq!(Quantiles::of(std::iter::empty()), None);
}
