//! Judgments: what is refused, what replaces what, which source counts, on which side a query stands, what contradicts.

mod common;

use common::{corpus_of, on};
use nearmiss::dataset::{
    ConflictKind, Corpus, Document, Judged, JudgedQuery, Judgment, Judgments, PseudoKind, Source, Split,
    split_of,
};
use nearmiss::error::{Error, Result};
use serde_json::json;

/// The refusal as a person sees it.
fn refusal<T: std::fmt::Debug>(result: Result<T>) -> String {
    let error = result.unwrap_err();
    assert!(matches!(error, Error::InputInvalid { .. }), "{error:?}");
    error.to_string()
}

fn by(source: Source, judgment: Judgment) -> Judgment {
    Judgment { source, ..judgment }
}

fn store(judgments: Vec<Judgment>, corpus: &Corpus) -> Judgments {
    let mut store = Judgments::default();
    store.add_all(judgments, corpus, 0.0).unwrap();
    store
}

/// Everything said, in order.
fn all(judgments: &Judgments) -> Vec<Judgment> {
    judgments.all().cloned().collect()
}

fn ids(judged: &[Judged]) -> Vec<&str> {
    judged.iter().map(|judged| judged.document.as_str()).collect()
}

/// Text, positives and negatives of the queries of a side.
fn side(judgments: &Judgments, split: Split) -> Vec<(String, Vec<String>, Vec<String>)> {
    let owned = |judged: &[Judged]| ids(judged).into_iter().map(String::from).collect();
    let told = |query: JudgedQuery| (query.text, owned(&query.positives), owned(&query.negatives));
    judgments.queries(split, 0).into_iter().map(told).collect()
}

fn entry(text: &str, positives: &[&str], negatives: &[&str]) -> (String, Vec<String>, Vec<String>) {
    let owned = |ids: &[&str]| ids.iter().map(|&id| id.into()).collect();
    (text.into(), owned(positives), owned(negatives))
}

#[test]
fn judgments_are_replaced_removed_and_kept_in_order() {
    let corpus = corpus_of(&["a", "b", "c"]);
    let graded = Judgment { grade: Some(3.0), ..Judgment::relevant("q", "b") };
    let mut judgments = store(vec![on(Split::HeldOut, Judgment::relevant("q", "a")), graded], &corpus);
    let more = vec![Judgment::not_relevant("q", "a"), Judgment::relevant("r", "a")];
    judgments.add_all(more, &corpus, 0.0).unwrap();

    assert_eq!(judgments.all().len(), 3);
    let queries = judgments.queries(Split::HeldOut, 0);
    assert_eq!(queries[0].text, "q", "the split outlives a replaced judgment");
    assert_eq!(queries[0].gains(), [("b", 3.0)]);
    assert_eq!(ids(&queries[0].negatives), ["a"]);

    assert_eq!((judgments.remove("q", "b", 0.0), judgments.remove("q", "b", 0.0)), (1, 0));
    assert_eq!(judgments.remove_documents(&["a", "c"], 0.0), 2);
    assert_eq!(judgments.all().len(), 0);
    // The same pair can come back, and be replaced.
    let back = |relevant| Judgment { relevant, ..Judgment::relevant("q", "a") };
    let again = vec![back(true), Judgment::relevant("q", "c"), back(false)];
    judgments.add_all(again, &corpus, 0.0).unwrap();
    assert_eq!(all(&judgments), [back(false), Judgment::relevant("q", "c")]);
}

#[test]
fn bad_judgments_are_named_and_nothing_is_kept() {
    let corpus = corpus_of(&["a", "b"]);
    let good = Judgment::relevant("q", "a");
    let graded = |judgment: Judgment, grade| Judgment { grade: Some(grade), ..judgment };
    let b = || Judgment::relevant("q", "b");
    let weighing = |weight| Judgment { weight: Some(weight), ..b() };
    let cases = [
        (Judgment::relevant("  ", "a"), "judgments[1].query: must not be blank"),
        (Judgment::relevant("q", "zebra"), "judgments[1].document: no document has the id \"zebra\""),
        (graded(b(), -1.0), "judgments[1].grade: must be a finite number, 0 or more; got -1"),
        (graded(b(), f32::NAN), "judgments[1].grade: must be a finite number"),
        (
            graded(Judgment::not_relevant("q", "b"), 2.0),
            "judgments[1].grade: must be 0 for a document that is not",
        ),
        (graded(b(), 0.0), "judgments[1].grade: must be above 0 for a relevant document"),
        (weighing(0.0), "judgments[1].weight: must be above 0 and at most 1000; got 0"),
        (weighing(-0.5), "judgments[1].weight: must be above 0 and at most 1000; got -0.5"),
        (weighing(1000.5), "judgments[1].weight: must be above 0 and at most 1000; got 1000.5"),
        (weighing(f32::INFINITY), "judgments[1].weight: must be above 0"),
        (weighing(f32::NAN), "judgments[1].weight: must be above 0"),
        (
            Judgment { kind: Some(PseudoKind::Cloze), source: Source::Mined, ..b() },
            "judgments[1].kind: only a judgment of source \"synthetic\" has one",
        ),
        (Judgment { impressions: Some(0), ..b() }, "judgments[1].impressions: must be at least 1; got 0"),
    ];
    for (bad, expected) in cases {
        let mut judgments = Judgments::default();
        let message = refusal(judgments.add_all(vec![good.clone(), bad], &corpus, 0.0));
        assert!(message.starts_with(expected), "{message:?} should start with {expected:?}");
        assert!(judgments.all().len() == 0 && judgments.history().len() == 0, "all or none");
    }
    store(vec![weighing(1000.0), Judgment { weight: Some(f32::MIN_POSITIVE), ..good }], &corpus);
}

#[test]
fn judgments_read_and_write_as_javascript_has_them() {
    let least = json!({ "query": "q", "document": "a", "relevant": true });
    let read: Judgment = serde_json::from_value(least).unwrap();
    assert_eq!(read, Judgment::relevant("q", "a"));
    assert_eq!((read.weight(), read.gain()), (1.0, 1.0));
    let written = json!({ "query": "q", "document": "a", "relevant": true, "source": "labelled" });
    assert_eq!(serde_json::to_value(&read).unwrap(), written);
    let full = json!({
        "query": "q", "document": "a", "relevant": true, "grade": 2.0, "weight": 0.25, "source": "synthetic",
        "kind": "key-phrases", "impressions": 3, "split": "held-out",
    });
    let read: Judgment = serde_json::from_value(full.clone()).unwrap();
    assert_eq!((read.kind, read.weight()), (Some(PseudoKind::KeyPhrases), 0.25));
    assert_eq!(serde_json::to_value(&read).unwrap(), full);
    let unknown = json!({ "query": "q", "document": "a", "relevent": true });
    assert!(serde_json::from_value::<Judgment>(unknown).unwrap_err().to_string().contains("relevent"));
}

#[test]
fn spellings_are_one_query_that_stands_on_one_side() {
    let corpus = corpus_of(&["a", "b"]);
    let mut judgments = store(vec![on(Split::Train, Judgment::relevant("Rotate the key", "a"))], &corpus);
    let respelled = on(Split::HeldOut, Judgment::relevant(" rotate the  KEY", "b"));
    let message = refusal(judgments.add_all(vec![respelled], &corpus, 0.0));
    assert!(message.starts_with("judgments[0].split") && message.contains("rotate the key"), "{message}");

    // Spellings without a split of their own follow, and the first spelling stays.
    judgments.add_all(vec![Judgment::relevant("rotate the key", "b")], &corpus, 0.0).unwrap();
    judgments.add_all(vec![Judgment::not_relevant("ROTATE\tTHE KEY", "b")], &corpus, 0.0).unwrap();
    assert_eq!(side(&judgments, Split::Train), [entry("Rotate the key", &["a"], &["b"])]);
    assert!(judgments.all().all(|judgment| judgment.query == "Rotate the key"));
    assert!(side(&judgments, Split::HeldOut).is_empty());
    // Moving the only fixed judgment of a query to the other side is no conflict.
    let moved = on(Split::HeldOut, Judgment::relevant("Rotate the key", "a"));
    judgments.add_all(vec![moved], &corpus, 0.0).unwrap();
    assert_eq!(side(&judgments, Split::HeldOut).len(), 1);
    // Nor is moving all of them at once; leaving one behind is.
    judgments
        .add_all(vec![on(Split::HeldOut, Judgment::relevant("rotate the key", "b"))], &corpus, 0.0)
        .unwrap();
    let back = |document: &str| on(Split::Train, Judgment::relevant("rotate the key", document));
    let message = refusal(judgments.add_all(vec![Judgment::relevant("x", "a"), back("a")], &corpus, 0.0));
    assert!(message.starts_with("judgments[1].split"), "{message}");
    judgments.add_all(vec![back("a"), back("b")], &corpus, 0.0).unwrap();
    assert_eq!(side(&judgments, Split::Train), [entry("Rotate the key", &["a", "b"], &[])]);
}

#[test]
fn a_fifth_is_held_out_by_seed() {
    let queries: Vec<String> = (0..5000).map(|n| format!("question number {n}")).collect();
    let held_out = |seed| queries.iter().filter(|query| split_of(query, seed) == Split::HeldOut).count();
    for seed in [0, 1, 42] {
        // Standard deviation 28: five of them.
        assert!(held_out(seed).abs_diff(1000) < 142, "{} of 5000 under seed {seed}", held_out(seed));
    }
    assert!(queries.iter().any(|query| split_of(query, 0) != split_of(query, 1)), "the seed matters");
    let respelled =
        |query: &String| split_of(query, 3) == split_of(&query.to_uppercase().replace(' ', "\t "), 3);
    assert!(queries.iter().all(respelled));

    let judgments =
        store(queries.iter().map(|query| Judgment::relevant(query, "a")).collect(), &corpus_of(&["a"]));
    let (train, test) = (judgments.queries(Split::Train, 0), judgments.queries(Split::HeldOut, 0));
    assert_eq!((test.len(), train.len()), (held_out(0), 5000 - held_out(0)));
    assert!(test.iter().all(|query| !train.contains(query)));
}

#[test]
fn the_most_trusted_source_counts() {
    let corpus = corpus_of(&["a", "b"]);
    for (rank, source) in Source::ALL.into_iter().enumerate() {
        // All less trusted ones say the opposite, and come first.
        let less = Source::ALL[rank + 1..].iter().map(|&less| by(less, Judgment::relevant("q", "a")));
        let said: Vec<Judgment> = less.chain([by(source, Judgment::not_relevant("q", "a"))]).collect();
        let judgments = store(on_train(said), &corpus);
        let queries = judgments.queries(Split::Train, 0);
        assert!(queries[0].positives.is_empty(), "{source:?}");
        let expected = Judged { source, ..Judged::new("a", 0.0) };
        assert_eq!(queries[0].negatives, [expected]);
    }
    // Sources are kept apart: each has its own word, and they go together.
    let weighed = Judgment { weight: Some(0.25), ..by(Source::Click, Judgment::relevant("q", "a")) };
    let mut judgments = store(on_train(vec![weighed, Judgment::relevant("Q", "b")]), &corpus);
    judgments.add_all(vec![Judgment::not_relevant("q", "a")], &corpus, 0.0).unwrap();
    assert_eq!(judgments.get(" Q ", "a", Source::Click).unwrap().weight(), 0.25);
    assert!(!judgments.get("q", "a", Source::Labelled).unwrap().relevant);
    assert!(judgments.get("q", "a", Source::Mined).is_none());
    assert_eq!(side(&judgments, Split::Train), [entry("q", &["b"], &["a"])]);
    assert_eq!(judgments.remove("Q", "a", 0.0), 2);
    assert_eq!(side(&judgments, Split::Train), [entry("q", &["b"], &[])]);
}

fn on_train(judgments: Vec<Judgment>) -> Vec<Judgment> {
    judgments.into_iter().map(|judgment| on(Split::Train, judgment)).collect()
}

#[test]
fn synthetic_positives_are_never_measured_beside_real_ones() {
    let corpus = corpus_of(&["a", "b", "c"]);
    let made = |query: &str, document: &str| {
        on(Split::HeldOut, by(Source::Synthetic, Judgment::relevant(query, document)))
    };
    let mut judgments = store(vec![made("made", "a"), made("both", "b")], &corpus);
    assert!(!judgments.has_real_positives());
    let alone = [entry("made", &["a"], &[]), entry("both", &["b"], &[])];
    assert_eq!(side(&judgments, Split::HeldOut), alone, "there is nothing else to measure on");

    // Negatives are no answer, whoever says so.
    judgments.add_all(vec![Judgment::not_relevant("made", "b")], &corpus, 0.0).unwrap();
    assert!(!judgments.has_real_positives());
    assert_eq!(side(&judgments, Split::HeldOut)[0], entry("made", &["a"], &["b"]));

    judgments.add_all(vec![Judgment::relevant("both", "c")], &corpus, 0.0).unwrap();
    assert!(judgments.has_real_positives());
    assert_eq!(side(&judgments, Split::HeldOut), [entry("both", &["c"], &[])]);
    assert_eq!(side(&judgments, Split::Train), [entry("made", &["a"], &["b"])]);

    // On the train side a query keeps both. A synthetic positive that a person confirms is real.
    let trained = |judgment: Judgment| Judgment { split: Some(Split::Train), ..judgment };
    let moved = vec![trained(made("both", "b")), Judgment::relevant("made", "a")];
    judgments.add_all(moved, &corpus, 0.0).unwrap();
    assert_eq!(side(&judgments, Split::Train), [entry("both", &["b", "c"], &[])]);
    assert_eq!(side(&judgments, Split::HeldOut), [entry("made", &["a"], &["b"])]);
    // One that a person denies is no positive at all.
    let mut denied = store(vec![made("q", "a")], &corpus);
    denied.add_all(vec![Judgment::not_relevant("q", "a")], &corpus, 0.0).unwrap();
    assert!(!denied.has_real_positives());
    assert_eq!(side(&denied, Split::HeldOut), [entry("q", &[], &["a"])]);
}

#[test]
fn contradictions_are_found() {
    let mut corpus = Corpus::default();
    for (id, text) in [("a", "one"), ("b", "two"), ("c", "one"), ("d", "one")] {
        corpus.add(Document::new(id, "", text)).unwrap();
    }
    let click = |judgment| by(Source::Click, judgment);
    let said = vec![
        click(Judgment::relevant("First", "b")),
        Judgment::not_relevant("first", "b"),
        by(Source::Mined, Judgment::not_relevant("first", "b")),
        Judgment::relevant("second", "a"),
        Judgment::relevant("second", "b"),
        Judgment::not_relevant("second", "c"),
        Judgment::relevant("second", "d"),
        // Of one mind, or about different queries: no contradiction.
        click(Judgment::relevant("second", "a")),
        Judgment::not_relevant("third", "a"),
        click(Judgment::not_relevant("third", "c")),
        // Clicks that cancel each other out contradict nobody.
        Judgment { weight: Some(1e-6), ..click(Judgment::not_relevant("second", "b")) },
    ];
    let conflicts = store(said, &corpus).conflicts(&corpus);
    assert_eq!(conflicts.len(), 2);
    let sources = &conflicts[0];
    assert_eq!((sources.kind, sources.query.as_str()), (ConflictKind::Sources, "First"));
    assert_eq!(
        (sources.documents.as_slice(), sources.counts.as_slice()),
        (["b".to_string()].as_slice(), [0].as_slice())
    );
    let order: Vec<Source> = sources.judgments.iter().map(|judgment| judgment.source).collect();
    assert_eq!(order, [Source::Labelled, Source::Click, Source::Mined]);
    let copies = serde_json::to_value(&conflicts[1]).unwrap();
    assert_eq!((&copies["kind"], &copies["query"]), (&json!("copies"), &json!("second")));
    assert_eq!((&copies["documents"], &copies["counts"]), (&json!(["a", "c", "d"]), &json!([0, 2])));
    assert_eq!(copies["judgments"][1]["relevant"], false);
}

#[test]
fn clicks_that_cancel_out_say_nothing_but_hold_their_query_on_its_side() {
    let corpus = corpus_of(&["a", "b"]);
    let undecided = Judgment {
        weight: Some(1e-6),
        impressions: Some(2),
        ..on(Split::HeldOut, by(Source::Click, Judgment::not_relevant("q", "a")))
    };
    assert!(undecided.is_undecided());
    let by_person = Judgment { source: Source::Labelled, ..undecided.clone() };
    assert!(!by_person.is_undecided(), "a person's word counts, however light");
    let mut judgments = store(vec![undecided], &corpus);
    assert!(side(&judgments, Split::HeldOut).is_empty() && side(&judgments, Split::Train).is_empty());
    judgments.add_all(vec![by(Source::Mined, Judgment::relevant("q", "a"))], &corpus, 0.0).unwrap();
    assert_eq!(side(&judgments, Split::HeldOut), [entry("q", &["a"], &[])]);
}
