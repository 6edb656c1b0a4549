//! A tuner over the tiny model, and its jobs run to their ends.

#![allow(dead_code, reason = "each test uses a part of this")]

use crate::model::tiny;
use nearmiss::dataset::{Document, Judgment, Split};
use nearmiss::encoder::Encoder;
use nearmiss::error::Result;
use nearmiss::tuner::{Event, Job, Tuner};

pub const WORDS: [&str; 12] =
    ["key", "valve", "mast", "battery", "door", "branch", "leave", "note", "station", "team", "pay", "ring"];

/// A tuner without documents.
pub fn empty() -> Tuner {
    Tuner::new(pollster::block_on(Encoder::load(tiny().borrow(), None)).unwrap())
}

/// Notes in which the answer to "how do I W" is about W, for words that the tiny vocabulary splits into letters.
pub fn tuner() -> Tuner {
    let mut tuner = empty();
    let note = |(at, w): (usize, &&str)| {
        Document::new(*w, "", format!("to rotate the {w} turn it {} times to the last {w}", at + 2))
    };
    let notes = WORDS.iter().enumerate().map(note);
    tuner.add_documents(notes.collect()).unwrap();
    let judge = |(i, w): (usize, &&str)| {
        let query = format!("how do i turn a {w}?");
        let split = Some(if i % 3 == 0 { Split::HeldOut } else { Split::Train });
        let other = WORDS[(i + 1) % WORDS.len()];
        [
            Judgment { split, ..Judgment::relevant(query.clone(), *w) },
            Judgment { split, ..Judgment::not_relevant(query, other) },
        ]
    };
    tuner.add_judgments(WORDS.iter().enumerate().flat_map(judge).collect()).unwrap();
    tuner
}

/// All events of a job.
pub fn run(tuner: &mut Tuner, mut job: Job) -> Result<Vec<Event>> {
    let mut events = Vec::new();
    while let Some(event) = pollster::block_on(job.next(tuner))? {
        events.push(event);
    }
    Ok(events)
}
