//! Texts to token ids and back to places in the text, against the whole `tokenizers` crate.
#![cfg(feature = "cpu")]

#[path = "common/model.rs"]
mod model;

use model::{compact, minilm, tiny};
use nearmiss::error::Error;
use nearmiss::tokenizer::Tokenizer;
use proptest::prelude::*;
use serde_json::{Value, json};

/// Ids and spans by the crate's own reading of the file, at most `most` tokens.
fn oracle(json: &[u8], text: &str, most: usize) -> (Vec<u32>, Vec<(usize, usize)>) {
    let mut tokenizer = tokenizers::Tokenizer::from_bytes(json).unwrap();
    let truncation = tokenizers::TruncationParams { max_length: most, ..Default::default() };
    tokenizer.with_truncation(Some(truncation)).unwrap().with_padding(None);
    let encoding = tokenizer.encode(text, true).unwrap();
    let special = encoding.get_special_tokens_mask().iter();
    let spans =
        special.zip(encoding.get_offsets()).filter(|(special, _)| **special == 0).map(|(_, &span)| span);
    (encoding.get_ids().to_vec(), spans.collect())
}

fn agrees(json: &[u8], text: &str, most: usize) {
    let ours = Tokenizer::from_json(json, most).unwrap();
    let (ids, spans) = oracle(json, text, most);
    assert_eq!(ours.encode(text).unwrap(), ids, "ids of {text:?}");
    let tokens = ours.encode_with_spans(text).unwrap();
    assert_eq!(tokens.iter().map(|(id, _)| *id).collect::<Vec<_>>(), ids);
    let own: Vec<_> = tokens.into_iter().filter_map(|(_, span)| span.map(|s| (s.start, s.end))).collect();
    assert_eq!(own, spans, "spans of {text:?}");
}

fn unigram() -> Vec<u8> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/unigram/tokenizer.json");
    std::fs::read(path).expect("the fixture is checked in")
}

/// The tiny WordPiece with one part changed.
fn changed(part: &str, value: Value) -> Vec<u8> {
    let mut file: Value = serde_json::from_slice(&tiny().tokenizer).unwrap();
    file[part] = value;
    serde_json::to_vec(&file).unwrap()
}

/// One of every part that can be read, besides those of the fixtures.
fn kinds() -> Vec<Vec<u8>> {
    let sequence = |members: Value| json!({ "type": "Sequence", "normalizers": members });
    let normalizers = [
        Value::Null,
        json!({ "type": "NFKD" }),
        sequence(json!([{ "type": "NFKC" }, { "type": "Lowercase" }])),
        sequence(json!([{ "type": "NFD" }, { "type": "StripAccents" }, { "type": "Lowercase" }])),
        sequence(json!([{ "type": "NFC" }, { "type": "Strip", "strip_left": true, "strip_right": true }])),
        json!({ "type": "Prepend", "prepend": "é" }),
        json!({ "type": "Replace", "pattern": { "String": "e" }, "content": "éé" }),
        json!({ "type": "Replace", "pattern": { "Regex": " {2,}" }, "content": " " }),
    ];
    let splits = [
        json!({ "type": "WhitespaceSplit" }),
        json!({ "type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": true }),
        json!({ "type": "Sequence", "pretokenizers": [{ "type": "WhitespaceSplit" }, { "type": "Punctuation", "behavior": "Isolated" }] }),
    ];
    let templates = [
        Value::Null,
        json!({ "type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2] }),
        json!({ "type": "RobertaProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2], "trim_offsets": false, "add_prefix_space": false }),
    ];
    let token = |content: &str, single_word: bool, strip: bool, normalized: bool| json!({ "id": 138, "content": content, "single_word": single_word, "lstrip": strip, "rstrip": strip, "normalized": normalized, "special": false });
    let added = json!([token("key", true, false, false), token("Key", false, true, true)]);
    let mut all: Vec<Vec<u8>> = normalizers.into_iter().map(|value| changed("normalizer", value)).collect();
    all.extend(splits.into_iter().map(|value| changed("pre_tokenizer", value)));
    all.extend(templates.into_iter().map(|value| changed("post_processor", value)));
    all.push(changed("added_tokens", added));
    all.push(unigram());
    all
}

#[test]
fn real_models_agree_with_the_whole_crate() {
    let long =
        "The Valve, re-opened at 3.14 bar; naïve Schlüssel ﬁne ½ … 鑰匙 в замке [SEP] [MASK]x ".repeat(40);
    for files in [Some(tiny()), minilm(), Some(compact())].into_iter().flatten() {
        for text in ["", " ", "How do I rotate the signing key?", &long, "a\u{301}[CLS][SEP]\u{200b}\u{0}b"] {
            agrees(&files.tokenizer, text, 256);
        }
    }
}

#[test]
fn the_compact_model_cuts_english_as_its_teacher_does() {
    let Some(teacher) = minilm() else { return };
    let name = |json: &[u8]| {
        let mut tokenizer = tokenizers::Tokenizer::from_bytes(json).unwrap();
        tokenizer.with_padding(None);
        tokenizer
    };
    let (small, large) = (name(&compact().tokenizer), name(&teacher.tokenizer));
    for text in
        ["How do I rotate the signing key?", "Wing flutter at supersonic speeds, β-blockers; résumé 3.14%"]
    {
        let tokens = |tokenizer: &tokenizers::Tokenizer| {
            tokenizer
                .encode_fast(text, false)
                .unwrap()
                .get_ids()
                .iter()
                .map(|&id| tokenizer.id_to_token(id).unwrap())
                .collect::<Vec<_>>()
        };
        assert_eq!(tokens(&small), tokens(&large));
    }
}

#[test]
fn what_cannot_be_read_is_named() {
    let refused = |json: &[u8], word: &str| {
        let error = Tokenizer::from_json(json, 64).err().unwrap_or_else(|| panic!("{word}: accepted"));
        assert!(matches!(error, Error::TokenizerInvalid { .. }), "{error}");
        assert!(error.to_string().contains(word), "{word} is not in: {error}");
    };
    refused(&changed("model", json!({ "type": "BPE", "vocab": {}, "merges": [] })), "model.type is \"BPE\"");
    refused(&changed("model", json!({ "vocab": {} })), "model.type is missing");
    refused(&changed("normalizer", json!({ "type": "ByteLevel" })), "normalizer.type is \"ByteLevel\"");
    refused(
        &changed("normalizer", json!({ "type": "Replace", "pattern": { "Regex": "a+" }, "content": "" })),
        "a+",
    );
    refused(
        &changed("pre_tokenizer", json!({ "type": "Whitespace" })),
        "pre_tokenizer.type is \"Whitespace\"",
    );
    refused(&changed("post_processor", json!({ "type": "Other" })), "post_processor.type is \"Other\"");
    let single = |pieces: Value| json!({ "type": "TemplateProcessing", "single": pieces, "pair": [], "special_tokens": { "[X]": { "ids": [1] } } });
    let text = json!({ "Sequence": { "id": "A", "type_id": 0 } });
    refused(&changed("post_processor", single(json!([]))), "0 times");
    refused(&changed("post_processor", single(json!([text, text]))), "2 times");
    refused(&changed("post_processor", single(json!([text, { "SpecialToken": { "id": "[Y]" } }]))), "[Y]");
    let many = vec![json!({ "SpecialToken": { "id": "[X]" } }); 64];
    refused(&changed("post_processor", single(json!([vec![text], many].concat()))), "64 special tokens");
}

#[test]
fn spans_are_the_words_as_written() {
    let tokenizer = Tokenizer::from_json(&tiny().tokenizer, 64).unwrap();
    let pieces = |text: &'static str| -> Vec<&str> {
        let tokens = tokenizer.encode_with_spans(text).unwrap();
        tokens.into_iter().filter_map(|(_, span)| Some(&text[span?])).collect()
    };
    assert_eq!(pieces("Turn  the KEY."), ["Turn", "the", "KEY", "."]);
    // Accents are stripped before the lookup, control characters removed, Chinese characters set apart.
    assert_eq!(pieces("thé k\u{0}ey"), ["thé", "k\u{0}ey"]);
    assert_eq!(pieces("the鑰匙key"), ["the", "鑰", "匙", "key"]);
    assert_eq!(pieces("rotated"), ["rotate", "d"]);
    // A special token that someone typed stands for its letters.
    assert_eq!(pieces("a [SEP] b"), ["a", "[SEP]", "b"]);
    let ids = tokenizer.encode_with_spans("key").unwrap();
    assert_eq!(ids, [(2, None), (103, Some(0..3)), (3, None)], "[CLS] key [SEP]");
}

/// Characters whose lower case, decomposition or cleaning has another length, and neighbours that combine.
fn awkward() -> impl Strategy<Value = String> {
    let pieces = [
        "İ",
        "ß",
        "ẞ",
        "ﬁ",
        "e\u{301}",
        "é",
        "ΐ",
        "각",
        "ᄀ\u{1161}",
        "👩‍👩‍👧",
        "🇩🇪",
        "鑰",
        "\u{0}",
        "\u{7f}",
        "\u{fffd}",
        "\u{200d}",
        "\u{feff}",
        "\u{301}",
        "\u{a0}",
        "\u{2028}",
        " ",
        "\t",
        "\n",
        "key",
        "Turn",
        "ring's",
        "[CLS]",
        "[SEP",
        "##e",
        "½",
        "…",
        "—",
        "ﷺ",
        "नि",
        "𝔘",
        "9.",
    ];
    let some = prop_oneof![4 => prop::sample::select(pieces.to_vec()).prop_map(String::from), 1 => ".{0,6}"];
    prop::collection::vec(some, 0..16).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 64,
        rng_seed: proptest::test_runner::RngSeed::Fixed(0x6e65_6172),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_kind_agrees_with_the_whole_crate(text in awkward(), most in 3usize..40) {
        agrees(&tiny().tokenizer, &text, most);
        for json in kinds() {
            agrees(&json, &text, most);
        }
    }

    /// Whatever stands in the file, the answer is a typed error or a tokenizer, never a panic.
    #[test]
    fn damaged_files_never_panic(at in 0usize..12_000, byte in any::<u8>(), text in awkward()) {
        for mut json in [tiny().tokenizer, unigram()] {
            let length = json.len();
            json[at % length] = byte;
            if let Ok(tokenizer) = Tokenizer::from_json(&json, 64) {
                let _ = (tokenizer.encode(&text), tokenizer.encode_with_spans(&text));
            }
        }
    }

    #[test]
    fn spans_slice_any_text(text in awkward(), max_length in 3usize..40) {
        let tokenizer = Tokenizer::from_json(&tiny().tokenizer, max_length).unwrap();
        let tokens = tokenizer.encode_with_spans(&text).unwrap();
        let ids: Vec<u32> = tokens.iter().map(|&(id, _)| id).collect();
        prop_assert_eq!(ids, tokenizer.encode(&text).unwrap());
        prop_assert!(tokens[0].1.is_none() && tokens[tokens.len() - 1].1.is_none());
        let mut reached = 0;
        for (_, span) in &tokens[1..tokens.len() - 1] {
            let span = span.clone().unwrap();
            prop_assert!(!text[span.clone()].is_empty());
            prop_assert!(span.start >= reached, "in the order of the text");
            reached = span.start;
        }
    }
}
