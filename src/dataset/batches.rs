//! Seeded batches for in-batch negatives.

use std::collections::HashMap;

use super::Rng;

/// Rounds of swaps; on ordinary data the first leaves nothing to do.
const ROUNDS: usize = 4;
/// Partners tried for one swap, so that data where everything conflicts (one document for all queries) ends soon.
const PARTNERS: usize = 64;

/// Shuffles examples into ⌈n / size⌉ batches of nearly equal length; each batch is a list of example numbers.
///
/// `keys[i]` is example i's (query, positive document). With in-batch negatives every other document of a batch counts as
/// wrong, so examples that share a query or a document are swapped apart, wherever a partner is found. Those that cannot be
/// stay: the number of batches, and with it the number of steps, never depends on the draw.
///
/// ```
/// let keys = [(0, 10), (0, 11), (1, 12), (2, 12)];
/// let batches = nearmiss::dataset::batches(&keys, 2, 7);
/// assert_eq!(batches.len(), 2);
/// for batch in batches {
///     let [a, b] = [keys[batch[0]], keys[batch[1]]];
///     assert!(a.0 != b.0 && a.1 != b.1);
/// }
/// ```
pub fn batches(keys: &[(usize, usize)], size: usize, seed: u64) -> Vec<Vec<usize>> {
    let count = keys.len().div_ceil(size.max(1));
    let mut rng = Rng::new(seed);
    let mut order: Vec<usize> = (0..keys.len()).collect();
    rng.shuffle(&mut order);

    let mut placement = Placement::new(keys, &order, count);
    for _ in 0..ROUNDS {
        let mut swapped = false;
        for (turn, &example) in order.iter().enumerate() {
            let partners = order[turn + 1..].iter().chain(&order[..turn]);
            swapped |= placement.swap_apart(example, partners.take(PARTNERS));
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

/// Which example stands in which batch.
struct Placement<'a> {
    keys: &'a [(usize, usize)],
    /// Batch of each example.
    batch: Vec<usize>,
    /// How often each query stands in each batch: (batch, query) to a count.
    queries: HashMap<(usize, usize), usize>,
    /// Likewise (batch, document).
    documents: HashMap<(usize, usize), usize>,
}

impl<'a> Placement<'a> {
    /// Deals the examples out in this order, like cards.
    fn new(keys: &'a [(usize, usize)], order: &[usize], count: usize) -> Self {
        let (queries, documents) = (HashMap::new(), HashMap::new());
        let mut placement = Self { keys, batch: vec![0; keys.len()], queries, documents };
        for (turn, &example) in order.iter().enumerate() {
            placement.put(example, turn % count);
        }
        placement
    }

    fn put(&mut self, example: usize, batch: usize) {
        let (query, document) = self.keys[example];
        *self.queries.entry((batch, query)).or_default() += 1;
        *self.documents.entry((batch, document)).or_default() += 1;
        self.batch[example] = batch;
    }

    fn take(&mut self, example: usize) {
        let (query, document) = self.keys[example];
        let batch = self.batch[example];
        self.queries.entry((batch, query)).and_modify(|count| *count -= 1);
        self.documents.entry((batch, document)).and_modify(|count| *count -= 1);
    }

    /// How many examples of the batch share the query or the document of this one, which does not stand in it.
    fn conflicts(&self, example: usize, batch: usize) -> usize {
        let (query, document) = self.keys[example];
        let count =
            |counts: &HashMap<(usize, usize), usize>, key| counts.get(&(batch, key)).copied().unwrap_or(0);
        count(&self.queries, query) + count(&self.documents, document)
    }

    /// Swaps an example that conflicts in its batch with the first partner where that leaves fewer conflicts in all;
    /// true when there was one.
    fn swap_apart<'p>(&mut self, example: usize, partners: impl Iterator<Item = &'p usize>) -> bool {
        let here = self.batch[example];
        self.take(example);
        let mut place = here;
        if self.conflicts(example, here) > 0 {
            for &partner in partners {
                let there = self.batch[partner];
                if there == here {
                    continue;
                }
                self.take(partner);
                let before = self.conflicts(example, here) + self.conflicts(partner, there);
                let after = self.conflicts(example, there) + self.conflicts(partner, here);
                if after < before {
                    self.put(partner, here);
                    place = there;
                    break;
                }
                self.put(partner, there);
            }
        }
        self.put(example, place);
        place != here
    }
}
