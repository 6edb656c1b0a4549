//! The tiny model with heads and adapters of random numbers, and folders taken out of it, put in, and spoilt.

#![allow(dead_code, reason = "each test uses a part of this")]

use crate::model::tiny;
use nearmiss::dataset::Rng;
use nearmiss::encoder::{Encoder, ExportedFile, Head, LoraFactor, LoraTensors, Target, Tower, Towers};
use nearmiss::error::Result;
use serde_json::Value;

pub const TEXTS: [&str; 4] = ["turn the key", "Where is the ring?", "", "a [SEP] b, Schlüssel"];
pub const HIDDEN: usize = 32;
pub const WIDE: usize = 64;

pub fn load() -> Encoder {
    pollster::block_on(Encoder::load(tiny().borrow(), None)).unwrap()
}

pub fn rows(encoder: &Encoder, tower: Tower) -> Vec<f32> {
    let base = pollster::block_on(encoder.encode(&TEXTS, tower)).unwrap();
    pollster::block_on(encoder.adapt(&base, tower)).unwrap().into_vec()
}

pub fn close(a: &[f32], b: &[f32], most: f32) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| (a - b).abs() <= most)
}

pub fn numbers(rng: &mut Rng, count: usize, size: f32) -> Vec<f32> {
    (0..count).map(|_| (rng.f64() as f32 - 0.5) * size).collect()
}

pub fn with_head(encoder: &mut Encoder, towers: Towers) {
    let values = numbers(&mut Rng::new(7), HIDDEN * HIDDEN, 0.2);
    let head = Head::from_values(values, HIDDEN, encoder.device());
    let snapshot = encoder.snapshot().with_head(head, towers);
    encoder.restore(&snapshot);
}

pub fn sizes(target: Target) -> (usize, usize) {
    match target {
        Target::Inner => (HIDDEN, WIDE),
        Target::Outer => (WIDE, HIDDEN),
        _ => (HIDDEN, HIDDEN),
    }
}

pub fn adapter(rank: usize, targets: &[Target], layers: &[usize]) -> LoraTensors {
    let mut rng = Rng::new(11);
    let mut factors = Vec::new();
    for &layer in layers {
        for &target in targets {
            let (d_in, d_out) = sizes(target);
            let (a, b) = (numbers(&mut rng, d_in * rank, 0.5), numbers(&mut rng, rank * d_out, 0.5));
            factors.push(LoraFactor { layer, target, a, b });
        }
    }
    LoraTensors { rank, alpha: 6.0, towers: Towers::Shared, factors }
}

pub fn borrow(files: &[ExportedFile]) -> Vec<(&str, &[u8])> {
    files.iter().map(|file| (file.path.as_str(), file.bytes.as_slice())).collect()
}

pub fn export(encoder: &Encoder) -> Vec<ExportedFile> {
    pollster::block_on(encoder.export_folder()).unwrap()
}

pub fn import(encoder: &mut Encoder, files: &[ExportedFile]) -> Result<()> {
    let original = encoder.snapshot();
    let after = pollster::block_on(encoder.import_folder(files, &original))?;
    encoder.restore(&after);
    Ok(())
}

pub fn at<'a>(files: &'a mut [ExportedFile], path: &str) -> &'a mut ExportedFile {
    files.iter_mut().find(|file| file.path == path).unwrap_or_else(|| panic!("no {path}"))
}

pub fn json_of(files: &[ExportedFile], path: &str) -> Value {
    let file = files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("no {path}"));
    serde_json::from_slice(&file.bytes).unwrap()
}

/// One field of a JSON file set to another value.
pub fn edit(files: &[ExportedFile], path: &str, field: &str, value: Value) -> Vec<ExportedFile> {
    let mut files = files.to_vec();
    let file = at(&mut files, path);
    let mut content: Value = serde_json::from_slice(&file.bytes).unwrap();
    content[field] = value;
    file.bytes = serde_json::to_vec(&content).unwrap();
    files
}

pub fn refused(outcome: Result<()>, code: &str, words: &[&str]) {
    let error = outcome.expect_err(words[0]);
    assert_eq!(error.code(), code, "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "{word}: {error}");
    }
}
