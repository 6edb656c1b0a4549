//! Negatives through the whole tuner, on the tiny model: every strategy, the teacher, suspects, staleness, reasons.
#![cfg(feature = "cpu")]

#[path = "common/model.rs"]
mod model;
#[path = "common/tuned.rs"]
mod tuned;

use nearmiss::dataset::{Document, Judgment, NegativeSource, Split};
use nearmiss::mining::{
    Curriculum, MiningOptions, MiningReport, Mixture, Sampling, Strategy, Suspicion, Teacher,
};
use nearmiss::text::PseudoOptions;
use nearmiss::training::{LossName, TrainOptions, Trainable};
use nearmiss::tuner::{Event, Job, MeasuredOn, MinedExample, NamedSuspect, Stage, Tuner};
use std::collections::HashSet;
use tuned::{empty, run, tuner};

type Found = (Vec<MinedExample>, Vec<NamedSuspect>, MiningReport);

fn mine(tuner: &mut Tuner, options: MiningOptions) -> Found {
    let job = Job::mine(tuner, options).unwrap();
    match run(tuner, job).unwrap().pop() {
        Some(Event::Mined { examples, suspects, report }) => (examples, suspects, report),
        other => panic!("{other:?}"),
    }
}

fn of(strategy: Strategy) -> MiningOptions {
    // Random weights tell nothing apart: with a margin nearly every candidate of the tiny model would be dropped.
    MiningOptions { strategy, relative_margin: None, top_up: false, ..MiningOptions::default() }
}

#[test]
fn every_strategy_draws_from_its_sources_and_keeps_what_people_said() {
    use NegativeSource as From;
    let expected = [
        (Strategy::Dense, vec![From::Dense]),
        (Strategy::Ance, vec![From::Dense]),
        (Strategy::Bm25, vec![From::Bm25]),
        (Strategy::Random, vec![From::Random]),
        (Strategy::InBatch, vec![From::InBatch]),
        (Strategy::Hybrid, vec![From::Dense, From::Bm25]),
        (Strategy::Labelled, vec![]),
        (Strategy::Synthetic, vec![From::Dense, From::Synthetic]),
    ];
    for (strategy, sources) in expected {
        let mut tuner = tuner();
        let (examples, _, report) = mine(&mut tuner, of(strategy));
        assert_eq!(examples.len(), 8, "{strategy:?}");
        assert_eq!(report.sources[&From::Labelled], 8, "{strategy:?}: one mark a query, always there");
        let mined: Vec<From> = report.sources.keys().copied().filter(|source| !source.is_judged()).collect();
        assert_eq!(mined, sources, "{strategy:?}");
        for example in &examples {
            assert_eq!(example.negatives[0].source, From::Labelled);
            for negative in &example.negatives {
                assert_ne!(negative.document.as_ref(), Some(&example.positive), "{strategy:?}");
                assert_eq!(negative.document.is_none(), negative.synthetic.is_some());
            }
        }
        if strategy != Strategy::Labelled {
            assert_eq!(report.shortfall, 0, "{strategy:?}");
        }
        // Same seed, same examples; the second round found what the first had found.
        let (again, _, report) = mine(&mut tuner, of(strategy));
        assert_eq!(format!("{again:?}"), format!("{examples:?}"));
        assert_eq!(report.overlap, (strategy != Strategy::Labelled).then_some(1.0));
    }
}

#[test]
fn synthetic_texts_differ_from_every_document_and_stay_below_their_cap() {
    let mut tuner = tuner();
    let numbered = |at: usize| {
        let text =
            format!("the valve closes after {} minutes and must not be opened in {}", at + 3, 1990 + at);
        Document::new(format!("n{at}"), "", text)
    };
    tuner.add_documents((0..8).map(numbered).collect()).unwrap();
    let judged = (0..8).map(|at| {
        let query = format!("when does valve {at} close");
        Judgment { split: Some(Split::Train), ..Judgment::relevant(query, format!("n{at}")) }
    });
    tuner.add_judgments(judged.collect()).unwrap();
    for cap in [0.0, 0.2, 0.5, 1.0] {
        let mixture = Mixture { dense: 0.3, bm25: 0.0, synthetic: 0.7, ..Mixture::default() };
        let options = MiningOptions { mixture: Some(mixture), max_synthetic: cap, ..of(Strategy::Hybrid) };
        let (examples, _, report) = mine(&mut tuner, options);
        let made: Vec<_> =
            examples.iter().flat_map(|e| &e.negatives).filter_map(|n| n.synthetic.as_ref()).collect();
        let mined = report.negatives - report.sources[&NegativeSource::Labelled];
        assert!(made.len() as f32 <= cap * mined as f32, "{} of {mined} at {cap}", made.len());
        assert_eq!(made.is_empty(), cap == 0.0);
        let contents: HashSet<String> = tuner.corpus().documents().iter().map(Document::content).collect();
        for near_miss in made {
            assert!(!contents.contains(&near_miss.text), "{}", near_miss.text);
            assert!(near_miss.text.contains(&near_miss.to), "{near_miss:?}");
        }
    }
}

#[test]
fn what_resembles_an_answer_is_listed_for_review_and_not_taken() {
    let mut tuner = empty();
    let long = "turn the valve to the left until it stops then wait for the light and close the door again";
    let chunk =
        |id: &str, text: &str| Document { parent: Some("manual".into()), ..Document::new(id, "", text) };
    let documents = vec![
        Document::new("answer", "Valve", long),
        Document::new("copy", "Valve", long),
        Document::new("near", "Valves", format!("{long} now")),
        chunk("part1", "the mast is painted white"),
        chunk("part2", "the ring is kept dry"),
        Document::new("titled", "valve", "bread is baked in the morning"),
        Document::new("other", "", "a team meets at the station"),
    ];
    tuner.add_documents(documents).unwrap();
    let on = |query: &str, id: &str| Judgment { split: Some(Split::Train), ..Judgment::relevant(query, id) };
    tuner
        .add_judgments(vec![on("how to turn a valve", "answer"), on("who paints the mast", "part1")])
        .unwrap();

    let strict = MiningOptions { num_negatives: 7, same_title: true, ..of(Strategy::Dense) };
    let (examples, suspects, report) = mine(&mut tuner, strict.clone());
    let taken = |at: usize| -> HashSet<&str> {
        examples[at].negatives.iter().filter_map(|n| n.document.as_deref()).collect()
    };
    assert_eq!(taken(0), ["part1", "part2", "other"].into());
    assert_eq!(taken(1), ["answer", "copy", "near", "titled", "other"].into());
    let mut why: Vec<_> =
        suspects.iter().map(|s| (s.document.as_str(), s.positive.as_str(), s.reason)).collect();
    why.sort_unstable_by_key(|(document, ..)| *document);
    let expected = [
        ("near", "answer", Suspicion::NearDuplicate),
        ("part2", "part1", Suspicion::Sibling),
        ("titled", "answer", Suspicion::SameTitle),
    ];
    assert_eq!(why, expected);
    assert_eq!((report.dropped.copy, report.dropped.near_duplicate, report.suspects), (1, 1, 3));

    // One word from a person settles it, either way.
    let wrong = |id: &str| Judgment {
        split: Some(Split::Train),
        ..Judgment::not_relevant("how to turn a valve", id)
    };
    tuner.add_judgments(vec![on("how to turn a valve", "near"), wrong("titled")]).unwrap();
    let (examples, suspects, _) = mine(&mut tuner, strict);
    assert_eq!(examples.len(), 3, "the promoted one is a positive now");
    assert_eq!(examples[0].negatives[0].document.as_deref(), Some("titled"), "the confirmed one comes first");
    assert_eq!(suspects.iter().map(|s| s.document.as_str()).collect::<Vec<_>>(), ["part2"]);
}

#[test]
fn a_teacher_of_ones_own_is_asked_and_heeded() {
    let mut tuner = tuner();
    let options = MiningOptions { teacher: Some(Teacher::Given), num_negatives: 12, ..of(Strategy::Dense) };
    let mut job = Job::mine(&tuner, options.clone()).unwrap();
    let (mut asked, mut last) = (0, None);
    while let Some(event) = pollster::block_on(job.next(&mut tuner)).unwrap() {
        if let Event::Scoring { query, documents } = &event {
            asked += 1;
            // Only documents whose id comes before the answer's in the alphabet are worse than it.
            let scores: Vec<f32> = documents.iter().map(|d| f32::from(d.id.as_bytes()[0])).collect();
            assert_eq!(job.put_scores(&scores[1..]).unwrap_err().code(), "INPUT_INVALID", "one is missing");
            job.put_scores(&scores).unwrap();
            assert_eq!(job.put_scores(&scores).unwrap_err().code(), "INPUT_INVALID", "nobody asked again");
            assert!(query.starts_with("how do i turn"));
        }
        last = Some(event);
    }
    assert_eq!(asked, 8);
    let Some(Event::Mined { examples, report, .. }) = last else { panic!("nothing mined") };
    assert!(report.dropped.teacher > 0);
    for example in &examples {
        let mined = example.negatives.iter().filter(|n| n.source == NegativeSource::Dense);
        for negative in mined.filter_map(|n| n.document.as_ref()) {
            assert!(
                negative.as_bytes()[0] <= example.positive.as_bytes()[0],
                "{negative} for {}",
                example.positive
            );
        }
    }

    // An unanswered question ends the job with a reason.
    let mut job = Job::mine(&tuner, options).unwrap();
    while !matches!(pollster::block_on(job.next(&mut tuner)).unwrap(), Some(Event::Scoring { .. })) {}
    assert!(pollster::block_on(job.next(&mut tuner)).unwrap_err().to_string().contains("teacher"));
}

#[test]
fn maxsim_looks_at_tokens_once_for_each_text() {
    let mut tuner = tuner();
    let options = MiningOptions { teacher: Some(Teacher::MaxSim), num_negatives: 12, ..of(Strategy::Dense) };
    let job = Job::mine(&tuner, options.clone()).unwrap();
    let events = run(&mut tuner, job).unwrap();
    let mut tokens = events.iter().filter_map(|event| match serde_json::to_value(event).unwrap() {
        event if event["stage"] == "tokens" => Some((event["done"].clone(), event["total"].clone())),
        _ => None,
    });
    let (done, total) = tokens.next_back().expect("tokens were encoded");
    assert_eq!(done, total);
    assert_eq!(total, 8 + 12, "queries and documents, each once");
    let Some(Event::Mined { examples, report, .. }) = events.last() else { panic!("nothing mined") };
    let without = mine(&mut tuner, MiningOptions { teacher: None, ..options }).2;
    assert_eq!(report.negatives + report.dropped.teacher, without.negatives);
    assert_eq!(examples.len(), 8);
}

fn minings(events: &[Event]) -> Vec<(usize, usize, Option<usize>, Strategy)> {
    let mining = |event: &Event| match event {
        Event::Mining { epoch, step, staleness, report } => {
            Some((*epoch, *step, *staleness, report.strategy))
        }
        _ => None,
    };
    events.iter().filter_map(mining).collect()
}

fn short(trainable: Trainable, negatives: Strategy) -> TrainOptions {
    TrainOptions {
        trainable,
        negatives,
        epochs: Some(3),
        batch_size: Some(2),
        learning_rate: Some(1e-3),
        relative_margin: None,
        ..TrainOptions::default()
    }
}

#[test]
fn ance_mines_anew_every_few_steps_and_says_how_stale_the_old_ones_were() {
    for trainable in [Trainable::Head, Trainable::Full] {
        let mut tuner = tuner();
        // One mark and one mined negative a query.
        let options = TrainOptions { refresh_every: 3, num_negatives: 2, ..short(trainable, Strategy::Ance) };
        let job = Job::train(&tuner, options).unwrap();
        let events = run(&mut tuner, job).unwrap();
        let ance = Strategy::Ance;
        // Four steps an epoch: in the middle of each, and at its beginning.
        let expected = [
            (1, 0, None, ance),
            (1, 3, Some(3), ance),
            (2, 4, Some(1), ance),
            (2, 7, Some(3), ance),
            (3, 8, Some(1), ance),
            (3, 11, Some(3), ance),
        ];
        assert_eq!(minings(&events), expected, "{trainable:?}");
        let overlaps = events.iter().filter_map(|event| match event {
            Event::Mining { report, .. } => Some(report.overlap),
            _ => None,
        });
        assert_eq!(
            overlaps.map(|overlap| overlap.is_some()).collect::<Vec<_>>(),
            [false, true, true, true, true, true]
        );
        let steps = events.iter().filter(|event| matches!(event, Event::Step { .. })).count();
        assert_eq!(steps, 12);
        // With new weights the eight queries that train are encoded, not the four that measure.
        let is_step = |event: &Event| matches!(event, Event::Step { .. });
        let (first, last) =
            (events.iter().position(is_step).unwrap(), events.iter().rposition(is_step).unwrap());
        let totals = events[first..last].iter().filter_map(|event| match event {
            Event::Encode { stage: Stage::Queries, done, total } if done == total => Some(*total),
            _ => None,
        });
        let expected = if trainable == Trainable::Head { Vec::new() } else { vec![8; 5] };
        assert_eq!(totals.collect::<Vec<_>>(), expected, "{trainable:?}");
    }
}

#[test]
fn in_batch_training_reports_itself_and_what_teaches_nothing() {
    let mut tuner = tuner();
    let alone = Judgment { split: Some(Split::Train), ..Judgment::not_relevant("nobody knows", "key") };
    tuner.add_judgments(vec![alone]).unwrap();
    for options in [
        TrainOptions { num_negatives: 2, ..short(Trainable::Head, Strategy::InBatch) },
        TrainOptions { num_negatives: 0, ..short(Trainable::Head, Strategy::Dense) },
    ] {
        let job = Job::train(&tuner, options).unwrap();
        let events = run(&mut tuner, job).unwrap();
        for event in &events {
            let Event::Mining { report, .. } = event else { continue };
            assert_eq!((report.strategy, report.shortfall, report.unanswered), (Strategy::InBatch, 0, 1));
            assert_eq!(report.sources, [(NegativeSource::Labelled, 8)].into());
        }
        assert_eq!(minings(&events).len(), 3, "once an epoch");
    }
    let (_, _, report) = mine(&mut tuner, of(Strategy::Dense));
    assert_eq!(report.unanswered, 1);
}

#[test]
fn mining_ends_when_its_documents_change() {
    let mut tuner = tuner();
    let options = MiningOptions { teacher: Some(Teacher::MaxSim), ..of(Strategy::Dense) };
    let mut job = Job::mine(&tuner, options).unwrap();
    loop {
        let event = pollster::block_on(job.next(&mut tuner)).unwrap().expect("not over yet");
        if serde_json::to_value(&event).unwrap()["stage"] == "tokens" {
            break;
        }
    }
    tuner.remove_documents(&["key".into(), "ring".into()]);
    assert_eq!(pollster::block_on(job.next(&mut tuner)).unwrap_err().code(), "INPUT_INVALID");
    assert!(pollster::block_on(job.next(&mut tuner)).unwrap().is_none(), "the job is over");
}

#[test]
fn made_queries_say_why_they_no_longer_count() {
    let mut tuner = tuner();
    let all: Vec<(String, String)> =
        tuner.judgments().all().map(|j| (j.query.clone(), j.document.clone())).collect();
    tuner.remove_judgments(all.iter().map(|(query, document)| (query.as_str(), document.as_str())));
    let made = tuner.pseudo_queries(&PseudoOptions { per_document: 4, ..PseudoOptions::default() }).unwrap();
    assert!(made.queries.len() > 10, "{made:?}");
    let first = made.queries[0].clone();
    tuner.add_judgments(vec![Judgment::relevant(first.query, first.document)]).unwrap();
    let refused = Job::train(&tuner, TrainOptions::default()).err().unwrap().to_string();
    assert!(refused.contains("no longer count"), "{refused}");
}

#[test]
fn bm25_warms_up_and_then_hands_over() {
    let mut tuner = tuner();
    let options = TrainOptions { bm25_warmup: 0.5, ..short(Trainable::Head, Strategy::Dense) };
    let job = Job::train(&tuner, options).unwrap();
    let events = run(&mut tuner, job).unwrap();
    let (words, dense) = (Strategy::Bm25, Strategy::Dense);
    let expected =
        [(1, 0, None, words), (2, 4, Some(4), words), (2, 6, Some(2), dense), (3, 8, Some(2), dense)];
    assert_eq!(minings(&events), expected);
}

#[test]
fn every_strategy_loss_and_curriculum_trains() {
    let strategies = [
        Strategy::Bm25,
        Strategy::Random,
        Strategy::InBatch,
        Strategy::Hybrid,
        Strategy::Labelled,
        Strategy::Synthetic,
    ];
    for negatives in strategies {
        for (loss, curriculum, sampling) in [
            (LossName::InfoNce, Curriculum::Rank, Sampling::SimAns),
            (LossName::Margin, Curriculum::Score, Sampling::Random),
        ] {
            let mut tuner = tuner();
            let mining = MiningOptions { sampling, ..MiningOptions::default() };
            let options = TrainOptions {
                loss,
                curriculum,
                mining,
                num_negatives: 2,
                ..short(Trainable::Head, negatives)
            };
            let job = Job::train(&tuner, options).unwrap();
            let events = run(&mut tuner, job).unwrap();
            let Some(Event::Verdict(verdict)) = events.last() else { panic!("{negatives:?}: no verdict") };
            assert_eq!((verdict.steps, verdict.measured_on), (12, MeasuredOn::Judgments));
        }
    }
}

#[test]
fn a_document_is_explained() {
    let mut tuner = tuner();
    let job = Job::index(&tuner).unwrap();
    run(&mut tuner, job).unwrap();
    let options = MiningOptions::default();
    let why = pollster::block_on(tuner.why("How do I  turn a KEY?", "valve", &options)).unwrap();
    assert_eq!(why.judgment.map(|judgment| judgment.relevant), Some(false), "spelling does not matter");
    assert_eq!(why.positives.iter().map(|p| p.document.as_str()).collect::<Vec<_>>(), ["key"]);
    assert!(!why.eligible);
    let broken: Vec<String> = why
        .checks
        .iter()
        .filter(|check| !check.passed)
        .map(|check| serde_json::to_value(check.rule).unwrap().as_str().unwrap().to_owned())
        .collect();
    assert!(broken.contains(&"labelled".to_owned()), "{broken:?}");
    assert_eq!(why.terms.value, why.lexical.score);
    assert!(why.lexical.score > 0.0, "both say \"turn\"");
    let rank = why.dense.unwrap().rank.unwrap();
    assert!((1..=12).contains(&rank));
    let content = "to rotate the valve turn it 3 times to the last valve";
    for pair in &why.alignment {
        assert_eq!(&content[pair.document.start..pair.document.end], pair.document.text);
        assert!((-1.001..=1.001).contains(&pair.similarity));
    }
    assert!(!why.alignment.is_empty());

    let unjudged = pollster::block_on(tuner.why("something else", "valve", &options)).unwrap();
    assert!(unjudged.positives.is_empty() && unjudged.judgment.is_none() && unjudged.eligible);
    for (query, document) in [(" ", "valve"), ("key", "nowhere")] {
        let error = pollster::block_on(tuner.why(query, document, &options)).unwrap_err();
        assert_eq!(error.code(), "INPUT_INVALID");
    }
}

#[test]
fn a_training_asks_its_teacher_once_and_goes_on_with_what_it_said() {
    let asked = |options: TrainOptions| {
        let mut tuner = tuner();
        let mining = MiningOptions { teacher: Some(Teacher::Given), ..MiningOptions::default() };
        let mut job = Job::train(&tuner, TrainOptions { mining, num_negatives: 2, ..options }).unwrap();
        let (mut rounds, mut asked_in) = (0, Vec::new());
        while let Some(event) = pollster::block_on(job.next(&mut tuner)).unwrap() {
            match event {
                Event::Scoring { documents, .. } => {
                    job.put_scores(&vec![0.0; documents.len()]).unwrap();
                    asked_in.push(rounds);
                }
                Event::Mining { report, .. } => {
                    assert!(report.negatives > 8, "{report:?}");
                    rounds += 1;
                }
                _ => {}
            }
        }
        asked_in.dedup();
        asked_in
    };
    assert_eq!(asked(short(Trainable::Head, Strategy::Dense)), [0]);
}
