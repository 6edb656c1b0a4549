//! Every reader of a text that people bring: it reads back what was written, names the line of what it cannot read, and
//! panics on nothing.

use nearmiss::dataset::feedback::{FeedbackOptions, Impression};
use nearmiss::dataset::{Judgment, PseudoKind, Source, Split, beir, from_jsonl, to_jsonl};
use nearmiss::error::Error;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 500,
        rng_seed: RngSeed::Fixed(0x7061_7273),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Any finite number, down to the last bit.
fn number() -> impl Strategy<Value = Option<f32>> {
    let bits = any::<u32>().prop_map(f32::from_bits);
    prop::option::of(bits.prop_filter("JSON has no such number", |number| number.is_finite()))
}

fn judgment() -> impl Strategy<Value = Judgment> {
    let kinds = vec![
        PseudoKind::Title,
        PseudoKind::Heading,
        PseudoKind::Cloze,
        PseudoKind::Crop,
        PseudoKind::KeyPhrases,
    ];
    let words = (any::<String>(), any::<String>(), any::<bool>());
    let from = (prop::sample::select(&Source::ALL), prop::option::of(prop::sample::select(kinds)));
    let split = prop::option::of(prop::sample::select(&Split::ALL));
    (words, (number(), number()), from, prop::option::of(any::<u32>()), split).prop_map(
        |((query, document, relevant), (grade, weight), (source, kind), impressions, split)| Judgment {
            query,
            document,
            relevant,
            grade,
            weight,
            source,
            kind,
            impressions,
            split,
        },
    )
}

/// Text that looks like a file of some kind and may be broken anywhere.
fn text() -> impl Strategy<Value = String> {
    let pieces = [
        "{",
        "}",
        "[",
        "]",
        "\"",
        ":",
        ",",
        "\t",
        " ",
        "\n",
        "\r\n",
        "\u{feff}",
        "\u{2028}",
        "\\",
        "\\u",
        "\\ud800",
        "null",
        "true",
        "-",
        "1",
        "1e999",
        "-0",
        "0.1",
        "NaN",
        "inf",
        "_id",
        "\"_id\":",
        "\"text\":\"x\"",
        "\"parent\":",
        "\"metadata\":",
        "query-id",
        "score",
        "\"query\":\"q\"",
        "\"document\":\"d\"",
        "\"relevant\":true",
        "\"weight\":",
        "\"source\":\"click\"",
        "q1\td1\t1",
        "ü",
    ];
    let built = prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..40).prop_map(|p| p.concat());
    prop_oneof![any::<String>(), built]
}

fn named<T>(result: Result<T, Error>, file: &str) {
    if let Err(error) = result {
        assert!(error.to_string().starts_with(&format!("{file}, line ")), "{error}");
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn judgments_read_back_as_written(judgments in prop::collection::vec(judgment(), 0..6)) {
        let text = to_jsonl(&judgments).unwrap();
        prop_assert_eq!(text.lines().count(), judgments.len());
        let back = from_jsonl(&text).unwrap();
        let bits = |judgment: &Judgment| (judgment.grade.map(f32::to_bits), judgment.weight.map(f32::to_bits));
        prop_assert!(back.iter().map(bits).eq(judgments.iter().map(bits)));
        prop_assert_eq!(back, judgments);
    }

    #[test]
    fn no_text_makes_a_reader_panic(text in text()) {
        named(beir::read_corpus(&text), "corpus.jsonl");
        named(beir::read_queries(&text), "queries.jsonl");
        named(beir::read_qrels(&text), "qrels.tsv");
        named(from_jsonl(&text), "judgments.jsonl");
        let _ = serde_json::from_str::<Impression>(&text);
        let _ = serde_json::from_str::<FeedbackOptions>(&text);
    }

    /// A file that lost a piece anywhere.
    #[test]
    fn a_damaged_file_is_read_or_refused(judgments in prop::collection::vec(judgment(), 1..4), cut in any::<(u16, u16)>()) {
        let text: Vec<char> = to_jsonl(&judgments).unwrap().chars().collect();
        let from = usize::from(cut.0) % text.len();
        let to = from + usize::from(cut.1) % (text.len() - from + 1);
        let left: String = text[..from].iter().chain(&text[to..]).collect();
        named(from_jsonl(&left), "judgments.jsonl");
    }
}

#[test]
fn bad_lines_of_judgments_are_named() {
    let good = "{\"query\":\"q\",\"document\":\"a\",\"relevant\":true}";
    let read = |line: &str| from_jsonl(&format!("\u{feff}{good}\n\n{line}\r\n"));
    assert_eq!(read(good).unwrap(), vec![Judgment::relevant("q", "a"); 2]);
    let refusal = |line: &str, reason: &str| {
        let message = read(line).unwrap_err().to_string();
        assert!(message.starts_with("judgments.jsonl, line 3: ") && message.contains(reason), "{message}");
    };
    refusal("{\"query\":\"q\",\"document\":\"a\"}", "missing field `relevant`");
    refusal(&good.replace("true", "true,\"wieght\":1"), "unknown field `wieght`");
    refusal(&good.replace("true", "true,\"source\":\"me\""), "unknown variant `me`");
    refusal("nonsense", "expected");
}
