//! A training that is interrupted goes on as if it had not been.
#![cfg(feature = "cpu")]

#[path = "common/model.rs"]
mod model;
#[path = "common/tuned.rs"]
mod tuned;

use nearmiss::dataset::{Document, Judgment, Split};
use nearmiss::mining::Strategy;
use nearmiss::training::{Average, TrainOptions, Trainable};
use nearmiss::tuner::{Event, Job, Moment, Tuner};
use proptest::prelude::*;
use tuned::tuner;

/// The documents alone, as another instance may have them.
fn unasked() -> Tuner {
    let mut tuner = tuned::empty();
    tuner.add_documents(self::tuner().corpus().documents().to_vec()).unwrap();
    tuner
}

/// More queries, so that some can be spared for dev.
fn asked() -> Tuner {
    let mut tuner = tuner();
    let more = |at: usize| {
        let word = tuned::WORDS[at % tuned::WORDS.len()];
        let split = Some(Split::Train);
        Judgment { split, ..Judgment::relevant(format!("{at} ways to rotate the {word}"), word) }
    };
    tuner.add_judgments((0..24).map(more).collect()).unwrap();
    tuner
}

fn options(trainable: Trainable) -> TrainOptions {
    TrainOptions {
        trainable,
        epochs: Some(3),
        batch_size: Some(6),
        learning_rate: Some(1e-3),
        dev_share: Some(0.25),
        evaluate_every: Some(4),
        patience: 100,
        checkpoint_every: Some(5),
        ..TrainOptions::default()
    }
}

/// What a person sees of a run, without the clock: losses, norms and metrics, in order.
fn curve(events: &[Event]) -> Vec<(usize, Vec<f64>)> {
    let seen = |event: &Event| match event {
        Event::Step { step, loss, grad_norm, learning_rate, .. } => {
            Some((*step, vec![f64::from(*loss), f64::from(*grad_norm), *learning_rate]))
        }
        Event::Evaluation { stage: Moment::Dev, step, metrics, .. } => {
            Some((*step, vec![metrics.ndcg_at_10]))
        }
        Event::Verdict(verdict) => {
            let chosen = verdict.chosen;
            let numbers = vec![verdict.verdict.difference, f64::from(chosen.weight), chosen.step as f64];
            Some((verdict.steps, numbers))
        }
        _ => None,
    };
    events.iter().filter_map(seen).collect()
}

fn finish(tuner: &mut Tuner, mut job: Job) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some(event) = pollster::block_on(job.next(tuner)).unwrap() {
        events.push(event);
    }
    events
}

/// All events of a run, and its checkpoints with their places among them.
type Whole = (Vec<Event>, Vec<(usize, Vec<u8>)>);

fn whole(options: &TrainOptions) -> Whole {
    let mut tuner = asked();
    let job = Job::train(&tuner, options.clone()).unwrap();
    let events = finish(&mut tuner, job);
    let saved = |(at, event): (usize, &Event)| match event {
        Event::Checkpoint { bytes, .. } => Some((at, bytes.clone())),
        _ => None,
    };
    let checkpoints = events.iter().enumerate().filter_map(saved).collect();
    (events, checkpoints)
}

fn goes_on(options: &TrainOptions) {
    let (events, checkpoints) = whole(options);
    assert!(checkpoints.len() >= 2, "{options:?}");
    for (at, bytes) in checkpoints {
        // Another tuner, as after a reload: no judgments, nothing encoded.
        let mut fresh = unasked();
        let job = Job::resume(&fresh, &bytes).unwrap();
        let resumed = finish(&mut fresh, job);
        assert_eq!(curve(&resumed), curve(&events[at..]), "{options:?}");
    }
}

#[test]
fn every_rung_goes_on_with_the_same_numbers() {
    for trainable in [Trainable::Head, Trainable::Lora, Trainable::Layers(1), Trainable::Full] {
        goes_on(&options(trainable));
    }
}

#[test]
fn so_do_averages_runs_refreshes_and_what_is_drawn() {
    let head = || options(Trainable::Head);
    goes_on(&TrainOptions { average: Average::Ema, runs: 2, ..head() });
    goes_on(&TrainOptions {
        average: Average::Checkpoints,
        dropout: 0.2,
        accumulate: 2,
        checkpoint_every: Some(2),
        ..head()
    });
    goes_on(&TrainOptions { negatives: Strategy::Ance, refresh_every: 3, ..head() });
    goes_on(&TrainOptions { negatives: Strategy::Random, bm25_warmup: 0.4, ..head() });
    goes_on(&TrainOptions { negatives: Strategy::Synthetic, ..head() });
    goes_on(&TrainOptions {
        negatives: Strategy::Ance,
        refresh_every: 4,
        dropout: 0.1,
        ..options(Trainable::Lora)
    });
    goes_on(&TrainOptions { runs: 2, memory_budget: 1 << 20, ..options(Trainable::Layers(1)) });
    let mut changed = head();
    (changed.augment.word_dropout, changed.augment.typos) = (0.2, 0.1);
    goes_on(&changed);
}

#[test]
fn other_documents_or_weights_are_refused() {
    let (_, checkpoints) = whole(&options(Trainable::Head));
    let bytes = &checkpoints[0].1;
    let mut other = asked();
    other.add_documents(vec![Document::new("new", "", "one more")]).unwrap();
    assert_eq!(Job::resume(&other, bytes).err().unwrap().code(), "MODEL_MISMATCH");

    // The documents are the same, the head in use is not.
    let mut tuned = asked();
    let job = Job::train(&tuned, TrainOptions { epochs: Some(1), ..TrainOptions::default() }).unwrap();
    finish(&mut tuned, job);
    tuned.keep().unwrap();
    let mut job = Job::resume(&tuned, bytes).unwrap();
    assert_eq!(pollster::block_on(job.next(&mut tuned)).unwrap_err().code(), "MODEL_MISMATCH");
    assert!(pollster::block_on(job.next(&mut tuned)).unwrap().is_none());

    let head = pollster::block_on(tuned.export()).unwrap();
    for broken in [&[][..], &[7; 100], &bytes[..bytes.len() / 2], &head] {
        assert_eq!(Job::resume(&asked(), broken).err().unwrap().code(), "INPUT_INVALID");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, rng_seed: proptest::test_runner::RngSeed::Fixed(4), ..ProptestConfig::default() })]

    /// Whatever a file says, it is refused, or it runs to an end.
    #[test]
    fn a_damaged_checkpoint_never_panics(at in 0_usize..6000, byte in any::<u8>(), from in 0_usize..10, to in 0_usize..10) {
        let (_, checkpoints) = CHECKPOINTS.get_or_init(|| whole(&options(Trainable::Head))).clone();
        let mut bytes = checkpoints[0].1.clone();
        let place = 8 + at % (bytes.len() - 8).min(6000);
        bytes[place] = byte;
        // And a number of the header, which a single byte seldom changes without breaking the JSON.
        let header = String::from_utf8_lossy(&bytes[8..6000.min(bytes.len())]).into_owned();
        if let Some(found) = header.find(&format!(":{from}")) {
            bytes[8 + found + 1] = b'0' + to as u8;
        }
        let mut tuner = asked();
        if let Ok(mut job) = Job::resume(&tuner, &bytes) {
            let mut left = 500;
            while left > 0 && matches!(pollster::block_on(job.next(&mut tuner)), Ok(Some(_))) {
                left -= 1;
            }
        }
    }
}

static CHECKPOINTS: std::sync::OnceLock<Whole> = std::sync::OnceLock::new();
