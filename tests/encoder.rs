//! The encoder against sentence-transformers: the same token ids, the same vectors.
#![cfg(feature = "cpu")]

mod common;
#[path = "common/model.rs"]
mod model;

use model::{Files, minilm, tiny};
use nearmiss::embeddings::dot;
use nearmiss::encoder::{Encoder, plan};
use nearmiss::error::Error;
use proptest::prelude::*;
use serde::Deserialize;

#[derive(Deserialize)]
struct Encodings {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    input_ids: Vec<u32>,
    embedding: Vec<f32>,
}

fn load(files: &Files) -> Result<Encoder, Error> {
    pollster::block_on(Encoder::load(files.borrow(), None))
}

#[test]
fn minilm_agrees_with_sentence_transformers() {
    let (Some(files), Some(json)) = (minilm(), common::shared("reference/minilm_encodings.json")) else {
        return;
    };
    let encodings: Encodings = serde_json::from_str(&json).unwrap();
    let encoder = load(&files).unwrap();
    assert_eq!((encoder.dimensions(), encoder.max_length()), (384, 256));

    let texts: Vec<&str> = encodings.cases.iter().map(|c| c.text.as_str()).collect();
    let ids = encoder.tokenize(&texts).unwrap();
    for (case, ids) in encodings.cases.iter().zip(&ids) {
        assert_eq!(ids, &case.input_ids, "token ids of {:?}", case.text);
    }
    // Together, padded to the longest, and in batches of like length: padding must not show.
    let together = pollster::block_on(encoder.encode(&texts)).unwrap();
    for batch in plan(&texts, encoder.max_length()) {
        let chosen: Vec<&str> = batch.iter().map(|&i| texts[i]).collect();
        let rows = pollster::block_on(encoder.encode(&chosen)).unwrap();
        for (row, &i) in rows.rows().zip(&batch) {
            for got in [row, together.row(i)] {
                let expected = &encodings.cases[i].embedding;
                let worst = got.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(worst < 1e-4, "{:?} is off by {worst}", texts[i]);
                assert!(dot(got, expected) > 0.99999, "{:?}: cosine {}", texts[i], dot(got, expected));
            }
        }
    }
}

#[test]
fn inputs_are_cut_at_the_model_and_at_the_option() {
    let encoder = load(&tiny()).unwrap();
    let long = "key ".repeat(500);
    assert_eq!(encoder.tokenize(&[&long]).unwrap()[0].len(), 64);
    let short = pollster::block_on(Encoder::load(tiny().borrow(), Some(10))).unwrap();
    assert_eq!(short.tokenize(&[&long]).unwrap()[0].len(), 10);
    assert_ne!(short.fingerprint(), encoder.fingerprint());
}

#[test]
fn broken_files_name_themselves() {
    let good = tiny();
    let refused = |files: Files, code: &str, word: &str| {
        let error = load(&files).err().unwrap_or_else(|| panic!("{word}: accepted"));
        assert_eq!(error.code(), code, "{error}");
        assert!(error.to_string().contains(word), "{error}");
    };
    let edit = |from: &str, to: &str| {
        let config = String::from_utf8(good.config.clone()).unwrap();
        assert!(config.contains(from));
        Files { config: config.replace(from, to).into_bytes(), ..good.clone() }
    };
    refused(edit("\"bert\"", "\"llama\""), "MODEL_INVALID", "model_type");
    refused(edit("\"gelu\"", "\"relu\""), "MODEL_INVALID", "hidden_act");
    refused(edit("\"absolute\"", "\"relative_key\""), "MODEL_INVALID", "position_embedding_type");
    refused(edit("\"hidden_size\": 32", "\"hidden_size\": 33"), "MODEL_INVALID", "hidden_size");
    refused(edit("\"hidden_size\": 32", "\"hidden_size\": 64"), "MODEL_INVALID", "word_embeddings");
    refused(edit("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3"), "MODEL_INVALID", "encoder.layer.2");
    refused(edit("\"vocab_size\": 138", "\"vocab_size\": 100"), "MODEL_MISMATCH", "vocabulary");
    refused(Files { config: b"{".to_vec(), ..good.clone() }, "MODEL_INVALID", "config.json");
    refused(Files { tokenizer: b"[]".to_vec(), ..good.clone() }, "TOKENIZER_INVALID", "tokenizer");
    refused(
        Files { pooling: Some(br#"{"pooling_mode_max_tokens":true}"#.to_vec()), ..good.clone() },
        "MODEL_INVALID",
        "1_Pooling",
    );
    let ids = String::from_utf8(good.tokenizer.clone()).unwrap().replace("\"ids\":[2]", "\"ids\":[902]");
    refused(Files { tokenizer: ids.into_bytes(), ..good.clone() }, "TOKENIZER_INVALID", "902");
    let cut = good.weights[..good.weights.len() / 2].to_vec();
    refused(Files { weights: cut, ..good.clone() }, "MODEL_INVALID", "model.safetensors");
    refused(Files { weights: Vec::new(), ..good.clone() }, "MODEL_INVALID", "model.safetensors");
    let mut nan = good.weights.clone();
    let end = nan.len();
    nan[end - 4..].copy_from_slice(&f32::NAN.to_le_bytes());
    refused(Files { weights: nan, ..good.clone() }, "MODEL_INVALID", "not finite");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever bytes stand in the weights file, the answer is a typed error or a model, never a panic.
    #[test]
    fn damaged_weights_never_panic(at in 0usize..4000, byte in any::<u8>(), keep in 0usize..98_504) {
        let mut files = tiny();
        files.weights.truncate(keep.max(8));
        let length = files.weights.len();
        files.weights[at % length] = byte;
        if let Err(error) = load(&files) {
            prop_assert_eq!(error.code(), "MODEL_INVALID");
        }
    }

    #[test]
    fn damaged_json_never_panics(at in 0usize..3000, byte in any::<u8>()) {
        let mut files = tiny();
        let (config, tokenizer) = (files.config.len(), files.tokenizer.len());
        files.config[at % config] = byte;
        let _ = load(&files);
        files = tiny();
        files.tokenizer[at % tokenizer] = byte;
        if let Ok(encoder) = load(&files) {
            let _ = pollster::block_on(encoder.encode(&["turn the key 7 times"]));
        }
    }

    #[test]
    fn every_text_has_a_unit_vector(text in ".{0,80}") {
        let encoder = load(&tiny()).unwrap();
        let rows = pollster::block_on(encoder.encode(&[text])).unwrap();
        prop_assert!((dot(rows.row(0), rows.row(0)) - 1.0).abs() < 1e-4);
    }
}
