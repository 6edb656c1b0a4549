//! BM25 that follows its documents, fusion by weights, and snippets.

use nearmiss::index::{Analyzer, Bm25, Bm25Params, Hit, fusion, snippet};
use proptest::prelude::*;

const WORDS: [&str; 8] = ["key", "keys", "rotate", "signing", "bread", "the", "ключ", "door-frame"];

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&WORDS[..]), 0..8).prop_map(|words| words.join(" "))
}

#[derive(Debug, Clone)]
enum Change {
    Push(String),
    Replace(usize, String),
    Retain(u64),
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        text().prop_map(Change::Push),
        (0usize..12, text()).prop_map(|(at, text)| Change::Replace(at, text)),
        any::<u64>().prop_map(Change::Retain),
    ]
}

proptest! {
    /// Whatever happened to it, the index is the one that its texts would give anew.
    #[test]
    fn an_index_that_follows_is_as_one_made_anew(begin in prop::collection::vec(text(), 0..6), changes in prop::collection::vec(change(), 0..12), query in text()) {
        let mut texts = begin;
        let mut index = Bm25::new(&texts);
        for change in changes {
            match change {
                Change::Push(text) => {
                    index.push(&text);
                    texts.push(text);
                }
                Change::Replace(at, text) => {
                    index.replace(at, &text);
                    if let Some(old) = texts.get_mut(at) {
                        *old = text;
                    }
                }
                Change::Retain(mask) => {
                    let keep = |at: usize| mask >> (at % 64) & 1 == 1;
                    index.retain(keep);
                    let mut at = 0;
                    texts.retain(|_| { at += 1; keep(at - 1) });
                }
            }
        }
        let anew = Bm25::new(&texts);
        prop_assert_eq!(index.len(), texts.len());
        prop_assert_eq!(index.search(&query, 20), anew.search(&query, 20));
        for at in 0..texts.len() {
            prop_assert_eq!(index.explain(&query, at), anew.explain(&query, at));
        }
    }

    /// A snippet lies in its text, on char boundaries, no longer than asked for but for one long word, with its marks inside and rising.
    #[test]
    fn snippets_lie_in_their_text(text in "\\PC{0,120}", query in "\\PC{0,20}", length in 1usize..60) {
        let index = Bm25::new([&text]);
        let found = snippet(&index, &query, &text, length, &[]);
        let shown = &text[found.range.clone()];
        prop_assert!(shown.chars().count() <= length);
        let mut at = found.range.start;
        for mark in &found.highlights {
            prop_assert!(mark.start >= at && mark.end <= found.range.end && !text[mark.clone()].is_empty());
            at = mark.end;
        }
        let wanted = Analyzer::default().terms(&query);
        let words = Analyzer::default().spans(&text);
        let is_wanted = |mark| words.iter().any(|(term, at)| at == mark && wanted.contains(term));
        prop_assert!(found.highlights.iter().all(is_wanted));
    }
}

/// By hand: two documents of 2 and 4 terms, average 3, "key" in both, twice in the second.
#[test]
fn k1_and_b_are_those_of_the_formula() {
    let index = Bm25::new(["key door", "key key bread bread"]);
    let idf = (1.0f32 + 0.5 / 2.5).ln();
    let by_hand = |tf: f32, length: f32, k1: f32, b: f32| idf * tf / (tf + k1 * (1.0 - b + b * length / 3.0));
    for (k1, b) in [(0.9, 0.4), (1.2, 0.75), (0.0, 0.0), (2.0, 1.0)] {
        let mut hits = index.search_with("key", 2, Bm25Params { k1, b }, |_| true);
        hits.sort_by_key(|hit| hit.position);
        let expected = [by_hand(1.0, 2.0, k1, b), by_hand(2.0, 4.0, k1, b)];
        for (hit, expected) in hits.iter().zip(expected) {
            assert!((hit.score - expected).abs() < 1e-6, "{k1} {b}: {} {expected}", hit.score);
        }
    }
    assert_eq!(index.search_with("key", 2, Bm25Params::default(), |at| at == 0).len(), 1);
}

#[test]
fn languages_have_their_stems() {
    let index = |language: &str, text: &str| Bm25::with_analyzer(Analyzer::new(language).unwrap(), [text]);
    assert_eq!(index("german", "die Häuser am See").search("Haus", 1).len(), 1);
    assert_eq!(index("german", "viele Hunde").search("Hund", 1).len(), 1);
    assert_eq!(index("russian", "ключи от дома").search("ключ", 1).len(), 1);
    assert_eq!(index("none", "keys").search("key", 1).len(), 0);
    assert_eq!(index("none", "the keys").search("the", 1).len(), 1, "no stop words either");
}

fn hits(scores: &[(usize, f32)]) -> Vec<Hit> {
    scores.iter().map(|&(position, score)| Hit { position, score }).collect()
}

#[test]
fn weights_move_a_fusion_as_by_hand() {
    let (dense, lexical) = (hits(&[(7, 1.0), (3, 0.5), (1, 0.0)]), hits(&[(3, 12.0), (4, 2.0)]));
    let ranks = fusion::weighted_ranks(&[&dense, &lexical], &[1.0, 3.0], 60.0, 4);
    let expected = hits(&[(3, 1.0 / 62.0 + 3.0 / 61.0), (4, 3.0 / 62.0), (7, 1.0 / 61.0), (1, 1.0 / 63.0)]);
    assert_eq!(ranks, expected);
    // Brought to 0 … 1: dense 1, .5, 0; lexical 1, 0.
    let scores = fusion::weighted_scores(&[&dense, &lexical], &[0.5, 0.25], 4);
    assert_eq!(scores, hits(&[(3, 0.5), (7, 0.5), (1, 0.0), (4, 0.0)]));
    assert_eq!(fusion::weighted_scores(&[&hits(&[(2, -3.0)])], &[2.0], 4), hits(&[(2, 2.0)]));
    assert!(fusion::weighted_scores(&[], &[], 4).is_empty());
}
