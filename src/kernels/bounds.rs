//! Upper bounds on dot products, several times faster than the products themselves.
//!
//! A row becomes whole numbers of 16 bits: row = scale · (numbers + errors), where no error exceeds one half and the numbers
//! together are as long as 16 bits allow ([`LENGTH`]). Eight products of such numbers take two instructions of WebAssembly,
//! eight products of f32 take four. What rounding can hide is bounded (Cauchy and Schwarz), see [`slack`], so whoever needs
//! exact results need only compute those scores whose bounds reach the best.

use std::ops::Range;

use crate::pairs::{Four, Pair, pair};
use crate::{Rows, dot};

/// Length (L2) of a row in whole numbers. At most 2^15 minus one half, so that a row with one number fits; then no sum of
/// products of two rows exceeds LENGTH² < 2^31, wherever it is cut off.
const LENGTH: f32 = 32_000.0;

/// Rows whose length lies within are rounded as described. Longer ones get an infinite scale, and with it an infinite bound;
/// shorter ones are taken for zero at the scale of the shortest: both stay upper bounds, if poor ones.
const LENGTHS: Range<f32> = 1e-15..1e15;

/// Documents in a panel: their sums for four queries fill 8 of the 16 registers of x86-64. Measured in Node 20, in GFLOP/s with
/// the rounding: 4 × 8 (queries × documents) 70, 3 × 12 63, 6 × 8 60, 4 × 12 52, 8 × 4 52.
const PANEL: usize = 8;
/// Queries that pass over a panel together.
pub(crate) const GROUP: usize = 4;

/// Queries in whole numbers, laid out for [`Panels::bounds`].
pub(crate) struct Queries {
    /// `[groups, width]`: the same pair of each of the group's queries.
    pairs: Vec<[Pair; GROUP]>,
    /// Of each query.
    scales: Vec<f32>,
}

impl Queries {
    pub(crate) fn new(queries: Rows) -> Self {
        let width = queries.dim().div_ceil(2);
        let mut pairs = vec![[0; GROUP]; queries.len().div_ceil(GROUP) * width];
        let mut scales = Vec::with_capacity(queries.len());
        let mut rounded = vec![0; width];
        for (number, row) in queries.iter().enumerate() {
            scales.push(round(row, &mut rounded));
            let group = &mut pairs[number / GROUP * width..][..width];
            group.iter_mut().zip(&rounded).for_each(|(group, &pair)| group[number % GROUP] = pair);
        }
        Self { pairs, scales }
    }

    /// What the bounds of query `i` are to be multiplied with.
    pub(crate) fn scale(&self, i: usize) -> f32 {
        self.scales[i]
    }
}

/// Some documents in whole numbers, laid out for [`Panels::bounds`].
pub(crate) struct Panels {
    /// `[panels, width]`: the same pair of each of the panel's documents.
    pairs: Vec<[Four; 2]>,
    /// `[panels]`, 0 past the last document.
    scales: Vec<[f32; PANEL]>,
    width: usize,
    slack: f32,
}

impl Panels {
    pub(crate) fn new(documents: Rows, range: Range<usize>) -> Self {
        let width = documents.dim().div_ceil(2);
        let panels = range.len().div_ceil(PANEL);
        let mut pairs = Vec::with_capacity(panels * width);
        let mut scales = Vec::with_capacity(panels);
        let mut rows = vec![0; PANEL * width];
        for start in range.clone().step_by(PANEL) {
            let mut panel = [0.0; PANEL];
            for (number, position) in (start..range.end.min(start + PANEL)).enumerate() {
                panel[number] = round(documents.row(position), &mut rows[number * width..][..width]);
            }
            scales.push(panel);
            // Rows past the last document keep the numbers of earlier ones: their bounds are never read.
            let four = |at, first: usize| Four::new([0, 1, 2, 3].map(|row| rows[(first + row) * width + at]));
            pairs.extend((0..width).map(|at| [four(at, 0), four(at, 4)]));
        }
        Self { pairs, scales, width, slack: slack(documents.dim()) }
    }

    /// Documents in a row of bounds, those past the last one included.
    pub(crate) fn stride(&self) -> usize {
        self.scales.len() * PANEL
    }

    /// For the queries in `range` and every document an upper bound on their dot product, as [`dot`] computes it, divided by
    /// the query's scale. Never NaN.
    ///
    /// # Shapes
    /// `range` begins at a multiple of [`GROUP`]; `out` `[queries, stride]`
    pub(crate) fn bounds(&self, queries: &Queries, range: Range<usize>, out: &mut [f32]) {
        let stride = self.stride();
        let width = self.width.max(1);
        let groups = &queries.pairs[range.start / GROUP * width..range.end.div_ceil(GROUP) * width];
        for (number, (panel, scales)) in self.pairs.chunks_exact(width).zip(&self.scales).enumerate() {
            for (rows, group) in out.chunks_mut(GROUP * stride).zip(groups.chunks_exact(width)) {
                let sums = products(group, panel);
                for (row, sums) in rows.chunks_mut(stride).zip(sums) {
                    self.finish(sums, scales, &mut row[number * PANEL..][..PANEL]);
                }
            }
        }
    }

    fn finish(&self, [low, high]: [Four; 2], scales: &[f32; PANEL], out: &mut [f32]) {
        let sums = low.sums().into_iter().chain(high.sums());
        for ((out, sum), scale) in out.iter_mut().zip(sums).zip(scales) {
            *out = (sum as f32 + self.slack) * scale;
        }
    }
}

/// Dot products of a group of queries with a panel of documents.
#[inline]
fn products(group: &[[Pair; GROUP]], panel: &[[Four; 2]]) -> [[Four; 2]; GROUP] {
    let mut sums = [[Four::splat(0); 2]; GROUP];
    for (pairs, documents) in group.iter().zip(panel) {
        for (sums, &pair) in sums.iter_mut().zip(pairs) {
            for (sum, &documents) in sums.iter_mut().zip(documents) {
                *sum = sum.add_products(documents, pair);
            }
        }
    }
    sums
}

/// Writes a row as pairs of whole numbers and returns its scale. A last single number is paired with 0.
fn round(row: &[f32], pairs: &mut [Pair]) -> f32 {
    let length = dot(row, row).sqrt();
    if !LENGTHS.contains(&length) {
        pairs.fill(0);
        return if length < LENGTHS.start { LENGTHS.start } else { f32::INFINITY };
    }
    let factor = LENGTH / length;
    let (twos, rest) = row.as_chunks::<2>();
    for (to, &[low, high]) in pairs.iter_mut().zip(twos) {
        *to = pair(nearest(low * factor), nearest(high * factor));
    }
    if let ([last], Some(to)) = (rest, pairs.last_mut()) {
        *to = pair(nearest(last * factor), 0);
    }
    length / LENGTH
}

/// The nearest whole number, for |x| < 2^15. Next to 1.5 · 2^23 f32 holds whole numbers only, and their low bits are those of
/// x in two's complement: one addition in place of a rounding, a conversion and two comparisons.
#[inline]
fn nearest(x: f32) -> i16 {
    (x + 12_582_912.0).to_bits() as i16
}

/// How far the product of two rounded rows, A · B, can lie below what [`dot`] gives for the rows a = α(A + e), b = β(B + f)
/// divided by αβ, for rows of `dim` numbers.
///
/// a · b / αβ − A · B = (A + e) · f + e · B, and e and f are no longer than half √dim, A and B no longer than LENGTH + half
/// √dim. A hundredth more covers the rounding of x · factor and of the length. `dot` adds 16 sums side by side, each of
/// dim / 16 terms: its error is below LENGTH² · ε for every sixteen numbers and a few more.
fn slack(dim: usize) -> f32 {
    let error = 0.505 * (dim as f32).sqrt();
    let summing = (dim / 16 + 40) as f32 * f32::EPSILON;
    error * 2.0 * (LENGTH + 2.0 * error) + LENGTH * LENGTH * summing
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    /// Rows whose errors are as large as can be are among them: all numbers alike but for the sign, in every dimension.
    fn rows(dim: usize, most: usize) -> impl Strategy<Value = Vec<f32>> {
        let number = prop_oneof![-1.0f32..1.0, Just(0.0), Just(1e-4)];
        let mixed = prop::collection::vec(number, dim);
        let alike = prop::collection::vec(prop::sample::select(vec![-0.5f32, 0.5]), dim);
        let size = prop::sample::select(vec![1.0f32, 1.0, 1.0, 1e-9, 1e9, 1e-20, 1e18]);
        let row = (prop_oneof![mixed, alike], size);
        let row = row.prop_map(|(row, size)| row.into_iter().map(move |x| x * size).collect::<Vec<f32>>());
        prop::collection::vec(row, 1..most).prop_map(|rows| rows.concat())
    }

    fn tables() -> impl Strategy<Value = (usize, Vec<f32>, Vec<f32>)> {
        prop_oneof![1usize..50, 380usize..390].prop_flat_map(|dim| (Just(dim), rows(dim, 30), rows(dim, 10)))
    }

    fn config() -> ProptestConfig {
        ProptestConfig {
            cases: 300,
            rng_seed: RngSeed::Fixed(0x6e65_6172),
            // A fixed seed finds the same failure again: no file needs to remember it.
            failure_persistence: None,
            ..ProptestConfig::default()
        }
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn no_product_exceeds_its_bound((dim, documents, queries) in tables()) {
            let (documents, queries) = (Rows::new(&documents, dim), Rows::new(&queries, dim));
            let panels = Panels::new(documents, 0..documents.len());
            let rounded = Queries::new(queries);
            let mut tile = vec![0.0; queries.len() * panels.stride()];
            panels.bounds(&rounded, 0..queries.len(), &mut tile);
            for (q, (query, bounds)) in queries.iter().zip(tile.chunks(panels.stride())).enumerate() {
                for (document, &bound) in documents.iter().zip(bounds) {
                    prop_assert!(!bound.is_nan());
                    let (score, bound) = (dot(document, query), bound * rounded.scale(q));
                    // NaN: a bound that says nothing, which the caller must take as such.
                    prop_assert!(bound.is_nan() || score <= bound, "{score} above {bound}");
                    let lengths = [document, query].map(|row| dot(row, row).sqrt());
                    if lengths.iter().all(|length| LENGTHS.contains(length)) {
                        let unit = lengths[0] * lengths[1] / (LENGTH * LENGTH);
                        prop_assert!(bound - score <= 2.001 * slack(dim) * unit, "{score} far below {bound}");
                    }
                }
            }
        }
    }

    #[test]
    fn nearest_is_the_nearest_whole_number() {
        for (x, expected) in
            [(0.0, 0), (0.4, 0), (-0.6, -1), (1.5, 2), (2.5, 2), (-31_999.7, -32_000), (32_010.2, 32_010)]
        {
            assert_eq!(nearest(x), expected, "{x}");
        }
    }
}
