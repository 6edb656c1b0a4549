//! A choice that is relevant and does not repeat itself.
//!
//! Maximal marginal relevance: Carbonell and Goldstein, "The Use of MMR, Diversity-Based Reranking for Reordering Documents and
//! Producing Summaries", SIGIR 1998.

/// The order in which to take `relevance.len()` items: each time the one with the highest
/// `lambda` × relevance − (1 − `lambda`) × (its highest similarity to what was taken). Ties go to the earlier item.
///
/// `relevance` and `similarity` should be of one scale, such as 0 … 1; `lambda` 1 is the order by relevance alone.
pub fn mmr(relevance: &[f32], similarity: impl Fn(usize, usize) -> f32, lambda: f32) -> Vec<usize> {
    let mut left: Vec<usize> = (0..relevance.len()).collect();
    // Highest similarity of each item to what was taken; nothing taken repeats nothing.
    let mut repeats = vec![0.0f32; relevance.len()];
    let mut taken = Vec::with_capacity(relevance.len());
    while !left.is_empty() {
        let worth = |item: usize| lambda * relevance[item] - (1.0 - lambda) * repeats[item];
        let mut best = 0;
        for place in 1..left.len() {
            if worth(left[place]) > worth(left[best]) {
                best = place;
            }
        }
        let item = left.remove(best);
        for &other in &left {
            repeats[other] = repeats[other].max(similarity(item, other));
        }
        taken.push(item);
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repetition_waits_behind_something_new() {
        // 0 and 1 are the same; 2 is less relevant and new.
        let alike = |a: usize, b: usize| if a + b == 1 { 1.0 } else { 0.0 };
        assert_eq!(mmr(&[1.0, 0.9, 0.5], alike, 0.5), [0, 2, 1]);
        assert_eq!(mmr(&[1.0, 0.9, 0.5], alike, 1.0), [0, 1, 2]);
        assert_eq!(mmr(&[0.5, 0.5], |_, _| 0.0, 0.5), [0, 1]);
        assert!(mmr(&[], |_, _| 0.0, 0.5).is_empty());
    }
}
