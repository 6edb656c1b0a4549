//! Passages for an answer.
#![cfg(feature = "cpu")]

#[path = "common/model.rs"]
mod model;
#[path = "common/tuned.rs"]
mod tuned;

use nearmiss::dataset::Document;
use nearmiss::tuner::{Context, ContextOptions, Job, Tuner};
use proptest::prelude::*;
use tuned::{empty, run};

fn filled(documents: Vec<Document>) -> Tuner {
    let mut tuner = empty();
    tuner.add_documents(documents).unwrap();
    let job = Job::index(&tuner).unwrap();
    run(&mut tuner, job).unwrap();
    tuner
}

fn context(tuner: &mut Tuner, query: &str, options: ContextOptions) -> Context {
    pollster::block_on(tuner.context(query, &options)).unwrap()
}

fn notes() -> Vec<Document> {
    vec![
        Document::new(
            "a",
            "Valves",
            "To rotate the valve, turn the ring four times and then wait for the station.",
        ),
        Document::new(
            "b",
            "",
            "To rotate the valve, turn the ring four times and then wait for the station!",
        ),
        Document::new("c", "Mast", "The mast is turned by the team on the left branch."),
        Document::new("d", "Pay", "Notes about pay and leave of the team."),
    ]
}

#[test]
fn passages_are_numbered_and_none_says_the_same_twice() {
    let mut tuner = filled(notes());
    let found = context(&mut tuner, "rotate the valve", ContextOptions::default());
    let ids: Vec<&str> = found.passages.iter().map(|passage| passage.id.as_str()).collect();
    assert_eq!(ids.len(), 3, "one of the two that are alike: {ids:?}");
    assert!(ids[0] == "a" || ids[0] == "b");
    let numbers: Vec<usize> = found.passages.iter().map(|passage| passage.citation).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert!(
        found.text.starts_with("[1]")
            && found.text.contains("\n\n[2]")
            && found.text.contains("Notes about pay")
    );
    assert_eq!(found.tokens, found.passages.iter().map(|passage| passage.tokens).sum::<usize>());
    assert!(found.tokens.abs_diff(tuner.encoder().count_tokens(&found.text).unwrap()) <= 3);
}

#[test]
fn what_is_too_long_is_cut_at_a_sentence_around_its_best_part() {
    let filler = "The team pays the ring of the station. ".repeat(12);
    let text = format!("{filler}To rotate the valve turn it. Then the mast is left. {filler}");
    let mut tuner = filled(vec![Document::new("long", "", text.clone())]);
    let found = context(
        &mut tuner,
        "rotate the valve",
        ContextOptions { max_tokens: 120, ..ContextOptions::default() },
    );
    let passage = &found.passages[0];
    assert!(found.tokens <= 120 && passage.text.starts_with("To rotate the valve"), "{}", passage.text);
    assert!(passage.text.ends_with('.'));
    assert_eq!(&text[passage.start..passage.start + passage.text.len()], passage.text);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let mut tuner = filled(notes());
    let refused = [
        ContextOptions { max_tokens: 3, ..ContextOptions::default() },
        ContextOptions { lambda: 1.5, ..ContextOptions::default() },
        ContextOptions { candidates: 0, ..ContextOptions::default() },
    ];
    for options in refused {
        assert_eq!(pollster::block_on(tuner.context("valve", &options)).unwrap_err().code(), "INPUT_INVALID");
    }
    assert_eq!(
        pollster::block_on(tuner.context(" ", &ContextOptions::default())).unwrap_err().code(),
        "INPUT_INVALID"
    );
    assert_eq!(
        pollster::block_on(empty().context("valve", &ContextOptions::default())).unwrap_err().code(),
        "INSUFFICIENT_DATA"
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever the texts: within the tokens, numbered, each a part of its document.
    #[test]
    fn the_budget_holds(texts in prop::collection::vec("[a-z .😀\n]{0,200}", 1..6), max_tokens in 16usize..200) {
        let documents: Vec<Document> = texts.iter().enumerate().map(|(at, text)| Document::new(format!("{at}"), "", text)).collect();
        let mut tuner = filled(documents);
        let found = context(&mut tuner, "a valve", ContextOptions { max_tokens, ..ContextOptions::default() });
        prop_assert!(found.tokens <= max_tokens);
        for (at, passage) in found.passages.iter().enumerate() {
            prop_assert_eq!(passage.citation, at + 1);
            let text: Vec<u16> = texts[passage.id.parse::<usize>().unwrap()].encode_utf16().collect();
            let own: Vec<u16> = passage.text.encode_utf16().collect();
            prop_assert_eq!(&text[passage.start..passage.start + own.len()], &own[..]);
        }
    }

    /// A naive twin: sentence by sentence until they no longer fit.
    #[test]
    fn a_cut_takes_as_many_sentences_as_fit(
        sentences in prop::collection::vec("[A-Z][a-z]{0,9}( [a-z]{1,9}){3,12}[.!?]", 30..60),
        max_tokens in 80usize..400,
    ) {
        let text = sentences.join(" ");
        let mut tuner = filled(vec![Document::new("long", "", text.clone())]);
        let options = ContextOptions { max_tokens, ..ContextOptions::default() };
        let found = context(&mut tuner, "a valve", options);
        let passage = &found.passages[0];
        let count = |text: &str| tuner.encoder().count_tokens(&format!("[1]\n{}\n\n", text.trim())).unwrap();
        prop_assert!(count(&text) > max_tokens, "it must be cut");
        let ends = nearmiss::text::sentences(&text).into_iter().map(|range| range.end);
        let mut best = None;
        for end in ends.filter(|&end| end > passage.start) {
            if count(&text[passage.start..end]) > max_tokens {
                break;
            }
            best = Some(&text[passage.start..end]);
        }
        prop_assert_eq!(best, Some(passage.text.as_str()));
    }

    /// The count of a long text is that of its parts, but for words that are cut.
    #[test]
    fn tokens_of_long_texts_are_counted_whole(words in prop::collection::vec("[a-z]{1,8}", 0..120)) {
        let tuner = empty();
        let whole = tuner.encoder().count_tokens(&words.join(" ")).unwrap();
        let parts: usize = words.iter().map(|word| tuner.encoder().count_tokens(word).unwrap()).sum();
        prop_assert_eq!(whole, parts);
    }
}
