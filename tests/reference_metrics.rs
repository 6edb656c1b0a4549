//! Metrics against trec_eval (by pytrec_eval), query by query, on a random graded run.

mod common;

use std::collections::BTreeMap;

use nearmiss::evaluation::Metrics;
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    qrels: BTreeMap<String, BTreeMap<String, f32>>,
    run: BTreeMap<String, BTreeMap<String, f64>>,
    per_query: BTreeMap<String, BTreeMap<String, f64>>,
}

impl Reference {
    fn metrics(&self, query: &str) -> Option<Metrics> {
        let mut run: Vec<(&String, &f64)> = self.run.get(query).into_iter().flatten().collect();
        // trec_eval ranks by score and breaks ties by the later id.
        run.sort_by(|a, b| b.1.total_cmp(a.1).then(b.0.cmp(a.0)));
        let ranking: Vec<&String> = run.into_iter().map(|(id, _)| id).collect();
        let positives: Vec<(String, f32)> = self.qrels[query].clone().into_iter().collect();
        Metrics::of(&ranking, &positives)
    }
}

#[test]
fn equal_to_trec_eval() {
    let Some(json) = common::shared("reference/metrics.json") else {
        return;
    };
    let reference: Reference = serde_json::from_str(&json).unwrap();
    assert!(reference.per_query.len() > 10, "the reference holds queries");
    for query in reference.qrels.keys() {
        let ours = reference.metrics(query).unwrap_or_default();
        let theirs = |name: &str| reference.per_query.get(query).map_or(0.0, |metrics| metrics[name]);
        let pairs = [
            (ours.ndcg_at_10, theirs("ndcg_cut_10")),
            (ours.mrr_at_10, theirs("recip_rank_10")),
            (ours.recall_at_100, theirs("recall_100")),
            (ours.precision_at_1, theirs("P_1")),
        ];
        for (ours, theirs) in pairs {
            assert!(
                (ours - theirs).abs() < 1e-12,
                "{query}: {ours} here, {theirs} in trec_eval, of {pairs:?}"
            );
        }
    }
}

#[test]
fn keys_are_the_fields_names() {
    let json = serde_json::to_value(Metrics::default()).unwrap();
    let keys: Vec<&String> = json.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["mrr@10", "ndcg@10", "precision@1", "recall@10", "recall@100"]);
}
