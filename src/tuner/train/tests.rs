//! What reaches the steps, seen from inside.

use super::*;
use crate::dataset::Split;
use crate::dataset::{Document, Judgment, PseudoKind, Source};
use crate::encoder::{Encoder, ModelFiles};
use crate::training::Layout;
use std::collections::HashMap;

/// A tuner over the checked-in model of random weights, with notes `n0`, `n1`, …
pub(in crate::tuner) fn tuner(notes: usize) -> Tuner {
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
        modules: None,
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

pub(in crate::tuner) fn judge(
    tuner: &mut Tuner,
    query: &str,
    split: Split,
    relevant: &[usize],
    wrong: &[usize],
) {
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
            epochs.push(run.now.clone());
        }
    }
    epochs
}

/// The first epoch, and all of its examples laid out as one batch.
fn first_epoch(tuner: &mut Tuner, options: TrainOptions) -> (Epoch, Layout) {
    let mut run = Train::new(tuner, options).unwrap();
    while !matches!(pollster::block_on(run.next(tuner)).unwrap(), Some(Event::Step { .. })) {}
    let all: Vec<usize> = (0..run.now.examples.len()).collect();
    let layout = run.layout(tuner, &all);
    (run.now, layout)
}

/// Does the answer of the example in `column` count against the query of the one in `row`?
fn counts(layout: &Layout, row: usize, column: usize) -> bool {
    layout.excluded[row * layout.documents.len() + column] == 0.0
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
                let negatives = example.negatives.iter().map(|negative| negative.document);
                seen.entry(example.query).or_default().extend(negatives);
                let relevant = &epoch.relevant[example.query];
                assert!(example.negatives.iter().all(|n| !relevant.contains(&n.document)));
            }
        }
        assert!(seen[&0].is_superset(&(1..=7).collect()), "{num_negatives}: {seen:?}");
        assert!(seen[&1].contains(&9), "{num_negatives}: {seen:?}");
    }
}

/// So that none is passed over, whatever fits into a step.
#[test]
fn turns_of_judged_negatives_follow_each_other() {
    let mut tuner = tuner(400);
    held_out(&mut tuner);
    (0..120).for_each(|at| judge(&mut tuner, &format!("about {at}"), Split::Train, &[at], &[]));
    judge(&mut tuner, "about 0", Split::Train, &[], &(100..400).collect::<Vec<_>>());
    let turns = |batch: usize, tuner: &mut Tuner| {
        let batch_size = Some(batch);
        let options =
            TrainOptions { epochs: Some(2), batch_size, dev_share: Some(0.0), ..TrainOptions::default() };
        let numbers = |epoch: &Epoch| -> Vec<usize> {
            let example = epoch.examples.iter().find(|example| example.query == 0).unwrap();
            example.negatives.iter().map(|negative| negative.document).collect()
        };
        epochs(tuner, options).iter().map(numbers).collect::<Vec<_>>()
    };
    let all = turns(8, &mut tuner);
    assert_eq!((all[0].len(), all[1].len()), (150, 150), "as many as two epochs need");
    let all = all.concat();
    let few = turns(120, &mut tuner);
    assert_eq!(few[0], all[..137], "as many as fit beside 119 others");
    assert_eq!(few[1], all[137..274]);
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
    let (epoch, layout) = first_epoch(&mut tuner, options);
    let documents = tuner.corpus.len();
    let text = &epoch.texts[epoch.examples[0].positive - documents];
    assert!(text.starts_with("turn the key"), "{text}");
    let asked = epoch.examples.iter().position(|example| example.positive == 0).expect("the real question");
    assert!(!counts(&layout, asked, 0), "the same answer in other words is no negative");
    assert!(!counts(&layout, 0, asked));
    let other = epoch.examples.iter().position(|example| epoch.relevant[example.query] == [1]);
    assert!(counts(&layout, other.expect("another question"), 0));
}

#[test]
fn what_may_be_an_answer_too_does_not_count_against_it_in_the_batch() {
    let mut tuner = tuner(20);
    held_out(&mut tuner);
    let long = "turn the valve to the left until it stops then wait for the light and close the door again";
    let chunk =
        |id: &str, text: &str| Document { parent: Some("manual".into()), ..Document::new(id, "", text) };
    let more = vec![
        chunk("part1", "the mast is painted white"),
        chunk("part2", "the ring is kept dry"),
        chunk("part3", "the door is never locked"),
        Document::new("long", "", long),
        Document::new("longer", "", format!("{long} please")),
    ];
    tuner.add_documents(more).unwrap();
    let on = |judgment| Judgment { split: Some(Split::Train), ..judgment };
    let asked = [
        ("mast colour", "part1"),
        ("dry ring", "part2"),
        ("lock", "part3"),
        ("stop valve", "long"),
        ("light", "longer"),
    ];
    let right = asked.map(|(query, id)| on(Judgment::relevant(query, id)));
    tuner.add_judgments(right.into()).unwrap();
    // What a person said stands, whatever resembles it.
    let wrong = ["part2", "part3"].map(|id| on(Judgment::not_relevant("mast colour", id)));
    tuner.add_judgments(wrong.into()).unwrap();
    // One place in each of two epochs: the other one's turn is yet to come.
    let (epoch, layout) =
        first_epoch(&mut tuner, TrainOptions { epochs: Some(2), ..TrainOptions::default() });
    let at = |id: &str| tuner.corpus.position(id).unwrap();
    let of = |id: &str| epoch.examples.iter().position(|example| example.positive == at(id)).unwrap();
    let counts = |row: &str, column: &str| counts(&layout, of(row), of(column));
    assert!(!counts("part2", "part1") && !counts("part3", "part2"));
    assert!(!counts("long", "longer") && !counts("longer", "long"));
    assert!(counts("long", "part1"));
    assert!(counts("part1", "part2") && counts("part1", "part3"));
    let negatives = &epoch.examples[of("part1")].negatives;
    assert!(negatives.len() == 1 && [at("part2"), at("part3")].contains(&negatives[0].document));
}

#[test]
fn a_step_never_grows_beyond_what_fits() {
    let mut tuner = tuner(400);
    held_out(&mut tuner);
    judge(&mut tuner, "a key", Split::Train, &[0], &(10..400).collect::<Vec<_>>());
    judge(&mut tuner, "a valve", Split::Train, &[1], &[]);
    let options = TrainOptions { epochs: Some(1), batch_size: Some(512), ..TrainOptions::default() };
    let most = options.most_negatives(options.batch(2));
    let epochs = epochs(&mut tuner, options);
    assert_eq!(epochs[0].examples[0].negatives.len(), 390.min(most));
    assert_eq!(TrainOptions::default().most_negatives(256), 64);
}

#[test]
fn a_curriculum_ends_as_hard_as_was_asked_for() {
    for epochs in [1, 2, 6] {
        let mut tuner = tuner(20);
        held_out(&mut tuner);
        (0..8).for_each(|at| judge(&mut tuner, &format!("about {at}"), Split::Train, &[at], &[]));
        let options = TrainOptions {
            epochs: Some(epochs),
            batch_size: Some(2),
            curriculum: crate::mining::Curriculum::Rank,
            mining: crate::mining::MiningOptions { range_max: Some(12), ..Default::default() },
            ..TrainOptions::default()
        };
        let mut run = Train::new(&tuner, options).unwrap();
        let mut starts = Vec::new();
        while let Some(event) = pollster::block_on(run.next(&mut tuner)).unwrap() {
            if let Event::Mining { report, .. } = event {
                starts.push(report.range_min);
            }
        }
        assert_eq!((starts[0], starts.last()), (6, Some(&0)), "{epochs} epochs: {starts:?}");
        assert!(starts.is_sorted_by(|a, b| a >= b), "{starts:?}");
    }
}

#[test]
fn a_teacher_is_asked_about_judged_negatives_where_it_is_learned_from() {
    use crate::mining::{MiningOptions, Teacher};
    use crate::training::LossName;
    for loss in [LossName::MarginMse, LossName::InfoNce] {
        let mut tuner = tuner(20);
        held_out(&mut tuner);
        (0..4).for_each(|at| judge(&mut tuner, &format!("about {at}"), Split::Train, &[at], &[at + 5]));
        let mining = MiningOptions { teacher: Some(Teacher::MaxSim), ..MiningOptions::default() };
        let options =
            TrainOptions { loss, mining, num_negatives: 2, epochs: Some(1), ..TrainOptions::default() };
        let epochs = epochs(&mut tuner, options);
        let gaps =
            |place: usize| epochs[0].examples.iter().filter_map(move |example| example.negatives[place].gap);
        // Judged ones come first; the second is mined, and the teacher looked at all that were.
        assert_eq!(gaps(0).count(), if loss == LossName::MarginMse { 4 } else { 0 }, "{loss:?}");
        assert_eq!(gaps(1).count(), 4, "{loss:?}");
        assert!(gaps(1).all(|gap| gap.abs() < 2.0));
    }
}
