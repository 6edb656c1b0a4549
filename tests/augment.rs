//! Training queries, changed: what holds for any query, and how often each change comes.

mod common;

use std::collections::HashSet;

use nearmiss::text::{AugmentOptions, Augmenter};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use unicode_segmentation::UnicodeSegmentation;

use common::collection;

fn config() -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(0x6e65_6172),
        // A fixed seed finds the same failure again: no file needs to remember it.
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn augmenter(options: AugmentOptions, seed: u64) -> Augmenter {
    Augmenter::new::<&str>(&options, &[], seed).unwrap()
}

fn none() -> AugmentOptions {
    AugmentOptions::default()
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

/// Is `part` what is left of `whole` when words are left out?
fn is_part(part: &[&str], whole: &[&str]) -> bool {
    let mut whole = whole.iter();
    part.iter().all(|word| whole.any(|other| other == word))
}

/// Words, punctuation, other scripts, and anything at all.
fn lively() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "the", "key", "What", "rotates?", "(keys)", "don’t", "e\u{301}te\u{301}s", "NASA", "b2b", "检索模型", "ключи",
            "हिन्दी", "👩‍👩‍👧", "…", "\u{200d}", "İstanbul", "ﬁle", "—", "wgpu.device", "hard", "drive", "\u{a0}",
        ]).prop_map(String::from),
        1 => "\\PC{0,8}",
    ];
    prop::collection::vec((piece, prop::sample::select(vec![" ", " ", " ", "", "\t"])), 0..12)
        .prop_map(|pieces| pieces.into_iter().flat_map(|(piece, gap)| [piece, gap.to_string()]).collect())
}

fn options() -> impl Strategy<Value = AugmentOptions> {
    let table = vec![vec!["key".to_string(), "secret".into()], vec!["hard drive".into(), "disk".into()]];
    let share = || prop_oneof![Just(0.0f32), Just(1.0), 0.0f32..1.0];
    (share(), share(), share(), share()).prop_map(move |(word_dropout, crop, typos, synonyms)| {
        AugmentOptions { word_dropout, crop, typos, synonyms, table: Some(table.clone()) }
    })
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_query_is_changed_the_same_way_each_time_and_never_emptied(
        query in lively(),
        options in options(),
        seed in 0u64..9,
        epoch in 0u64..9,
    ) {
        let changed = augmenter(options.clone(), seed).augment(&query, epoch);
        prop_assert_eq!(&changed, &augmenter(options, seed).augment(&query, epoch));
        prop_assert_eq!(words(&changed).is_empty(), words(&query).is_empty());
        let has_word = |text: &str| text.contains(char::is_alphanumeric);
        prop_assert_eq!(has_word(&changed), has_word(&query), "{:?}", changed);
    }

    #[test]
    fn words_are_only_left_out(query in lively(), word_dropout in 0.0f32..=1.0, seed in 0u64..9) {
        let changed = augmenter(AugmentOptions { word_dropout, ..none() }, seed).augment(&query, 0);
        prop_assert!(is_part(&words(&changed), &words(&query)));
        let all = augmenter(AugmentOptions { word_dropout: 1.0, ..none() }, seed).augment(&query, 0);
        prop_assert_eq!(words(&all).len(), words(&query).len().min(1));
        let nothing = augmenter(none(), seed).augment(&query, 0);
        prop_assert_eq!(nothing, query);
    }

    #[test]
    fn a_crop_is_a_run_of_at_least_half(query in lively(), seed in 0u64..9) {
        let changed = augmenter(AugmentOptions { crop: 1.0, ..none() }, seed).augment(&query, 0);
        let (run, whole) = (words(&changed), words(&query));
        prop_assert!(whole.is_empty() || whole.windows(run.len()).any(|other| other == run));
        prop_assert!(run.len() >= whole.len().div_ceil(2).max(2).min(whole.len()));
    }

    #[test]
    fn a_slip_changes_a_word_by_one_letter(query in lively(), seed in 0u64..9) {
        let changed = augmenter(AugmentOptions { typos: 1.0, ..none() }, seed).augment(&query, 0);
        let (after, before) = (words(&changed), words(&query));
        prop_assert_eq!(after.len(), before.len());
        for (after, before) in after.iter().zip(before) {
            let length = |word: &str| word.graphemes(true).count();
            prop_assert!(length(after).abs_diff(length(before)) <= 1, "{before:?} {after:?}");
            let letters = before.chars().filter(|c| c.is_alphabetic()).count();
            let unfit = letters < 4 || before.contains(char::is_numeric);
            prop_assert!(!unfit || *after == before, "{before:?} {after:?}");
        }
    }
}

#[test]
fn words_go_as_often_as_said() {
    let query = (0..50).map(|n| format!("word{n}")).collect::<Vec<_>>().join(" ");
    let augmenter = augmenter(AugmentOptions { word_dropout: 0.2, ..none() }, 3);
    let kept: usize = (0..200).map(|epoch| words(&augmenter.augment(&query, epoch)).len()).sum();
    // Of 10,000 words 8,000; standard deviation 40: five of them.
    assert!(kept.abs_diff(8000) < 200, "{kept}");
    let different: HashSet<String> = (0..20).map(|epoch| augmenter.augment(&query, epoch)).collect();
    assert_eq!(different.len(), 20, "every epoch changes it anew");
}

#[test]
fn a_word_that_says_something_stays() {
    let augmenter = augmenter(AugmentOptions { word_dropout: 0.9, ..none() }, 0);
    for epoch in 0..200 {
        let left = augmenter.augment("how do I rotate the signing key?", epoch);
        assert!(["rotate", "signing", "key?"].iter().any(|word| left.contains(word)), "{left}");
        assert!(!augmenter.augment("what is it", epoch).is_empty());
    }
}

#[test]
fn crops_come_in_every_length_and_from_everywhere() {
    let augmenter = augmenter(AugmentOptions { crop: 1.0, ..none() }, 0);
    let crops: HashSet<String> =
        (0..400).map(|epoch| augmenter.augment("red oak mast step", epoch)).collect();
    let expected = ["red oak", "oak mast", "mast step", "red oak mast", "oak mast step"];
    assert_eq!(crops, expected.map(String::from).into());
    assert_eq!(augmenter.augment("two words", 0), "two words");
}

#[test]
fn a_table_is_read_in_both_directions_and_keeps_capitals() {
    let table = vec![
        vec!["car".to_string(), "Auto".into()],
        vec!["hard drive".into(), "disk".into(), "SSD".into()],
        vec!["same".into(), "SAME".into()],
    ];
    let with = |synonyms| augmenter(AugmentOptions { synonyms, table: Some(table.clone()), ..none() }, 0);
    let all = |query: &str| (0..50).map(|epoch| with(1.0).augment(query, epoch)).collect::<HashSet<_>>();
    let set = |texts: &[&str]| texts.iter().map(|text| text.to_string()).collect::<HashSet<_>>();
    assert_eq!(all("Car, (AUTO)!"), set(&["Auto, (Car)!"]));
    assert_eq!(all("a hard  drive?"), set(&["a disk?", "a SSD?"]));
    assert_eq!(all("Disk"), set(&["Hard drive", "SSD"]));
    assert_eq!(all("hard, drive  same"), set(&["hard, drive  same"]), "untouched, white space and all");
    let cars = "car ".repeat(2000);
    let replaced = with(0.3).augment(&cars, 0).matches("Auto").count();
    // Standard deviation 20.5: five of them.
    assert!(replaced.abs_diff(600) < 103, "{replaced}");
}

#[test]
fn documents_give_synonyms_where_no_table_does() {
    let Some(collection) = collection("cranfield", "qrels.tsv") else { return };
    let texts: Vec<String> =
        collection.corpus.documents().iter().map(|document| document.content()).collect();
    let options = AugmentOptions { synonyms: 1.0, ..none() };
    let augmenter = Augmenter::new(&options, &texts, 0).unwrap();
    assert_eq!(augmenter.augment("Calculated angle (of the body)", 0), "Determined angles (of the bodies)");
}

#[test]
fn bad_options_are_refused() {
    let error = Augmenter::new::<&str>(&AugmentOptions { crop: 2.0, ..none() }, &[], 0).unwrap_err();
    assert_eq!(error.to_string(), "augment.crop: must be from 0 to 1; got 2");
}
