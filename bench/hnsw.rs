//! Exact search and the graph of neighbours beside each other: from how many documents on does the graph pay?
//!
//! ```sh
//! cargo run --release --example hnsw -- 1000 10000 100000
//! ```

use nearmiss::dataset::Rng;
use nearmiss::embeddings::Embeddings;
use nearmiss::index::{Hnsw, HnswOptions, flat};
use std::collections::HashSet;
use std::time::Instant;

const DIM: usize = 384;
const QUERIES: usize = 200;

fn main() {
    let sizes: Vec<usize> = std::env::args().skip(1).filter_map(|size| size.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![1_000, 10_000, 100_000] } else { sizes };
    println!("| documents | build, s | exact, µs a query | ef | graph, µs a query | recall@10 |");
    println!("|---|---|---|---|---|---|");
    for size in sizes {
        let rows = clustered(size, 1);
        let queries = clustered(QUERIES, 2);
        let started = Instant::now();
        let mut graph = Hnsw::new(HnswOptions::default());
        (0..size).for_each(|row| graph.insert(&rows, row));
        let build = started.elapsed().as_secs_f64();
        let started = Instant::now();
        let exact: Vec<HashSet<usize>> = queries
            .rows()
            .map(|q| flat::search(&rows, q, 10).iter().map(|hit| hit.position).collect())
            .collect();
        let plain = started.elapsed().as_secs_f64() / QUERIES as f64 * 1e6;
        for ef in [32, 64, 128, 256] {
            let started = Instant::now();
            let found: Vec<_> = queries.rows().map(|q| graph.search(&rows, q, 10, ef)).collect();
            let each = started.elapsed().as_secs_f64() / QUERIES as f64 * 1e6;
            let right: usize = found
                .iter()
                .zip(&exact)
                .map(|(hits, exact)| hits.iter().filter(|hit| exact.contains(&hit.position)).count())
                .sum();
            let recall = right as f64 / (10 * QUERIES) as f64;
            println!("| {size} | {build:.1} | {plain:.0} | {ef} | {each:.0} | {recall:.4} |");
        }
    }
}

/// Unit vectors around 500 centres, some near theirs and some far: cosines much as those of a sentence encoder.
fn clustered(count: usize, seed: u64) -> Embeddings {
    let mut normal = {
        let mut rng = Rng::stream(seed, 1);
        move || ((rng.f64() + rng.f64() + rng.f64() - 1.5) * 2.0) as f32
    };
    let mut centre = {
        let mut rng = Rng::stream(7, 0);
        move || ((rng.f64() + rng.f64() + rng.f64() - 1.5) * 2.0) as f32
    };
    let centres: Vec<Vec<f32>> = (0..500).map(|_| (0..DIM).map(|_| centre()).collect()).collect();
    let mut rows = Embeddings::empty(DIM);
    for at in 0..count {
        let spread = 0.3 + 0.8 * (at % 97) as f32 / 97.0;
        let row: Vec<f32> = centres[at % 500].iter().map(|middle| middle + spread * normal()).collect();
        if rows.push(&row).is_err() {
            unreachable!("rows have one length");
        }
    }
    rows.normalize();
    rows
}
