//! Judgments in a list and whole copies of it for undo: too simple to be wrong.

use std::collections::HashSet;

use nearmiss::dataset::{Judgment, Source, Split, split_of};

/// One whole state.
pub type Copy = Vec<Judgment>;

pub fn normal(query: &str) -> String {
    query.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

pub fn same_query(a: &Judgment, b: &Judgment) -> bool {
    normal(&a.query) == normal(&b.query)
}

/// Every state that can be undone to, then the present one, then the redo states.
#[derive(Default)]
pub struct Twin {
    pub past: Vec<Copy>,
    pub now: Copy,
    pub future: Vec<Copy>,
}

impl Twin {
    fn change(&mut self, next: Copy) {
        if next != self.now {
            self.past.push(std::mem::replace(&mut self.now, next));
            self.future.clear();
        }
    }

    pub fn add(&mut self, judgments: Vec<Judgment>) -> bool {
        let mut next = self.now.clone();
        for mut judgment in judgments {
            if let Some(known) = next.iter().find(|known| same_query(known, &judgment)) {
                judgment.query = known.query.clone();
            }
            let same = |known: &&mut Judgment| {
                same_query(known, &judgment)
                    && (&known.document, known.source) == (&judgment.document, judgment.source)
            };
            match next.iter_mut().find(same) {
                Some(known) => *known = Judgment { split: judgment.split.or(known.split), ..judgment },
                None => next.push(judgment),
            }
        }
        let fine = one_side_each(&next);
        if fine {
            self.change(next);
        }
        fine
    }

    pub fn keep(&mut self, keep: impl Fn(&Judgment) -> bool) {
        let next = self.now.iter().filter(|judgment| keep(judgment)).cloned().collect();
        self.change(next);
    }

    pub fn undo(&mut self) -> bool {
        let before = self.past.pop();
        let undone = before.is_some();
        self.future.extend(before.map(|before| std::mem::replace(&mut self.now, before)));
        undone
    }

    pub fn redo(&mut self) -> bool {
        let after = self.future.pop();
        let redone = after.is_some();
        self.past.extend(after.map(|after| std::mem::replace(&mut self.now, after)));
        redone
    }

    /// (text, positives, negatives) of one side, by the definition.
    pub fn queries(&self, split: Split) -> Vec<(String, Vec<String>, Vec<String>)> {
        let counts = |judgment: &Judgment| {
            let same = |other: &Judgment| same_query(other, judgment) && other.document == judgment.document;
            let mut others = self.now.iter();
            !others.any(|other| same(other) && other.source < judgment.source)
        };
        let effective: Vec<&Judgment> = self.now.iter().filter(|judgment| counts(judgment)).collect();
        let synthetic = |judgment: &Judgment| judgment.source == Source::Synthetic;
        let real = effective.iter().any(|judgment| judgment.relevant && !synthetic(judgment));
        let mut seen = HashSet::new();
        let mut queries = Vec::new();
        for first in self.now.iter().filter(|judgment| seen.insert(normal(&judgment.query))) {
            let of = |relevant: bool| {
                let all = effective.iter().filter(move |j| same_query(j, first) && j.relevant == relevant);
                all.copied().collect::<Vec<&Judgment>>()
            };
            let mut positives = of(true);
            let fixed = self.now.iter().filter(|j| same_query(j, first)).find_map(|j| j.split);
            let mut stands = fixed.unwrap_or_else(|| split_of(&first.query, 0));
            if real && !positives.is_empty() && positives.iter().all(|j| synthetic(j)) {
                stands = Split::Train;
            }
            if real && stands != Split::Train {
                positives.retain(|j| !synthetic(j));
            }
            // In the order in which any source first named the document for this query.
            let place = |id: &String| self.now.iter().position(|j| same_query(j, first) && j.document == *id);
            let ids = |judgments: Vec<&Judgment>| {
                let mut ids: Vec<String> = judgments.iter().map(|j| j.document.clone()).collect();
                ids.sort_by_key(place);
                ids
            };
            if stands == split && !(positives.is_empty() && of(false).is_empty()) {
                queries.push((first.query.clone(), ids(positives), ids(of(false))));
            }
        }
        queries
    }
}

pub fn one_side_each(judgments: &[Judgment]) -> bool {
    let clash = |a: &Judgment, b: &Judgment| {
        same_query(a, b) && a.split.is_some() && b.split.is_some() && a.split != b.split
    };
    !judgments.iter().any(|a| judgments.iter().any(|b| clash(a, b)))
}
