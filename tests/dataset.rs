//! What people bring, well formed and not: documents and BEIR files.

mod common;

use common::{corpus_of, on};
use nearmiss::dataset::{Change, Corpus, Document, Judgment, Judgments, PseudoKind, Source, Split, beir};
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
    let chunk = json!({ "id": "x#2", "title": "", "text": "body", "parent": "x" });
    let read: Document = serde_json::from_value(chunk.clone()).unwrap();
    assert_eq!((read.parent.as_deref(), read.content().as_str()), (Some("x"), "body"));
    assert_eq!(serde_json::to_value(&read).unwrap(), chunk);
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
fn beir_files_read_back_as_written() {
    let documents = vec![
        Document::new("1", "Title \"quoted\"", "line\u{2028}separator\nand break"),
        Document { metadata: json!([1, { "a": null }]), ..Document::new("ü", "", "") },
        Document { parent: Some("1".into()), ..Document::new("1#2", "", "line") },
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
    let numbers =
        "{\"_id\": 7, \"text\": \"\", \"parent\": 3}\n{\"_id\": 8, \"text\": \"\", \"parent\": null}";
    let parents: Vec<_> = beir::read_corpus(numbers).unwrap().into_iter().map(|d| d.parent).collect();
    assert_eq!(parents, [Some("3".into()), None]);
}

#[test]
fn judgments_become_qrels_that_fit_one_list_of_queries() {
    let corpus = corpus_of(&["a", "b", "c"]);
    let mut judgments = Judgments::default();
    let made = |query: &str, document: &str| Judgment {
        source: Source::Synthetic,
        kind: Some(PseudoKind::Title),
        ..Judgment::relevant(query, document)
    };
    let said = vec![
        on(Split::Train, Judgment::relevant("first", "a")),
        on(
            Split::HeldOut,
            Judgment { grade: Some(2.5), weight: Some(3.0), ..Judgment::relevant("Second", "b") },
        ),
        Judgment::not_relevant("second", "a"),
        made("second", "c"),
        // A person's word counts, and the click that says otherwise is not written.
        Judgment { source: Source::Click, ..Judgment::relevant("second", "a") },
        made("third", "c"),
    ];
    judgments.add_all(said, &corpus, 0.0).unwrap();
    let files = |split| {
        let (queries, qrels) = beir::from_judgments(&judgments, split, 0);
        (beir::write_queries(&queries).unwrap(), beir::write_qrels(&qrels).unwrap())
    };
    let line = |id, text| format!("{{\"_id\":\"{id}\",\"text\":\"{text}\"}}\n");
    let (first, second, third) = (line("q1", "first"), line("q2", "Second"), line("q3", "third"));
    let header = "query-id\tcorpus-id\tscore\n";
    assert_eq!(files(Some(Split::HeldOut)), (second.clone(), format!("{header}q2\tb\t2.5\nq2\ta\t0\n")));
    assert_eq!(
        files(Some(Split::Train)),
        (format!("{first}{third}"), format!("{header}q1\ta\t1\nq3\tc\t1\n"))
    );
    let (queries, qrels) = files(None);
    assert_eq!(queries, first + &second + &third);
    assert_eq!(qrels, format!("{header}q1\ta\t1\nq2\tb\t2.5\nq2\tc\t1\nq2\ta\t0\nq3\tc\t1\n"));

    // Read back, they say the same, but for what qrels cannot carry.
    let (queries, qrels) = (beir::read_queries(&queries).unwrap(), beir::read_qrels(&qrels).unwrap());
    let mut back = Judgments::default();
    back.add_all(beir::judgments(&queries, &qrels, None).unwrap(), &corpus, 0.0).unwrap();
    assert_eq!(beir::from_judgments(&back, None, 0), (queries, qrels));
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

#[test]
fn two_ids_of_one_query_do_not_make_its_answer_a_negative() {
    let query = |id: &str, text: &str| beir::Query { id: id.into(), text: text.into() };
    let qrel = |query: &str, document: &str, score| beir::Qrel {
        query: query.into(),
        document: document.into(),
        score,
    };
    let queries = [query("q1", "Rotate key"), query("q2", "rotate  KEY")];
    let qrels = [qrel("q1", "a", 2.0), qrel("q2", "a", 0.0), qrel("q2", "b", 0.0)];
    let judged = beir::judgments(&queries, &qrels, None).unwrap();
    let said: Vec<_> = judged.iter().map(|j| (j.document.as_str(), j.relevant, j.grade)).collect();
    assert_eq!(said, [("a", true, Some(2.0)), ("b", false, None)]);
    let unreadable = beir::write_qrels(&[qrel("q1", " a", 1.0)]).unwrap_err();
    assert!(unreadable.to_string().contains("blank"), "{unreadable}");
}

#[test]
fn many_documents_go_in_one_pass() {
    let mut corpus = common::corpus_of(&["a", "b", "c", "d"]);
    let ids = ["d", "x", "b", "b"].map(String::from);
    assert_eq!(corpus.remove_all(&ids), ["d", "b"]);
    assert_eq!((corpus.position("a"), corpus.position("c"), corpus.len()), (Some(0), Some(1), 2));
    assert_eq!(corpus.get("c").map(|document| document.id.as_str()), Some("c"));
}
