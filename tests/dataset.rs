//! What people bring, well formed and not: documents, judgments, splits, BEIR files.

mod common;

use common::{corpus_of, on};
use nearmiss::dataset::{Change, Corpus, Document, Judgment, Judgments, Split, beir, split_of};
use nearmiss::error::{Error, Result};
use serde_json::json;

/// The refusal as a person sees it.
fn refusal<T: std::fmt::Debug>(result: Result<T>) -> String {
    let error = result.unwrap_err();
    assert!(matches!(error, Error::InputInvalid { .. }), "{error:?}");
    error.to_string()
}

#[test]
fn corpus_keeps_order_and_positions() {
    let mut corpus = corpus_of(&["a", "b", "c"]);
    assert_eq!(corpus.add(Document::new("b", "", "new")).unwrap(), Change::Updated);
    assert_eq!(corpus.add(Document::new("b", "", "new")).unwrap(), Change::Unchanged);
    assert_eq!(corpus.add(Document::new("d", "", "")).unwrap(), Change::Added);
    assert!(corpus.remove("a"));
    assert!(!corpus.remove("a"));
    let ids: Vec<&str> = corpus.documents().iter().map(|document| document.id.as_str()).collect();
    assert_eq!(ids, ["b", "c", "d"]);
    for (at, id) in ids.iter().enumerate() {
        assert_eq!(corpus.position(id), Some(at));
    }
    assert_eq!(corpus.get("b").map(|document| document.text.as_str()), Some("new"));
    assert!(corpus.get("a").is_none() && corpus.len() == 3 && !corpus.is_empty());
    assert!(refusal(corpus.add(Document::new(" ", "", ""))).contains("document.id"));
}

#[test]
fn documents_read_and_write_as_javascript_has_them() {
    let document: Document = serde_json::from_value(json!({ "id": "x", "text": "body" })).unwrap();
    assert_eq!(document.content(), "body");
    assert_eq!(serde_json::to_value(&document).unwrap(), json!({ "id": "x", "title": "", "text": "body" }));
    let titled = Document { metadata: json!({ "page": 3 }), ..Document::new("x", "Title ", "body\n") };
    assert_eq!(titled.content(), "Title body");
    assert_eq!(serde_json::to_value(&titled).unwrap()["metadata"]["page"], 3);
}

#[test]
fn copies_are_known_by_their_content() {
    let mut corpus = Corpus::default();
    for (id, title, text) in
        [("a", "", "one two"), ("b", "", "three"), ("c", "one", "two"), ("d", "", "one two")]
    {
        corpus.add(Document::new(id, title, text)).unwrap();
    }
    assert_eq!(corpus.originals(), [0, 1, 0, 0]);
}

#[test]
fn judgments_are_replaced_removed_and_kept_in_order() {
    let corpus = corpus_of(&["a", "b", "c"]);
    let mut judgments = Judgments::default();
    let held_out = |judgment| on(Split::HeldOut, judgment);
    let graded = Judgment { grade: Some(3.0), ..Judgment::relevant("q", "b") };
    judgments.add_all(vec![held_out(Judgment::relevant("q", "a")), graded], &corpus).unwrap();
    judgments.add_all(vec![Judgment::not_relevant("q", "a"), Judgment::relevant("r", "a")], &corpus).unwrap();

    assert_eq!(judgments.all().len(), 3);
    let queries = judgments.queries(Split::HeldOut, 0);
    assert_eq!(queries[0].text, "q", "the split outlives a replaced judgment");
    assert_eq!(queries[0].positives, [("b".to_string(), 3.0)]);
    assert_eq!(queries[0].negatives, ["a"]);

    assert!(judgments.remove("q", "b") && !judgments.remove("q", "b"));
    assert_eq!(judgments.remove_document("a"), 2);
    assert!(judgments.all().is_empty());
    // The index of pairs has followed: the same pair can come back, and be replaced.
    let back = |relevant| Judgment { relevant, ..Judgment::relevant("q", "a") };
    judgments.add_all(vec![back(true), Judgment::relevant("q", "c"), back(false)], &corpus).unwrap();
    assert_eq!(judgments.all(), [back(false), Judgment::relevant("q", "c")]);
}

#[test]
fn bad_judgments_are_named_and_nothing_is_kept() {
    let corpus = corpus_of(&["a", "b"]);
    let good = Judgment::relevant("q", "a");
    let graded = |judgment: Judgment, grade| Judgment { grade: Some(grade), ..judgment };
    let cases = [
        (Judgment::relevant("  ", "a"), "judgments[1].query: must not be blank"),
        (Judgment::relevant("q", "zebra"), "judgments[1].document: no document has the id \"zebra\""),
        (
            graded(Judgment::relevant("q", "b"), -1.0),
            "judgments[1].grade: must be a finite number, 0 or more; got -1",
        ),
        (graded(Judgment::relevant("q", "b"), f32::NAN), "judgments[1].grade: must be a finite number"),
        (
            graded(Judgment::not_relevant("q", "b"), 2.0),
            "judgments[1].grade: must be 0 for a document that is not",
        ),
        (
            graded(Judgment::relevant("q", "b"), 0.0),
            "judgments[1].grade: must be above 0 for a relevant document",
        ),
    ];
    for (bad, expected) in cases {
        let mut judgments = Judgments::default();
        let message = refusal(judgments.add_all(vec![good.clone(), bad], &corpus));
        assert!(message.starts_with(expected), "{message:?} should start with {expected:?}");
        assert!(judgments.all().is_empty(), "all or none");
    }
    let split = json!({ "query": "q", "document": "a", "relevant": true, "split": "held-out" });
    let read: Judgment = serde_json::from_value(split.clone()).unwrap();
    assert_eq!(read, on(Split::HeldOut, good));
    assert_eq!(serde_json::to_value(&read).unwrap(), split);
    let unknown = json!({ "query": "q", "document": "a", "relevent": true });
    assert!(serde_json::from_value::<Judgment>(unknown).unwrap_err().to_string().contains("relevent"));
}

#[test]
fn a_query_stands_on_one_side_only() {
    let corpus = corpus_of(&["a", "b"]);
    let mut judgments = Judgments::default();
    judgments.add_all(vec![on(Split::Train, Judgment::relevant("Rotate the key", "a"))], &corpus).unwrap();
    let respelled = on(Split::HeldOut, Judgment::relevant(" rotate the  KEY", "b"));
    let message = refusal(judgments.add_all(vec![respelled], &corpus));
    assert!(message.starts_with("judgments[0].split") && message.contains("rotate the key"), "{message}");

    // Spellings without a split of their own follow.
    judgments.add_all(vec![Judgment::relevant("rotate the key", "b")], &corpus).unwrap();
    assert_eq!(judgments.queries(Split::Train, 5).len(), 2);
    assert!(judgments.queries(Split::HeldOut, 5).is_empty());
    // Moving the only fixed judgment of a query to the other side is no conflict.
    let moved = on(Split::HeldOut, Judgment::relevant("Rotate the key", "a"));
    judgments.add_all(vec![moved], &corpus).unwrap();
    assert_eq!(judgments.queries(Split::HeldOut, 5).len(), 2);
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

    let corpus = corpus_of(&["a"]);
    let mut judgments = Judgments::default();
    judgments.add_all(queries.iter().map(|query| Judgment::relevant(query, "a")).collect(), &corpus).unwrap();
    let (train, test) = (judgments.queries(Split::Train, 0), judgments.queries(Split::HeldOut, 0));
    assert_eq!((test.len(), train.len()), (held_out(0), 5000 - held_out(0)));
    assert!(test.iter().all(|query| !train.contains(query)));
}

#[test]
fn beir_files_read_back_as_written() {
    let documents = vec![
        Document::new("1", "Title \"quoted\"", "line\u{2028}separator\nand break"),
        Document { metadata: json!([1, { "a": null }]), ..Document::new("ü", "", "") },
    ];
    assert_eq!(beir::read_corpus(&beir::write_corpus(&documents).unwrap()).unwrap(), documents);
    let queries = vec![beir::Query { id: "q 1".into(), text: "what?".into() }];
    assert_eq!(beir::read_queries(&beir::write_queries(&queries).unwrap()).unwrap(), queries);
    let qrel = |document: &str, score| beir::Qrel { query: "q 1".into(), document: document.into(), score };
    let qrels = vec![qrel("1", 2.0), qrel("ü", 0.0)];
    assert_eq!(beir::read_qrels(&beir::write_qrels(&qrels).unwrap()).unwrap(), qrels);
    assert!(refusal(beir::write_qrels(&[qrel("a\tb", 1.0)])).contains("tab"));

    let judgments = beir::judgments(&queries, &qrels, Some(Split::Train)).unwrap();
    let graded = Judgment { grade: Some(2.0), ..Judgment::relevant("what?", "1") };
    assert_eq!(judgments[0], on(Split::Train, graded));
    assert_eq!(judgments[1], on(Split::Train, Judgment::not_relevant("what?", "ü")));
    assert!(refusal(beir::judgments(&[], &qrels, None)).contains("q 1"));
}

#[test]
fn qrels_come_in_several_shapes() {
    let expected = [("q1", "d1", 1.0), ("q2", "d2", 0.0)];
    let shapes = [
        "query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t-1\n",
        "\u{feff}q1\td1\t1\r\n\r\nq2\td2\t0\r\n",
        "q1 0 d1 1\nq2 Q0 d2 0",
        "query_id\tdoc_id\trelevance\nq1\td1\t1.0\nq2\td2\t-0.5",
    ];
    for shape in shapes {
        let qrels = beir::read_qrels(shape).unwrap();
        let rows: Vec<_> = qrels.iter().map(|q| (q.query.as_str(), q.document.as_str(), q.score)).collect();
        assert_eq!(rows, expected, "{shape:?}");
    }
}

#[test]
fn bad_beir_lines_are_named() {
    let corpus = |text| refusal(beir::read_corpus(text));
    assert!(corpus("{\"_id\": \"1\", \"text\": \"a\"}\n\nnot json").starts_with("corpus.jsonl, line 3:"));
    assert!(corpus("{\"_id\": \"1\"}").contains("text"));
    assert!(corpus("{\"_id\": \"\", \"text\": \"a\"}").contains("_id must not be empty"));
    let twice = "{\"_id\": 1, \"text\": \"a\"}\n{\"_id\": \"1\", \"text\": \"b\"}";
    assert!(corpus(twice).contains("line 2: the _id \"1\" already stands on line 1"));

    let qrels = |text| refusal(beir::read_qrels(text));
    assert!(qrels("q1\td1\tmaybe").contains("line 1: the score \"maybe\" is not a number"));
    assert!(qrels("q1\td1\t1\nq1\td2").contains("line 2: expected query id"));
    assert!(qrels("q1\t\t1").contains("an id is empty"));
    assert!(qrels("q1\td1\tinf").contains("not a number"));
}
