//! Mining against a twin too simple to be wrong, and what must hold whatever comes in.

mod twins;

use std::collections::{BTreeMap, HashSet};

use nearmiss::dataset::NegativeSource;
use nearmiss::index::{Hit, top_k};
use nearmiss::mining::{
    Candidate, Candidates, Likeness, List, Marked, MiningOptions, Mixture, Positive, Rule, Sampling,
    Strategy as From, Teacher, checks, mine, shortlist,
};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use twins::naive_eligible;

fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 300,
        rng_seed: RngSeed::Fixed(0x6e65_6172),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

const DOCUMENTS: usize = 40;

fn likeness() -> impl Strategy<Value = Likeness> {
    let positive = || prop::option::weighted(0.2, 0..DOCUMENTS);
    let overlap = prop::option::weighted(0.4, (0.0f32..1.0, 0..DOCUMENTS));
    (overlap, positive(), positive(), prop::option::weighted(0.8, -1.0f32..1.0)).prop_map(
        |(jaccard, sibling, same_title, teacher)| Likeness { jaccard, sibling, same_title, teacher },
    )
}

/// Every document scored and ranked by two measures; a few judged, copied and resembling.
fn candidates() -> impl Strategy<Value = Candidates> {
    let scores = || prop::collection::vec(-1.0f32..1.0, DOCUMENTS);
    let few = |most| prop::collection::btree_set(0..DOCUMENTS, 0..most);
    let alike = prop::collection::vec(likeness(), DOCUMENTS);
    let teachers = prop::collection::vec(prop::option::weighted(0.8, -1.0f32..1.0), DOCUMENTS);
    (scores(), scores(), alike, teachers, few(4), few(4), few(4), few(12)).prop_map(
        |(cosine, words, alike, teachers, positives, negatives, copies, spares)| {
            let one = |position: usize| Candidate {
                hit: Hit { position, score: cosine[position] },
                likeness: alike[position],
            };
            let list = |source, hits: Vec<Hit>| List {
                source,
                hits: hits.into_iter().map(|hit| one(hit.position)).collect(),
            };
            let positive = |at: usize| Positive {
                teacher: teachers[at],
                near_misses: (0..at % 4).map(|n| DOCUMENTS + 4 * at + n).collect(),
                ..Positive::new(at, cosine[at])
            };
            let marked = |document: usize| Marked {
                document,
                score: Some(cosine[document]),
                weight: 0.5,
                source: if document.is_multiple_of(2) {
                    NegativeSource::Labelled
                } else {
                    NegativeSource::Click
                },
            };
            Candidates {
                lists: vec![
                    list(NegativeSource::Dense, top_k(cosine.iter().copied(), DOCUMENTS)),
                    list(NegativeSource::Bm25, top_k(words.iter().copied(), DOCUMENTS / 2)),
                    list(NegativeSource::Random, top_k(words.iter().rev().copied(), 12)),
                    list(NegativeSource::InBatch, top_k(words.iter().map(|w| w.sin()), 9)),
                ],
                spares: spares.into_iter().map(one).collect(),
                positives: positives.into_iter().map(positive).collect(),
                negatives: negatives.into_iter().map(marked).collect(),
                copies: copies.into_iter().collect(),
            }
        },
    )
}

fn options() -> impl Strategy<Value = MiningOptions> {
    let margin = || prop::option::of(0.0f32..0.6);
    let sampling = prop::sample::select(vec![Sampling::Top, Sampling::Random, Sampling::SimAns]);
    let strategy = prop::sample::select(vec![
        From::Dense,
        From::Bm25,
        From::Random,
        From::InBatch,
        From::Hybrid,
        From::Labelled,
        From::Synthetic,
    ]);
    let range = (0usize..6, prop::option::of(1usize..50));
    let rules = (margin(), margin(), margin(), margin(), any::<bool>(), any::<bool>());
    let counts = (1usize..6, prop::option::of(1usize..3), any::<bool>(), 0.0f32..=1.0);
    (range, rules, counts, sampling, strategy, prop::option::of(Just(Teacher::Given)), any::<u64>()).prop_map(
        |((range_min, width), rules, counts, sampling, strategy, teacher, seed)| MiningOptions {
            strategy,
            mixture: Some(Mixture { dense: 0.4, bm25: 0.4, synthetic: 0.2, ..Mixture::default() }),
            range_min,
            range_max: width.map(|width| range_min + width),
            max_score: rules.0,
            min_score: rules.0.map(|max| max - 1.0),
            absolute_margin: rules.1,
            relative_margin: rules.2,
            near_duplicates: rules.3,
            siblings: rules.4,
            same_title: rules.5,
            num_negatives: counts.0,
            max_positives: counts.1,
            top_up: counts.2,
            max_synthetic: counts.3,
            sampling,
            teacher,
            seed,
            ..MiningOptions::default()
        },
    )
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn one_source_is_its_filters(queries in prop::collection::vec(candidates(), 1..5), options in options()) {
        prop_assume!(queries.iter().any(|query| !query.positives.is_empty()));
        let options = MiningOptions {
            strategy: From::Dense, max_positives: None, top_up: false, max_synthetic: 0.0, ..options
        };
        let most_known = queries.iter().map(Candidates::known).max().unwrap();
        let mined = mine(&queries, DOCUMENTS, &options).unwrap();
        let pairs: usize = queries.iter().map(|query| query.positives.len()).sum();
        prop_assert_eq!((mined.examples.len(), mined.report.pairs), (pairs, pairs));
        for example in &mined.examples {
            let query = &queries[example.query];
            let eligible = naive_eligible(query, &query.lists[0], most_known, DOCUMENTS, &options);
            let judged = example.negatives.iter().filter(|n| n.source.is_judged()).count();
            let found: Vec<usize> = example.negatives[judged..].iter().map(|n| n.document).collect();
            let places = options.num_negatives.saturating_sub(judged).min(eligible.len());
            prop_assert_eq!(found.len(), places);
            match options.sampling {
                Sampling::Top => prop_assert_eq!(&found[..], &eligible[..places]),
                Sampling::Random | Sampling::SimAns => {
                    prop_assert!(found.iter().all(|document| eligible.contains(document)));
                    let scores = example.negatives[judged..].iter().map(|n| n.score);
                    prop_assert!(scores.is_sorted_by(|a, b| a >= b), "hardest first");
                }
            }
        }
    }

    #[test]
    fn whatever_comes_in(queries in prop::collection::vec(candidates(), 1..6), options in options()) {
        prop_assume!(queries.iter().any(|query| !query.positives.is_empty()));
        let most_known = queries.iter().map(Candidates::known).max().unwrap();
        let mined = mine(&queries, DOCUMENTS, &options).unwrap();
        let (mut all, mut synthetic, mut by_source) = (0, 0, BTreeMap::new());
        for example in &mined.examples {
            let query = &queries[example.query];
            let positives: HashSet<usize> = query.positives.iter().map(|p| p.document).collect();
            let documents: Vec<usize> = example.negatives.iter().map(|n| n.document).collect();
            prop_assert!(documents.iter().all(|document| !positives.contains(document)), "a positive mined");
            prop_assert_eq!(documents.iter().collect::<HashSet<_>>().len(), documents.len(), "one twice");

            let marked: HashSet<usize> =
                query.negatives.iter().map(|m| m.document).filter(|document| !positives.contains(document)).collect();
            let first: HashSet<usize> = documents[..marked.len()].iter().copied().collect();
            prop_assert_eq!(&first, &marked, "judged ones first, all of them");
            let labels = example.negatives.iter().map(|n| n.source);
            prop_assert!(labels.take(marked.len()).is_sorted(), "labels before clicks");
            prop_assert!(documents.len() <= options.num_negatives.max(marked.len()));

            for negative in &example.negatives {
                *by_source.entry(negative.source).or_insert(0) += 1;
                let list = query.lists.iter().find(|list| list.source == negative.source);
                // Random documents come from the strategy or fill up what it left empty.
                let hits = list.map_or(&[][..], |list| &list.hits).iter();
                let known = hits.chain(query.spares.iter().filter(|_| options.top_up));
                let known = known.filter(|candidate| candidate.hit.position == negative.document).collect::<Vec<_>>();
                match negative.source {
                    NegativeSource::Synthetic => {
                        let own = query.positives.iter().find(|p| p.document == example.positive).unwrap();
                        prop_assert!(own.near_misses.contains(&negative.document));
                        (all, synthetic) = (all + 1, synthetic + 1);
                    }
                    NegativeSource::Random => {
                        let spare = known.first().expect("drawn from what was given");
                        prop_assert!(checks(query, spare, &options).iter().all(|check| check.passed));
                        prop_assert!(options.teacher.is_none() || spare.likeness.teacher.is_some(), "not asked about");
                        prop_assert_eq!(negative.rank, None, "drawn, not ranked");
                        all += 1;
                    }
                    source if source.is_judged() => prop_assert_eq!(negative.weight, 0.5),
                    _ => {
                        let eligible = naive_eligible(query, list.unwrap(), most_known, DOCUMENTS, &options);
                        prop_assert!(eligible.contains(&negative.document));
                        all += 1;
                    }
                }
            }
        }
        prop_assert!(synthetic as f32 <= options.max_synthetic * all as f32 + 1e-4, "{} of {}", synthetic, all);
        prop_assert_eq!(&by_source, &mined.report.sources);
        prop_assert_eq!(mined.report.negatives, by_source.values().sum::<usize>());

        for suspect in &mined.suspects {
            let query = &queries[suspect.query];
            prop_assert!(query.positives.iter().any(|p| p.document == suspect.positive));
            prop_assert!(query.negatives.iter().all(|marked| marked.document != suspect.document));
            prop_assert!(!query.positives.iter().any(|p| p.document == suspect.document));
            let taken = mined.examples.iter().filter(|example| example.query == suspect.query);
            let taken = taken.flat_map(|example| &example.negatives).any(|n| n.document == suspect.document);
            prop_assert!(!taken, "a suspect was taken");
        }
        prop_assert_eq!(mine(&queries, DOCUMENTS, &options).unwrap(), mined, "same seed, same examples");
    }

    #[test]
    fn the_shortlist_is_what_awaits_the_teacher(query in candidates(), options in options()) {
        prop_assume!(!query.positives.is_empty());
        let mut unasked = query.clone();
        for candidate in unasked.lists.iter_mut().flat_map(|list| &mut list.hits) {
            candidate.likeness.teacher = None;
        }
        let listed = shortlist(&unasked, &options, DOCUMENTS);
        let open = |candidate: &&Candidate| checks(&unasked, candidate, &options).iter().all(|check| check.passed);
        let (_, range_max) = options.range(DOCUMENTS);
        let wanted = unasked.lists.iter().flat_map(|list| list.hits.iter().filter(open).take(range_max));
        let mut wanted: HashSet<usize> = wanted.map(|candidate| candidate.hit.position).collect();
        if options.top_up && wanted.len() < 2 * options.num_negatives {
            let spares = unasked.spares.iter().filter(open).take(options.num_negatives);
            wanted.extend(spares.map(|candidate| candidate.hit.position));
        }
        prop_assert_eq!(listed.iter().copied().collect::<HashSet<_>>(), wanted);
        prop_assert!(listed.is_sorted());
    }
}

#[test]
fn a_mixture_draws_from_both_and_takes_no_document_twice() {
    let hit = |position, score| Candidate::from(Hit { position, score });
    let query = Candidates {
        lists: vec![
            List { source: NegativeSource::Dense, hits: vec![hit(1, 0.5), hit(2, 0.4), hit(3, 0.3)] },
            List { source: NegativeSource::Bm25, hits: vec![hit(1, 0.5), hit(4, 0.2), hit(5, 0.1)] },
        ],
        positives: vec![Positive::new(0, 0.9)],
        ..Candidates::default()
    };
    let options = MiningOptions { strategy: From::Hybrid, num_negatives: 4, ..MiningOptions::default() };
    let mined = mine(&[query], 10, &options).unwrap();
    let found: Vec<_> = mined.examples[0].negatives.iter().map(|n| (n.document, n.source)).collect();
    let (dense, words) = (NegativeSource::Dense, NegativeSource::Bm25);
    assert_eq!(found, [(1, dense), (2, dense), (4, words), (5, words)]);
    assert_eq!(mined.report.candidates, 5);
}

#[test]
fn every_rule_says_what_it_looked_at() {
    let likeness = Likeness { jaccard: Some((0.9, 0)), teacher: Some(0.7), ..Likeness::default() };
    let candidate = Candidate { hit: Hit { position: 3, score: 0.78 }, likeness };
    let query = Candidates {
        positives: vec![Positive { teacher: Some(0.6), ..Positive::new(0, 0.8) }],
        ..Candidates::default()
    };
    let options = MiningOptions { teacher: Some(Teacher::MaxSim), ..MiningOptions::default() };
    let all = checks(&query, &candidate, &options);
    assert_eq!(all.iter().map(|check| check.rule).collect::<Vec<_>>(), Rule::ALL);
    let broken: Vec<_> = all.iter().filter(|check| !check.passed).collect();
    let told: Vec<_> = broken.iter().map(|check| (check.rule, check.value, check.limit)).collect();
    let margin = Some(0.8 - 0.8 * 0.05);
    let expected = [
        (Rule::NearDuplicate, Some(0.9), Some(0.8)),
        (Rule::RelativeMargin, Some(0.78), margin),
        (Rule::Teacher, Some(0.7), Some(0.6)),
    ];
    assert_eq!(told, expected);
}
