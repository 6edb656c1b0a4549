//! Which query stands on which side, and that nearly identical ones stand on one.

mod common;

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use nearmiss::dataset::{Judgment, Judgments, Rng, Source, Split, dev_of, groups, query_key, split_of};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

use common::{collection, corpus_of, on};

/// Words that no stemmer changes and no function words, so that the twin below needs neither.
const WORDS: [&str; 12] =
    ["mast", "door", "key", "lamp", "rope", "hull", "deck", "sail", "tar", "oar", "wind", "fog"];

/// Connects every pair that reaches 4/5, one by one.
fn naive_groups(queries: &[String]) -> Vec<usize> {
    let set =
        |query: &String| query.to_lowercase().split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
    let sets: Vec<BTreeSet<String>> = queries.iter().map(set).collect();
    let near =
        |a: &BTreeSet<String>, b: &BTreeSet<String>| 5 * a.intersection(b).count() >= 4 * a.union(b).count();
    let mut group: Vec<usize> = (0..queries.len()).collect();
    for a in 0..queries.len() {
        for b in 0..a {
            if near(&sets[a], &sets[b]) {
                let (low, high) = (group[a].min(group[b]), group[a].max(group[b]));
                group.iter_mut().filter(|group| **group == high).for_each(|group| *group = low);
            }
        }
    }
    group
}

fn query() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(&WORDS), 1..12).prop_map(|words| words.join(" "))
}

fn refs(queries: &[String]) -> Vec<&str> {
    queries.iter().map(String::as_str).collect()
}

fn store(queries: impl IntoIterator<Item = Judgment>) -> Judgments {
    let mut judgments = Judgments::default();
    judgments.add_all(queries.into_iter().collect(), &corpus_of(&["a", "b"]), 0.0).unwrap();
    judgments
}

fn judged(queries: &[String]) -> Judgments {
    store(queries.iter().map(|query| Judgment::relevant(query, "a")))
}

/// The side of each query by its lower-case text.
fn sides(judgments: &Judgments, seed: u64) -> HashMap<String, Split> {
    let of = |split| {
        judgments.queries(split, seed).into_iter().map(move |query| (query.text.to_lowercase(), split))
    };
    Split::ALL.into_iter().flat_map(of).collect()
}

fn config() -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(0x6e65_6172),
        // A fixed seed finds the same failure again: no file needs to remember it.
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn groups_are_those_of_the_twin(queries in prop::collection::vec(query(), 0..40)) {
        prop_assert_eq!(groups(&refs(&queries)), naive_groups(&queries));
    }

    #[test]
    fn groups_of_anything_are_led_by_their_first(queries in prop::collection::vec(".{0,20}", 0..12)) {
        let groups = groups(&refs(&queries));
        prop_assert!(groups.iter().enumerate().all(|(at, &first)| first <= at && groups[first] == first));
        let twice: Vec<&str> = queries.iter().chain(&queries).map(String::as_str).collect();
        prop_assert_eq!(&nearmiss::dataset::groups(&twice)[queries.len()..], &groups[..]);
    }

    #[test]
    fn near_identical_queries_stand_on_one_side(
        queries in prop::collection::vec(query(), 1..30),
        seed in 0u64..4,
    ) {
        let sides = sides(&judged(&queries), seed);
        for (at, &first) in naive_groups(&queries).iter().enumerate() {
            prop_assert_eq!(sides[&queries[at]], split_of(&queries[first], seed));
        }
    }

    #[test]
    fn a_query_unlike_all_others_moves_none(queries in prop::collection::vec(query(), 1..30), seed in 0u64..4) {
        let mut judgments = judged(&queries);
        let before = sides(&judgments, seed);
        let late = vec![Judgment::relevant("chalk and cheese", "a")];
        judgments.add_all(late, &corpus_of(&["a"]), 0.0).unwrap();
        let mut after = sides(&judgments, seed);
        prop_assert_eq!(after.remove("chalk and cheese"), Some(split_of("chalk and cheese", seed)));
        prop_assert_eq!(after, before);
    }

    #[test]
    fn explicit_sides_stand_and_the_rest_of_the_group_follows(
        queries in prop::collection::vec((query(), prop::option::of(prop::sample::select(&Split::ALL))), 1..30),
    ) {
        let mut explicit: HashMap<&str, Split> = HashMap::new();
        let mut texts: Vec<String> = Vec::new();
        for (query, split) in &queries {
            if !texts.contains(query) {
                texts.push(query.clone());
                split.map(|split| explicit.insert(query, split));
            }
        }
        let judgment = |query: &String| Judgment {
            split: explicit.get(query.as_str()).copied(),
            ..Judgment::relevant(query, "a")
        };
        let sides = sides(&store(texts.iter().map(judgment)), 0);
        let groups = naive_groups(&texts);
        for (at, query) in texts.iter().enumerate() {
            let mut group = texts.iter().zip(&groups).filter(|(_, group)| **group == groups[at]);
            let first = group.find_map(|(member, _)| explicit.get(member.as_str()));
            let of_group = first.copied().unwrap_or_else(|| split_of(&texts[groups[at]], 0));
            prop_assert_eq!(sides[query], explicit.get(query.as_str()).copied().unwrap_or(of_group));
        }
    }

    #[test]
    fn dev_takes_whole_groups_near_the_share(
        queries in prop::collection::vec(query(), 0..60),
        share in 0.0f64..=1.0,
        seed in 0u64..4,
    ) {
        let dev = dev_of(&refs(&queries), share, seed);
        prop_assert_eq!(&dev, &dev_of(&refs(&queries), share, seed));
        let groups = naive_groups(&queries);
        prop_assert!((0..queries.len()).all(|at| dev[at] == dev[groups[at]]));
        let taken = dev.iter().filter(|&&dev| dev).count();
        let leaders = (0..queries.len()).filter(|&at| groups[at] == at).count();
        prop_assert_eq!(taken > 0, leaders > 1 && share > 0.0);
        prop_assert!(taken < queries.len().max(1));
        // No group is left that would bring it closer, the last one excepted.
        let size = |leader| groups.iter().filter(|&&group| group == leader).count() as f64;
        let target = share * queries.len() as f64;
        let kept: Vec<usize> = (0..queries.len()).filter(|&at| groups[at] == at && !dev[at]).collect();
        if kept.len() > 1 {
            prop_assert!(kept.iter().all(|&at| taken as f64 + size(at) >= target - 1.0));
        }
    }
}

#[test]
fn what_is_nearly_identical() {
    let same = |a: &str, b: &str| groups(&[a, b]) == [0, 0];
    assert!(same("Rotating the keys", "rotate THE key?") && same("b a", "a b b"));
    assert!(same("ＦＵＬＬ sails don’t tear", "full sail don't tear") && same("???", " ??? "));
    assert!(!same("who rotates it", "when rotates it") && !same("???", "!!!") && !same("", "a"));
    // Four of five words, and three of four.
    assert!(same("the mast of oak stands", "the mast of oak") && !same("the mast of oak", "the mast of"));
    // The first and the last are joined by the one between.
    let chain = ["a b c d e f g h", "chalk", "a b c d e f g h i j", "a b c d e f g h i j k l"];
    assert_eq!(groups(&chain), [0, 1, 0, 0]);
    assert_eq!(groups(&[chain[0], chain[3]]), [0, 1]);
}

#[test]
fn synthetic_queries_go_with_the_real_ones_they_resemble() {
    let made = |query: &str| Judgment { source: Source::Synthetic, ..Judgment::relevant(query, "b") };
    let real = on(Split::HeldOut, Judgment::relevant("rotate the keys", "a"));
    let judgments = store([made("rotating the key"), made("paint a mast"), real]);
    let texts = |split| judgments.queries(split, 0).into_iter().map(|query| query.text).collect::<Vec<_>>();
    // It is neither trained on, so near to a held-out one, nor measured on.
    assert_eq!(texts(Split::HeldOut), ["rotate the keys"]);
    assert_eq!(texts(Split::Train), ["paint a mast"]);
    let trained =
        store([made("rotating the key"), on(Split::Train, Judgment::relevant("rotate the keys", "a"))]);
    assert_eq!(trained.queries(Split::Train, 0).len(), 2);
}

/// `{query, side}` for all that count, when these were trained on.
fn sides_after(judgments: &mut Judgments, trained: &[&str]) -> HashMap<String, Split> {
    judgments.set_trained_on(Rc::new(trained.iter().map(|query| query_key(query)).collect()));
    sides(judgments, 0)
}

#[test]
fn what_was_trained_on_is_held_out_no_more() {
    // Held out by its hash, as a fifth of all is.
    let held_out =
        (0..).map(|n| format!("paint mast {n}")).find(|query| split_of(query, 0) == Split::HeldOut).unwrap();
    let near = format!("{held_out}!");
    let mut judgments = judged(&[held_out.clone(), near.clone()]);
    assert_eq!(sides(&judgments, 0)[&held_out], Split::HeldOut);
    let after = sides_after(&mut judgments, &[&held_out.to_uppercase()]);
    assert_eq!(
        [after[&held_out], after[&near]],
        [Split::Train; 2],
        "in any spelling, with what is nearly the same"
    );
    assert_eq!(sides_after(&mut judgments, &["something else"])[&held_out], Split::HeldOut);

    // A title that was trained on as a made query, and is then marked by a person.
    let made = Judgment { source: Source::Synthetic, ..Judgment::relevant(held_out.clone(), "b") };
    let mut marked = store([made, Judgment::relevant(held_out.clone(), "a")]);
    assert_eq!(sides_after(&mut marked, &[&held_out])[&held_out], Split::Train);
}

#[test]
fn what_somebody_held_out_is_neither_measured_on_nor_trained_on_once_it_was_trained_on() {
    let fixed = on(Split::HeldOut, Judgment::relevant("rotate the key", "a"));
    let like = Judgment::relevant("rotate the keys", "a");
    let mut judgments = store([fixed, like]);
    assert_eq!(sides(&judgments, 0).len(), 2);
    let after = sides_after(&mut judgments, &["rotate the key"]);
    assert!(after.is_empty(), "{after:?}");
    // Its own side was somebody's word; what is like it goes where it went.
    let after = sides_after(&mut judgments, &["rotate the keys"]);
    assert_eq!(after, HashMap::from([("rotate the key".into(), Split::HeldOut)]));
}

#[test]
fn a_query_stands_on_one_side() {
    let corpus = corpus_of(&["a", "b"]);
    let mut judgments = store([on(Split::Dev, Judgment::relevant("q", "a"))]);
    assert_eq!(sides(&judgments, 0)["q"], Split::Dev);
    let again = judgments.add_all(vec![on(Split::Train, Judgment::relevant("Q", "b"))], &corpus, 0.0);
    let message = again.unwrap_err().to_string();
    assert!(message.contains("would stand in \"train\" and \"dev\""), "{message}");
    assert_eq!(serde_json::to_string(&Split::ALL).unwrap(), r#"["train","dev","held-out"]"#);
    assert!(Split::ALL.iter().all(|split| serde_json::to_value(split).unwrap() == split.name()));
    let nobody = judged(&(0..200).map(|n| format!("about {n}")).collect::<Vec<_>>());
    assert!(nobody.queries(Split::Dev, 0).is_empty(), "only where somebody put a query there");
}

#[test]
fn a_group_too_large_for_the_share_is_passed_over() {
    let mut queries: Vec<String> = (0..8).map(|n| format!("paint the mast{}", "!".repeat(n))).collect();
    queries.extend(["bake bread".into(), "tie a knot".into()]);
    for seed in 0..20 {
        let dev = dev_of(&refs(&queries), 0.2, seed);
        assert_eq!(dev, [vec![false; 8], vec![true; 2]].concat());
        assert_eq!(dev_of(&refs(&queries[..9]), 0.01, seed).iter().filter(|&&dev| dev).count(), 1);
    }
    let only = dev_of(&refs(&queries[..8]), 0.9, 0);
    assert_eq!(only, [false; 8], "one group stays whole, and in training");
    let odd = |share| dev_of(&refs(&queries), share, 0).contains(&true);
    assert!(!odd(f64::NAN) && !odd(-1.0) && odd(7.0));
    let plain: Vec<String> = (0..100).map(|n| format!("about {n}")).collect();
    let dev = |seed| dev_of(&refs(&plain), 0.2, seed);
    assert_eq!(dev(0).iter().filter(|&&dev| dev).count(), 20);
    assert_ne!(dev(0), dev(1), "the seed matters");
}

#[test]
fn the_queries_of_a_collection_are_mostly_groups_of_one() {
    let Some(wiki) = collection("squadshifts_wiki", "qrels.tsv") else { return };
    let texts: Vec<&str> = wiki.queries.iter().map(|query| query.text.as_str()).collect();
    let groups = groups(&texts);
    let joined: Vec<usize> = (0..texts.len()).filter(|&at| groups[at] != at).collect();
    assert!(!joined.is_empty() && joined.len() * 50 < texts.len(), "{} of {}", joined.len(), texts.len());
}

/// Takes a moment; all pairs would be 2·10⁸.
#[test]
fn twenty_thousand_queries_of_one_template_are_grouped() {
    let mut rng = Rng::new(1);
    let queries: Vec<String> =
        (0..20_000).map(|n| format!("what is the capital of w{n} and of w{}", rng.below(20_000))).collect();
    let groups = groups(&refs(&queries));
    assert!(groups.iter().enumerate().filter(|(at, group)| at == *group).count() > 15_000);
}
