//! The judgments by place, with what must be known of them at once: where a pair stands, and what holds for a query.

use std::collections::{BTreeMap, HashMap};

use super::judgment::Key;
use super::split::normalise;
use super::{Judgment, Split};

/// One place of the table before and after a change.
#[derive(Debug, Clone)]
pub(super) struct Touched {
    pub place: u64,
    pub before: Option<Judgment>,
    pub after: Option<Judgment>,
}

/// Judgments in the order in which they came, at most one of each key.
///
/// A place is given once and never moves, so that a judgment taken away can come back to where it stood. Every operation
/// on one judgment takes logarithmic time.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    rows: BTreeMap<u64, Judgment>,
    places: HashMap<Key, u64>,
    /// By normalised text.
    queries: HashMap<String, Query>,
    /// The first place never given.
    next: u64,
}

#[derive(Debug, Clone)]
struct Query {
    /// As first written: all its judgments spell it so.
    text: String,
    judgments: usize,
    /// How many of them fix the side, by [`side`].
    fixed: [usize; 3],
}

/// The number of a side.
pub(super) fn side(split: Split) -> usize {
    match split {
        Split::Train => 0,
        Split::Dev => 1,
        Split::HeldOut => 2,
    }
}

impl Table {
    pub fn rows(&self) -> &BTreeMap<u64, Judgment> {
        &self.rows
    }

    pub fn place(&self, key: &Key) -> Option<u64> {
        self.places.get(key).copied()
    }

    pub fn get(&self, key: &Key) -> Option<&Judgment> {
        self.rows.get(self.places.get(key)?)
    }

    /// How many judgments of this query, by its normalised text, fix it to each side.
    pub fn fixed(&self, query: &str) -> [usize; 3] {
        self.queries.get(query).map_or([0; 3], |query| query.fixed)
    }

    /// What putting these judgments would do: one entry a key, in the order in which the keys are first named.
    ///
    /// Each takes the text that its query already has, and without a split of its own the one that it replaces had.
    pub fn stage(&self, judgments: Vec<Judgment>) -> Vec<Touched> {
        let mut touched: Vec<Touched> = Vec::new();
        let mut staged: HashMap<Key, usize> = HashMap::new();
        let mut texts: HashMap<String, String> = HashMap::new();
        let mut next = self.next;
        for mut judgment in judgments {
            let key = Key::of(&judgment);
            let text = texts.entry(key.query.clone()).or_insert_with(|| {
                let known = self.queries.get(&key.query);
                known.map_or(&judgment.query, |query| &query.text).clone()
            });
            judgment.query.clone_from(text);
            let number = *staged.entry(key).or_insert_with_key(|key| {
                let place = self.place(key).unwrap_or_else(|| {
                    next += 1;
                    next - 1
                });
                touched.push(Touched { place, before: self.get(key).cloned(), after: None });
                touched.len() - 1
            });
            let entry = &mut touched[number];
            let earlier = entry.after.as_ref().or(entry.before.as_ref());
            judgment.split = judgment.split.or(earlier.and_then(|earlier| earlier.split));
            entry.after = Some(judgment);
        }
        touched
    }

    /// What taking away the judgments at these places would do.
    pub fn stage_removal(&self, places: impl IntoIterator<Item = u64>) -> Vec<Touched> {
        let row = |place| Some(Touched { place, before: Some(self.rows.get(&place)?.clone()), after: None });
        places.into_iter().filter_map(row).collect()
    }

    /// Takes away what stands at this place.
    pub fn clear(&mut self, place: u64) {
        let Some(judgment) = self.rows.remove(&place) else { return };
        let key = Key::of(&judgment);
        self.places.remove(&key);
        if let Some(query) = self.queries.get_mut(&key.query) {
            query.judgments -= 1;
            if let Some(split) = judgment.split {
                query.fixed[side(split)] -= 1;
            }
            if query.judgments == 0 {
                self.queries.remove(&key.query);
            }
        }
    }

    /// Puts a judgment at this place, in the stead of what stood there and of another one with its key.
    pub fn set(&mut self, place: u64, judgment: Judgment) {
        self.clear(place);
        let key = Key::of(&judgment);
        if let Some(other) = self.place(&key) {
            self.clear(other);
        }
        let new = || Query { text: judgment.query.clone(), judgments: 0, fixed: [0; 3] };
        let query = self.queries.entry(key.query.clone()).or_insert_with(new);
        query.judgments += 1;
        if let Some(split) = judgment.split {
            query.fixed[side(split)] += 1;
        }
        self.places.insert(key, place);
        self.next = self.next.max(place + 1);
        self.rows.insert(place, judgment);
    }

    /// Would this judgment put its query on a second side?
    pub fn contradicts(&self, judgment: &Judgment) -> bool {
        let fixed = self.fixed(&normalise(&judgment.query));
        let elsewhere = |split| Split::ALL.into_iter().any(|other| other != split && fixed[side(other)] > 0);
        judgment.split.is_some_and(elsewhere)
    }
}
