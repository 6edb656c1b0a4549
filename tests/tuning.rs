//! The whole story on the tiny model: training lowers the loss, tells the truth, and can be taken back.
#![cfg(feature = "cpu")]

#[path = "common/model.rs"]
mod model;
#[path = "common/tuned.rs"]
mod tuned;

use model::tiny;
use nearmiss::dataset::{Judgment, Source, Split, split_of};
use nearmiss::encoder::{Encoder, Tower, Towers};
use nearmiss::error::Error;
use nearmiss::mining::MiningOptions;
use nearmiss::training::{HardNegative, Layout, LossName, TrainOptions, Trainable, TrainingExample};
use nearmiss::tuner::{Event, Job, Mode, SearchOptions, Stage, Tuner};
use tuned::{empty, run, tuner};

fn losses(events: &[Event]) -> Vec<f32> {
    let loss = |event: &Event| match event {
        Event::Step { loss, .. } => Some(*loss),
        _ => None,
    };
    events.iter().filter_map(loss).collect()
}

fn query_vector(tuner: &Tuner) -> Vec<f32> {
    pollster::block_on(tuner.encode(&["turn the key".into()], Tower::Query)).unwrap().into_vec()
}

fn options(trainable: Trainable, loss: LossName) -> TrainOptions {
    let rate = match trainable {
        Trainable::Head => 3e-3,
        Trainable::Lora => 1e-2,
        _ => 1e-3,
    };
    TrainOptions {
        trainable,
        loss,
        epochs: Some(10),
        batch_size: Some(4),
        learning_rate: Some(rate),
        ..TrainOptions::default()
    }
}

#[test]
fn every_rung_and_loss_learns_and_repeats_itself() {
    for trainable in [Trainable::Head, Trainable::Lora, Trainable::Layers(1), Trainable::Full] {
        for loss in [LossName::InfoNce, LossName::Margin] {
            let mut tuner = tuner();
            let before = query_vector(&tuner);
            let job = Job::train(&tuner, options(trainable, loss)).unwrap();
            let events = run(&mut tuner, job).unwrap();
            let curve = losses(&events);
            assert_eq!(curve.len(), 20, "8 queries, 4 a step, 10 epochs");
            let (first, last) = (curve[..4].iter().sum::<f32>(), curve[16..].iter().sum::<f32>());
            assert!(last < first, "{trainable:?} {loss:?}: {first} to {last}");

            let Some(Event::Verdict(verdict)) = events.last() else { panic!("no verdict") };
            assert_eq!((verdict.verdict.queries, verdict.examples, verdict.steps), (4, 8, 20));
            // What is not better was rolled back; whatever the verdict, both states can be had.
            assert_eq!(query_vector(&tuner) != before, verdict.kept);
            tuner.keep().unwrap();
            assert_ne!(query_vector(&tuner), before);
            tuner.rollback().unwrap();
            assert_eq!(query_vector(&tuner), before);

            let mut again = tuned::tuner();
            let job = Job::train(&again, options(trainable, loss)).unwrap();
            assert_eq!(losses(&run(&mut again, job).unwrap()), curve, "same seed, same curve");
        }
    }
}

#[test]
fn a_dropped_run_leaves_everything_and_search_goes_on_beside_it() {
    let mut tuner = tuner();
    let before = query_vector(&tuner);
    let mut job = Job::train(&tuner, options(Trainable::Full, LossName::InfoNce)).unwrap();
    let mut steps = 0;
    while steps < 5 {
        let event = pollster::block_on(job.next(&mut tuner)).unwrap().unwrap();
        steps += usize::from(matches!(event, Event::Step { .. }));
        let hits = pollster::block_on(tuner.search("turn the key", &SearchOptions::default())).unwrap();
        assert_eq!(hits.len(), 10);
    }
    drop(job);
    assert_eq!(query_vector(&tuner), before);
    assert!(matches!(tuner.keep(), Err(Error::InsufficientData { .. })));
}

#[test]
fn the_split_does_not_follow_the_training_seed_and_judging_goes_on_beside_a_run() {
    let mut tuner = tuner();
    // Without explicit sides: who is held out must be the same for training and for evaluation.
    let free: Vec<Judgment> =
        (0..40).map(|i| Judgment::relevant(format!("turn {i} to the key"), "key")).collect();
    tuner.add_judgments(free).unwrap();
    let job = Job::evaluate(&tuner, Split::HeldOut, Mode::Dense).unwrap();
    let events = run(&mut tuner, job).unwrap();
    let Some(Event::Evaluated { queries, .. }) = events.last() else { panic!("nothing measured") };
    let options = TrainOptions { seed: 7, epochs: Some(1), ..TrainOptions::default() };
    let mut job = Job::train(&tuner, options).unwrap();
    let mut last = None;
    while let Some(event) = pollster::block_on(job.next(&mut tuner)).unwrap() {
        if matches!(event, Event::Step { .. }) {
            let late = Judgment { split: Some(Split::HeldOut), ..Judgment::relevant("a late one", "mast") };
            tuner.add_judgments(vec![late]).unwrap();
        }
        last = Some(event);
    }
    let Some(Event::Verdict(verdict)) = last else { panic!("no verdict") };
    assert_eq!(verdict.verdict.queries, *queries);
}

#[test]
fn a_query_tower_leaves_the_document_side_alone() {
    let mut tuner = tuner();
    let document = |tuner: &Tuner| {
        pollster::block_on(tuner.encode(&["a note".into()], Tower::Document)).unwrap().into_vec()
    };
    for trainable in [Trainable::Head, Trainable::Lora, Trainable::Layers(1), Trainable::Full] {
        let (before, query) = (document(&tuner), query_vector(&tuner));
        let options = TrainOptions { towers: Towers::Query, ..options(trainable, LossName::InfoNce) };
        let job = Job::train(&tuner, options).unwrap();
        let events = run(&mut tuner, job).unwrap();
        let encoded = |event: &Event| matches!(event, Event::Encode { stage: Stage::Documents, .. });
        // Once, for the baseline of the first run: no training encodes documents anew.
        assert_eq!(events.iter().any(encoded), trainable == Trainable::Head);
        tuner.keep().unwrap();
        assert_eq!(document(&tuner), before, "{trainable:?}");
        assert_ne!(query_vector(&tuner), query, "{trainable:?}");
        tuner.rollback().unwrap();
        assert_eq!(query_vector(&tuner), query, "{trainable:?}");
    }
}

#[test]
fn a_step_lays_out_what_counts_against_whom() {
    let example = |query, positive, negatives: &[usize]| TrainingExample {
        query,
        positive,
        weight: 1.0,
        negatives: negatives.iter().map(|&document| HardNegative::new(document)).collect(),
    };
    // 11 is relevant to query 0 too, and must not be its negative, neither mined nor in the batch.
    let (a, b) = (example(0, 10, &[20, 11]), example(1, 11, &[10]));
    let relevant = [&[10, 11][..], &[11]];
    let layout = Layout::new(&[&a, &b], 2, |row, document| relevant[row].contains(&document));
    assert_eq!(layout.documents, [10, 11, 20, 10, 10, 11]);
    assert_eq!(layout.present, [1.0, 0.0, 1.0, 0.0], "a filler stands where a relevant document stood");
    let out = |row: usize| layout.excluded[row * 6..(row + 1) * 6].to_vec();
    assert_eq!(
        out(0),
        [0.0, 1.0, 0.0, 1.0, 1.0, 1.0],
        "positive, other's, negative, filler, relevant, filler"
    );
    assert_eq!(out(1), [0.0, 0.0, 0.0, 1.0, 0.0, 1.0]);
}

#[test]
fn a_run_ends_when_its_documents_change() {
    let mut tuner = tuner();
    let mut job = Job::train(&tuner, options(Trainable::Head, LossName::InfoNce)).unwrap();
    while !matches!(pollster::block_on(job.next(&mut tuner)).unwrap(), Some(Event::Step { .. })) {}
    tuner.remove_documents(&["key".into(), "ring".into()]);
    assert_eq!(pollster::block_on(job.next(&mut tuner)).unwrap_err().code(), "INPUT_INVALID");
    assert!(pollster::block_on(job.next(&mut tuner)).unwrap().is_none(), "the job is over");
    assert_eq!(tuner.corpus().len(), 10);
}

#[test]
fn what_was_trained_goes_out_and_comes_back() {
    let kinds = [Trainable::Head, Trainable::Full].into_iter();
    for (trainable, towers) in kinds.flat_map(|kind| [(kind, Towers::Shared), (kind, Towers::Query)]) {
        let mut trained = tuner();
        assert_eq!(pollster::block_on(trained.export()).unwrap_err().code(), "INSUFFICIENT_DATA");
        let options = TrainOptions { towers, ..options(trainable, LossName::InfoNce) };
        let job = Job::train(&trained, options).unwrap();
        run(&mut trained, job).unwrap();
        trained.keep().unwrap();
        let bytes = pollster::block_on(trained.export()).unwrap();

        let mut fresh = tuner();
        let before = query_vector(&fresh);
        pollster::block_on(fresh.import(&bytes)).unwrap();
        let job = Job::index(&fresh).unwrap();
        run(&mut fresh, job).unwrap();
        assert_eq!(query_vector(&fresh), query_vector(&trained), "{trainable:?}");
        // The index has followed, and the baseline is measured on all documents with the weights that were loaded.
        let dense = SearchOptions { k: 12, mode: Mode::Dense, ..SearchOptions::default() };
        assert_eq!(pollster::block_on(fresh.search("turn the key", &dense)).unwrap().len(), 12);
        let job = Job::evaluate(&fresh, Split::HeldOut, Mode::Dense).unwrap();
        let events = run(&mut fresh, job).unwrap();
        let Some(Event::Evaluated { before: baseline, .. }) = events.last() else {
            panic!("nothing measured")
        };
        let mut plain = tuner();
        let job = Job::evaluate(&plain, Split::HeldOut, Mode::Dense).unwrap();
        let events = run(&mut plain, job).unwrap();
        let Some(Event::Evaluated { after, .. }) = events.last() else { panic!("nothing measured") };
        assert_eq!(baseline, after);
        fresh.rollback().unwrap();
        assert_eq!(query_vector(&fresh), before);

        if trainable == Trainable::Head {
            // A head belongs to one model: with another input length the vectors under it are others.
            let other = pollster::block_on(Encoder::load(tiny().borrow(), Some(12))).unwrap();
            let refused = pollster::block_on(Tuner::new(other).import(&bytes)).unwrap_err();
            assert_eq!(refused.code(), "MODEL_MISMATCH");
        }
        for keep in [0, 7, 40, bytes.len() / 2] {
            let refused = pollster::block_on(fresh.import(&bytes[..keep])).unwrap_err();
            assert_eq!(refused.code(), "MODEL_INVALID");
        }
        assert_eq!(query_vector(&fresh), before, "a refused file changes nothing");
    }
}

#[test]
fn what_is_missing_is_named_before_any_work() {
    let mut empty = empty();
    let search = |tuner: &mut Tuner, query: &str, k: usize| {
        pollster::block_on(tuner.search(query, &SearchOptions { k, ..SearchOptions::default() }))
            .map(|_| ())
            .unwrap_err()
    };
    assert_eq!(search(&mut empty, "key", 10).code(), "INSUFFICIENT_DATA");
    assert_eq!(Job::train(&empty, TrainOptions::default()).err().unwrap().code(), "INSUFFICIENT_DATA");
    assert_eq!(Job::mine(&empty, MiningOptions::default()).err().unwrap().code(), "INSUFFICIENT_DATA");

    let mut tuner = tuner();
    assert_eq!(search(&mut tuner, "  ", 10).code(), "INPUT_INVALID");
    assert_eq!(search(&mut tuner, "key", 0).code(), "INPUT_INVALID");
    let unknown = vec![Judgment::relevant("new", "key"), Judgment::relevant("new", "nowhere")];
    let error = tuner.add_judgments(unknown).unwrap_err();
    assert!(error.to_string().contains("nowhere"), "{error}");
    assert!(tuner.judgments().all().all(|j| j.query != "new"), "all or none");

    let bad = |options: TrainOptions, word: &str| {
        let error = Job::train(&tuner, options).err().unwrap();
        assert_eq!(error.code(), "INPUT_INVALID");
        assert!(error.to_string().contains(word), "{error}");
    };
    bad(TrainOptions { learning_rate: Some(f64::NAN), ..TrainOptions::default() }, "learningRate");
    bad(TrainOptions { epochs: Some(0), ..TrainOptions::default() }, "epochs");
    bad(TrainOptions { margin: 3.0, ..TrainOptions::default() }, "margin");
}

#[test]
fn vectors_carry_over_and_nothing_is_encoded_twice() {
    let mut first = tuner();
    let texts = first.unencoded();
    assert_eq!(texts.len(), 12);
    let job = Job::index(&first).unwrap();
    let events = run(&mut first, job).unwrap();
    assert!(matches!(events.last(), Some(Event::Indexed { documents: 12 })));
    assert!(first.unencoded().is_empty());
    let (keys, rows) = first.vectors(None, 0);

    let mut second = tuner();
    second.put_vectors(&keys, rows.to_vec(), None).unwrap();
    assert!(second.unencoded().is_empty());
    assert_eq!(second.put_vectors(&keys, vec![0.0; 3], None).unwrap_err().code(), "INPUT_INVALID");
    assert_eq!(second.put_vectors(&["zz".into()], vec![0.0; 32], None).unwrap_err().code(), "INPUT_INVALID");

    let mut third = tuner();
    let rows = pollster::block_on(third.encoder().encode(&texts, Tower::Document)).unwrap().into_vec();
    third.load_vectors(&texts, Tower::Document, rows).unwrap();
    assert!(third.unencoded().is_empty());
    for mode in [Mode::Dense, Mode::Lexical, Mode::Hybrid] {
        let found = |tuner: &mut Tuner| {
            let hits = pollster::block_on(
                tuner.search("rotate the valve", &SearchOptions { k: 3, mode, ..SearchOptions::default() }),
            )
            .unwrap();
            hits.iter().map(|hit| hit.document.id.clone()).collect::<Vec<_>>()
        };
        assert_eq!(found(&mut first), found(&mut third), "{mode:?}");
    }
}

#[test]
fn mining_keeps_what_people_said() {
    let mut tuner = tuner();
    let job = Job::mine(&tuner, MiningOptions::default()).unwrap();
    let events = run(&mut tuner, job).unwrap();
    let Some(Event::Mined { examples, .. }) = events.last() else { panic!("nothing mined") };
    assert_eq!(examples.len(), 8);
    for example in examples {
        let said = |relevant: bool, document: &str| {
            let mut all = tuner.judgments().all();
            all.any(|j| j.query == example.query && j.document == document && j.relevant == relevant)
        };
        assert!(said(true, &example.positive));
        assert!(
            said(false, example.negatives[0].document.as_deref().unwrap()),
            "the labelled negative comes first"
        );
        assert!(example.negatives.iter().filter_map(|n| n.document.as_deref()).all(|id| !said(true, id)));
    }
}

/// A query made from a document is trained on, whatever its hash; then a person marks it. Held-out numbers must not count it.
#[test]
fn weights_are_not_measured_on_what_they_were_trained_on() {
    let mut tuner = tuner();
    let query =
        (0..).map(|n| format!("note {n}")).find(|query| split_of(query, 0) == Split::HeldOut).unwrap();
    let made = Judgment { source: Source::Synthetic, ..Judgment::relevant(query.clone(), "note") };
    tuner.add_judgments(vec![made]).unwrap();
    let job = Job::train(&tuner, options(Trainable::Head, LossName::InfoNce)).unwrap();
    run(&mut tuner, job).unwrap();
    tuner.add_judgments(vec![Judgment::relevant(query.clone(), "note")]).unwrap();
    let is_held_out = |tuner: &Tuner| {
        tuner.judgments().queries(Split::HeldOut, 0).iter().any(|judged| judged.text == query)
    };
    tuner.keep().unwrap();
    assert!(!is_held_out(&tuner));
    tuner.rollback().unwrap();
    assert!(is_held_out(&tuner), "the weights of before never saw it");
}

#[test]
fn vectors_of_texts_that_are_gone_are_dropped() {
    let mut tuner = tuner();
    let job = Job::index(&tuner).unwrap();
    run(&mut tuner, job).unwrap();
    let (_, rows) = tuner.vectors(None, 0);
    let one = rows.len() / tuned::WORDS.len();
    tuner.remove_documents(&["key".into(), "mast".into()]);
    tuner.prune_vectors();
    let (keys, rows) = tuner.vectors(None, 0);
    assert_eq!((keys.len(), rows.len()), (tuned::WORDS.len() - 2, (tuned::WORDS.len() - 2) * one));
    assert!(tuner.unencoded().is_empty(), "the others kept theirs");
}
