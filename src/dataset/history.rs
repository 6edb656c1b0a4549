//! What was done to the judgments, so that it can be undone.
//!
//! A change keeps the judgments that it touched and nothing else: one judgment more costs the same among ten and among a
//! hundred thousand.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::Judgment;
use super::table::Touched;

/// The most changes that are remembered; beyond that the oldest are forgotten and can no longer be undone.
pub const MOST_CHANGES: usize = 200;

/// The most judgments that all remembered changes keep together, before and after; the newest change is always kept. Twenty
/// imports of 100,000 would else keep 700 MB.
pub const MOST_KEPT: usize = 500_000;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Judgments were added or replaced.
    Added,
    /// Judgments were taken back.
    Removed,
    /// Documents went, and the judgments about them.
    DocumentsRemoved,
    /// Judgments were read from a file.
    Imported,
    /// Judgments were made or moved by clicks.
    Feedback,
}

/// One change of the judgments.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// From 1, in the order in which they were made.
    pub number: u64,
    /// When, in milliseconds since 1970, as the caller said.
    pub at: f64,
    /// What was done.
    pub action: Action,
    /// The judgments that it took away or replaced.
    pub before: Vec<Judgment>,
    /// The judgments that it put.
    pub after: Vec<Judgment>,
}

/// A change that was undone or redone.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Restored {
    /// The change.
    pub change: Change,
    /// Judgments of it that could not be put back: their document is no longer in the corpus, or their query has meanwhile
    /// been fixed to the other side.
    pub left_out: usize,
}

/// A change as it is kept.
#[derive(Debug, Clone)]
pub(super) struct Step {
    number: u64,
    at: f64,
    action: Action,
    pub touched: Vec<Touched>,
}

impl Step {
    pub fn change(&self) -> Change {
        let touched = self.touched.iter();
        Change {
            number: self.number,
            at: self.at,
            action: self.action,
            before: touched.clone().filter_map(|touched| touched.before.clone()).collect(),
            after: touched.filter_map(|touched| touched.after.clone()).collect(),
        }
    }
}

/// Changes that were made, oldest first, and changes that were undone, the latest undone last.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    pub done: VecDeque<Step>,
    pub undone: Vec<Step>,
    /// Changes ever made.
    made: u64,
}

impl History {
    /// Remembers a new change: what was undone before it cannot be redone any more.
    pub fn push(&mut self, action: Action, at: f64, touched: Vec<Touched>) {
        self.undone.clear();
        self.made += 1;
        self.done.push_back(Step { number: self.made, at, action, touched });
        let mut kept: usize = self.done.iter().map(|step| 2 * step.touched.len()).sum();
        while self.done.len() > MOST_CHANGES || (kept > MOST_KEPT && self.done.len() > 1) {
            kept -= self.done.pop_front().map_or(kept, |step| 2 * step.touched.len());
        }
    }
}
