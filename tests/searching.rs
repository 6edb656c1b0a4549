//! Search as a list of stages, over a tiny model.
#![cfg(feature = "cpu")]

#[path = "common/model.rs"]
mod model;
#[path = "common/tuned.rs"]
mod tuned;

use nearmiss::dataset::{Document, Split};
use nearmiss::encoder::Tower;
use nearmiss::index::{flat, maxsim};
use nearmiss::tuner::{Event, Found, Job, Mode, SearchOptions, Snippets, Tuner};
use serde_json::{Value, json};
use std::collections::HashSet;
use tuned::{WORDS, empty, run, tuner};

fn options(value: Value) -> SearchOptions {
    serde_json::from_value(value).unwrap()
}

fn indexed() -> Tuner {
    let mut tuner = tuner();
    let job = Job::index(&tuner).unwrap();
    run(&mut tuner, job).unwrap();
    tuner
}

fn search<'a>(tuner: &'a mut Tuner, query: &str, options: &SearchOptions) -> Vec<Found<'a>> {
    pollster::block_on(tuner.search(query, options)).unwrap()
}

/// Ids and scores.
fn list(tuner: &mut Tuner, query: &str, with: Value) -> Vec<(String, f32)> {
    let found = search(tuner, query, &options(with));
    found.iter().map(|hit| (hit.document.id.clone(), hit.score)).collect()
}

const QUERY: &str = "how do i rotate the valve 4 times";

#[test]
fn modes_are_short_for_stages() {
    let mut tuner = indexed();
    let cases = [
        (json!({ "mode": "lexical" }), json!({ "stages": [{ "stage": "lexical" }] })),
        (json!({ "mode": "dense" }), json!({ "stages": [{ "stage": "dense", "index": "exact" }] })),
        (
            json!({}),
            json!({ "stages": [{ "stage": "dense" }, { "stage": "lexical", "k1": 0.9, "b": 0.4 }, { "stage": "fusion", "method": "weighted", "weights": [0.4, 0.6] }] }),
        ),
        (
            json!({ "mode": "dense", "rerank": "maxsim" }),
            json!({ "stages": [{ "stage": "dense" }, { "stage": "rerank", "scorer": "maxsim", "weight": 0.5 }] }),
        ),
    ];
    for (short, long) in cases {
        assert_eq!(list(&mut tuner, QUERY, short.clone()), list(&mut tuner, QUERY, long), "{short}");
    }
}

#[test]
fn offsets_page_through_one_list() {
    let mut tuner = indexed();
    let all = list(&mut tuner, QUERY, json!({ "k": 12 }));
    assert_eq!(all.len(), 12);
    let pages: Vec<_> = (0..12)
        .step_by(5)
        .flat_map(|offset| list(&mut tuner, QUERY, json!({ "k": 5, "offset": offset })))
        .collect();
    assert_eq!(pages, all);
    let third = search(&mut tuner, QUERY, &options(json!({ "k": 1, "offset": 2 })));
    assert_eq!(third[0].rank, 3);
    assert!(list(&mut tuner, QUERY, json!({ "offset": 12 })).is_empty());
}

/// Deeper than every list of every stage.
#[test]
fn pages_are_parts_of_one_list_whatever_the_search() {
    let mut tuner = empty();
    let note = |at: usize| {
        let word = |n: usize| WORDS[(at * 7 + n * n * 3 + at / (n + 2)) % WORDS.len()];
        let parent = (!at.is_multiple_of(3)).then(|| format!("book {}", at % 97));
        let text = format!("rotate the {} {} {at}", word(0), word(3));
        Document { parent, metadata: json!({ "at": at }), ..Document::new(format!("n{at}"), "", text) }
    };
    tuner.add_documents((0..1200).map(note).collect()).unwrap();
    tuner.set_graph_from(1000);
    let job = Job::index(&tuner).unwrap();
    run(&mut tuner, job).unwrap();
    assert!(tuner.graph().is_some());
    let rerank = json!({ "stage": "rerank", "scorer": "maxsim", "depth": 7 });
    let cases = [
        json!({ "mode": "dense" }),
        json!({ "mode": "lexical" }),
        json!({ "mode": "hybrid" }),
        json!({ "mode": "dense", "rerank": "maxsim" }),
        json!({ "mode": "hybrid", "rerank": "maxsim" }),
        json!({ "mode": "hybrid", "perDocument": 2 }),
        json!({ "mode": "dense", "rerank": "maxsim", "perDocument": 1 }),
        json!({ "mode": "hybrid", "filter": { "at": { "lt": 700 } } }),
        json!({ "stages": [{ "stage": "dense", "index": "exact", "depth": 30 }, { "stage": "lexical" }, { "stage": "fusion", "method": "rrf", "depth": 50 }] }),
        json!({ "stages": [{ "stage": "lexical", "depth": 30 }, rerank] }),
    ];
    let query = "rotate the valve 4";
    for case in cases {
        let mut page = |offset: usize, k: usize| {
            let mut with = case.clone();
            (with["k"], with["offset"]) = (json!(k), json!(offset));
            let found = search(&mut tuner, query, &options(with));
            let shown = found.iter().map(|hit| {
                let more: Vec<String> = hit.more.iter().map(|hit| hit.document.id.clone()).collect();
                let places = [hit.dense, hit.lexical, hit.fusion, hit.rerank];
                let group = hit.group.as_ref().map(|group| group.hits);
                (hit.rank, hit.document.id.clone(), hit.score, more, places, group)
            });
            shown.collect::<Vec<_>>()
        };
        let all = page(0, 1000);
        let pages: Vec<_> = (0..1000).step_by(60).flat_map(|at| page(at, 60.min(1000 - at))).collect();
        assert_eq!(pages.len(), all.len(), "{case}");
        for (one, other) in pages.iter().zip(&all) {
            assert_eq!(one, other, "{case}");
        }
        let ids: HashSet<&String> = all.iter().flat_map(|hit| hit.3.iter().chain([&hit.1])).collect();
        assert_eq!(ids.len(), all.iter().map(|hit| 1 + hit.3.len()).sum::<usize>(), "{case}: none twice");
        assert!(all.is_sorted_by(|a, b| a.2 >= b.2), "{case}: scores fall");
        assert!(all.iter().all(|hit| hit.4[0].or(hit.4[1]).is_some()), "{case}: every hit says who found it");
        let reranked = all.iter().filter(|hit| hit.4[3].is_some()).count();
        let expected = if case["stages"][1]["depth"] == 7 { 7 } else { 20 };
        if case["rerank"].is_string() && case["perDocument"].is_null() || expected == 7 {
            assert_eq!(reranked, expected, "{case}");
        }
        if case["perDocument"].is_null() {
            assert_eq!(all.len(), if case["filter"].is_null() { 1000 } else { 700 }, "{case}");
        }
    }
    // Behind what was reordered, and behind what was fused.
    for offset in [30, 500] {
        let with = json!({ "rerank": "maxsim", "offset": offset, "k": 1, "explain": true });
        let hit = &search(&mut tuner, query, &options(with))[0];
        assert!(hit.rerank.is_none());
        assert_eq!(hit.explanation.as_ref().map(|tree| tree.value), hit.fusion.map(|place| place.score));
    }
}

/// A naive twin: every token of the query against every token of each document.
#[test]
fn maxsim_is_the_mean_of_the_nearest_tokens() {
    let mut tuner = indexed();
    let alone = json!({ "k": 12, "stages": [{ "stage": "dense" }, { "stage": "rerank", "scorer": "maxsim", "weight": 1 }] });
    let found = list(&mut tuner, QUERY, alone.clone());
    let tokens = |text: &str, tower| {
        pollster::block_on(tuner.encoder().encode_tokens(&[text], tower)).unwrap().remove(0)
    };
    let query = tokens(QUERY, Tower::Query);
    let mut expected: Vec<(String, f32)> = tuner
        .corpus()
        .documents()
        .iter()
        .map(|document| {
            (document.id.clone(), maxsim(&query.rows, &tokens(&document.content(), Tower::Document).rows))
        })
        .collect();
    expected.sort_by(|a, b| b.1.total_cmp(&a.1));
    // Tokens are kept in half precision.
    for ((id, score), (other, wanted)) in found.iter().zip(&expected) {
        assert!((score - wanted).abs() < 1e-3, "{id} {score}, {other} {wanted}");
    }
    let order: Vec<&String> = found.iter().map(|(id, _)| id).collect();
    let wanted: Vec<&String> = expected.iter().map(|(id, _)| id).collect();
    assert_eq!(order[0], wanted[0]);
    // A second time nothing is encoded, and nothing differs.
    assert_eq!(found, list(&mut tuner, QUERY, alone));
}

#[test]
fn a_rerank_with_weight_0_changes_no_order_and_depth_bounds_it() {
    let mut tuner = indexed();
    let stages = |weight: f32, depth: usize| json!({ "k": 4, "stages": [{ "stage": "lexical" }, { "stage": "rerank", "scorer": "maxsim", "weight": weight, "depth": depth }] });
    let ids = |found: Vec<(String, f32)>| found.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    let plain = ids(list(&mut tuner, QUERY, json!({ "k": 4, "mode": "lexical" })));
    assert_eq!(ids(list(&mut tuner, QUERY, stages(0.0, 20))), plain);
    // Never fewer than are shown.
    assert_eq!(list(&mut tuner, QUERY, stages(1.0, 1)).len(), 4);
}

#[test]
fn filters_hold_in_every_stage() {
    let mut tuner = empty();
    let note = |(at, word): (usize, &&str)| {
        let mut document = Document::new(*word, "", format!("to rotate the {word} turn it {at} times"));
        document.metadata = json!({ "even": at % 2 == 0, "at": at });
        document
    };
    tuner.add_documents(WORDS.iter().enumerate().map(note).collect()).unwrap();
    let job = Job::index(&tuner).unwrap();
    run(&mut tuner, job).unwrap();
    for mode in ["dense", "lexical", "hybrid"] {
        let all = list(&mut tuner, QUERY, json!({ "mode": mode, "k": 12 }));
        let even = list(&mut tuner, QUERY, json!({ "mode": mode, "k": 12, "filter": { "even": true } }));
        assert_eq!(even.len(), 6, "{mode}");
        if mode != "hybrid" {
            let expected: Vec<_> = all
                .into_iter()
                .filter(|(id, _)| WORDS.iter().position(|w| w == id).unwrap() % 2 == 0)
                .collect();
            assert_eq!(even, expected, "{mode}: the same scores, fewer documents");
        }
    }
    assert!(list(&mut tuner, QUERY, json!({ "filter": { "at": { "gt": 99 } } })).is_empty());
}

#[test]
fn chunks_of_a_document_stand_together() {
    let mut tuner = empty();
    let chunk = |(at, word): (usize, &&str)| Document {
        parent: (at < 6).then(|| format!("book {}", at % 2)),
        ..Document::new(*word, "", format!("rotate the valve of the {word}"))
    };
    tuner.add_documents(WORDS.iter().enumerate().map(chunk).collect()).unwrap();
    let job = Job::index(&tuner).unwrap();
    run(&mut tuner, job).unwrap();
    let flat = list(&mut tuner, "rotate the valve of the key", json!({ "k": 12 }));
    let found =
        search(&mut tuner, "rotate the valve of the key", &options(json!({ "k": 12, "perDocument": 2 })));
    assert_eq!(found.len(), 8, "two books and six notes");
    let books: Vec<_> = found
        .iter()
        .filter(|hit| hit.group.as_ref().is_some_and(|group| group.id.starts_with("book")))
        .collect();
    assert_eq!(books.len(), 2);
    for book in books {
        assert_eq!((book.group.as_ref().unwrap().hits, book.more.len()), (3, 1));
        assert!(book.score >= book.more[0].score);
    }
    assert_eq!(found[0].document.id, flat[0].0, "the best of all is first of the first group");
    assert_eq!(found.iter().map(|hit| hit.rank).collect::<Vec<_>>(), (1..=8).collect::<Vec<_>>());
}

#[test]
fn an_explanation_adds_up_stage_by_stage() {
    let mut tuner = indexed();
    let stages = json!([
        { "stage": "lexical", "k1": 1.2, "b": 0.75 }, { "stage": "dense" },
        { "stage": "fusion", "method": "weighted", "weights": [0.3, 0.7] },
        { "stage": "rerank", "scorer": "maxsim", "weight": 0.5 }
    ]);
    let found = search(&mut tuner, QUERY, &options(json!({ "k": 3, "stages": stages, "explain": true })));
    for hit in &found {
        let tree = hit.explanation.as_ref().unwrap();
        assert_eq!(tree.value, hit.score);
        let [maxsim, fusion] = tree.details.as_slice() else { panic!("{tree}") };
        assert_eq!(fusion.value, hit.fusion.unwrap().score);
        let sum: f32 = fusion.details.iter().map(|part| part.value).sum();
        assert!((sum - fusion.value).abs() < 1e-6, "{tree}");
        let lexical = &fusion.details[0].details[0];
        assert!((lexical.value - lexical.details.iter().map(|term| term.value).sum::<f32>()).abs() < 1e-5);
        assert_eq!(lexical.value, hit.lexical.unwrap().score);
        let alignment = hit.alignment.as_ref().unwrap();
        let mean = alignment.iter().map(|pair| pair.similarity).sum::<f32>() / alignment.len() as f32;
        assert!((mean - maxsim.value).abs() < 1e-5, "the alignment is what MaxSim is the mean of");
    }
    let by_rank = search(
        &mut tuner,
        QUERY,
        &options(
            json!({ "k": 1, "explain": true, "stages": [{ "stage": "dense" }, { "stage": "lexical" }, { "stage": "fusion", "method": "rrf" }] }),
        ),
    );
    let tree = by_rank[0].explanation.as_ref().unwrap();
    let place = |at: usize| [by_rank[0].dense, by_rank[0].lexical][at].unwrap().rank as f32;
    for (at, part) in tree.details.iter().enumerate() {
        assert_eq!(part.value, 1.0 / (60.0 + place(at)), "{tree}");
    }
}

#[test]
fn snippets_are_counted_in_utf16() {
    let mut tuner = empty();
    let text = format!("😀 {} Rotate the ключ of the valve. And so on.", "Nothing to see here. ".repeat(20));
    tuner.add_documents(vec![Document::new("a", "", text.clone())]).unwrap();
    let with =
        SearchOptions { mode: Mode::Lexical, snippets: Snippets::Length(40), ..SearchOptions::default() };
    let found = search(&mut tuner, "valve ключ", &with);
    let snippet = found[0].snippet.as_ref().unwrap();
    let units: Vec<u16> = snippet.text.encode_utf16().collect();
    let marked: Vec<String> = snippet
        .highlights
        .iter()
        .map(|&[start, end]| String::from_utf16(&units[start..end]).unwrap())
        .collect();
    assert_eq!(marked, ["ключ", "valve"]);
    let whole: Vec<u16> = text.encode_utf16().collect();
    assert_eq!(&whole[snippet.start..snippet.start + units.len()], units);
    assert!(snippet.text.starts_with("Rotate"), "{}", snippet.text);
}

#[test]
fn a_list_from_elsewhere_can_be_fused_and_reordered() {
    let mut tuner = indexed();
    let given =
        json!({ "stage": "given", "documents": ["ring", "nobody", "key"], "scores": [3.0, 2.0, 1.0] });
    assert_eq!(
        list(&mut tuner, QUERY, json!({ "stages": [given] })),
        [("ring".to_owned(), 3.0), ("key".to_owned(), 1.0)]
    );
    let found = list(
        &mut tuner,
        "rotate the key",
        json!({ "stages": [given, { "stage": "rerank", "scorer": "maxsim" }] }),
    );
    assert_eq!(found.len(), 2);
}

#[test]
fn what_makes_no_list_is_refused_by_place() {
    let mut tuner = indexed();
    let cases = [
        (json!({ "k": 0 }), "k:"),
        (json!({ "k": 500, "offset": 501 }), "offset:"),
        (json!({ "perDocument": 0 }), "perDocument:"),
        (json!({ "snippets": 3 }), "snippets:"),
        (json!({ "stages": [] }), "stages:"),
        (json!({ "stages": [{ "stage": "lexical" }, { "stage": "dense" }] }), "stages:"),
        (json!({ "stages": [{ "stage": "fusion" }] }), "stages[0]:"),
        (json!({ "stages": [{ "stage": "lexical", "b": 1.5 }] }), "stages[0].b:"),
        (json!({ "stages": [{ "stage": "lexical", "k1": -1 }] }), "stages[0].k1:"),
        (json!({ "stages": [{ "stage": "dense", "depth": 0 }] }), "stages[0].depth:"),
        (json!({ "stages": [{ "stage": "dense", "ef": 0 }] }), "stages[0].ef:"),
        (
            json!({ "stages": [{ "stage": "lexical" }, { "stage": "fusion", "weights": [1, 2] }] }),
            "stages[1].weights:",
        ),
        (
            json!({ "stages": [{ "stage": "lexical" }, { "stage": "fusion", "weights": [0] }] }),
            "stages[1].weights:",
        ),
        (
            json!({ "stages": [{ "stage": "lexical" }, { "stage": "dense" }, { "stage": "rerank", "scorer": "maxsim" }] }),
            "stages[2]:",
        ),
        (
            json!({ "stages": [{ "stage": "lexical" }, { "stage": "rerank", "scorer": "maxsim", "weight": 2 }] }),
            "stages[1].weight:",
        ),
        (json!({ "stages": [{ "stage": "given", "documents": ["key"], "scores": [] }] }), "stages[0]:"),
        (json!({ "mode": "dense", "stages": [{ "stage": "dense" }] }), "stages:"),
        (json!({ "filter": { "x": { "about": 1 } } }), "filter.x.about:"),
    ];
    for (with, place) in cases {
        let error = pollster::block_on(tuner.search(QUERY, &options(with.clone()))).unwrap_err();
        assert_eq!(error.code(), "INPUT_INVALID", "{with}");
        assert!(error.to_string().starts_with(place), "{with}: {error}");
    }
    assert!(
        serde_json::from_value::<SearchOptions>(json!({ "stages": [{ "stage": "dense", "k1": 1 }] }))
            .is_err()
    );
    assert!(serde_json::from_value::<SearchOptions>(json!({ "stages": [{ "stage": "sparse" }] })).is_err());
}

/// Several stages are measured as one mode is, query by query.
#[test]
fn measuring_stages_gives_what_the_mode_gives() {
    let mut tuner = indexed();
    let mut measure = |search: SearchOptions| {
        let job = Job::evaluate(&tuner, Split::HeldOut, search).unwrap();
        let events = run(&mut tuner, job).unwrap();
        let searched = events.iter().filter(|event| matches!(event, Event::Search { .. })).count();
        let Some(Event::Evaluated { after, queries, .. }) = events.last() else { panic!("nothing measured") };
        (*after, *queries, searched)
    };
    let (hybrid, queries, at_once) = measure(Mode::Hybrid.into());
    let (stages, same, one_by_one) = measure(options(
        json!({ "stages": [{ "stage": "dense" }, { "stage": "lexical" }, { "stage": "fusion" }] }),
    ));
    assert_eq!((hybrid, queries), (stages, same));
    assert_eq!((at_once, one_by_one), (0, queries));
    let (reranked, ..) = measure(options(json!({ "mode": "hybrid", "rerank": "maxsim" })));
    assert_eq!(reranked.recall_at_100, hybrid.recall_at_100, "reordering loses nothing");
}

#[test]
fn dense_search_is_exact() {
    let mut tuner = indexed();
    let contents: Vec<String> = tuner.corpus().documents().iter().map(Document::content).collect();
    let rows = pollster::block_on(tuner.encode(&contents, Tower::Document)).unwrap();
    let query = pollster::block_on(tuner.encode(&[QUERY.into()], Tower::Query)).unwrap();
    let expected: Vec<String> =
        flat::search(&rows, query.row(0), 12).iter().map(|hit| WORDS[hit.position].into()).collect();
    let found: Vec<String> =
        list(&mut tuner, QUERY, json!({ "mode": "dense", "k": 12 })).into_iter().map(|(id, _)| id).collect();
    assert_eq!(found, expected);
}
