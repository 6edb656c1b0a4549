//! Mining against sentence-transformers' `mine_hard_negatives` on Cranfield with MiniLM vectors: 12 settings, every pair,
//! the same negatives in the same order.

mod common;

use std::collections::{BTreeMap, HashMap};

use nearmiss::embeddings::{Embeddings, dot};
use nearmiss::index::{Hit, flat};
use nearmiss::mining::{
    Candidate, Candidates, List, Mined, MiningOptions, NegativeSource, Positive, Sampling, mine,
};
use serde::Deserialize;

/// Query id, positive id, negative ids.
type Negatives = BTreeMap<String, BTreeMap<String, Vec<String>>>;

#[derive(Deserialize)]
struct Reference {
    dim: usize,
    document_ids: Vec<String>,
    query_ids: Vec<String>,
    positives: HashMap<String, HashMap<String, Vec<String>>>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    positives: String,
    settings: Settings,
    negatives: Negatives,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    range_min: usize,
    range_max: usize,
    num_negatives: usize,
    sampling_strategy: Sampling,
    max_score: Option<f32>,
    min_score: Option<f32>,
    absolute_margin: Option<f32>,
    relative_margin: Option<f32>,
}

impl Settings {
    fn options(&self) -> MiningOptions {
        MiningOptions {
            range_min: self.range_min,
            range_max: Some(self.range_max),
            max_score: self.max_score,
            min_score: self.min_score,
            absolute_margin: self.absolute_margin,
            relative_margin: self.relative_margin,
            num_negatives: self.num_negatives,
            sampling: self.sampling_strategy,
            // These do not exist there.
            top_up: false,
            near_duplicates: None,
            ..MiningOptions::default()
        }
    }
}

struct Vectors {
    documents: Embeddings, // [n, dim]
    queries: Embeddings,   // [m, dim]
}

fn load() -> Option<(Reference, Vectors)> {
    let reference: Reference = serde_json::from_str(&common::shared("reference/mining.json")?).unwrap();
    let table = |name: &str| {
        let values = common::shared_f32(&format!("reference/cranfield_minilm_{name}.f32"))?;
        Some(Embeddings::new(reference.dim, values).unwrap())
    };
    let vectors = Vectors { documents: table("documents")?, queries: table("queries")? };
    Some((reference, vectors))
}

fn candidates(reference: &Reference, vectors: &Vectors, case: &Case) -> Vec<Candidates> {
    let position: HashMap<&String, usize> =
        reference.document_ids.iter().enumerate().map(|(position, id)| (id, position)).collect();
    let all = flat::search_many(&vectors.documents, &vectors.queries, vectors.documents.len());
    let of_query = |(number, hits)| {
        let ids = reference.positives[&case.positives].get(&reference.query_ids[number]);
        let positives = ids.into_iter().flatten().map(|id| {
            let score = dot(vectors.documents.row(position[id]), vectors.queries.row(number));
            Positive::new(position[id], score)
        });
        let hits: Vec<Hit> = hits;
        let hits = hits.into_iter().map(Candidate::from).collect();
        let lists = vec![List { source: NegativeSource::Dense, hits }];
        Candidates { lists, positives: positives.collect(), ..Candidates::default() }
    };
    all.into_iter().enumerate().map(of_query).collect()
}

#[test]
fn equal_to_sentence_transformers() {
    let Some((reference, vectors)) = load() else {
        return;
    };
    assert_eq!(reference.cases.len(), 12);
    for case in &reference.cases {
        let queries = candidates(&reference, &vectors, case);
        let Mined { examples, report, .. } =
            mine(&queries, vectors.documents.len(), &case.settings.options()).unwrap();

        let mut mined = Negatives::new();
        for example in examples.iter().filter(|example| !example.negatives.is_empty()) {
            let ids = example.negatives.iter().map(|n| reference.document_ids[n.document].clone());
            let pairs = mined.entry(reference.query_ids[example.query].clone()).or_default();
            pairs.insert(reference.document_ids[example.positive].clone(), ids.collect());
        }
        let what = format!("{} {:?}", case.positives, case.settings);
        assert_eq!(mined, case.negatives, "{what}");
        assert_eq!(report.negatives + report.shortfall, report.pairs * case.settings.num_negatives, "{what}");
    }
}
