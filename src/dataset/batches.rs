//! Seeded batches for in-batch negatives.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::Rng;

/// Most rounds of swaps; on ordinary data few find anything to do.
const ROUNDS: usize = 8;
/// Most partners tried for one example in a round.
const PARTNERS: usize = 64;
/// About how many queries and documents one round may look at, over all its partners: bounds the work on data where
/// everything conflicts.
const ROUND_WORK: usize = 1 << 21;
/// What a common query or positive costs; any other common document costs 1. No sum of those reaches it.
const HEAVY: u64 = 1 << 32;

/// What one example brings into a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchKey {
    /// Number of the query.
    pub query: usize,
    /// The positive, then the negatives, as content classes: copies of one text have one number.
    pub documents: Vec<usize>,
}

/// Shuffles examples into ⌈n / size⌉ batches of nearly equal length; each batch is a list of example numbers.
///
/// With in-batch negatives every other document of a batch counts as wrong, and one that stands there twice counts twice. So
/// examples that share a query or any document are swapped apart, wherever a partner is found; a common query or a common
/// positive matters more than any number of common negatives. What cannot be kept apart (a document that is everyone's
/// negative) stays: the number of batches, and with it the number of steps, never depends on the draw.
///
/// ```
/// use nearmiss::dataset::{BatchKey, batches};
///
/// let key = |query, positive, negative| BatchKey { query, documents: vec![positive, negative] };
/// let keys = [key(0, 10, 20), key(0, 11, 21), key(1, 12, 22), key(2, 12, 23)];
/// let batches = batches(&keys, 2, 7);
/// assert_eq!(batches.len(), 2);
/// for batch in batches {
///     let [a, b] = [&keys[batch[0]], &keys[batch[1]]];
///     assert!(a.query != b.query && a.documents[0] != b.documents[0]);
/// }
/// ```
pub fn batches(keys: &[BatchKey], size: usize, seed: u64) -> Vec<Vec<usize>> {
    let count = keys.len().div_ceil(size.max(1));
    let mut order: Vec<usize> = (0..keys.len()).collect();
    Rng::new(seed).shuffle(&mut order);

    let mut placement = Placement::new(items(keys), &order, count);
    let work: usize = placement.items.iter().map(Vec::len).sum();
    let partners = (ROUND_WORK / work.max(1)).clamp(1, PARTNERS).min(keys.len());
    for round in 0..ROUNDS {
        let mut swapped = false;
        for (turn, &example) in order.iter().enumerate() {
            let first = turn + 1 + round * partners;
            let near = (first..first + partners).map(|at| order[at % order.len()]);
            swapped |= placement.swap_apart(example, near);
        }
        if !swapped {
            break;
        }
    }
    let mut batches = vec![Vec::new(); count];
    for &example in &order {
        batches[placement.batch[example]].push(example);
    }
    batches
}

/// A query or a document, numbered densely.
#[derive(Debug, Clone, Copy)]
struct Item {
    number: u32,
    /// True for the query and the positive.
    heavy: bool,
}

/// Each example's query and documents, in order of their numbers, none twice.
fn items(keys: &[BatchKey]) -> Vec<Vec<Item>> {
    let mut numbers: HashMap<(bool, usize), u32> = HashMap::new();
    let mut number = |is_query, id| {
        let next = numbers.len() as u32;
        *numbers.entry((is_query, id)).or_insert(next)
    };
    let mut one = |key: &BatchKey| {
        let mut items = vec![Item { number: number(true, key.query), heavy: true }];
        let documents = key.documents.iter().enumerate();
        items.extend(documents.map(|(at, &id)| Item { number: number(false, id), heavy: at == 0 }));
        // The heavy one first among equals, so that it is the one that stays.
        items.sort_unstable_by_key(|item| (item.number, !item.heavy));
        items.dedup_by_key(|item| item.number);
        items
    };
    keys.iter().map(&mut one).collect()
}

/// How often an item stands in a batch.
#[derive(Debug, Clone, Copy, Default)]
struct Count {
    heavy: u32,
    light: u32,
}

impl Count {
    fn of(&mut self, item: Item) -> &mut u32 {
        if item.heavy { &mut self.heavy } else { &mut self.light }
    }

    /// What one more such item costs.
    fn cost(self, item: Item) -> u64 {
        u64::from(self.heavy) * if item.heavy { HEAVY } else { 1 } + u64::from(self.light)
    }
}

/// Which example stands in which batch.
struct Placement {
    items: Vec<Vec<Item>>,
    /// Batch of each example.
    batch: Vec<usize>,
    /// By batch and item number.
    counts: HashMap<u64, Count, BuildHasherDefault<Mix>>,
}

impl Placement {
    /// Deals the examples out in this order, like cards.
    fn new(items: Vec<Vec<Item>>, order: &[usize], count: usize) -> Self {
        let mut placement = Self { batch: vec![0; items.len()], items, counts: HashMap::default() };
        for (turn, &example) in order.iter().enumerate() {
            placement.put(example, turn % count);
        }
        placement
    }

    fn put(&mut self, example: usize, batch: usize) {
        for &item in &self.items[example] {
            *self.counts.entry(place(batch, item)).or_default().of(item) += 1;
        }
        self.batch[example] = batch;
    }

    fn take(&mut self, example: usize) {
        let batch = self.batch[example];
        for &item in &self.items[example] {
            self.counts.entry(place(batch, item)).and_modify(|count| *count.of(item) -= 1);
        }
    }

    /// What the example shares with a batch, left out of it an example that stands there (itself, or a partner).
    fn cost(&self, example: usize, batch: usize, but: usize) -> u64 {
        let count = |item: Item| self.counts.get(&place(batch, item)).copied().unwrap_or_default();
        let all: u64 = self.items[example].iter().map(|&item| count(item).cost(item)).sum();
        debug_assert_eq!(self.batch[but], batch);
        all - if all == 0 { 0 } else { self.common(example, but) }
    }

    /// What two examples share.
    fn common(&self, a: usize, b: usize) -> u64 {
        let mut rest = self.items[b].as_slice();
        let mut cost = 0;
        for &item in &self.items[a] {
            let smaller = rest.iter().take_while(|other| other.number < item.number).count();
            rest = &rest[smaller..];
            if let Some(&other) = rest.first().filter(|other| other.number == item.number) {
                cost += if item.heavy && other.heavy { HEAVY } else { 1 };
            }
        }
        cost
    }

    /// Swaps an example that shares something in its batch with the first partner where that leaves less shared in all; true
    /// when there was one.
    fn swap_apart(&mut self, example: usize, partners: impl Iterator<Item = usize>) -> bool {
        let here = self.batch[example];
        let mine = self.cost(example, here, example);
        if mine == 0 {
            return false;
        }
        for partner in partners {
            let there = self.batch[partner];
            if there == here {
                continue;
            }
            let moved = self.cost(example, there, partner);
            // A swap that helps only the partner is found when it is the partner's turn.
            if moved >= mine {
                continue;
            }
            let theirs = self.cost(partner, there, partner);
            if moved + self.cost(partner, here, example) < mine + theirs {
                self.take(example);
                self.take(partner);
                self.put(example, there);
                self.put(partner, here);
                return true;
            }
        }
        false
    }
}

/// An item in a batch, as one number.
fn place(batch: usize, item: Item) -> u64 {
    (batch as u64) << 32 | u64::from(item.number)
}

/// Hashes one such number by a multiplication (Fibonacci hashing; Knuth, TAOCP 3, 6.4): the counts are looked up millions of
/// times, and nobody attacks them.
#[derive(Default)]
struct Mix(u64);

impl Hasher for Mix {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(self.0 ^ u64::from(byte)));
    }

    fn write_u64(&mut self, number: u64) {
        let product = u128::from(number) * 0x9e37_79b9_7f4a_7c15;
        self.0 = product as u64 ^ (product >> 64) as u64;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
