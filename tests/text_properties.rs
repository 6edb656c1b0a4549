//! Texts taken apart and made anew: what holds for any text, valid Markdown or not.

use std::collections::HashSet;

use nearmiss::dataset::Document;
use nearmiss::text::{
    NearMissKind, NearMisses, PseudoOptions, Shingles, cut_out, headings, pseudo_queries, sentences,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use unicode_segmentation::UnicodeSegmentation;

fn config() -> ProptestConfig {
    ProptestConfig {
        rng_seed: RngSeed::Fixed(0x6e65_6172),
        // A fixed seed finds the same failure again: no file needs to remember it.
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn document(text: &str) -> Document {
    Document::new("x", "", text)
}

/// Jaccard on plain sets of plain shingles.
fn naive_jaccard(one: &str, other: &str) -> f32 {
    let shingles = |text: &str| -> HashSet<Vec<String>> {
        let words: Vec<String> = text.to_lowercase().unicode_words().map(str::to_string).collect();
        words.windows(if words.len() < 3 { 1 } else { 3 }).map(<[String]>::to_vec).collect()
    };
    let (one, other) = (shingles(one), shingles(other));
    let either = one.union(&other).count();
    if either == 0 { 0.0 } else { one.intersection(&other).count() as f32 / either as f32 }
}

/// Text in which rules find something: words, numbers, dates, marks of Markdown, and anything at all.
fn lively() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "is", "not", "can", "never", "was", "built", "don’t", "on", "of", "the key", "Josiah Whitney", "NASA",
            "read_file", "12,000", "1.5", "43%", "$5", "18th", "three", "5 km", "90 days", "20MB", "21 °C",
            "in 1863", "2024-02-29", "May 4, 1999", "31 January", "Monday", "# Title", "- item", "1. one", "```",
            "`code!`", "[a](b)", "[a][b]", "\n", "\n\n", ".", ". ", "_it_", "**", "> ", "|", "ﬁ", "İ", "é", "\u{85}",
            "\u{2029}", "…",
        ]).prop_map(String::from),
        1 => "\\PC{0,6}",
        1 => "[0-9.,%$-]{1,6}",
    ];
    prop::collection::vec((piece, prop::sample::select(vec![" ", " ", " ", "", "\n"])), 0..40)
        .prop_map(|pieces| pieces.into_iter().flat_map(|(piece, gap)| [piece, gap.to_string()]).collect())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn shingles_agree_with_plain_sets(one in "([abcA] ){0,12}", other in "([abc]{1,2} ){0,12}") {
        prop_assert_eq!(Shingles::of(&one).jaccard(&Shingles::of(&other)), naive_jaccard(&one, &other));
    }

    #[test]
    fn sentences_are_trimmed_and_in_order(text in lively()) {
        let found = sentences(&text);
        prop_assert!(found.windows(2).all(|pair| pair[0].end <= pair[1].start));
        for range in found {
            prop_assert_eq!(text[range.clone()].trim(), &text[range.clone()]);
            prop_assert!(text[range].chars().any(char::is_alphanumeric));
        }
        for heading in headings(&text) {
            prop_assert!((1..=6).contains(&heading.level) && text.contains(heading.section));
        }
    }

    #[test]
    fn a_near_miss_differs_where_it_says(title in "\\PC{0,8}", texts in prop::collection::vec(lively(), 1..4), seed: u64) {
        let documents: Vec<Document> =
            texts.iter().map(|text| Document::new("x", title.clone(), text.clone())).collect();
        let near_misses = NearMisses::new(&documents, seed);
        for (position, document) in documents.iter().enumerate() {
            let content = document.content();
            let made = near_misses.of(position, None, 6);
            prop_assert!(made.len() <= 6);
            prop_assert_eq!(&made, &NearMisses::new(&documents, seed).of(position, None, 6));
            let texts: HashSet<&String> = made.iter().map(|miss| &miss.text).collect();
            prop_assert_eq!(texts.len(), made.len());
            for miss in &made {
                prop_assert!(miss.from != miss.to && documents.iter().all(|document| document.content() != miss.text));
                let end = miss.at + miss.from.len();
                prop_assert_eq!(&content[miss.at..end], &miss.from);
                let start = [&content[..miss.at], &miss.to].concat();
                prop_assert!(miss.text.starts_with(&start));
                if miss.kind == NearMissKind::TermSwap {
                    prop_assert!(miss.donor.is_some_and(|donor| donor != position));
                } else {
                    prop_assert_eq!(&miss.text[start.len()..], &content[end..]);
                    prop_assert_eq!(miss.donor, None);
                }
            }
        }
    }

    #[test]
    fn changed_numbers_parse_and_differ(
        number in "[1-9][0-9]{0,8}|[1-9][0-9]{0,2}(,[0-9]{3}){1,3}|[0-9]{1,3}\\.[0-9]{1,4}",
        seed: u64,
    ) {
        let value = |text: &str| text.replace(',', "").parse::<f64>().unwrap();
        let documents = [document(&format!("It holds {number} apples."))];
        let made = NearMisses::new(&documents, seed).with_kinds(&[NearMissKind::Number]).of(0, None, 3);
        prop_assert_eq!(made.len(), usize::from(number != "1" && value(&number) > 0.0), "{}", number);
        for miss in made {
            prop_assert_eq!(&miss.from, &number);
            prop_assert!(value(&miss.to) != value(&number), "{} to {}", number, miss.to);
            prop_assert_eq!(miss.to.matches(['.', ',']).count(), number.matches(['.', ',']).count());
        }
    }

    #[test]
    fn changed_dates_are_valid(year in 1000u32..2100, month in 1u32..=12, day in 1u32..=31, seed: u64) {
        let days = |year: u32, month: u32| match month {
            2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        let documents = [document(&format!("Released on {year:04}-{month:02}-{day:02} at last."))];
        let made = NearMisses::new(&documents, seed).with_kinds(&[NearMissKind::Date]).of(0, None, 3);
        prop_assert_eq!(made.len(), usize::from(day <= days(year, month)));
        for miss in made {
            let part = |range: std::ops::Range<usize>| miss.to[range].parse::<u32>().unwrap();
            let (year, month, day) = (part(0..4), part(5..7), part(8..10));
            prop_assert!((1..=12).contains(&month) && (1..=days(year, month)).contains(&day), "{}", miss.to);
        }
    }

    #[test]
    fn cutting_out_leaves_something(content in lively(), query in lively()) {
        let rest = cut_out(&content, &query);
        prop_assert!(rest == content || rest.len() < content.len() && rest.chars().any(char::is_alphanumeric));
        prop_assert_eq!(cut_out(&rest, &query), rest.clone(), "nothing of the query is left");
    }

    #[test]
    fn queries_are_seeded_and_single(texts in prop::collection::vec(lively(), 0..5), seed: u64) {
        let document = |(n, text): (usize, &String)| Document::new(n.to_string(), format!("Part {n} of it"), text.clone());
        let documents: Vec<Document> = texts.iter().enumerate().map(document).collect();
        let options = PseudoOptions { per_document: 4, seed, ..PseudoOptions::default() };
        let made = pseudo_queries(&documents, &options).unwrap();
        prop_assert_eq!(&made, &pseudo_queries(&documents, &options).unwrap());
        let texts: HashSet<String> = made.iter().map(|query| query.query.to_lowercase()).collect();
        prop_assert_eq!(texts.len(), made.len());
        for query in made {
            prop_assert!(!query.query.trim().is_empty() && query.document < documents.len());
        }
    }
}
