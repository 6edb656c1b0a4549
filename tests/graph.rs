//! The graph of neighbours in a tuner: made when there are many documents, and brought after them.
#![cfg(feature = "cpu")]

#[path = "common/model.rs"]
mod model;
#[path = "common/tuned.rs"]
mod tuned;

use nearmiss::dataset::Document;
use nearmiss::training::{TrainOptions, Trainable};
use nearmiss::tuner::{Event, Job, SearchOptions, Tuner};
use serde_json::json;
use tuned::{WORDS, run, tuner};

fn documents(from: usize, to: usize) -> Vec<Document> {
    let text = |at: usize| {
        let word = |n: usize| WORDS[(at * 7 + n * n * 3 + at / (n + 2)) % WORDS.len()];
        (0..6).map(word).collect::<Vec<_>>().join(" ")
    };
    (from..to).map(|at| Document::new(format!("n{at}"), "", format!("{} {at}", text(at)))).collect()
}

/// Rows that were linked.
fn index(tuner: &mut Tuner) -> usize {
    let job = Job::index(tuner).unwrap();
    let events = run(tuner, job).unwrap();
    let linked = |event: &Event| if let Event::Graph { total, .. } = event { Some(*total) } else { None };
    events.iter().filter_map(linked).max().unwrap_or(0)
}

fn ids(tuner: &mut Tuner, index: &str) -> Vec<String> {
    let stages = json!({ "k": 10, "stages": [{ "stage": "dense", "index": index, "ef": 400 }] });
    let options: SearchOptions = serde_json::from_value(stages).unwrap();
    let found = pollster::block_on(tuner.search("turn the valve and the key", &options)).unwrap();
    found.iter().map(|hit| hit.document.id.clone()).collect()
}

/// With so many candidates as there are documents, the walk finds exactly what scoring all of them finds.
fn assert_same(tuner: &mut Tuner) {
    assert_eq!(ids(tuner, "hnsw"), ids(tuner, "exact"));
    assert_eq!(ids(tuner, "auto"), ids(tuner, "exact"));
}

#[test]
fn only_what_changed_is_linked_anew() {
    let mut tuner = tuner();
    tuner.set_graph_from(100);
    assert_eq!(index(&mut tuner), 0, "too few");
    assert!(tuner.graph().is_none());
    tuner.add_documents(documents(0, 200)).unwrap();
    assert_eq!(index(&mut tuner), 212);
    assert_same(&mut tuner);
    assert_eq!(index(&mut tuner), 0, "it is there");

    tuner.add_documents(documents(200, 230)).unwrap();
    assert_same(&mut tuner);
    assert_eq!(index(&mut tuner), 30);
    assert_same(&mut tuner);

    let gone: Vec<String> = (0..60).map(|at| format!("n{}", at * 3)).collect();
    assert_eq!(tuner.remove_documents(&gone), 60);
    let mut changed = documents(1, 2);
    changed[0].text = "a ring for the team".into();
    tuner.add_documents(changed).unwrap();
    assert_eq!(index(&mut tuner), 1);
    assert_same(&mut tuner);
    assert!(ids(&mut tuner, "hnsw").iter().all(|id| !gone.contains(id)));

    // Most of it goes, and then all is linked anew.
    let gone: Vec<String> = (20..230).map(|at| format!("n{at}")).collect();
    tuner.remove_documents(&gone);
    tuner.set_graph_from(10);
    let left = tuner.corpus().len();
    assert_eq!(index(&mut tuner), left);
    assert_same(&mut tuner);
}

#[test]
fn other_weights_need_another_graph_and_the_old_one_is_not_asked_meanwhile() {
    let mut tuner = tuner();
    tuner.set_graph_from(10);
    tuner.add_documents(documents(0, 100)).unwrap();
    assert_eq!(index(&mut tuner), 112);
    let before = ids(&mut tuner, "hnsw");
    let options = TrainOptions {
        trainable: Trainable::Head,
        learning_rate: Some(0.05),
        epochs: Some(4),
        dev_share: Some(0.0),
        ..TrainOptions::default()
    };
    let job = Job::train(&tuner, options).unwrap();
    run(&mut tuner, job).unwrap();
    tuner.keep().unwrap();
    assert_same(&mut tuner);
    assert_ne!(ids(&mut tuner, "hnsw"), before);
    assert_eq!(index(&mut tuner), 112);
    assert_same(&mut tuner);
}

#[test]
fn a_stored_graph_is_taken_for_the_same_embeddings_alone() {
    let mut one = tuner();
    one.set_graph_from(10);
    one.add_documents(documents(0, 150)).unwrap();
    index(&mut one);
    let bytes = one.graph().unwrap();

    let fresh = |documents: Vec<Document>, bytes: Vec<u8>| {
        let mut other = tuner();
        other.set_graph_from(10);
        other.add_documents(documents).unwrap();
        other.put_graph(bytes);
        let linked = index(&mut other);
        assert_same(&mut other);
        linked
    };
    assert_eq!(fresh(documents(0, 150), bytes.clone()), 0);
    assert_eq!(fresh(documents(0, 149), bytes.clone()), 161, "made for others");
    let mut damaged = bytes.clone();
    damaged[40] ^= 1;
    assert_eq!(fresh(documents(0, 150), damaged), 162);
    assert_eq!(fresh(documents(0, 150), vec![1, 2, 3]), 162);
}
