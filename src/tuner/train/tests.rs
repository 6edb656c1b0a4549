//! What reaches the steps, seen from inside.

use super::*;
use crate::dataset::{Document, Judgment, PseudoKind, Source};
use crate::encoder::{Encoder, ModelFiles};
use std::collections::HashMap;

/// A tuner over the checked-in model of random weights, with notes `n0`, `n1`, …
fn tuner(notes: usize) -> Tuner {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/tiny-bert/");
    let file = |name: &str| std::fs::read(format!("{folder}{name}")).unwrap();
    let (config, tokenizer, weights) =
        (file("config.json"), file("tokenizer.json"), file("model.safetensors"));
    let files = ModelFiles {
        config: &config,
        tokenizer: &tokenizer,
        weights: &weights,
        pooling: None,
        sentence_bert: None,
    };
    let mut tuner = Tuner::new(pollster::block_on(Encoder::load(files, None)).unwrap());
    let words = ["key", "valve", "mast", "door", "ring", "team", "note", "pay", "branch", "station"];
    let note = |at: usize| {
        let (one, other) = (words[at % words.len()], words[(at / words.len() + at + 3) % words.len()]);
        Document::new(
            format!("n{at}"),
            format!("On the {one}"),
            format!("turn the {one} to the {other} {at}"),
        )
    };
    tuner.add_documents((0..notes).map(note).collect()).unwrap();
    tuner
}

fn judge(tuner: &mut Tuner, query: &str, split: Split, relevant: &[usize], wrong: &[usize]) {
    let on = |judgment| Judgment { split: Some(split), ..judgment };
    let right = relevant.iter().map(|at| on(Judgment::relevant(query, format!("n{at}"))));
    let wrong = wrong.iter().map(|at| on(Judgment::not_relevant(query, format!("n{at}"))));
    tuner.add_judgments(right.chain(wrong).collect()).unwrap();
}

/// Runs to the end and hands over the examples of each epoch, as they are when its steps begin.
fn epochs(tuner: &mut Tuner, options: TrainOptions) -> Vec<Epoch> {
    let mut run = Train::new(tuner, options).unwrap();
    let mut epochs: Vec<Epoch> = Vec::new();
    while let Some(event) = pollster::block_on(run.next(tuner)).unwrap() {
        if matches!(event, Event::Step { .. }) && epochs.len() < run.now.number {
            let (examples, width) = (run.now.examples.clone(), run.now.width);
            epochs.push(Epoch { examples, width, texts: run.now.texts.clone(), ..Epoch::default() });
        }
    }
    epochs
}

fn held_out(tuner: &mut Tuner) {
    judge(tuner, "where is the mast", Split::HeldOut, &[2], &[]);
    judge(tuner, "where is the door", Split::HeldOut, &[3], &[]);
}

#[test]
fn every_judged_negative_is_trained_on_for_its_query_and_never_as_a_positive() {
    for num_negatives in [0, 1, 2] {
        let mut tuner = tuner(20);
        held_out(&mut tuner);
        judge(&mut tuner, "a key", Split::Train, &[0], &[1, 2, 3, 4, 5, 6, 7]);
        judge(&mut tuner, "a valve", Split::Train, &[1, 11], &[9]);
        judge(&mut tuner, "a ring", Split::Train, &[4], &[]);
        let options = TrainOptions { epochs: Some(3), num_negatives, ..TrainOptions::default() };
        let mut seen: HashMap<usize, HashSet<usize>> = HashMap::new();
        for epoch in epochs(&mut tuner, options) {
            for example in &epoch.examples {
                assert!(example.negatives.len() <= epoch.width);
                let negatives = example.negatives.iter().map(|&(number, _)| number);
                seen.entry(example.query).or_default().extend(negatives);
                assert!(example.negatives.iter().all(|(n, _)| !example.relevant.contains(n)));
            }
        }
        assert!(seen[&0].is_superset(&(1..=7).collect()), "{num_negatives}: {seen:?}");
        assert!(seen[&1].contains(&9), "{num_negatives}: {seen:?}");
    }
}

#[test]
fn a_query_with_many_answers_takes_turns() {
    let mut tuner = tuner(20);
    held_out(&mut tuner);
    judge(&mut tuner, "anything", Split::Train, &(4..16).collect::<Vec<_>>(), &[]);
    judge(&mut tuner, "a key", Split::Train, &[0], &[]);
    let options = TrainOptions { epochs: Some(8), max_positives: 3, ..TrainOptions::default() };
    let mut seen = HashSet::new();
    for epoch in epochs(&mut tuner, options) {
        let own: Vec<usize> =
            epoch.examples.iter().filter(|example| example.query == 0).map(|e| e.positive).collect();
        assert_eq!(own.len(), 3);
        seen.extend(own);
    }
    assert!(seen.len() > 8, "other answers in other epochs: {seen:?}");
}

#[test]
fn an_answer_is_trained_without_the_question_that_was_cut_from_it() {
    let mut tuner = tuner(20);
    held_out(&mut tuner);
    let made = |query: &str, at: usize| Judgment {
        source: Source::Synthetic,
        kind: Some(PseudoKind::Title),
        split: Some(Split::Train),
        ..Judgment::relevant(query, format!("n{at}"))
    };
    tuner.add_judgments(vec![made("On the key", 0), made("On the valve", 1)]).unwrap();
    judge(&mut tuner, "which key is it", Split::Train, &[0], &[]);
    let options = TrainOptions { epochs: Some(1), ..TrainOptions::default() };
    let epochs = epochs(&mut tuner, options);
    let epoch = &epochs[0];
    let documents = tuner.corpus.len();
    let made = &epoch.examples[0];
    let text = &epoch.texts[made.positive - documents];
    assert!(text.starts_with("turn the key"), "{text}");
    let asked = epoch.examples.iter().find(|example| example.positive == 0).expect("the real question");
    assert!(asked.relevant.contains(&made.positive), "the same answer in other words is no negative");
    assert!(made.relevant.contains(&0));
}
