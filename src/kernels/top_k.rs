//! The best k of a stream of scores.

/// One document found: its position in the corpus and its score, higher is better.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit {
    /// Position in the corpus.
    pub position: usize,
    /// Comparable within one result list only.
    pub score: f32,
}

/// A hit as one number, lower is better: first by higher score, then by lower position. Comparing numbers takes no branch,
/// which makes selecting and sorting several times as fast as it is with hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Ranked(u64);

impl Ranked {
    /// `score` is not NaN, `position` fits in 32 bits.
    #[inline]
    fn new(position: usize, score: f32) -> Self {
        debug_assert!(u32::try_from(position).is_ok(), "more than 2^32 documents");
        // Adding 0 makes one of both zeros. As whole numbers, floats below 0 fall as they should, and those above rise: their
        // bits are turned, all but the sign.
        let bits = (score + 0.0).to_bits();
        let descending = if bits >> 31 == 0 { bits ^ 0x7fff_ffff } else { bits };
        Self(u64::from(descending) << 32 | u64::from(position as u32))
    }

    fn score(self) -> f32 {
        let descending = (self.0 >> 32) as u32;
        f32::from_bits(if descending >> 31 == 0 { descending ^ 0x7fff_ffff } else { descending })
    }

    fn hit(self) -> Hit {
        Hit { position: self.0 as u32 as usize, score: self.score() }
    }
}

/// Scores that [`TopK::push_all`] looks at together: two SIMD registers of WebAssembly.
const BLOCK: usize = 8;

/// Keeps the best `k` of the hits pushed into it.
///
/// Hits collect until there are about 2 k; then the better half stays, and its worst score is what a further one must reach.
/// So one comparison rejects most scores of a long stream, and selecting a half costs less than a heap of `k` does.
#[derive(Debug, Clone)]
pub struct TopK {
    k: usize,
    /// In no order; the best `k` of all pushed are among them.
    hits: Vec<Ranked>,
    /// No lower score is among the best `k`.
    floor: f32,
}

impl TopK {
    /// Room for `k` hits.
    pub fn new(k: usize) -> Self {
        Self { k, hits: Vec::new(), floor: f32::NEG_INFINITY }
    }

    /// Offers a hit. Equal scores go to the lower position; a NaN score is never taken.
    pub fn push(&mut self, position: usize, score: f32) {
        // False for NaN.
        if score >= self.floor {
            self.hits.push(Ranked::new(position, score));
            self.make_room();
        }
    }

    /// Offers the scores of documents in a row, from position `first` on.
    pub(crate) fn push_all(&mut self, first: usize, scores: &[f32]) {
        for (block, scores) in scores.chunks(BLOCK).enumerate() {
            let floor = self.floor;
            // No branch between the scores of a block, so that they are compared side by side.
            if scores.iter().fold(false, |any, &score| any | (score >= floor)) {
                self.push_some(first + block * BLOCK, scores);
            }
        }
    }

    /// Pushes the scores of a block, some of which reach the floor. Which ones do is as good as random, and a processor that
    /// guesses branches would guess wrong: each is written, and overwritten by the next if it did not reach the floor.
    fn push_some(&mut self, first: usize, scores: &[f32]) {
        let mut end = self.hits.len();
        self.hits.resize(end + scores.len(), Ranked(0));
        for (number, &score) in scores.iter().enumerate() {
            self.hits[end] = Ranked::new(first + number, score);
            end += usize::from(score >= self.floor);
        }
        self.hits.truncate(end);
        self.make_room();
    }

    fn make_room(&mut self) {
        if self.hits.len() >= self.k.saturating_mul(2).max(2 * BLOCK) {
            self.shrink();
        }
    }

    /// Drops what is not among the best `k`.
    fn shrink(&mut self) {
        if let Some(last) = self.k.checked_sub(1).filter(|&last| last < self.hits.len()) {
            let (_, worst, _) = self.hits.select_nth_unstable(last);
            self.floor = worst.score();
        }
        self.hits.truncate(self.k);
    }

    /// The hits kept, in no order, and the score that no hit left out exceeds.
    pub(crate) fn into_unsorted(mut self) -> (impl ExactSizeIterator<Item = Hit>, f32) {
        self.shrink();
        (self.hits.into_iter().map(Ranked::hit), self.floor)
    }

    /// The hits kept, best first.
    pub fn into_hits(mut self) -> Vec<Hit> {
        self.shrink();
        self.hits.sort_unstable();
        self.hits.into_iter().map(Ranked::hit).collect()
    }
}

/// The `k` best of the scores, best first; a score's position is its number. Ties go to the lower position, NaN never wins.
pub fn top_k(scores: impl IntoIterator<Item = f32>, k: usize) -> Vec<Hit> {
    let mut best = TopK::new(k);
    for (position, score) in scores.into_iter().enumerate() {
        best.push(position, score);
    }
    best.into_hits()
}
