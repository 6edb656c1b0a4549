//! The graph of neighbours against exact search.

mod common;

use nearmiss::dataset::Rng;
use nearmiss::embeddings::Embeddings;
use nearmiss::index::{EF, Hnsw, HnswOptions, flat};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::collections::HashSet;

/// Unit vectors around a few centres, as texts about a few topics are.
fn clustered(count: usize, dim: usize, centres: usize, seed: u64) -> Embeddings {
    let mut rng = Rng::stream(seed, 0);
    // Near enough to a normal distribution: the sum of three even ones.
    let mut normal = || (rng.f64() + rng.f64() + rng.f64() - 1.5) as f32;
    let mut noise = || (0..dim).map(|_| normal()).collect::<Vec<f32>>();
    let middles: Vec<Vec<f32>> = (0..centres).map(|_| noise()).collect();
    let mut rows = Embeddings::empty(dim);
    for at in 0..count {
        let row: Vec<f32> = noise().iter().zip(&middles[at % centres]).map(|(n, c)| c + 0.7 * n).collect();
        rows.push(&row).unwrap();
    }
    rows.normalize();
    rows
}

fn build(rows: &Embeddings, options: HnswOptions) -> Hnsw {
    let mut graph = Hnsw::new(options);
    (0..rows.len()).for_each(|row| graph.insert(rows, row));
    graph
}

/// Share of the `k` nearest, by exact search over the rows that are kept, that the graph finds.
fn recall(graph: &Hnsw, rows: &Embeddings, queries: &Embeddings, keep: impl Fn(usize) -> bool) -> f64 {
    let k = 10;
    let mut found = 0;
    for query in queries.rows() {
        let exact: HashSet<usize> = flat::search(rows, query, rows.len())
            .iter()
            .map(|hit| hit.position)
            .filter(|&at| keep(at))
            .take(k)
            .collect();
        let hits = graph.search(rows, query, k, EF);
        assert!(hits.windows(2).all(|pair| pair[0].score >= pair[1].score));
        assert!(hits.iter().all(|hit| keep(hit.position)));
        found += hits.iter().filter(|hit| exact.contains(&hit.position)).count();
    }
    found as f64 / (k * queries.len()) as f64
}

#[test]
fn real_embeddings_are_found() {
    let read = |name: &str| common::shared_f32(&format!("reference/cranfield_minilm_{name}.f32"));
    let (Some(documents), Some(queries)) = (read("documents"), read("queries")) else { return };
    let [documents, queries] = [documents, queries].map(|values| Embeddings::new(384, values).unwrap());
    let graph = build(&documents, HnswOptions::default());
    let whole = recall(&graph, &documents, &queries, |_| true);
    assert!(whole >= 0.98, "{whole}");
}

#[test]
fn most_of_what_is_near_is_found_also_after_many_have_left_and_come() {
    let rows = clustered(3000, 32, 60, 1);
    let queries = clustered(60, 32, 60, 2);
    let mut graph = build(&rows, HnswOptions::default());
    assert!(recall(&graph, &rows, &queries, |_| true) >= 0.98);
    // Two thirds leave, in ten goes.
    let leaves = |row: usize| !row.is_multiple_of(3);
    for part in 0..10 {
        let leaving: Vec<usize> = (0..rows.len()).filter(|&row| leaves(row) && row % 10 == part).collect();
        graph.remove(&rows, &leaving);
    }
    assert_eq!(graph.len(), 1000);
    let left = recall(&graph, &rows, &queries, |row| !leaves(row));
    assert!(left >= 0.98, "{left}");
    (0..rows.len()).filter(|row| row % 3 == 1).for_each(|row| graph.insert(&rows, row));
    assert_eq!(graph.len(), 2000);
    let back = recall(&graph, &rows, &queries, |row| row % 3 != 2);
    assert!(back >= 0.98, "{back}");
    graph.remove(&rows, &(0..rows.len()).collect::<Vec<_>>());
    assert!(graph.is_empty() && graph.search(&rows, queries.row(0), 10, EF).is_empty());
}

#[test]
fn a_whole_topic_can_leave() {
    let rows = clustered(1500, 16, 5, 3);
    let queries = clustered(40, 16, 5, 4);
    let mut graph = build(&rows, HnswOptions::default());
    let leaving: Vec<usize> = (0..rows.len()).filter(|row| row % 5 == 2).collect();
    graph.remove(&rows, &leaving);
    assert!(recall(&graph, &rows, &queries, |row| row % 5 != 2) >= 0.98);
}

#[test]
fn the_same_insertions_make_the_same_graph_and_another_seed_another() {
    let rows = clustered(400, 16, 8, 5);
    let bytes = build(&rows, HnswOptions::default()).to_bytes();
    assert_eq!(build(&rows, HnswOptions::default()).to_bytes(), bytes);
    assert_ne!(build(&rows, HnswOptions { seed: 1, ..HnswOptions::default() }).to_bytes(), bytes);
}

#[test]
fn a_stored_graph_finds_the_same_and_goes_on_growing() {
    let rows = clustered(600, 16, 8, 6);
    let queries = clustered(20, 16, 8, 7);
    let mut graph = Hnsw::new(HnswOptions::default());
    (0..500).for_each(|row| graph.insert(&rows, row));
    graph.remove(&rows, &[3, 77, 499]);
    let mut again = Hnsw::from_bytes(&graph.to_bytes(), rows.len()).unwrap();
    assert!(again == graph);
    for row in 400..600 {
        graph.insert(&rows, row);
        again.insert(&rows, row);
    }
    for query in queries.rows() {
        assert_eq!(again.search(&rows, query, 10, 50), graph.search(&rows, query, 10, 50));
    }
    let bytes = graph.to_bytes();
    assert_eq!(Hnsw::from_bytes(&bytes, 599).unwrap_err().code(), "INPUT_INVALID");
    assert!(Hnsw::from_bytes(&bytes, 600).is_ok());
}

#[test]
fn small_and_strange_sets_are_searched_whole() {
    let query = [0.6, 0.8];
    let empty = Embeddings::empty(2);
    assert!(Hnsw::new(HnswOptions::default()).search(&empty, &query, 3, EF).is_empty());
    let rows = Embeddings::new(2, vec![1.0, 0.0, 0.0, 1.0, 0.0, 0.0]).unwrap();
    for count in 1..=3 {
        let mut graph = Hnsw::new(HnswOptions::default());
        (0..count).for_each(|row| graph.insert(&rows, row));
        graph.insert(&rows, 0);
        graph.insert(&rows, 99);
        let expected: Vec<_> =
            flat::search(&rows, &query, 3).into_iter().filter(|hit| hit.position < count).collect();
        assert_eq!(graph.search(&rows, &query, 10, 1), expected);
    }
    // All equal, or nothing but zeros: the lower rows stand first.
    for number in [[0.6f32, 0.8], [0.0, 0.0]] {
        let same = Embeddings::new(2, number.repeat(200)).unwrap();
        let graph = build(&same, HnswOptions::default());
        assert_eq!(graph.len(), 200);
        for k in [5, 200] {
            assert_eq!(graph.search(&same, &query, k, EF), flat::search(&same, &query, k));
        }
    }
}

#[test]
fn rows_may_change_their_numbers() {
    let rows = clustered(300, 16, 6, 8);
    let mut graph = build(&rows, HnswOptions::default());
    let leaving: Vec<usize> = (0..300).filter(|row| row % 4 == 0).collect();
    graph.remove(&rows, &leaving);
    // Those that stay move up, one behind the other, in reverse.
    let staying: Vec<usize> = (0..300).rev().filter(|row| row % 4 != 0).collect();
    let mut to = vec![None; 300];
    staying.iter().enumerate().for_each(|(new, &old)| to[old] = Some(new as u32));
    let before: Vec<_> =
        graph.search(&rows, rows.row(1), 10, EF).iter().map(|hit| to[hit.position]).collect();
    graph.renumber(&to);
    let moved = rows.gather(&staying);
    let after: Vec<_> =
        graph.search(&moved, rows.row(1), 10, EF).iter().map(|hit| Some(hit.position as u32)).collect();
    assert_eq!(after, before);
}

#[test]
fn copies_hide_nobody() {
    // A hundred copies, before or after the others: linked to each other, they kept a walk from reaching anything else.
    let others = clustered(2000, 32, 40, 10);
    for copies_first in [true, false] {
        let copies = others.row(17).repeat(100);
        let parts =
            if copies_first { [&copies[..], others.as_slice()] } else { [others.as_slice(), &copies[..]] };
        let rows = Embeddings::new(32, parts.concat()).unwrap();
        let graph = build(&rows, HnswOptions::default());
        assert_eq!(graph.len(), 2100);
        for row in 0..rows.len() {
            let hits = graph.search(&rows, rows.row(row), 101, EF);
            let exact = flat::search(&rows, rows.row(row), 1);
            assert_eq!(hits[0], exact[0], "row {row}, copies first: {copies_first}");
        }
        let expected = flat::search(&rows, others.row(17), 101);
        assert_eq!(graph.search(&rows, others.row(17), 101, EF), expected);
    }
}

#[test]
fn no_number_is_too_large() {
    let rows = clustered(50, 8, 4, 11);
    let graph = build(&rows, HnswOptions { m: usize::MAX, ef_construction: usize::MAX, seed: u64::MAX });
    assert!(Hnsw::from_bytes(&graph.to_bytes(), 50).unwrap() == graph);
    for (k, ef) in [(usize::MAX, 1), (1, usize::MAX), (50, 0), (0, 0), (usize::MAX, usize::MAX)] {
        assert_eq!(graph.search(&rows, rows.row(0), k, ef), flat::search(&rows, rows.row(0), k));
    }
    // Not a number is near to nothing, as in exact search.
    let strange = [f32::NAN, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    assert!(graph.search(&rows, &strange, 5, EF).is_empty());
}

#[test]
fn rows_that_are_named_twice_leave_once() {
    let rows = clustered(30, 8, 4, 12);
    let mut graph = build(&rows, HnswOptions::default());
    graph.remove(&rows, &[3, 3, 99, 29, 29]);
    assert_eq!(graph.len(), 28);
    graph.remove(&rows, &[3, 29]);
    assert_eq!(graph.len(), 28);
}

/// A header that announces more rows than there are vectors is refused before anything is made for them.
#[test]
fn a_small_file_cannot_ask_for_much_memory() {
    let bytes = |rows: u32, levels: &[u8], m: u32| {
        let mut bytes = build(&Embeddings::empty(2), HnswOptions::default()).to_bytes()[..8].to_vec();
        [m, 256, 0, 0, rows, rows - 1].iter().for_each(|number| bytes.extend(number.to_le_bytes()));
        bytes.extend(levels);
        bytes.extend([0, 0]);
        bytes.extend(checksum(&bytes).to_le_bytes());
        bytes
    };
    let levels = |rows: usize| [vec![u8::MAX; rows - 1], vec![0]].concat();
    assert!(Hnsw::from_bytes(&bytes(60, &levels(60), 16), 60).is_ok());
    let refused = |bytes: &[u8]| Hnsw::from_bytes(bytes, 60).unwrap_err().to_string();
    // 8 GB in tables, were they made.
    assert!(refused(&bytes(4_000_000, &levels(4_000_000), 256)).contains("more than 60 vectors"));
    assert!(refused(&bytes(u32::MAX, &levels(60), 16)).contains("damaged"));
    assert!(refused(&bytes(60, &levels(60), 257)).contains("damaged"));
}

/// FNV-1a.
fn checksum(bytes: &[u8]) -> u64 {
    let step = |hash: u64, &byte: &u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, step)
}

/// What may happen to a graph.
#[derive(Debug, Clone)]
enum Step {
    Insert(usize),
    Remove(Vec<usize>),
    Store,
    /// Row `i` becomes row `n - 1 - i`.
    Turn,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..COUNT).prop_map(Step::Insert),
        3 => prop::collection::vec(0..COUNT, 0..12).prop_map(Step::Remove),
        1 => Just(Step::Store),
        1 => Just(Step::Turn),
    ];
    prop::collection::vec(step, 1..80)
}

const COUNT: usize = 40;

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, rng_seed: RngSeed::Fixed(0x6e65_6172), failure_persistence: None, ..ProptestConfig::default() })]

    /// Forty rows of twelve different vectors, in any order of events: at any time exactly what exact search finds among those
    /// that are in. So few are all linked to each other, so nothing may be missed.
    #[test]
    fn a_graph_with_copies_keeps_up_with_a_list(steps in steps()) {
        let different = clustered(12, 8, 4, 13);
        let mut rows = different.gather(&(0..COUNT).map(|row| row * 7 % 12).collect::<Vec<_>>());
        let mut graph = Hnsw::new(HnswOptions::default());
        let mut inside = [false; COUNT];
        for step in steps {
            match step {
                Step::Insert(row) => {
                    graph.insert(&rows, row);
                    inside[row] = true;
                }
                Step::Remove(leaving) => {
                    graph.remove(&rows, &leaving);
                    leaving.iter().for_each(|&row| inside[row] = false);
                }
                Step::Store => {
                    let again = Hnsw::from_bytes(&graph.to_bytes(), COUNT).unwrap();
                    prop_assert!(again == graph);
                    graph = again;
                }
                Step::Turn => {
                    let new = |row: usize| inside[row].then_some((COUNT - 1 - row) as u32);
                    graph.renumber(&(0..COUNT).map(new).collect::<Vec<_>>());
                    rows = rows.gather(&(0..COUNT).rev().collect::<Vec<_>>());
                    inside.reverse();
                }
            }
            prop_assert_eq!(graph.len(), inside.iter().filter(|&&is| is).count());
            for query in different.rows().take(3) {
                let exact = flat::search(&rows, query, COUNT).into_iter().filter(|hit| inside[hit.position]);
                for k in [1, 5, COUNT] {
                    let expected: Vec<_> = exact.clone().take(k).collect();
                    prop_assert_eq!(graph.search(&rows, query, k, COUNT), expected);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// Bytes that are no graph, or a changed one, are refused; what passes is searched without a panic.
    #[test]
    fn damaged_bytes_never_panic(
        noise in prop::collection::vec(any::<u8>(), 0..200),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        fix in any::<bool>(),
    ) {
        // The last ten are copies of the first.
        let rows = clustered(50, 8, 4, 9);
        let rows = rows.gather(&(0..60).map(|row| row % 50).collect::<Vec<_>>());
        let mut bytes = build(&rows, HnswOptions { m: 4, ..HnswOptions::default() }).to_bytes();
        let end = bytes.len() - 8;
        let at = at.index(end);
        bytes[at] = byte;
        if fix {
            // With a checksum that fits, as no accident would leave it.
            let sum = checksum(&bytes[..end]);
            bytes[end..].copy_from_slice(&sum.to_le_bytes());
        }
        if let Ok(mut graph) = Hnsw::from_bytes(&bytes, rows.len()) {
            prop_assert!(graph.search(&rows, rows.row(0), 5, 20).len() <= 20);
            graph.insert(&rows, 3);
            graph.remove(&rows, &[1, 2]);
        }
        prop_assert!(Hnsw::from_bytes(&noise, 60).is_err());
    }
}
