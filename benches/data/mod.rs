//! Inputs of the benchmarks, from a seed.

#![allow(dead_code, reason = "each benchmark uses a part of this")]

use nearmiss::dataset::Rng;
use nearmiss::embeddings::Embeddings;

/// Of an embedding.
pub const DIM: usize = 384;

/// Numbers in -1..1.
pub fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut rng = Rng::new(seed);
    (0..count).map(|_| (2.0 * rng.f64() - 1.0) as f32).collect()
}

/// Unit rows around 100 centres, some near theirs and some far: cosines much as those of a sentence encoder.
pub fn clustered(count: usize, seed: u64) -> Embeddings {
    let centres = numbers(100 * DIM, 7);
    let mut rng = Rng::new(seed);
    let mut rows = Vec::with_capacity(count * DIM);
    for at in 0..count {
        let spread = 0.3 + 0.8 * (at % 97) as f64 / 97.0;
        let centre = &centres[at % 100 * DIM..][..DIM];
        rows.extend(centre.iter().map(|middle| middle + (spread * (2.0 * rng.f64() - 1.0)) as f32));
    }
    let mut rows = Embeddings::new(DIM, rows).expect("rows have one length");
    rows.normalize();
    rows
}

/// Texts of 60 made-up words, few of them frequent, and queries of three words in a row of one of them.
pub fn texts(count: usize, queries: usize) -> (Vec<String>, Vec<String>) {
    let mut rng = Rng::new(5);
    // A word's chance falls with the inverse of its number (Zipf).
    let mut word = || format!("w{}o", 20_000_f64.powf(rng.f64()) as usize);
    let made: Vec<Vec<String>> = (0..count).map(|_| (0..60).map(|_| word()).collect()).collect();
    let asked = (0..queries).map(|at| made[at * count / queries][at % 50..][..3].join(" ")).collect();
    (made.iter().map(|words| words.join(" ")).collect(), asked)
}
