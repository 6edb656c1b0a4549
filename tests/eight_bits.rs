//! Encoding with weights in eight bits: near the embeddings in floats, and of the weights that are in use.
#![cfg(feature = "cpu")]

mod common;
#[path = "common/model.rs"]
mod model;

use model::{Files, compact, minilm, tiny};
use nearmiss::embeddings::{Embeddings, dot};
use nearmiss::encoder::{Encoder, Tower, Towers};
use serde::Deserialize;

const TEXTS: [&str; 5] = [
    "turn the key",
    "Where is the ring, and who has it now that the mast was taken down and the valve was closed again?",
    "",
    "The battery of the left door has to come back to the workshop before winter; the right one may stay until spring.",
    "x",
];

fn load(files: &Files) -> Encoder {
    pollster::block_on(Encoder::load(files.borrow(), None)).unwrap()
}

fn in_eight_bits(files: &Files) -> Encoder {
    pollster::block_on(load(files).in_eight_bits()).unwrap()
}

fn encode(encoder: &Encoder, texts: &[&str], tower: Tower) -> Embeddings {
    pollster::block_on(encoder.encode(texts, tower)).unwrap()
}

/// The least cosine of rows of both.
fn alike(a: &Embeddings, b: &Embeddings) -> f32 {
    assert_eq!(a.len(), b.len());
    a.rows().zip(b.rows()).map(|(a, b)| dot(a, b)).fold(1.0, f32::min)
}

#[test]
fn embeddings_are_near_those_in_floats_and_named_otherwise() {
    for (files, least) in [(tiny(), 0.9995), (compact(), 0.9995)] {
        let (floats, bytes) = (load(&files), in_eight_bits(&files));
        assert_eq!([floats.bits(), bytes.bits()], [32, 8]);
        assert_ne!(floats.fingerprint(Tower::Document), bytes.fingerprint(Tower::Document));
        let [expected, got] = [&floats, &bytes].map(|encoder| encode(encoder, &TEXTS, Tower::Document));
        let cosine = alike(&expected, &got);
        assert!(cosine > least, "least cosine {cosine}");
        assert!(!expected.rows().eq(got.rows()), "something was rounded");
        for (row, text) in got.rows().zip(TEXTS) {
            assert_eq!(
                row,
                encode(&bytes, &[text], Tower::Document).row(0),
                "alone and among others, bit for bit: {text:?}"
            );
        }
    }
}

#[derive(Deserialize)]
struct Encodings {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    embedding: Vec<f32>,
}

#[test]
fn minilm_is_near_sentence_transformers() {
    let (Some(files), Some(json)) = (minilm(), common::shared("reference/minilm_encodings.json")) else {
        return;
    };
    let encodings: Encodings = serde_json::from_str(&json).unwrap();
    let encoder = in_eight_bits(&files);
    let cosine = |Case { text, embedding }: &Case| {
        let cosine = dot(encode(&encoder, &[text], Tower::Document).row(0), embedding);
        assert!(cosine > 0.995, "{text:?}: cosine {cosine}");
        cosine
    };
    let mean = encodings.cases.iter().map(cosine).sum::<f32>() / encodings.cases.len() as f32;
    assert!(mean > 0.999, "mean cosine {mean}");
}

#[test]
fn other_weights_are_rounded_anew_and_the_old_ones_come_back() {
    let mut encoder = in_eight_bits(&tiny());
    let rows = |encoder: &Encoder, tower| encode(encoder, &TEXTS, tower);
    let before = rows(&encoder, Tower::Query);
    let original = encoder.snapshot();
    let mut shorter = encoder.bert().clone();
    shorter.layers.pop();
    for fingerprint in 1..6 {
        encoder.restore(&original.clone().with_bert(shorter.clone(), fingerprint, Towers::Query, None));
        assert!(alike(&rows(&encoder, Tower::Query), &before) < 0.99, "queries have weights of their own");
        assert!(rows(&encoder, Tower::Document).rows().eq(before.rows()), "documents keep theirs");
    }
    encoder.restore(&original);
    assert!(rows(&encoder, Tower::Query).rows().eq(before.rows()));
}
