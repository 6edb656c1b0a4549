//! Who said what about which document.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::rc::Rc;

use super::history::{Action, Change, History, Restored};
use super::judgment::Key;
use super::split::normalise;
use super::table::{Table, Touched, side};
use super::{Corpus, Judgment, Source, Split};
use crate::error::{Error, Result};

/// All judgments, one for each (query, document, source), in the order in which they came, with the last changes.
///
/// Queries that differ only in case or white space are one query, spelled as first written. Every method that changes
/// something takes the time in milliseconds since 1970 and can be undone.
#[derive(Debug, Clone, Default)]
pub struct Judgments {
    table: Table,
    history: History,
    pub(super) trained_on: Rc<HashSet<u64>>,
}

impl Judgments {
    /// Adds judgments, all or none. One on a known pair of query and document replaces what the same source said before,
    /// but for a split: without a new one the old one stays, so that a held-out query does not slip into training.
    ///
    /// # Errors
    /// `INPUT_INVALID`, naming the judgment by its number from 0, for a blank query, a document that is not in the corpus,
    /// a grade that is not a finite number, is negative or contradicts `relevant`, a weight that is not above 0 and at most
    /// 1000, a `kind` without the source synthetic, `impressions` of 0, or a split that contradicts another judgment of
    /// the same query.
    pub fn add_all(&mut self, judgments: Vec<Judgment>, corpus: &Corpus, at: f64) -> Result<()> {
        self.put(Action::Added, judgments, corpus, at)
    }

    /// [`Self::add_all`] of judgments that come from a file.
    ///
    /// # Errors
    /// The same.
    pub fn import(&mut self, judgments: Vec<Judgment>, corpus: &Corpus, at: f64) -> Result<()> {
        self.put(Action::Imported, judgments, corpus, at)
    }

    /// [`Self::add_all`] of judgments that [`super::feedback::apply`] made from clicks.
    ///
    /// # Errors
    /// The same.
    pub fn add_feedback(&mut self, judgments: Vec<Judgment>, corpus: &Corpus, at: f64) -> Result<()> {
        self.put(Action::Feedback, judgments, corpus, at)
    }

    /// Forgets what was said about this pair, by any source; the number of judgments that went.
    pub fn remove(&mut self, query: &str, document: &str, at: f64) -> usize {
        self.remove_all([(query, document)], at)
    }

    /// [`Self::remove`] of several pairs as one change.
    pub fn remove_all<'a>(&mut self, pairs: impl IntoIterator<Item = (&'a str, &'a str)>, at: f64) -> usize {
        let keys = |(query, document)| Source::ALL.map(|source| Key::new(query, document, source));
        let keys = pairs.into_iter().flat_map(keys);
        let places: BTreeSet<u64> = keys.filter_map(|key| self.table.place(&key)).collect();
        self.take_away(Action::Removed, places, at)
    }

    /// Forgets everything said about these documents, as one change; the number of judgments that went.
    pub fn remove_documents<S: AsRef<str>>(&mut self, documents: &[S], at: f64) -> usize {
        let gone: HashSet<&str> = documents.iter().map(AsRef::as_ref).collect();
        let rows = self.table.rows().iter();
        let rows = rows.filter(|(_, judgment)| gone.contains(judgment.document.as_str()));
        let places = rows.map(|(&place, _)| place).collect();
        self.take_away(Action::DocumentsRemoved, places, at)
    }

    /// Says by [`super::query_key`] which queries the weights in use have seen in training, or were chosen by: [`Self::queries`] measures on
    /// none of them, whatever became of their judgments since.
    pub fn set_trained_on(&mut self, keys: Rc<HashSet<u64>>) {
        self.trained_on = keys;
    }

    /// All judgments in order, overruled ones too.
    pub fn all(&self) -> impl ExactSizeIterator<Item = &Judgment> + Clone {
        self.table.rows().values()
    }

    /// What this source says about this pair.
    pub fn get(&self, query: &str, document: &str, source: Source) -> Option<&Judgment> {
        self.table.get(&Key::new(query, document, source))
    }

    /// The last changes, at most [`super::history::MOST_CHANGES`], the newest last. What was undone is not among them.
    pub fn history(&self) -> impl DoubleEndedIterator<Item = Change> + ExactSizeIterator {
        self.history.done.iter().map(|step| step.change())
    }

    /// How many changes can be redone.
    pub fn redoable(&self) -> usize {
        self.history.undone.len()
    }

    /// Undoes the last change; none when there is nothing to undo.
    pub fn undo(&mut self, corpus: &Corpus) -> Option<Restored> {
        let step = self.history.done.pop_back()?;
        let left_out = self.restore(&step.touched, |touched| touched.before.as_ref(), corpus);
        let change = step.change();
        self.history.undone.push(step);
        Some(Restored { change, left_out })
    }

    /// Makes the change that was undone last once more; none when there is nothing to redo, or something changed since.
    pub fn redo(&mut self, corpus: &Corpus) -> Option<Restored> {
        let step = self.history.undone.pop()?;
        let left_out = self.restore(&step.touched, |touched| touched.after.as_ref(), corpus);
        let change = step.change();
        self.history.done.push_back(step);
        Some(Restored { change, left_out })
    }

    fn put(&mut self, action: Action, judgments: Vec<Judgment>, corpus: &Corpus, at: f64) -> Result<()> {
        let mut fixed = HashMap::new();
        for (number, judgment) in judgments.iter().enumerate() {
            judgment.check(number, corpus)?;
            if judgment.split.is_some() {
                fixed.insert(normalise(&judgment.query), number);
            }
        }
        let touched = self.table.stage(judgments);
        self.check_splits(&touched, &fixed)?;
        self.make(action, touched, at);
        Ok(())
    }

    fn take_away(&mut self, action: Action, places: BTreeSet<u64>, at: f64) -> usize {
        let touched = self.table.stage_removal(places);
        let removed = touched.len();
        self.make(action, touched, at);
        removed
    }

    /// Applies a checked change and remembers it, unless it changes nothing.
    fn make(&mut self, action: Action, mut touched: Vec<Touched>, at: f64) {
        touched.retain(|touched| touched.before != touched.after);
        for touched in &touched {
            match &touched.after {
                Some(judgment) => self.table.set(touched.place, judgment.clone()),
                None => self.table.clear(touched.place),
            }
        }
        if !touched.is_empty() {
            self.history.push(action, at, touched);
        }
    }

    /// Puts one side of a change back into the table; the number of judgments that could not be.
    fn restore(
        &mut self,
        touched: &[Touched],
        pick: impl Fn(&Touched) -> Option<&Judgment>,
        corpus: &Corpus,
    ) -> usize {
        // All go first: a query that moved from one side to the other must not be seen on both.
        touched.iter().for_each(|touched| self.table.clear(touched.place));
        let mut left_out = 0;
        for touched in touched {
            let Some(judgment) = pick(touched) else { continue };
            if corpus.position(&judgment.document).is_none() || self.table.contradicts(judgment) {
                left_out += 1;
            } else {
                self.table.set(touched.place, judgment.clone());
            }
        }
        left_out
    }

    /// Refuses a query that would stand on two sides; `fixed` says which new judgment was the last to fix a query's side.
    fn check_splits(&self, touched: &[Touched], fixed: &HashMap<String, usize>) -> Result<()> {
        let mut sides: HashMap<&str, [usize; 3]> =
            fixed.keys().map(|query| (query.as_str(), self.table.fixed(query))).collect();
        for touched in touched {
            let Some(after) = &touched.after else { continue };
            let Some(sides) = sides.get_mut(normalise(&after.query).as_str()) else { continue };
            // What is replaced was counted in the table.
            if let Some(split) = touched.before.as_ref().and_then(|before| before.split) {
                sides[side(split)] -= 1;
            }
            if let Some(split) = after.split {
                sides[side(split)] += 1;
            }
        }
        let several = sides.iter().filter(|(_, sides)| sides.iter().filter(|&&of| of > 0).count() > 1);
        let first = several.filter_map(|(query, sides)| Some((fixed.get(*query)?, query, sides))).min();
        match first {
            None => Ok(()),
            Some((number, query, sides)) => {
                let named = Split::ALL.into_iter().filter(|&split| sides[side(split)] > 0);
                let named: Vec<String> = named.map(|split| format!("{:?}", split.name())).collect();
                let (field, named) = (format!("judgments[{number}].split"), named.join(" and "));
                Err(Error::input(
                    field,
                    format!("the query {query:?} would stand in {named}; give it one split"),
                ))
            }
        }
    }
}
