//! Other weights come into use when the documents have embeddings of theirs; and what they move.
#![cfg(feature = "cpu")]

#[path = "common/model.rs"]
mod model;
#[path = "common/tuned.rs"]
mod tuned;

use nearmiss::dataset::Document;
use nearmiss::encoder::{Tower, Towers};
use nearmiss::training::{TrainOptions, Trainable};
use nearmiss::tuner::{CompareOptions, Event, Job, Mode, Moved, Reason, SearchOptions, Stage, Tuner};
use tuned::{WORDS, run, tuner};

const QUERY: &str = "how do i turn a valve?";

fn dense(tuner: &mut Tuner) -> Vec<(String, f32)> {
    let options = SearchOptions { k: 20, mode: Mode::Dense, ..SearchOptions::default() };
    let found = pollster::block_on(tuner.search(QUERY, &options)).unwrap();
    found.iter().map(|hit| (hit.document.id.clone(), hit.score)).collect()
}

fn index(tuner: &mut Tuner) -> Vec<Event> {
    let job = Job::index(tuner).unwrap();
    run(tuner, job).unwrap()
}

fn trained(trainable: Trainable, towers: Towers) -> Tuner {
    let mut tuner = tuner();
    index(&mut tuner);
    train(&mut tuner, trainable, towers);
    tuner
}

fn train(tuner: &mut Tuner, trainable: Trainable, towers: Towers) {
    let learning_rate = Some(1e-2);
    let options = TrainOptions {
        trainable,
        towers,
        learning_rate,
        epochs: Some(3),
        dev_share: Some(0.0),
        ..TrainOptions::default()
    };
    let job = Job::train(tuner, options).unwrap();
    run(tuner, job).unwrap();
    tuner.keep().unwrap();
}

fn encoded(events: &[Event]) -> usize {
    events
        .iter()
        .filter_map(|event| if let Event::Encode { total, .. } = event { Some(*total) } else { None })
        .max()
        .unwrap_or(0)
}

#[test]
fn search_goes_on_with_the_old_index_until_the_new_one_is_there() {
    let new = pollster::block_on(trained(Trainable::Full, Towers::Shared).export()).unwrap();
    let mut tuner = tuner();
    index(&mut tuner);
    let before = dense(&mut tuner);
    pollster::block_on(tuner.import(&new)).unwrap();
    let mut job = Job::index(&tuner).unwrap();
    let mut pulls = 0;
    while let Some(event) = pollster::block_on(job.next(&mut tuner)).unwrap() {
        if matches!(event, Event::Indexed { .. }) {
            break;
        }
        pulls += 1;
        assert_eq!(dense(&mut tuner), before, "all documents, with the old weights");
    }
    assert!(pulls > 0);
    let after = dense(&mut tuner);
    assert!(after.len() == 12 && after != before);
    // Back at once: those embeddings are still there.
    tuner.rollback().unwrap();
    assert_eq!(dense(&mut tuner), before);
    assert_eq!(encoded(&index(&mut tuner)), 0);
}

#[test]
fn an_index_job_that_is_dropped_leaves_the_old_weights_and_the_next_one_takes_the_new() {
    let donor = trained(Trainable::Full, Towers::Shared);
    let new = pollster::block_on(donor.export()).unwrap();
    let mut tuner = tuner();
    index(&mut tuner);
    let before = dense(&mut tuner);
    pollster::block_on(tuner.import(&new)).unwrap();
    let mut job = Job::index(&tuner).unwrap();
    pollster::block_on(job.next(&mut tuner)).unwrap();
    drop(job);
    assert_eq!(dense(&mut tuner), before);
    // A document that comes meanwhile is encoded with what will be in use.
    tuner.add_documents(vec![Document::new("new", "", "a valve of brass")]).unwrap();
    index(&mut tuner);
    assert_eq!(dense(&mut tuner).len(), 13);
    assert_eq!(tuner.encoder().fingerprint(Tower::Document), donor.encoder().fingerprint(Tower::Document));
}

#[test]
fn only_what_the_change_touches_is_encoded_again() {
    for (trainable, towers) in [
        (Trainable::Head, Towers::Shared),
        (Trainable::Head, Towers::Query),
        (Trainable::Full, Towers::Query),
    ] {
        let file = pollster::block_on(trained(trainable, towers).export()).unwrap();
        let mut tuner = tuner();
        index(&mut tuner);
        let before = dense(&mut tuner);
        pollster::block_on(tuner.import(&file)).unwrap();
        assert_eq!(encoded(&index(&mut tuner)), 0, "{trainable:?} {towers:?}");
        assert_ne!(dense(&mut tuner), before);
    }
    // And of documents, those that are new or say something else.
    let mut tuner = tuner();
    index(&mut tuner);
    let mut documents = tuner.corpus().documents().to_vec();
    documents[3].text.push_str(" and wait");
    documents[4].metadata = serde_json::json!({ "read": true });
    documents.push(Document::new("new", "", "a valve of brass"));
    let added = tuner.add_documents(documents).unwrap();
    assert_eq!((added.added, added.updated, added.unchanged), (1, 2, 10));
    assert_eq!(encoded(&index(&mut tuner)), 2);
}

/// Everything in use goes out as files and comes back in a fresh engine.
#[test]
fn all_weights_in_use_go_out_as_files_and_come_back() {
    let cases: [&[(Trainable, Towers)]; 5] = [
        &[],
        &[(Trainable::Head, Towers::Query)],
        &[(Trainable::Lora, Towers::Shared), (Trainable::Head, Towers::Shared)],
        &[
            (Trainable::Full, Towers::Shared),
            (Trainable::Layers(1), Towers::Query),
            (Trainable::Head, Towers::Shared),
        ],
        &[(Trainable::Lora, Towers::Query)],
    ];
    for rungs in cases {
        let mut one = tuner();
        index(&mut one);
        for &(trainable, towers) in rungs {
            train(&mut one, trainable, towers);
        }
        let files = pollster::block_on(one.weights()).unwrap();
        assert_eq!(
            files.len(),
            rungs.len() + usize::from(!rungs.is_empty()),
            "{rungs:?}: and what they were trained on"
        );
        let mut other = tuner();
        index(&mut other);
        for file in &files {
            pollster::block_on(other.import(file)).unwrap();
        }
        index(&mut other);
        assert_eq!(dense(&mut other), dense(&mut one), "{rungs:?}");
        assert_eq!(pollster::block_on(other.weights()).unwrap().last(), files.last(), "{rungs:?}");
    }
}

fn compare(tuner: &mut Tuner, options: CompareOptions) -> (bool, Vec<Moved>) {
    let job = Job::compare(tuner, QUERY, options).unwrap();
    match run(tuner, job).unwrap().pop() {
        Some(Event::Compared { changed, hits, .. }) => (changed, hits),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_comparison_says_what_moved_and_why() {
    let options = || CompareOptions { k: 12, mode: Mode::Dense };
    let mut plain = tuner();
    index(&mut plain);
    let before = dense(&mut plain);
    let (changed, hits) = compare(&mut plain, options());
    assert!(
        !changed
            && hits.iter().all(|hit| hit.before == hit.after
                && hit.because.iter().all(|r| !matches!(r, Reason::Passed { .. })))
    );

    let mut tuned = trained(Trainable::Full, Towers::Shared);
    let after = dense(&mut tuned);
    let (changed, hits) = compare(&mut tuned, options());
    assert!(changed && hits.len() == 12);
    let rank = |list: &[(String, f32)], id: &str| list.iter().position(|(other, _)| other == id).unwrap() + 1;
    let mut passed_any = false;
    for hit in &hits {
        let (was, now) = (hit.before.unwrap(), hit.after.unwrap());
        assert_eq!((was.rank, now.rank), (rank(&before, &hit.document), rank(&after, &hit.document)));
        let Reason::Cosine { before: old, after: new } = hit.because[0] else { panic!("{hit:?}") };
        assert!((old - was.score).abs() < 1e-6 && (new - now.score).abs() < 1e-6);
        for reason in &hit.because {
            if let Reason::Passed { documents } = reason {
                passed_any = true;
                for other in documents {
                    assert!(
                        rank(&before, &other.document) < was.rank && rank(&after, &other.document) > now.rank
                    );
                }
            }
        }
    }
    assert!(passed_any);
    let valve = hits.iter().find(|hit| hit.document == "valve").unwrap();
    let own = valve.because.iter().find_map(|reason| match reason {
        Reason::Judged { query, relevant, similarity } if query == QUERY => Some((*relevant, *similarity)),
        _ => None,
    });
    let (relevant, similarity) = own.unwrap();
    assert!(relevant && (similarity - 1.0).abs() < 1e-5);
    assert_eq!(dense(&mut tuned), after, "looking changes nothing");
}

#[test]
fn a_comparison_encodes_what_was_judged_piece_by_piece() {
    let mut tuner = tuner();
    let job = Job::compare(&tuner, QUERY, CompareOptions::default()).unwrap();
    let events = run(&mut tuner, job).unwrap();
    let queries = |event: &Event| match event {
        Event::Encode { stage: Stage::Queries, done, total } if done == total => *total,
        _ => 0,
    };
    // A query for each word, on both sides of the split.
    assert_eq!(events.iter().map(queries).sum::<usize>(), WORDS.len());
    let job = Job::compare(&tuner, QUERY, CompareOptions::default()).unwrap();
    assert_eq!(run(&mut tuner, job).unwrap().len(), 1, "all is there now");
}
