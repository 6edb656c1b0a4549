//! Twins too simple to be wrong: tests hold the clever routines against them, benchmarks put their times beside each other.

#![allow(dead_code, reason = "each test uses a part of this")]

use std::collections::{BTreeMap, HashSet};

use nearmiss::dataset::NegativeSource;
use nearmiss::index::{Analyzer, B, Hit, K1};
use nearmiss::mining::{Candidate, Candidates, List, MiningOptions};

/// Everything sorted, the first k taken.
pub fn naive_top_k(scores: &[f32], k: usize) -> Vec<Hit> {
    let mut hits: Vec<Hit> =
        scores.iter().enumerate().map(|(position, &score)| Hit { position, score }).collect();
    hits.retain(|hit| !hit.score.is_nan());
    // A stable sort: equal scores stay in order of position.
    hits.sort_by(|a, b| b.score.partial_cmp(&a.score).unwrap());
    hits.truncate(k);
    hits
}

/// The formula, term by term, counting words anew for each document.
pub fn naive_bm25(texts: &[String], query: &str) -> Vec<f32> {
    let analyzer = Analyzer::default();
    let documents: Vec<Vec<String>> = texts.iter().map(|text| analyzer.terms(text)).collect();
    let n = documents.len() as f32;
    let average = documents.iter().map(Vec::len).sum::<usize>() as f32 / n;
    let score = |document: &Vec<String>| {
        let term_score = |term: &String| {
            let found = documents.iter().filter(|document| document.contains(term)).count() as f32;
            let tf = document.iter().filter(|&other| other == term).count() as f32;
            let idf = (1.0 + (n - found + 0.5) / (found + 0.5)).ln();
            let length = document.len() as f32 / average;
            if tf == 0.0 { 0.0 } else { idf * (tf / (tf + K1 * (1.0 - B + B * length))) }
        };
        analyzer.terms(query).iter().map(term_score).sum()
    };
    documents.iter().map(score).collect()
}

/// nDCG@10 of a ranking without repetitions.
pub fn naive_ndcg(ranking: &[String], gains: &BTreeMap<String, f32>) -> f64 {
    let dcg = |gains: &[f64]| -> f64 {
        (1..=10).zip(gains).map(|(rank, gain)| gain / f64::from(rank + 1).log2()).sum()
    };
    let got: Vec<f64> = ranking.iter().map(|id| f64::from(*gains.get(id).unwrap_or(&0.0))).collect();
    let mut best: Vec<f64> = gains.values().map(|&gain| f64::from(gain)).collect();
    best.sort_by(|a, b| b.total_cmp(a));
    dcg(&got) / dcg(&best)
}

/// Filter after filter over the whole list; then the range.
pub fn naive_eligible(
    query: &Candidates,
    list: &List,
    most_known: usize,
    documents: usize,
    o: &MiningOptions,
) -> Vec<usize> {
    let (range_min, range_max) = o.range(documents);
    let positives: HashSet<usize> = query.positives.iter().map(|p| p.document).collect();
    let lowest = query.positives.iter().map(|p| p.score).min_by(f32::total_cmp).unwrap();
    let teacher = query.positives.iter().filter_map(|p| p.teacher).min_by(f32::total_cmp);
    let mut left: Vec<Candidate> = list.hits.iter().copied().take(range_max + most_known).collect();
    left.retain(|c| !positives.contains(&c.hit.position) && !query.copies.contains(&c.hit.position));
    left.retain(|c| query.negatives.iter().all(|marked| marked.document != c.hit.position));
    left.retain(|c| match (c.likeness.jaccard, o.near_duplicates) {
        (Some((overlap, _)), Some(limit)) => overlap < limit,
        _ => true,
    });
    left.retain(|c| !(o.siblings && c.likeness.sibling.is_some()));
    left.retain(|c| !(o.same_title && c.likeness.same_title.is_some()));
    left.retain(|c| o.absolute_margin.is_none_or(|m| c.hit.score <= lowest - m));
    left.retain(|c| o.relative_margin.is_none_or(|m| c.hit.score <= lowest - lowest.abs() * m));
    left.retain(|c| o.max_score.is_none_or(|max| c.hit.score <= max));
    left.retain(|c| o.min_score.is_none_or(|min| c.hit.score >= min));
    if o.teacher.is_some() {
        left.retain(|c| c.likeness.teacher.is_some());
        if let Some(lowest) = teacher {
            left.retain(|c| c.likeness.teacher.unwrap() <= lowest);
        }
    }
    // Only a ranking has a range.
    let is_ranked = matches!(list.source, NegativeSource::Dense | NegativeSource::Bm25);
    let (range_min, range_max) = if is_ranked { (range_min, range_max) } else { (0, documents) };
    let places = left.iter().map(|c| c.hit.position).enumerate();
    places.filter(|(at, _)| (range_min..range_max).contains(at)).map(|(_, position)| position).collect()
}
