//! Does a passage bear a sentence out? Cases that a person can judge, and what holds for any text.

use nearmiss::dataset::Document;
use nearmiss::text::{
    CheckedAnswer, CitedPassage, NearMissKind, NearMisses, SUPPORTED, check_citations, sentences, support,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

const KEYS: &str = "Rotate the signing key every 90 days. Keys are kept in Frankfurt, and nobody may copy them. \
                    An expired key does not open the archive. The fee is 12,000 euros.";

#[test]
fn claims_that_the_passage_bears_out() {
    let cases = [
        "The signing key is rotated every 90 days.",
        "Signing keys rotate every 90 days.",
        "It costs 12000 euros, the fee.",
        "Expired keys don't open the archive.",
        "Nobody may copy keys kept in Frankfurt.",
        "Keys in Frankfurt may not be copied.",
        "It is so.",
        "",
    ];
    for claim in cases {
        let found = support(claim, KEYS);
        assert!(found.holds() && !found.opposed, "{claim}: {found:?}");
    }
}

#[test]
fn claims_that_it_does_not_bear_out() {
    let cases: [(&str, &[&str], bool); 8] = [
        ("Rotate the signing key every 30 days.", &["30"], false),
        ("Rotate the signing key every two days.", &["two"], false),
        ("Rotate the signing key every 90.5 days.", &["90.5"], false),
        ("An expired key opens the archive.", &[], true),
        ("Do not rotate the signing key every 90 days.", &[], true),
        ("The fee is not 12,000 euros.", &[], true),
        ("The vault opens at noon.", &["vault", "noon"], false),
        ("Passwords live in Oslo.", &["Passwords", "live", "Oslo"], false),
    ];
    for (claim, missing, opposed) in cases {
        let found = support(claim, KEYS);
        assert_eq!(found.missing, missing, "{claim}");
        assert_eq!((found.opposed, found.holds()), (opposed, false), "{claim}: {found:?}");
    }
}

#[test]
fn names_and_numbers_weigh_more_than_words() {
    let score = |claim: &str| support(claim, "the house stands beside rivers").score;
    assert!(score("a house in Paris") < score("a house in paris"));
    assert!(score("a house of 75643 rooms") < score("a house of wooden rooms"));
}

#[test]
fn the_score_is_the_share_of_the_weights() {
    // "river" and "flood": ln(1 + 5) each; "lake" is missing: ln(1 + 4).
    let found = support("river, flood, lake", "A river in flood.");
    let (word, lake) = (6.0f32.ln(), 5.0f32.ln());
    assert!((found.score - 2.0 * word / (2.0 * word + lake)).abs() < 1e-6);
    assert_eq!(found.missing, ["lake"]);
}

fn passage(citation: u32, text: &str) -> CitedPassage {
    CitedPassage { citation, title: String::new(), text: text.to_string() }
}

/// Of every sentence: its text, what it cites, and whether that bears it out.
fn summary(checked: &CheckedAnswer) -> Vec<(&str, Vec<u32>, bool)> {
    let numbers =
        |at: usize| checked.sentences[at].citations.iter().map(|citation| citation.number).collect();
    checked.sentences.iter().enumerate().map(|(at, s)| (s.text.as_str(), numbers(at), s.supported)).collect()
}

/// A sentence, what it cites, and whether that bears it out.
type Row<'a> = (&'a str, &'a [u32], bool);

#[test]
fn marks_belong_to_the_sentence_they_stand_in_or_behind() {
    let passages = [passage(1, "Iron rusts."), passage(2, "Gold shines.")];
    let cases: [(&str, &[Row]); 7] = [
        (
            "Iron rusts [1]. Gold shines[2].",
            &[("Iron rusts [1].", &[1], true), ("Gold shines[2].", &[2], true)],
        ),
        (
            "Iron rusts. [1] Gold shines.[2]",
            &[("Iron rusts. [1]", &[1], true), ("Gold shines.[2]", &[2], true)],
        ),
        ("Iron rusts, gold shines [1][2].", &[("Iron rusts, gold shines [1][2].", &[1, 2], true)]),
        ("[1, 2] Iron rusts, gold shines.", &[("[1, 2] Iron rusts, gold shines.", &[1, 2], true)]),
        (
            "# Metals\n- Iron rusts [2]\n- Gold shines",
            &[("Iron rusts [2]", &[2], false), ("Gold shines", &[], false)],
        ),
        ("Gold shines.\n[1] Iron rusts.", &[("Gold shines.", &[], false), ("[1] Iron rusts.", &[1], true)]),
        ("[1]", &[]),
    ];
    for (answer, expected) in cases {
        let checked = check_citations(answer, &passages);
        let expected: Vec<_> =
            expected.iter().map(|(text, cited, held)| (*text, cited.to_vec(), *held)).collect();
        assert_eq!(summary(&checked), expected, "{answer}");
    }
}

#[test]
fn spans_are_javascript_s() {
    let answer = "🔑 Schlüssel läuft ab [1]. Alles gut [7, 1].";
    let checked = check_citations(answer, &[passage(1, "Schlüssel läuft ab.")]);
    let units: Vec<u16> = answer.encode_utf16().collect();
    let at = |start: usize, end: usize| String::from_utf16(&units[start..end]).unwrap();
    for sentence in &checked.sentences {
        assert_eq!(at(sentence.start, sentence.end), sentence.text);
        for citation in &sentence.citations {
            assert_eq!(at(citation.start, citation.end), citation.number.to_string());
        }
    }
    let [seven, one] = &checked.sentences[1].citations[..] else { panic!("two citations") };
    assert!(!seven.known && seven.support == 0.0 && one.known && !checked.sentences[1].supported);
    assert_eq!(
        (seven.missing.as_slice(), checked.unknown),
        (&["Alles".to_string(), "gut".to_string()][..], vec![7])
    );
}

#[test]
fn reasons_are_told_apart() {
    let keys = CitedPassage {
        citation: 1,
        title: "Keys".into(),
        text: "The signing key expires after 90 days. It is kept in Frankfurt.".into(),
    };
    let answer = "The signing key expires after 90 days [1]. It expires after 30 days [1]. It hums. See [9].";
    let checked = check_citations(answer, &[keys]);
    let rows = [
        ("The signing key expires after 90 days [1].", vec![1], true),
        ("It expires after 30 days [1].", vec![1], false),
        ("It hums.", vec![], false),
        ("See [9].", vec![9], false),
    ];
    assert_eq!(summary(&checked), rows);
    assert_eq!(checked.sentences[1].citations[0].missing, ["30"]);
}

#[test]
fn titles_bear_sentences_out_too() {
    let titled =
        CitedPassage { citation: 3, title: "Signing keys".into(), text: "They expire after 90 days.".into() };
    let checked = check_citations("Signing keys expire after 90 days [3].", &[titled]);
    assert_eq!(checked.sentences[0].citations[0].support, 1.0);
}

#[test]
fn other_numbers_and_negations_of_generated_near_misses_are_seen() {
    let texts = [
        "The signing key expires after 90 days. It is stored in the vault. The vault was built in May 1931.",
        "Water boils at 100 degrees. Ice does not sink. The lake is 12 km long and was measured in 1987.",
        "The committee has 7 members. Members can vote on the budget. Votes are counted on Monday.",
    ];
    let documents: Vec<Document> =
        texts.iter().enumerate().map(|(at, text)| Document::new(at.to_string(), "", *text)).collect();
    let kinds = [NearMissKind::Number, NearMissKind::Negation];
    let mut seen = 0;
    for seed in 0..20 {
        let misses = NearMisses::new(&documents, seed).with_kinds(&kinds);
        for (at, text) in texts.iter().enumerate() {
            for miss in misses.of(at, None, 4) {
                let changed = sentences(&miss.text).into_iter().map(|range| &miss.text[range]);
                for claim in changed.filter(|claim| !text.contains(claim)) {
                    let found = support(claim, text);
                    assert!(!found.holds(), "{claim}: {found:?}");
                    seen += 1;
                }
            }
        }
    }
    assert!(seen > 60, "only {seen}");
}

fn config() -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(0x6e65_6172),
        // A fixed seed finds the same failure again: no file needs to remember it.
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// Text in which the rules find something, and anything at all.
fn lively() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "is", "not", "don’t", "never", "only", "the key", "keys", "Josiah Whitney", "NASA", "read_file", "a.b",
            "12,000", "1.5", "1,5", "43%", "$5", "18th", "three", "5km", "1980s", "sha256", "2024-02-29", "[1]", "[2, 3]",
            "[1][9]", "[", "]", "[1](x)", "# Title", "- item", "```", "`code[1]`", "\n", "\n\n", ".", ". ", "! ", "ΑΣ.", "ﬁ",
            "İ", "é", "\u{301}", "ב", "漢字。", "\u{85}", "\u{2029}", "…", "🔑",
        ]).prop_map(String::from),
        1 => "\\PC{0,6}",
    ];
    prop::collection::vec((piece, prop::sample::select(vec![" ", " ", " ", "", "\n"])), 0..40)
        .prop_map(|pieces| pieces.into_iter().flat_map(|(piece, gap)| [piece, gap.to_string()]).collect())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_passage_supports_its_own_sentences(text in lively()) {
        for range in sentences(&text) {
            let found = support(&text[range.clone()], &text);
            prop_assert_eq!(found.score, 1.0, "{:?}: {:?}", &text[range], found);
        }
    }

    #[test]
    fn scores_are_shares_and_what_is_missing_lowers_them(claim in lively(), passage in lively()) {
        let found = support(&claim, &passage);
        prop_assert!((0.0..=1.0).contains(&found.score));
        prop_assert_eq!(found.score == 1.0, found.missing.is_empty() && !found.opposed);
        prop_assert_eq!(found.holds(), found.score >= SUPPORTED);
    }

    #[test]
    fn any_answer_is_checked_and_its_spans_hold(answer in lively(), text in lively()) {
        let checked = check_citations(&answer, &[passage(1, &text), passage(3, &answer)]);
        let units: Vec<u16> = answer.encode_utf16().collect();
        let mut last = 0;
        for sentence in &checked.sentences {
            prop_assert!(sentence.start >= last && sentence.start < sentence.end);
            last = sentence.end;
            prop_assert_eq!(&String::from_utf16(&units[sentence.start..sentence.end]).unwrap(), &sentence.text);
            prop_assert!(!sentence.supported || sentence.citations.iter().any(|citation| citation.known));
            for citation in &sentence.citations {
                prop_assert!(sentence.start < citation.start && citation.end < sentence.end);
                prop_assert_eq!(citation.known, !checked.unknown.contains(&citation.number));
            }
        }
    }
}
