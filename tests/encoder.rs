//! The encoder against sentence-transformers: the same token ids, the same vectors.
#![cfg(feature = "cpu")]

mod common;
#[path = "common/model.rs"]
mod model;

use model::{Files, compact, minilm, tiny};
use nearmiss::dataset::beir;
use nearmiss::embeddings::dot;
use nearmiss::encoder::{Encoder, TokenBatch, Tower, passes, plan, read};
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
    let together = pollster::block_on(encoder.encode(&texts, Tower::Document)).unwrap();
    for batch in plan(&texts, encoder.max_length()) {
        let chosen: Vec<&str> = batch.iter().map(|&i| texts[i]).collect();
        let rows = pollster::block_on(encoder.encode(&chosen, Tower::Document)).unwrap();
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
    assert_ne!(short.fingerprint(Tower::Document), encoder.fingerprint(Tower::Document));
}

/// What tells other architectures, as their files on the hub have it.
const OTHERS: [&str; 3] = [
    r#"{"model_type":"distilbert","dim":768,"hidden_dim":3072,"n_heads":12,"n_layers":6,"max_position_embeddings":512,"vocab_size":30522}"#,
    r#"{"model_type":"roberta","hidden_size":768,"num_hidden_layers":12,"num_attention_heads":12,"intermediate_size":3072,"max_position_embeddings":514,"vocab_size":50265}"#,
    r#"{"model_type":"mpnet","hidden_size":768,"num_hidden_layers":12,"num_attention_heads":12,"intermediate_size":3072,"max_position_embeddings":514,"relative_attention_num_buckets":32,"vocab_size":30527}"#,
];

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
    for (config, name) in OTHERS.into_iter().zip(["distilbert", "roberta", "mpnet"]) {
        let other = Files { config: config.into(), ..good.clone() };
        refused(other, "MODEL_INVALID", &format!("model_type is \"{name}\""));
    }
    refused(edit("\"hidden_size\"", "\"width\""), "MODEL_INVALID", "hidden_size");
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
    let modules = |kinds: [&str; 3], folder: &str| {
        let of = |(n, kind)| {
            format!(
                r#"{{"idx":{n},"name":"{n}","path":"{folder}","type":"sentence_transformers.models.{kind}"}}"#
            )
        };
        Some(format!("[{}]", (0..).zip(kinds).map(of).collect::<Vec<_>>().join(",")).into_bytes())
    };
    let with = |kinds, folder| Files { modules: modules(kinds, folder), ..good.clone() };
    load(&with(["Transformer", "Pooling", "Normalize"], "")).expect("the usual modules");
    refused(with(["Transformer", "Pooling", "Dense"], ""), "MODEL_INVALID", "Dense");
    refused(with(["Transformer", "Pooling", "LayerNorm"], ""), "MODEL_INVALID", "module 2");
    refused(with(["Transformer", "Pooling", "Normalize"], "0_Transformer"), "MODEL_INVALID", "0_Transformer");
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

/// Short and long, empty, with a special token typed out, and beyond the model's 64 tokens.
const TEXTS: [&str; 5] =
    ["turn the key", "Where is the ring, and who turns it when?", "", "a [SEP] b", "KEY Schlüssel, ключ! ﬁ"];

fn texts() -> Vec<String> {
    TEXTS.iter().map(|text| text.to_string()).chain(["valve ".repeat(90)]).collect()
}

#[test]
fn token_vectors_are_the_states_that_pooling_takes() {
    let encoder = load(&tiny()).unwrap();
    let (texts, dim) = (texts(), encoder.dimensions());
    let sequences = encoder.tokenize(&texts).unwrap();
    let positions = encoder.config().max_position_embeddings;
    let batch = TokenBatch::new(&sequences, positions, encoder.device());
    let states = encoder.bert().forward(batch.ids, batch.mask);
    let seq = states.dims()[1];
    let [states] = pollster::block_on(read([states])).unwrap();

    let pooled = pollster::block_on(encoder.encode(&texts, Tower::Document)).unwrap();
    let tokens = pollster::block_on(encoder.encode_tokens(&texts, Tower::Document)).unwrap();
    assert_eq!(tokens.len(), texts.len());
    let unit = |row: &[f64]| -> Vec<f64> {
        let norm = row.iter().map(|x| x * x).sum::<f64>().sqrt();
        row.iter().map(|x| x / norm).collect()
    };
    let close = |got: &[f32], expected: &[f64]| {
        got.len() == expected.len() && got.iter().zip(expected).all(|(g, e)| (f64::from(*g) - e).abs() < 1e-5)
    };
    for (i, sequence) in sequences.iter().enumerate() {
        let state = |t: usize| -> Vec<f64> {
            let start = (i * seq + t) * dim;
            states[start..start + dim].iter().map(|&x| f64::from(x)).collect()
        };
        let sum = |column: usize| (0..sequence.len()).map(|t| state(t)[column]).sum::<f64>();
        let mean: Vec<f64> = (0..dim).map(|c| sum(c) / sequence.len() as f64).collect();
        assert!(close(pooled.row(i), &unit(&mean)), "{:?}: pooled", texts[i]);
        // The first token is [CLS], the last [SEP]: those two have no row.
        let own = &tokens[i];
        assert_eq!((own.rows.len(), own.spans.len()), (sequence.len() - 2, sequence.len() - 2));
        for (t, row) in own.rows.rows().enumerate() {
            assert!(close(row, &unit(&state(t + 1))), "{:?}: token {t}", texts[i]);
        }
    }
}

#[test]
fn token_vectors_do_not_depend_on_their_batch() {
    let encoder = load(&tiny()).unwrap();
    let texts = texts();
    let together = pollster::block_on(encoder.encode_tokens(&texts, Tower::Document)).unwrap();
    for (text, expected) in texts.iter().zip(&together) {
        let alone = pollster::block_on(encoder.encode_tokens(&[text], Tower::Document)).unwrap().remove(0);
        assert_eq!(alone.spans, expected.spans);
        assert_eq!(alone.rows.len(), expected.rows.len());
        for (a, b) in alone.rows.as_slice().iter().zip(expected.rows.as_slice()) {
            assert!((a - b).abs() < 1e-5, "{text:?}: {a} and {b}");
        }
    }
    assert!(together[2].rows.is_empty(), "an empty text has no tokens");
    assert_eq!(pollster::block_on(encoder.encode_tokens::<&str>(&[], Tower::Document)).unwrap(), []);
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        rng_seed: proptest::test_runner::RngSeed::Fixed(0x6e65_6172),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

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
            let _ = pollster::block_on(encoder.encode(&["turn the key 7 times"], Tower::Document));
            let _ = pollster::block_on(encoder.encode_tokens(&["turn thé key 7 times"], Tower::Document));
        }
    }

    #[test]
    fn every_text_has_a_unit_vector(text in ".{0,80}") {
        let encoder = load(&tiny()).unwrap();
        let rows = pollster::block_on(encoder.encode(&[text], Tower::Document)).unwrap();
        prop_assert!((dot(rows.row(0), rows.row(0)) - 1.0).abs() < 1e-4);
    }
}

/// Share of the tokens that is padding, each forward pass as long as its longest text.
fn padding(texts: &[String], encoder: &Encoder) -> f64 {
    let (mut real, mut all) = (0, 0);
    for batch in plan(texts, encoder.max_length()) {
        let chosen: Vec<&str> = batch.iter().map(|&at| texts[at].as_str()).collect();
        let lengths: Vec<usize> = encoder.tokenize(&chosen).unwrap().iter().map(Vec::len).collect();
        real += lengths.iter().sum::<usize>();
        for pass in passes(&lengths) {
            all += pass.len() * pass.iter().map(|&at| lengths[at]).max().unwrap();
        }
    }
    1.0 - real as f64 / all as f64
}

#[test]
fn texts_of_like_length_together_leave_little_padding() {
    let encoder = load(&compact()).unwrap();
    for name in ["cacm", "cranfield", "scifact", "pubmedqa", "squadshifts_wiki"] {
        let Some(json) = common::shared(&format!("data/{name}/corpus.jsonl")) else { return };
        let texts: Vec<String> =
            beir::read_corpus(&json).unwrap().iter().take(2000).map(|d| d.content()).collect();
        let share = padding(&texts, &encoder);
        assert!(share < 0.1, "{name}: {:.1} % padding", 100.0 * share);
    }
}
