//! Dev queries decide which weights are best, when to stop and how far to go; held-out ones only measure.
#![cfg(feature = "cpu")]

#[path = "common/model.rs"]
mod model;
#[path = "common/tuned.rs"]
mod tuned;

use nearmiss::dataset::{Judgment, Split};
use nearmiss::encoder::{Tower, Towers};
use nearmiss::training::{Average, LossName, TrainOptions, Trainable};
use nearmiss::tuner::{Event, Job, Moment, TrainingVerdict, Tuner};
use tuned::{WORDS, run, tuner};

/// Four queries of each word, a third held out, some for dev.
fn asked() -> Tuner {
    let mut tuner = tuner();
    let more = |at: usize| {
        let word = WORDS[at % WORDS.len()];
        let split = Some(if at.is_multiple_of(4) { Split::Dev } else { Split::Train });
        Judgment { split, ..Judgment::relevant(format!("{at} ways to rotate the {word}"), word) }
    };
    tuner.add_judgments((0..36).map(more).collect()).unwrap();
    tuner
}

fn options(trainable: Trainable) -> TrainOptions {
    let learning_rate = Some(if trainable == Trainable::Head { 3e-3 } else { 1e-3 });
    TrainOptions { trainable, epochs: Some(8), batch_size: Some(9), learning_rate, ..TrainOptions::default() }
}

fn train(tuner: &mut Tuner, options: TrainOptions) -> (Vec<Event>, TrainingVerdict) {
    let job = Job::train(tuner, options).unwrap();
    let events = run(tuner, job).unwrap();
    match events.last() {
        Some(Event::Verdict(verdict)) => (events.clone(), verdict.clone()),
        other => panic!("no verdict but {other:?}"),
    }
}

/// Step, queries, documents, nDCG@10 and whether it was the best so far, of each look.
fn looks(events: &[Event]) -> Vec<(usize, usize, usize, f64, bool)> {
    let look = |event: &Event| match event {
        Event::Evaluation { stage: Moment::Dev, step, queries, metrics, dev: Some(dev), .. } => {
            Some((*step, *queries, dev.documents, metrics.ndcg_at_10, dev.best))
        }
        _ => None,
    };
    events.iter().filter_map(look).collect()
}

fn steps(events: &[Event]) -> usize {
    events.iter().filter(|event| matches!(event, Event::Step { .. })).count()
}

#[test]
fn the_best_look_is_what_is_measured() {
    for trainable in [Trainable::Head, Trainable::Lora, Trainable::Full] {
        let mut tuner = asked();
        let (events, verdict) = train(&mut tuner, TrainOptions { patience: 100, ..options(trainable) });
        let looks = looks(&events);
        // 8 train queries of the fixture, 27 more; 9 for dev.
        assert_eq!((verdict.examples, verdict.chosen.dev, steps(&events)), (35, 9, 32), "{trainable:?}");
        assert!(looks.iter().all(|look| look.1 == 9 && look.2 == 12), "{looks:?}");
        let (ways, choice) = looks.split_at(looks.len() - 3);
        assert_eq!(ways[0].0, 0, "first as it was");
        let best = ways[1..].iter().map(|look| look.3).fold(f64::MIN, f64::max);
        let place = ways[1..].iter().find(|look| look.3 == best).unwrap();
        assert_eq!(verdict.chosen.step, place.0, "the first of the best: {ways:?}");
        assert!(ways[1..].iter().filter(|look| look.4).all(|look| look.3 <= best));
        // All the way, three parts of it, or none: none unless something is better than before.
        let most = choice.iter().map(|look| look.3).fold(best, f64::max);
        assert_eq!(verdict.chosen.weight > 0.0, most > ways[0].3, "{looks:?}");
        assert!([0.0, 0.25, 0.5, 0.75, 1.0].contains(&verdict.chosen.weight));
    }
}

#[test]
fn a_run_without_gain_stops_and_leaves_the_old_weights() {
    let mut tuner = tuner();
    // Asked in the documents' own words, dev queries are answered without fault from the start: nothing beats that.
    let texts: Vec<_> = tuner.corpus().documents().iter().map(|d| (d.content(), d.id.clone())).collect();
    let perfect = |(text, id)| Judgment { split: Some(Split::Dev), ..Judgment::relevant(text, id) };
    tuner.add_judgments(texts.into_iter().map(perfect).collect()).unwrap();
    let query = |tuner: &Tuner| {
        pollster::block_on(tuner.encode(&["turn it".into()], Tower::Query)).unwrap().into_vec()
    };
    let before = query(&tuner);
    // Pushes everything about at once: nothing good comes of it.
    let wild = TrainOptions {
        learning_rate: Some(1.0),
        warmup: 0.0,
        patience: 2,
        evaluate_every: Some(1),
        ..options(Trainable::Head)
    };
    let (events, verdict) = train(&mut tuner, wild);
    assert!(steps(&events) < 32, "stopped early");
    assert_eq!(verdict.steps, steps(&events));
    let looks = looks(&events);
    assert_eq!(looks[0].3, 1.0);
    assert_eq!((verdict.chosen.weight, verdict.verdict.difference, verdict.kept), (0.0, 0.0, false));
    tuner.keep().unwrap();
    assert_eq!(query(&tuner), before, "kept or not, these are the old ones");
}

#[test]
fn without_dev_queries_the_last_weights_are_measured() {
    let mut tuner = tuner();
    let (events, verdict) =
        train(&mut tuner, TrainOptions { batch_size: Some(4), ..options(Trainable::Head) });
    assert!(looks(&events).is_empty());
    let chosen = verdict.chosen;
    assert_eq!((chosen.run, chosen.step, chosen.weight, chosen.dev), (1, 16, 1.0, 0));
    // A share makes some of the eight training queries decide instead.
    let (events, verdict) = train(
        &mut tuner,
        TrainOptions { dev_share: Some(0.25), batch_size: Some(4), ..options(Trainable::Head) },
    );
    assert_eq!((verdict.chosen.dev, verdict.examples), (2, 6));
    assert!(looks(&events).iter().all(|look| look.1 == 2));
}

#[test]
fn averages_and_runs_give_other_weights_and_repeat_themselves() {
    let curve = |change: fn(&mut TrainOptions)| {
        let mut options = TrainOptions { patience: 100, ..options(Trainable::Head) };
        change(&mut options);
        let mut tuner = asked();
        let (events, verdict) = train(&mut tuner, options);
        tuner.keep().unwrap();
        let query = pollster::block_on(tuner.encode(&["turn it".into()], Tower::Query)).unwrap().into_vec();
        (steps(&events), verdict.chosen.run, query)
    };
    let plain = curve(|_| ());
    let others: [fn(&mut TrainOptions); 6] = [
        |options| options.average = Average::Ema,
        |options| options.average = Average::Checkpoints,
        |options| options.runs = 3,
        |options| options.dropout = 0.3,
        |options| options.anchor = 20.0,
        |options| options.augment.word_dropout = 0.4,
    ];
    for (at, change) in others.into_iter().enumerate() {
        let (taken, runs, query) = curve(change);
        assert_eq!((taken, runs), if at == 2 { (96, 3) } else { (32, 1) });
        assert_ne!(query, plain.2, "change {at} shows");
        assert_eq!(curve(change).2, query, "and comes again with the same seed");
    }
}

#[test]
fn documents_that_must_be_encoded_anew_are_few() {
    let mut tuner = asked();
    let fill = |at: usize| {
        nearmiss::dataset::Document::new(
            format!("x{at}"),
            "",
            format!("the {at} things of {}", WORDS[at % 12].repeat(at % 3)),
        )
    };
    tuner.add_documents((0..400).map(fill).collect()).unwrap();
    let (events, _) = train(&mut tuner, TrainOptions { epochs: Some(1), ..options(Trainable::Layers(1)) });
    let found = looks(&events);
    assert!(found.iter().all(|look| look.2 < 260 && look.2 > 20), "{found:?}");
    let query = TrainOptions { epochs: Some(1), towers: Towers::Query, ..options(Trainable::Layers(1)) };
    let (events, _) = train(&mut tuner, query);
    assert!(looks(&events).iter().all(|look| look.2 == 412), "they stay as they are: all are searched");
}

#[test]
fn a_collapse_is_seen_and_never_called_better() {
    let mut tuner = asked();
    // Nothing is pushed apart: all is pulled into one point.
    let pull = TrainOptions {
        loss: LossName::Contrastive,
        margin: 0.0,
        learning_rate: Some(0.1),
        max_grad_norm: None,
        epochs: Some(40),
        dev_share: Some(0.0),
        patience: 1000,
        ..options(Trainable::Head)
    };
    // Without dev queries, which would prefer the old weights.
    let dev: Vec<(String, String)> = tuner
        .judgments()
        .all()
        .filter(|j| j.split == Some(Split::Dev))
        .map(|j| (j.query.clone(), j.document.clone()))
        .collect();
    tuner.remove_judgments(dev.iter().map(|(query, document)| (query.as_str(), document.as_str())));
    let (_, verdict) = train(&mut tuner, pull);
    assert!(verdict.collapsed, "{:?}", verdict.spread);
    assert!(verdict.spread.after.mean_cosine > verdict.spread.before.mean_cosine);
    assert!(!verdict.kept && verdict.verdict.summary.contains("collapsed"), "{}", verdict.verdict.summary);
    let sober = train(&mut asked(), options(Trainable::Head)).1;
    assert!(!sober.collapsed);
    let false_positives = [sober.false_positives.before, sober.false_positives.after];
    assert!(
        false_positives.iter().all(|f| (0.0..=1.0).contains(&f.rate) && f.recall > 0.0),
        "{false_positives:?}"
    );
}
