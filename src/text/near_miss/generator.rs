//! The generator: kinds in turn, the places nearest to the query first.

use std::collections::HashSet;
use std::ops::Range;

use super::passage::{Edit, Passage};
use super::term_swap::TermSwaps;
use super::tokens::tokens;
use super::{KINDS, NearMiss, NearMissKind, date, negation, number, unit};
use crate::dataset::{Document, Rng};
use crate::text::words::Stems;

/// Makes near misses of a corpus's documents.
///
/// ```
/// use nearmiss::{dataset::Document, text::{NearMissKind, NearMisses}};
///
/// let documents = [Document::new("keys", "Keys", "Rotate the signing key every 90 days. Old keys must be kept.")];
/// let near_misses = NearMisses::new(&documents, 0).with_kinds(&[NearMissKind::Negation]);
/// let made = near_misses.of(0, Some("must I keep old keys?"), 3);
/// assert_eq!(made[0].text, "Keys Rotate the signing key every 90 days. Old keys must not be kept.");
/// assert_eq!((made.len(), made[0].from.as_str(), made[0].to.as_str()), (1, "must", "must not"));
/// ```
pub struct NearMisses {
    passages: Vec<Passage>,
    contents: HashSet<String>,
    swaps: TermSwaps,
    stems: Stems,
    kinds: Vec<NearMissKind>,
    seed: u64,
}

/// Something that may be changed, and how much its place has to do with the query.
struct Place {
    change: Change,
    overlap: usize,
    /// Weak ones come last: those in titles, headings and tables, of lone words, and to per mille.
    strong: bool,
}

enum Change {
    Edit(Edit),
    /// The number of the term.
    Swap(usize),
}

impl NearMisses {
    /// Reads the documents. Same documents, same seed: same near misses.
    pub fn new(documents: &[Document], seed: u64) -> Self {
        let passages: Vec<Passage> = documents.iter().map(Passage::new).collect();
        Self {
            contents: passages.iter().map(|passage| passage.content.clone()).collect(),
            swaps: TermSwaps::new(&passages),
            passages,
            stems: Stems::default(),
            kinds: KINDS.to_vec(),
            seed,
        }
    }

    /// Makes only these kinds.
    pub fn with_kinds(mut self, kinds: &[NearMissKind]) -> Self {
        self.kinds = KINDS.into_iter().filter(|kind| kinds.contains(kind)).collect();
        self
    }

    /// At most `n` near misses of the document at `position`; fewer, or none, where nothing can be changed.
    ///
    /// Kinds take turns, in an order drawn by seed. With the query that the document answers (`near`), only sentences are
    /// changed that have words in common with it, at least half as many as the sentence that has the most, and those first
    /// that have the most: a change elsewhere would leave the query answered. No result equals any document's content.
    pub fn of(&self, position: usize, near: Option<&str>, n: usize) -> Vec<NearMiss> {
        let Some(passage) = self.passages.get(position) else { return Vec::new() };
        let mut rng = Rng::stream(self.seed, position as u64);
        let overlaps = near.map(|query| passage.overlaps(query, &self.stems));
        let swaps_terms = self.kinds.contains(&NearMissKind::TermSwap);
        let neighbours = if swaps_terms { self.swaps.neighbours(position) } else { Vec::new() };
        let mut kinds = self.kinds.clone();
        rng.shuffle(&mut kinds);
        let (mut strong, mut weak) = (Vec::new(), Vec::new());
        for kind in kinds {
            let places = self.places(kind, position, overlaps.as_deref(), &mut rng);
            let (first, then): (Vec<Place>, Vec<Place>) = places.into_iter().partition(|place| place.strong);
            strong.push(in_order(kind, first, &mut rng));
            weak.push(in_order(kind, then, &mut rng));
        }
        let changes = in_turn(strong).into_iter().chain(in_turn(weak));
        let made =
            changes.filter_map(|(kind, change)| self.apply(kind, position, change, &neighbours, &mut rng));
        let mut texts = HashSet::new();
        let fresh = |miss: &NearMiss| !self.contents.contains(&miss.text) && texts.insert(miss.text.clone());
        made.filter(fresh).take(n).collect()
    }

    fn places(
        &self,
        kind: NearMissKind,
        position: usize,
        overlaps: Option<&[usize]>,
        rng: &mut Rng,
    ) -> Vec<Place> {
        let passage = &self.passages[position];
        // Without a query every sentence is as good.
        let most = overlaps.map_or(1, |overlaps| overlaps.iter().copied().max().unwrap_or(0));
        let overlap = |clause: usize| overlaps.map_or(1, |overlaps| overlaps[clause]);
        let near = |overlap: usize| overlap > 0 && 2 * overlap >= most;
        if kind == NearMissKind::TermSwap {
            let terms = self.swaps.terms(position).iter().enumerate();
            let places = terms.filter_map(|(number, term)| {
                let places = term.places(&passage.content);
                let clauses = (0..passage.clauses.len()).filter(|&clause| {
                    places.iter().any(|place| contains(&passage.clauses[clause].range, place))
                });
                let overlap = clauses.map(overlap).max()?;
                let strong = term.is_strong();
                near(overlap).then_some(Place { change: Change::Swap(number), overlap, strong })
            });
            return places.collect();
        }
        let mut places = Vec::new();
        for (number, clause) in
            passage.clauses.iter().enumerate().filter(|(number, _)| near(overlap(*number)))
        {
            let tokens = tokens(&passage.content, clause.range.clone());
            let edits = match kind {
                NearMissKind::Number => number::edits(&tokens, rng),
                NearMissKind::Date => date::edits(&tokens, rng),
                NearMissKind::Unit => unit::edits(&tokens, rng),
                NearMissKind::Negation => negation::edits(&tokens),
                NearMissKind::TermSwap => Vec::new(),
            };
            let place = |edit: Edit| {
                let strong = clause.prose && !unit::is_weak(&edit);
                Place { change: Change::Edit(edit), overlap: overlap(number), strong }
            };
            places.extend(edits.into_iter().map(place));
        }
        places
    }

    fn apply(
        &self,
        kind: NearMissKind,
        source: usize,
        change: Change,
        neighbours: &[usize],
        rng: &mut Rng,
    ) -> Option<NearMiss> {
        let passage = &self.passages[source];
        let content = &passage.content;
        Some(match change {
            Change::Edit(edit) => NearMiss {
                text: edit.apply(content),
                kind,
                from: content[edit.range.clone()].to_string(),
                at: edit.range.start,
                to: edit.to,
                source,
                donor: None,
            },
            Change::Swap(term) => {
                let swap = self.swaps.swap(source, term, passage, neighbours, rng)?;
                NearMiss {
                    text: swap.text,
                    kind,
                    at: swap.places.first()?.start,
                    from: swap.from,
                    to: swap.to,
                    source,
                    donor: Some(swap.donor),
                }
            }
        })
    }
}

fn contains(outer: &Range<usize>, inner: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// Nearest to the query first, else in a random order.
fn in_order(kind: NearMissKind, mut places: Vec<Place>, rng: &mut Rng) -> Vec<(NearMissKind, Change)> {
    rng.shuffle(&mut places);
    places.sort_by_key(|place| std::cmp::Reverse(place.overlap));
    places.into_iter().map(|place| (kind, place.change)).collect()
}

/// The first of each queue, the second of each, and so on.
fn in_turn<T>(queues: Vec<Vec<T>>) -> Vec<T> {
    let mut numbered: Vec<(usize, T)> =
        queues.into_iter().flat_map(|queue| queue.into_iter().enumerate()).collect();
    numbered.sort_by_key(|(number, _)| *number);
    numbered.into_iter().map(|(_, item)| item).collect()
}
