//! Undo and redo against a twin that keeps whole copies, and what cannot be put back.

mod common;
#[path = "common/twin.rs"]
mod twin;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use common::{corpus_of, on};
use nearmiss::dataset::history::{Action, Change, MOST_CHANGES};
use nearmiss::dataset::{Corpus, Document, Judgment, Judgments, PseudoKind, Source, Split};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::json;
use twin::{Copy, Twin, normal, one_side_each};

const DOCUMENTS: [&str; 4] = ["a", "b", "c", "d"];
/// Two spellings of two queries, and a third.
const QUERIES: [&str; 5] = ["Key", " key ", "the mast", "The  Mast", "door"];

#[derive(Debug, Clone)]
enum Op {
    Add(Vec<Judgment>),
    Remove(&'static str, &'static str),
    RemoveDocuments(Vec<&'static str>),
    Undo,
    Redo,
    /// Of the corpus, with the judgments about it, as a person removes it.
    Drop(&'static str),
    /// The document comes back.
    Return(&'static str),
}

fn judgment() -> impl Strategy<Value = Judgment> {
    let split = prop_oneof![4 => Just(None), 1 => prop::sample::select(&Split::ALL).prop_map(Some)];
    let pair = (prop::sample::select(&QUERIES), prop::sample::select(&DOCUMENTS));
    let source = prop::sample::select(&Source::ALL);
    (pair, any::<bool>(), source, split, 1u8..4).prop_map(
        |((query, document), relevant, source, split, weight)| {
            let kind = (source == Source::Synthetic).then_some(PseudoKind::Title);
            let weight = Some(f32::from(weight));
            Judgment { relevant, source, kind, split, weight, ..Judgment::relevant(query, document) }
        },
    )
}

fn op() -> impl Strategy<Value = Op> {
    let (query, document) = (prop::sample::select(&QUERIES), prop::sample::select(&DOCUMENTS));
    prop_oneof![
        6 => prop::collection::vec(judgment(), 0..5).prop_map(Op::Add),
        2 => (query, document.clone()).prop_map(|(query, document)| Op::Remove(query, document)),
        1 => prop::collection::vec(document, 0..3).prop_map(Op::RemoveDocuments),
        3 => Just(Op::Undo),
        2 => Just(Op::Redo),
    ]
}

fn op_with_documents() -> impl Strategy<Value = Op> {
    let document = prop::sample::select(&DOCUMENTS);
    let (gone, back) = (document.clone().prop_map(Op::Drop), document.prop_map(Op::Return));
    prop_oneof![6 => op(), 1 => gone, 1 => back]
}

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 300,
        rng_seed: RngSeed::Fixed(0x756e_646f),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn all(judgments: &Judgments) -> Copy {
    judgments.all().cloned().collect()
}

/// Does it; false when it was refused or there was nothing to do over.
fn perform(judgments: &mut Judgments, op: &Op, corpus: &Corpus) -> bool {
    match op {
        Op::Add(new) => return judgments.add_all(new.clone(), corpus, 0.0).is_ok(),
        Op::Remove(query, document) => {
            judgments.remove(query, document, 0.0);
        }
        Op::RemoveDocuments(documents) => {
            judgments.remove_documents(documents, 0.0);
        }
        Op::Undo => return judgments.undo(corpus).is_some(),
        Op::Redo => return judgments.redo(corpus).is_some(),
        Op::Drop(_) | Op::Return(_) => {}
    }
    true
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_operations_can_be_undone_and_redone(ops in prop::collection::vec(op(), 0..40)) {
        let corpus = corpus_of(&DOCUMENTS);
        let (mut judgments, mut twin) = (Judgments::default(), Twin::default());
        for op in &ops {
            let done = match op {
                Op::Add(new) => twin.add(new.clone()),
                Op::Remove(query, document) => {
                    twin.keep(|j| normal(&j.query) != normal(query) || j.document != *document);
                    true
                }
                Op::RemoveDocuments(documents) => {
                    twin.keep(|j| !documents.contains(&j.document.as_str()));
                    true
                }
                Op::Undo => twin.undo(),
                Op::Redo => twin.redo(),
                Op::Drop(_) | Op::Return(_) => true,
            };
            prop_assert_eq!(perform(&mut judgments, op, &corpus), done, "{:?}", op);
            prop_assert_eq!(all(&judgments), twin.now.clone());
            for split in Split::ALL {
                let ids = |judged: Vec<nearmiss::dataset::Judged>| judged.into_iter().map(|j| j.document).collect();
                let queries = judgments.queries(split, 0).into_iter();
                let queries: Vec<_> = queries.map(|q| (q.text, ids(q.positives), ids(q.negatives))).collect();
                prop_assert_eq!(queries, twin.queries(split));
            }
        }
        prop_assert_eq!(judgments.history().len(), twin.past.len());
        prop_assert_eq!(judgments.redoable(), twin.future.len());
        let last = all(&judgments);
        let mut undone = 0;
        while let Some(restored) = judgments.undo(&corpus) {
            undone += 1;
            prop_assert!(twin.undo());
            prop_assert_eq!(all(&judgments), twin.now.clone());
            prop_assert_eq!(restored.left_out, 0);
        }
        prop_assert_eq!(all(&judgments), vec![]);
        (0..undone).for_each(|_| assert!(judgments.redo(&corpus).is_some()));
        prop_assert_eq!(all(&judgments), last);
    }

    /// However documents come and go between: no word on a document that is not there, one a pair and source, one side a
    /// query.
    #[test]
    fn documents_may_go_between(ops in prop::collection::vec(op_with_documents(), 0..40)) {
        let mut corpus = corpus_of(&DOCUMENTS);
        let mut judgments = Judgments::default();
        for op in &ops {
            match op {
                Op::Drop(id) => {
                    corpus.remove(id);
                    judgments.remove_documents(&[id], 0.0);
                }
                Op::Return(id) => {
                    corpus.add(Document::new(*id, "", "")).unwrap();
                }
                op => {
                    perform(&mut judgments, op, &corpus);
                }
            }
            let now = all(&judgments);
            prop_assert!(now.iter().all(|j| corpus.get(&j.document).is_some()));
            prop_assert!(one_side_each(&now));
            let keys: HashSet<_> = now.iter().map(|j| (normal(&j.query), &j.document, j.source)).collect();
            prop_assert_eq!(keys.len(), now.len());
            for judgment in &now {
                prop_assert_eq!(judgments.get(&judgment.query, &judgment.document, judgment.source), Some(judgment));
            }
        }
        while judgments.undo(&corpus).is_some() {}
        prop_assert_eq!(all(&judgments), vec![], "nothing is left that no change put there");
    }
}

#[test]
fn changes_tell_what_they_did() {
    let corpus = corpus_of(&DOCUMENTS);
    let mut judgments = Judgments::default();
    let (first, second) = (Judgment::relevant("key", "a"), Judgment::not_relevant("key", "a"));
    judgments.add_all(vec![first.clone()], &corpus, 1.0).unwrap();
    judgments.import(vec![second.clone(), Judgment::relevant("door", "b")], &corpus, 2.0).unwrap();
    judgments.add_feedback(vec![Judgment { source: Source::Click, ..first.clone() }], &corpus, 3.0).unwrap();
    judgments.remove_all([("KEY", "a"), ("key", "a"), ("nothing", "a")], 4.0);
    judgments.remove_documents(&["b", "c"], 5.0);
    // What changes nothing is no change.
    judgments.add_all(vec![], &corpus, 6.0).unwrap();
    assert_eq!(judgments.remove("key", "a", 7.0), 0);
    assert!(judgments.add_all(vec![Judgment::relevant(" ", "a")], &corpus, 8.0).is_err());

    let changes: Vec<Change> = judgments.history().collect();
    let told: Vec<_> =
        changes.iter().map(|c| (c.number, c.at, c.action, c.before.len(), c.after.len())).collect();
    let expected = [
        (1, 1.0, Action::Added, 0, 1),
        (2, 2.0, Action::Imported, 1, 2),
        (3, 3.0, Action::Feedback, 0, 1),
        (4, 4.0, Action::Removed, 2, 0),
        (5, 5.0, Action::DocumentsRemoved, 1, 0),
    ];
    assert_eq!(told, expected);
    assert_eq!((changes[1].before.clone(), changes[1].after[0].clone()), (vec![first], second));

    let undone = judgments.undo(&corpus).unwrap();
    assert_eq!(undone.change, changes[4]);
    let json = serde_json::to_value(&undone).unwrap();
    assert_eq!((&json["leftOut"], &json["change"]["action"]), (&json!(0), &json!("documents-removed")));
    assert_eq!((judgments.history().len(), judgments.redoable()), (4, 1));
    assert_eq!(judgments.redo(&corpus).unwrap().change, changes[4]);
    assert!(judgments.redo(&corpus).is_none());
    judgments.undo(&corpus);
    judgments.add_all(vec![Judgment::relevant("key", "d")], &corpus, 9.0).unwrap();
    assert_eq!(judgments.redoable(), 0, "a new change ends what could be redone");
    assert_eq!(judgments.history().next_back().unwrap().number, 6);
    // A refused or empty change does not.
    judgments.undo(&corpus);
    judgments.add_all(vec![], &corpus, 10.0).unwrap();
    assert_eq!(judgments.redoable(), 1);
}

#[test]
fn a_document_that_went_leaves_its_judgments_out() {
    let mut corpus = corpus_of(&["a", "b"]);
    let mut judgments = Judgments::default();
    let (a, b) = (Judgment::relevant("key", "a"), Judgment::relevant("key", "b"));
    judgments.add_all(vec![a.clone(), b.clone()], &corpus, 0.0).unwrap();
    corpus.remove("a");
    judgments.remove_documents(&["a", "b"], 0.0);
    assert_eq!(judgments.undo(&corpus).unwrap().left_out, 1);
    assert_eq!(all(&judgments), vec![b.clone()]);
    judgments.redo(&corpus).unwrap();
    corpus.add(Document::new("a", "", "")).unwrap();
    assert_eq!(judgments.undo(&corpus).unwrap().left_out, 0);
    assert_eq!(all(&judgments), [a, b], "once the document is back, so is its judgment, where it stood");
}

#[test]
fn a_query_that_changed_sides_meanwhile_is_not_torn() {
    let mut corpus = corpus_of(&["a", "b"]);
    let mut judgments = Judgments::default();
    let trained = on(Split::Train, Judgment::relevant("key", "a"));
    judgments.add_all(vec![trained], &corpus, 0.0).unwrap();
    corpus.remove("a");
    judgments.remove_documents(&["a"], 0.0);
    assert_eq!(judgments.undo(&corpus).unwrap().left_out, 1);
    let held_out = on(Split::HeldOut, Judgment::relevant("key", "b"));
    judgments.add_all(vec![held_out.clone()], &corpus, 0.0).unwrap();
    judgments.undo(&corpus).unwrap();
    judgments.undo(&corpus).unwrap();
    corpus.add(Document::new("a", "", "")).unwrap();
    assert_eq!(judgments.redo(&corpus).unwrap().left_out, 0);
    assert_eq!(judgments.redo(&corpus).unwrap().left_out, 1, "it would stand on both sides");
    assert!(judgments.queries(Split::HeldOut, 0).is_empty());
}

#[test]
fn a_pair_judged_anew_meanwhile_stands_once() {
    let mut corpus = corpus_of(&["a"]);
    let mut judgments = Judgments::default();
    let (first, second) = (Judgment::relevant("key", "a"), Judgment::not_relevant("key", "a"));
    judgments.add_all(vec![first], &corpus, 0.0).unwrap();
    corpus.remove("a");
    judgments.remove_documents(&["a"], 0.0);
    assert_eq!(judgments.undo(&corpus).unwrap().left_out, 1);
    corpus.add(Document::new("a", "", "")).unwrap();
    judgments.add_all(vec![second.clone()], &corpus, 0.0).unwrap();
    while judgments.undo(&corpus).is_some() {}
    while judgments.redo(&corpus).is_some() {}
    assert_eq!(all(&judgments), [second]);
    while judgments.undo(&corpus).is_some() {}
    assert_eq!(all(&judgments), []);
}

#[test]
fn only_the_last_changes_are_remembered() {
    let corpus = corpus_of(&["a"]);
    let mut judgments = Judgments::default();
    for number in 0..MOST_CHANGES + 30 {
        judgments.add_all(vec![Judgment::relevant(format!("q{number}"), "a")], &corpus, 0.0).unwrap();
    }
    assert_eq!(judgments.history().len(), 200);
    assert_eq!(judgments.history().next().unwrap().number, 31);
    while judgments.undo(&corpus).is_some() {}
    assert_eq!(judgments.all().len(), 30, "what is forgotten stays done");
}

/// A copy of the store, or a walk through it, takes tens of milliseconds at this size: 2000 of them, a minute and more.
#[test]
fn one_more_judgment_is_cheap_among_a_hundred_thousand() {
    let corpus = corpus_of(&["a"]);
    let mut judgments = Judgments::default();
    let word = |number: usize| Judgment::relevant(format!("question number {number}"), "a");
    judgments.add_all((0..100_000).map(word).collect(), &corpus, 0.0).unwrap();
    let start = Instant::now();
    for number in 100_000..102_000 {
        judgments.add_all(vec![on(Split::Train, word(number))], &corpus, 0.0).unwrap();
        judgments.undo(&corpus).unwrap();
        judgments.redo(&corpus).unwrap();
        judgments.remove(&word(number).query, "a", 0.0);
    }
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert_eq!(judgments.all().len(), 100_000);
}
