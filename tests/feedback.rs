//! From clicks to judgments, with numbers computed by hand and a person whose attention is known.

mod common;

use common::corpus_of;
use nearmiss::dataset::feedback::{Click, Feedback, FeedbackOptions, Impression, apply};
use nearmiss::dataset::{Corpus, Judgment, Judgments, Rng, Source, Split};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::json;

const DOCUMENTS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

fn seen(query: &str, shown: &[&str], clicks: &[&str]) -> Impression {
    Impression::new(query, shown.iter().copied(), clicks.iter().map(|&id| Click::on(id)))
}

fn dwelling(document: &str, dwell_ms: f64) -> Click {
    Click { dwell_ms: Some(dwell_ms), ..Click::on(document) }
}

/// (document, mean with its sign, count) of each judgment.
fn means(judgments: &[Judgment]) -> Vec<(&str, f32, u32)> {
    let mean = |j: &Judgment| if j.relevant { j.weight() } else { -j.weight() };
    judgments.iter().map(|j| (j.document.as_str(), mean(j), j.impressions.unwrap())).collect()
}

fn near(got: &[(&str, f32, u32)], expected: &[(&str, f32, u32)]) {
    let same = |(got, want): (&(&str, f32, u32), &(&str, f32, u32))| {
        (got.0, got.2) == (want.0, want.2) && (got.1 - want.1).abs() < 1e-6
    };
    assert!(got.len() == expected.len() && got.iter().zip(expected).all(same), "{got:?}, not {expected:?}");
}

fn fresh(impressions: &[Impression], options: &FeedbackOptions) -> Feedback {
    apply(impressions, options, &Judgments::default(), &corpus_of(&DOCUMENTS)).unwrap()
}

#[test]
fn values_are_those_computed_by_hand() {
    let default = FeedbackOptions::default();
    // Rank 3 is looked at a third of the time: min(3, 10) / 10. Below the click nothing is said.
    let feedback = fresh(&[seen("q", &["a", "b", "c", "d"], &["c"])], &default);
    near(&means(&feedback.judgments), &[("a", -0.1, 1), ("b", -0.1, 1), ("c", 0.3, 1)]);
    assert!(feedback.judgments.iter().all(|j| j.source == Source::Click && j.query == "q"));
    // Two clicks: what lies between was passed over too; the first one is worth 1/10.
    let feedback = fresh(&[seen("q", &["a", "b", "c"], &["c", "a"])], &default);
    near(&means(&feedback.judgments), &[("a", 0.1, 1), ("b", -0.1, 1), ("c", 0.3, 1)]);
    // No click says nothing.
    assert!(fresh(&[seen("q", &["a", "b"], &[]), seen("q", &[], &[])], &default).judgments.is_empty());

    let click = |options: &FeedbackOptions, first_rank, at: usize| {
        let impression = Impression { first_rank, ..seen("q", &DOCUMENTS, &[DOCUMENTS[at]]) };
        let judgments = fresh(&[impression], options).judgments;
        judgments.iter().find(|j| j.relevant).unwrap().weight()
    };
    let options = |eta, cap| FeedbackOptions { eta, cap, ..FeedbackOptions::default() };
    // 4^−0.5 = 1/2, so 2/10. Without bias each click is the least one. Rank 6 over a cap of 4 is worth a whole one.
    assert_eq!(click(&options(0.5, 10.0), None, 3), 0.2);
    assert_eq!(click(&options(0.0, 10.0), None, 5), 0.1);
    assert_eq!(click(&options(1.0, 4.0), None, 5), 1.0);
    // The second place of the second page of ten is rank 12.
    assert_eq!(click(&options(1.0, 100.0), Some(11), 1), 0.12);
    assert_eq!(click(&default, Some(usize::MAX), 1), 1.0);
    let curve = FeedbackOptions { propensities: Some(vec![1.0, 0.5, 0.25]), ..options(3.0, 10.0) };
    assert_eq!([0, 1, 2, 5].map(|at| click(&curve, None, at)), [0.1, 0.2, 0.4, 0.4]);
}

#[test]
fn short_clicks_count_as_passed_over() {
    let options = FeedbackOptions { min_dwell_ms: 5000.0, ..FeedbackOptions::default() };
    let with = |clicks: Vec<Click>| Impression { clicks, ..seen("q", &["a", "b", "c"], &[]) };
    // The person looked as far down as b, and at b itself in vain.
    let short = with(vec![dwelling("b", 4999.0)]);
    near(&means(&fresh(std::slice::from_ref(&short), &options).judgments), &[("a", -0.1, 1), ("b", -0.1, 1)]);
    // Long enough, unknown, or a second time longer.
    for clicks in
        [vec![dwelling("b", 5000.0)], vec![Click::on("b")], vec![dwelling("b", 1.0), dwelling("b", 9e9)]]
    {
        near(&means(&fresh(&[with(clicks)], &options).judgments), &[("a", -0.1, 1), ("b", 0.2, 1)]);
    }
    near(
        &means(&fresh(std::slice::from_ref(&short), &FeedbackOptions::default()).judgments),
        &[("a", -0.1, 1), ("b", 0.2, 1)],
    );
    // Who does not want passes to count has none of them.
    let clicks_only = FeedbackOptions { skips: false, ..options };
    assert!(fresh(&[short], &clicks_only).judgments.is_empty());
    let feedback = fresh(&[seen("q", &["a", "b"], &["b"])], &clicks_only);
    near(&means(&feedback.judgments), &[("b", 0.2, 1)]);
}

#[test]
fn means_run_on_from_the_judgments() {
    let corpus = corpus_of(&DOCUMENTS);
    let mut judgments = Judgments::default();
    let options = FeedbackOptions::default();
    let mut show = |impression: Impression| {
        let feedback = apply(&[impression], &options, &judgments, &corpus).unwrap();
        judgments.add_feedback(feedback.judgments, &corpus, 0.0).unwrap();
        judgments.all().cloned().collect::<Vec<_>>()
    };
    show(seen("Key", &["a", "b", "c", "d"], &["c"]));
    // c, passed over at the top: (0.3 − 0.1) / 2. a, clicked at rank 2: (−0.1 + 0.2) / 2. b was not shown, d not reached.
    let two = show(seen("key", &["c", "a", "d"], &["a"]));
    near(&means(&two), &[("a", 0.05, 2), ("b", -0.1, 1), ("c", 0.1, 2)]);
    // Shown and not looked for: 0 each, for what has a mean. (0.3 − 0.1 + 0) / 3.
    let three = show(seen("KEY ", &["c", "b", "e"], &[]));
    near(&means(&three), &[("a", 0.05, 2), ("b", -0.05, 2), ("c", 0.2 / 3.0, 3)]);
    assert!(three.iter().all(|j| j.query == "Key"));
    // Another query is another matter.
    let other = show(seen("door", &["c"], &["c"]));
    near(&means(&other)[3..], &[("c", 0.1, 1)]);
}

#[test]
fn for_and_against_cancel_out_and_may_go_on() {
    let corpus = corpus_of(&DOCUMENTS);
    let mut judgments = Judgments::default();
    let options = FeedbackOptions::default();
    let mut show = |impression: Impression| {
        let feedback = apply(&[impression], &options, &judgments, &corpus).unwrap();
        judgments.add_feedback(feedback.judgments, &corpus, 0.0).unwrap();
        judgments.clone()
    };
    show(seen("q", &["a"], &["a"]));
    let even = show(seen("q", &["a", "b"], &["b"]));
    let a = even.get("q", "a", Source::Click).unwrap();
    assert!(a.is_undecided() && !a.relevant && a.impressions == Some(2), "{a:?}");
    let said = |judgments: &Judgments| {
        let sides = [Split::Train, Split::HeldOut].map(|split| judgments.queries(split, 0));
        let [query] = sides.concat().try_into().unwrap();
        [query.positives, query.negatives]
            .map(|judged| judged.into_iter().map(|j| j.document).collect::<Vec<_>>())
    };
    assert_eq!(said(&even), [vec!["b".to_string()], vec![]], "a has neither");
    // The two that cancelled out still count: (0.1 − 0.1 + 0.1) / 3.
    let third = show(seen("q", &["a"], &["a"]));
    assert!((third.get("q", "a", Source::Click).unwrap().weight() - 0.1 / 3.0).abs() < 1e-6);
    assert_eq!(said(&third)[0], ["a", "b"]);
}

#[test]
fn clicks_never_overrule_a_person() {
    let corpus = corpus_of(&DOCUMENTS);
    let mut judgments = Judgments::default();
    let word = Judgment { split: Some(Split::Train), ..Judgment::not_relevant("q", "a") };
    judgments.add_all(vec![word], &corpus, 0.0).unwrap();
    let clicks: Vec<Impression> =
        (0..50).map(|_| Impression { first_rank: Some(99), ..seen("q", &["a"], &["a"]) }).collect();
    let feedback = apply(&clicks, &FeedbackOptions::default(), &judgments, &corpus).unwrap();
    near(&means(&feedback.judgments), &[("a", 1.0, 50)]);
    judgments.add_feedback(feedback.judgments, &corpus, 0.0).unwrap();
    let query = &judgments.queries(Split::Train, 0)[0];
    assert!(query.positives.is_empty());
    assert_eq!((query.negatives[0].source, query.negatives[0].weight), (Source::Labelled, 1.0));
    // A click's judgment that came from elsewhere counts as one impression, and as no more than a label.
    let heavy = Judgment { source: Source::Click, weight: Some(500.0), ..Judgment::relevant("r", "a") };
    judgments.add_all(vec![heavy], &corpus, 0.0).unwrap();
    let feedback =
        apply(&[seen("r", &["a"], &[])], &FeedbackOptions::default(), &judgments, &corpus).unwrap();
    near(&means(&feedback.judgments), &[("a", 0.5, 2)]);
}

/// A person looks at rank r with probability 1/r, and clicks what is relevant with the probability given.
fn logged(relevance: &[(&str, f64)], impressions: usize, seed: u64) -> Vec<Impression> {
    let mut rng = Rng::new(seed);
    let shown: Vec<&str> = relevance.iter().map(|(id, _)| *id).collect();
    let mut one = || {
        let clicked = relevance.iter().enumerate().filter(|(index, (_, relevance))| {
            let (looks, likes) = (rng.f64() < 1.0 / (index + 1) as f64, rng.f64() < *relevance);
            looks && likes
        });
        let clicked: Vec<&str> = clicked.map(|(_, (id, _))| *id).collect();
        seen("q", &shown, &clicked)
    };
    (0..impressions).map(|_| one()).collect()
}

#[test]
fn true_relevance_is_recovered_where_counting_clicks_fails() {
    let mean = |log: &[Impression], skips: bool, document: &str| {
        let judgments = fresh(log, &FeedbackOptions { skips, ..FeedbackOptions::default() }).judgments;
        means(&judgments).into_iter().find(|(id, ..)| *id == document).unwrap().1
    };
    let clicks = |log: &[Impression], document: &str| {
        log.iter()
            .filter(|impression| impression.clicks.iter().any(|click| click.document == document))
            .count()
    };
    // The better document stands at rank 5: it is clicked 0.6/5 of the time, the worse one 0.3.
    let log = logged(&[("a", 0.3), ("b", 0.0), ("c", 0.0), ("d", 0.0), ("e", 0.6)], 20_000, 1);
    assert!(clicks(&log, "a") > 2 * clicks(&log, "e"), "clicks alone prefer the worse one");
    for skips in [false, true] {
        assert!(mean(&log, skips, "e") > mean(&log, skips, "a"), "skips: {skips}");
    }
    // Without passes the mean estimates relevance / cap. Standard deviations 0.0003 and 0.0012: five of each.
    let (a, e) = (mean(&log, false, "a"), mean(&log, false, "e"));
    assert!((a - 0.03).abs() < 0.0016 && (e - 0.06).abs() < 0.006, "{a}, {e}");
    // And the other way round: a rare click far down is no proof, though each such click counts five times one at the top.
    let log = logged(&[("a", 0.9), ("b", 0.0), ("c", 0.0), ("d", 0.0), ("e", 0.1)], 20_000, 2);
    for skips in [false, true] {
        assert!(mean(&log, skips, "a") > mean(&log, skips, "e"), "skips: {skips}");
        assert!(mean(&log, true, "c") < 0.0, "never clicked");
    }
}

#[test]
fn bad_feedback_is_named() {
    let corpus = corpus_of(&DOCUMENTS);
    let good = seen("q", &["a", "b"], &["b"]);
    let refusal = |bad: Impression, expected: &str| {
        let tried = apply(&[good.clone(), bad], &FeedbackOptions::default(), &Judgments::default(), &corpus);
        let error = tried.unwrap_err();
        assert_eq!(error.code(), "INPUT_INVALID");
        assert!(error.to_string().starts_with(expected), "{error}, not {expected}");
    };
    let with = |clicks: Vec<Click>| Impression { clicks, ..good.clone() };
    refusal(seen(" ", &["a"], &[]), "impressions[1].query: must not be blank");
    refusal(seen("q", &["a", "b", "a"], &[]), "impressions[1].shown[2]: \"a\" stands twice");
    refusal(
        Impression { first_rank: Some(0), ..good.clone() },
        "impressions[1].firstRank: must be at least 1",
    );
    refusal(
        with(vec![Click::on("a"), Click::on("f")]),
        "impressions[1].clicks[1].document: \"f\" was not shown",
    );
    refusal(
        seen("q", &["a", "gone"], &["gone"]),
        "impressions[1].clicks[0].document: no document has the id \"gone\"",
    );
    for dwell in [-1.0, f64::NAN, f64::INFINITY] {
        refusal(
            with(vec![dwelling("a", dwell)]),
            "impressions[1].clicks[0].dwellMs: must be a finite number",
        );
    }

    let options = |bad: FeedbackOptions, expected: &str| {
        let error = apply(&[], &bad, &Judgments::default(), &corpus).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{error}, not {expected}");
    };
    let default = FeedbackOptions::default;
    for eta in [-0.1, f32::NAN, f32::INFINITY] {
        options(FeedbackOptions { eta, ..default() }, "eta: must be a finite number, 0 or more");
    }
    for cap in [0.9, 1001.0, f32::NAN] {
        options(FeedbackOptions { cap, ..default() }, "cap: must be 1 to 1000");
    }
    for min_dwell_ms in [-1.0, f64::NAN] {
        options(FeedbackOptions { min_dwell_ms, ..default() }, "minDwellMs: must be a finite number");
    }
    options(FeedbackOptions { propensities: Some(vec![]), ..default() }, "propensities: must hold");
    for p in [0.0, -1.0, 1.1, f32::NAN] {
        let propensities = Some(vec![1.0, p]);
        options(
            FeedbackOptions { propensities, ..default() },
            "propensities[1]: must be above 0 and at most 1",
        );
    }
}

#[test]
fn a_log_older_than_a_removal_is_read_for_what_is_left() {
    // Ranks are those of the list as it was shown: b stood at rank 3.
    let feedback = fresh(&[seen("q", &["a", "gone", "b", "too"], &["b"])], &FeedbackOptions::default());
    near(&means(&feedback.judgments), &[("a", -0.1, 1), ("b", 0.3, 1)]);
    assert_eq!(feedback.left_out, 2);
}

#[test]
fn impressions_and_options_read_as_javascript_has_them() {
    let impression: Impression = serde_json::from_value(json!({
        "query": "q", "shown": ["a", "b"], "clicks": [{ "document": "b", "dwellMs": 1500 }], "firstRank": 11,
    }))
    .unwrap();
    assert_eq!((impression.clicks, impression.first_rank), (vec![dwelling("b", 1500.0)], Some(11)));
    let least: Impression = serde_json::from_value(json!({ "query": "q", "shown": [] })).unwrap();
    assert_eq!(least, seen("q", &[], &[]));
    let options: FeedbackOptions =
        serde_json::from_value(json!({ "minDwellMs": 30, "propensities": [1, 0.5] })).unwrap();
    let expected = FeedbackOptions {
        min_dwell_ms: 30.0,
        propensities: Some(vec![1.0, 0.5]),
        ..FeedbackOptions::default()
    };
    assert_eq!(options, expected);
    assert!(serde_json::from_value::<FeedbackOptions>(json!({ "mindwell": 1 })).is_err());
}

fn impressions() -> impl Strategy<Value = Vec<Impression>> {
    let list = prop::sample::subsequence(DOCUMENTS.to_vec(), 0..=6).prop_shuffle();
    let one = (prop::sample::select(vec!["q", " Q", "r"]), list, any::<[bool; 6]>(), 1usize..15);
    let one = one.prop_map(|(query, shown, clicked, first)| {
        let clicks: Vec<&str> =
            shown.iter().zip(clicked).filter(|(_, clicked)| *clicked).map(|(id, _)| *id).collect();
        Impression { first_rank: Some(first), ..seen(query, &shown, &clicks) }
    });
    prop::collection::vec(one, 0..20)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        rng_seed: RngSeed::Fixed(0x636c_6963),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    /// Read at once or one by one, and always fit for the store: weights in (0, 1].
    #[test]
    fn pieces_come_to_the_same_as_the_whole(impressions in impressions()) {
        let corpus: Corpus = corpus_of(&DOCUMENTS);
        let options = FeedbackOptions::default();
        let (mut whole, mut pieces) = (Judgments::default(), Judgments::default());
        let all = apply(&impressions, &options, &whole, &corpus).unwrap();
        whole.add_feedback(all.judgments, &corpus, 0.0).unwrap();
        for impression in &impressions {
            let one = apply(std::slice::from_ref(impression), &options, &pieces, &corpus).unwrap();
            pieces.add_feedback(one.judgments, &corpus, 0.0).unwrap();
        }
        prop_assert_eq!(whole.all().len(), pieces.all().len());
        for one in whole.all() {
            let other = pieces.get(&one.query, &one.document, Source::Click).unwrap();
            let mean = |j: &Judgment| if j.relevant { j.weight() } else { -j.weight() };
            prop_assert!((mean(one) - mean(other)).abs() < 5e-6, "{:?} {:?}", one, other);
            prop_assert_eq!(one.impressions, other.impressions);
            prop_assert!(one.weight() > 0.0 && one.weight() <= 1.0);
        }
    }
}
