//! Texts taken apart and made anew: examples that a person can judge.

use std::collections::{HashMap, HashSet};

use nearmiss::dataset::{Document, PseudoKind};
use nearmiss::text::{
    KINDS, KeyTerms, NearMiss, NearMissKind, NearMisses, PseudoOptions, cut_out, headings, pseudo_queries,
    sentences,
};
use unicode_segmentation::UnicodeSegmentation;

fn document(text: &str) -> Document {
    Document::new("x", "", text)
}

/// What one kind makes of one text, over a few seeds.
fn made(kind: NearMissKind, text: &str) -> Vec<NearMiss> {
    let documents = [document(text)];
    let seeds = 0..12;
    seeds.flat_map(|seed| NearMisses::new(&documents, seed).with_kinds(&[kind]).of(0, None, 9)).collect()
}

/// The changes, "from" to "to", without repetition.
fn changes(kind: NearMissKind, text: &str) -> HashSet<(String, String)> {
    made(kind, text).into_iter().map(|miss| (miss.from, miss.to)).collect()
}

#[test]
fn negations_read_like_english() {
    let cases = [
        ("Old keys must be kept for a year.", "Old keys must not be kept for a year."),
        ("A server can restart the worker.", "A server cannot restart the worker."),
        ("The cache is cleared on exit.", "The cache is not cleared on exit."),
        ("They have been replaced since.", "They have not been replaced since."),
        ("You must not share the secret.", "You must share the secret."),
        ("The client cannot read it.", "The client can read it."),
        ("It doesn't rotate keys by itself.", "It does rotate keys by itself."),
        ("It doesn’t rotate keys by itself.", "It does rotate keys by itself."),
        ("Don't rotate keys by hand.", "Do rotate keys by hand."),
        ("The old form is no longer supported.", "The old form is supported."),
        ("The value has never been measured.", "The value has been measured."),
        ("Never store a key in plain text.", "Always store a key in plain text."),
        ("A lock always blocks the thread.", "A lock never blocks the thread."),
        ("The key is\nnot stored.", "The key is stored."),
    ];
    for (text, expected) in cases {
        let texts: HashSet<String> =
            made(NearMissKind::Negation, text).into_iter().map(|miss| miss.text).collect();
        assert_eq!(texts, HashSet::from([expected.to_string()]), "{text}");
    }
}

#[test]
fn no_negation_is_forced_on_a_sentence() {
    let untouched = [
        "Is the key stored?",
        "What is stored?",
        "It is what the name says.",
        "We have a key.",
        "A can of paint.",
        "It was not only slow but wrong.",
        "It has not been tried yet.",
        "Nothing is stored.",
        "Schlüssel werden gespeichert.",
        "The `is` keyword.",
    ];
    for text in untouched {
        assert_eq!(changes(NearMissKind::Negation, text), HashSet::new(), "{text}");
    }
}

#[test]
fn numbers_change_where_they_stand_alone() {
    for (text, number) in [
        ("It holds 12,000 people.", "12,000"),
        ("A share of 43% voted.", "43"),
        ("It costs $3.50 a month.", "3.50"),
        ("Keys (n = 17) were lost.", "17"),
        ("It is described in RFC 2119 of old.", "2119"),
        ("Three keys were lost.", "Three"),
        ("The 18th century ended.", "18th"),
    ] {
        let froms: HashSet<String> =
            changes(NearMissKind::Number, text).into_iter().map(|(from, _)| from).collect();
        assert_eq!(froms, HashSet::from([number.to_string()]), "{text}");
    }
    for text in [
        "Use v2.1.0 or x86.",
        "1. Open it.\n2. Close it.",
        "See Figure 3.",
        "On 4 May 1999.",
        "Since 1863.",
        "A 1 day trip [7].",
    ] {
        assert_eq!(changes(NearMissKind::Number, text), HashSet::new(), "{text}");
    }
}

#[test]
fn dates_change_into_dates() {
    for (text, from) in [
        ("It was founded in 1863.", "1863"),
        ("Released 2024-02-29.", "2024-02-29"),
        ("In the 1730s it grew.", "1730"),
        ("We meet on Mondays.", "Mondays"),
        ("It opened in May.", "May"),
    ] {
        let found = changes(NearMissKind::Date, text);
        assert!(!found.is_empty() && found.iter().all(|change| change.0 == from), "{text}: {found:?}");
    }
    let long_month = changes(NearMissKind::Date, "It closed on January 31, 1950.");
    for (from, to) in long_month {
        match from.as_str() {
            "January" => {
                assert!(["March", "May", "July", "August", "October", "December"].contains(&to.as_str()))
            }
            "31" => assert!((1..=28).contains(&to.parse::<u32>().unwrap())),
            _ => assert_eq!((from.as_str(), to.len()), ("1950", 4)),
        }
    }
    for text in ["They may march on Good Friday.", "Some 1900 cases.", "Tagged 2023-02-30."] {
        assert_eq!(changes(NearMissKind::Date, text), HashSet::new(), "{text}");
    }
}

#[test]
fn units_change_within_their_dimension() {
    let cases: [(&str, &str, &[&str]); 7] = [
        ("It is 5 km long.", "km", &["m", "mi"]),
        ("It takes 90 days.", "days", &["hours", "weeks"]),
        ("A file of 20 MB.", "MB", &["KB", "GB", "kB"]),
        ("It waits 30ms.", "ms", &["µs", "s"]),
        ("A 70-year-old man.", "year", &["month", "decade"]),
        ("It costs €40 now.", "€", &["$", "£", "¥"]),
        ("Some 40% of them.", "%", &["‰"]),
    ];
    for (text, unit, others) in cases {
        let found = changes(NearMissKind::Unit, text);
        let fits = |(from, to): &(String, String)| from == unit && others.contains(&to.as_str());
        assert!(!found.is_empty() && found.iter().all(fits), "{text}: {found:?}");
    }
}

#[test]
fn terms_are_swapped_at_every_place() {
    let documents = [
        document(
            "In 1864 the survey hired Josiah Whitney. Later Josiah Whitney's map was lost. It used parse_args twice.",
        ),
        document("The range was crossed by John Muir in 1869. It used read_file once."),
    ];
    let near_misses = NearMisses::new(&documents, 0).with_kinds(&[NearMissKind::TermSwap]);
    let made: HashMap<String, NearMiss> =
        near_misses.of(0, None, 9).into_iter().map(|miss| (miss.from.clone(), miss)).collect();
    assert!(made.contains_key("Josiah Whitney") && made.contains_key("parse_args"), "{made:?}");
    let name = &made["Josiah Whitney"];
    assert_eq!((name.to.as_str(), name.donor, name.source), ("John Muir", Some(1), 0));
    let expected =
        "In 1864 the survey hired John Muir. Later John Muir's map was lost. It used parse_args twice.";
    assert_eq!(name.text, expected);
    assert_eq!(made["parse_args"].to, "read_file");
    assert_eq!(near_misses.of(2, None, 9), [], "there is no such document");
}

#[test]
fn a_query_says_what_to_change() {
    let text =
        "The signing key expires after 90 days. The office opens after 30 hours. Doors were painted in 1931.";
    let near_misses = NearMisses::new(&[document(text)], 3);
    let made = near_misses.of(0, Some("When does the signing key expire?"), 9);
    assert!(made.len() >= 2, "{made:?}");
    assert!(made.iter().all(|miss| miss.at < 38 && !miss.text.contains("30 days")), "{made:?}");
    assert!(near_misses.of(0, Some("unrelated"), 9).is_empty());
    assert_eq!(near_misses.of(0, Some("When does the signing key expire?"), 1), made[..1]);
}

#[test]
fn kinds_take_turns() {
    let text =
        "In 1863 the tower was 90 m high. It must stand for 20 years. It was opened in May 1870 by 12 men.";
    let documents = [document(text), document("In 1870 it was closed by Ada Byron.")];
    for seed in 0..20 {
        let made = NearMisses::new(&documents, seed).of(0, None, 4);
        let kinds: HashSet<NearMissKind> = made.iter().map(|miss| miss.kind).collect();
        assert_eq!(kinds.len(), 4, "{made:?}");
    }
    assert_eq!(serde_json::to_value(NearMissKind::TermSwap).unwrap(), "term-swap");
}

#[test]
fn no_near_miss_is_a_document() {
    let documents = [document("The key must be kept."), document("The key must not be kept.")];
    let near_misses = NearMisses::new(&documents, 0);
    assert!(near_misses.of(0, None, 9).is_empty() && near_misses.of(1, None, 9).is_empty());
}

/// Two documents that give every kind of query.
fn handbook() -> Vec<Document> {
    let keys = "Every service signs its tokens. Rotation replaces the signing key before attackers can guess it.\n\n\
                ## Rotating by hand\n\nCreate a second key in the vault, and publish both public halves for one whole day. \
                Afterwards the older private half is erased from every backup.\n";
    let doors = "Visitors ring at the northern gate. A porter opens wooden doors between breakfast and supper.\n\n\
                 ## Lost visitor badges\n\nReport missing badges to the reception desk, where a clerk prints another one \
                 within minutes. Old badges stop opening doors immediately.\n";
    vec![Document::new("keys", "Signing keys", keys), Document::new("doors", "Gates and doors", doors)]
}

/// A book of 4,000 sentences: cutting each out of the whole to see what is left would take minutes.
#[test]
fn of_a_long_document_only_what_is_wanted_is_cut_out() {
    let sentence = |at: usize| format!("The clerk of gate {at} counts {at} brass keys at noon.");
    let text: String = (0..4000).map(|at| sentence(at) + " ").collect();
    let documents = vec![Document::new("book", "", text)];
    let kinds = vec![PseudoKind::Cloze];
    let options = PseudoOptions { per_document: 3, kinds, ..PseudoOptions::default() };
    let made = pseudo_queries(&documents, &options).unwrap();
    assert_eq!(made.len(), 3);
    for query in made {
        let content = documents[0].content();
        assert!(content.contains(&query.query), "{query:?}");
        assert!(cut_out(&content, &query.query).len() < content.len());
    }
}

#[test]
fn every_kind_of_query_is_made() {
    let options = PseudoOptions { per_document: 5, seed: 1, ..PseudoOptions::default() };
    let documents = handbook();
    let made = pseudo_queries(&documents, &options).unwrap();
    let kinds = |document: usize| -> HashSet<PseudoKind> {
        made.iter().filter(|query| query.document == document).map(|query| query.kind).collect()
    };
    assert_eq!((kinds(0).len(), kinds(1).len()), (5, 5), "{made:?}");
    let of = |kind: PseudoKind| -> Vec<&str> {
        made.iter().filter(|query| query.kind == kind).map(|query| query.query.as_str()).collect()
    };
    assert_eq!(of(PseudoKind::Title), ["Signing keys", "Gates and doors"]);
    assert_eq!(of(PseudoKind::Heading), ["Rotating by hand", "Lost visitor badges"]);
    for query in &made {
        let content = documents[query.document].content();
        let words = query.query.unicode_words().count();
        match query.kind {
            PseudoKind::Cloze => {
                assert!((5..=30).contains(&words) && content.contains(&query.query), "{query:?}");
                assert!(!query.query.starts_with("Every service") && !query.query.starts_with("Visitors"));
            }
            PseudoKind::Crop => {
                assert!((4..=12).contains(&words) && content.contains(&query.query), "{query:?}")
            }
            _ => assert!(words >= 2, "{query:?}"),
        }
        if query.kind.is_cut_out() {
            assert!(!cut_out(&content, &query.query).contains(&query.query));
        }
    }
}

#[test]
fn one_query_a_document_still_gives_all_kinds() {
    let documents: Vec<Document> = (0..10)
        .map(|n| {
            let [a, b, c] = ["axe", "bow", "cup"].map(|word| format!("{word}{}", "abcdefghij".chars().nth(n).unwrap()));
            let text = format!(
                "It opens.\n\n# Cleaning {a} blades\n\nClearly {a} precedes {b} wherever {c} follows large {a} machines. \
                 Nobody ever doubted that {c} and {b} differ."
            );
            Document::new(n.to_string(), format!("Guide to {b}"), text)
        })
        .collect();
    let made = pseudo_queries(&documents, &PseudoOptions::default()).unwrap();
    let kinds: HashSet<PseudoKind> = made.iter().map(|query| query.kind).collect();
    assert_eq!((made.len(), kinds.len()), (10, 5), "{made:?}");
}

#[test]
fn a_title_must_name_its_document_alone() {
    let text =
        |word: &str| format!("Here {word} stands for a {word} of ten words, or even a few more {word}s.");
    let titled = |id: &str, title: &str, word: &str| Document::new(id, title, text(word));
    let documents = [
        titled("a", "Shared title", "apple"),
        titled("b", "Shared_title", "berry"),
        titled("c", "two words.md", "cherry"),
        titled("my-notes", "My notes", "date"),
        titled("e", "Single", "fig"),
        titled("f", "Own_title > Part two", "grape"),
        titled("g", "Copied title", "hazel"),
        titled("h", "Copied title", "hazel"),
        Document::new("i", "Too short", "for a query"),
    ];
    let options = PseudoOptions { kinds: vec![PseudoKind::Title], ..PseudoOptions::default() };
    let made = pseudo_queries(&documents, &options).unwrap();
    let titles: Vec<(usize, &str)> =
        made.iter().map(|query| (query.document, query.query.as_str())).collect();
    assert_eq!(titles, [(5, "Own_title Part two"), (6, "Copied title")]);
}

#[test]
fn sections_and_sentences_leave_code_out() {
    let text = "# One\nProse. More.\n```\n# not a heading. Nor a sentence.\n```\n## Two\n- item";
    let found: Vec<&str> = sentences(text).into_iter().map(|range| &text[range]).collect();
    assert_eq!(found, ["One", "Prose.", "More.", "Two", "item"]);
    let titles: Vec<&str> = headings(text).iter().map(|heading| heading.title).collect();
    assert_eq!(titles, ["One", "Two"]);
}

#[test]
fn key_phrases_are_what_sets_a_document_apart() {
    let texts = handbook().iter().map(Document::content).collect::<Vec<_>>();
    let terms = KeyTerms::new(&texts);
    let top: Vec<&str> = terms.top(1, 8).iter().map(|phrase| phrase.text.as_str()).collect();
    assert!(top.contains(&"Lost visitor badges") && top.contains(&"reception desk"), "{top:?}");
    assert!(terms.top(0, 64).windows(2).all(|pair| pair[0].score >= pair[1].score));
}

#[test]
fn all_kinds_are_listed() {
    let named: Vec<String> = KINDS.iter().map(|kind| serde_json::to_string(kind).unwrap()).collect();
    assert_eq!(named, [r#""number""#, r#""date""#, r#""unit""#, r#""negation""#, r#""term-swap""#]);
}
