//! From qrels to judgments and back.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::{Qrel, Query};
use crate::dataset::split::normalise;
use crate::dataset::{Judged, Judgment, Judgments, Split};
use crate::error::{Error, Result};

/// Turns qrels into judgments: a score above 0 is relevant with that grade, 0 is a labelled negative. Where several ids have
/// one text, up to case and white space, the highest score counts: what anyone called relevant is not a negative.
///
/// # Errors
/// `INPUT_INVALID` when a query id is unknown.
pub fn judgments(queries: &[Query], qrels: &[Qrel], split: Option<Split>) -> Result<Vec<Judgment>> {
    let texts: HashMap<&str, &str> = queries.iter().map(|q| (q.id.as_str(), q.text.as_str())).collect();
    let mut pairs: Vec<(&str, &Qrel, f32)> = Vec::new();
    let mut numbers: HashMap<(String, &str), usize> = HashMap::new();
    for qrel in qrels {
        let Some(&text) = texts.get(qrel.query.as_str()) else {
            return Err(Error::input("qrels.tsv", format!("queries.jsonl has no query {:?}", qrel.query)));
        };
        match numbers.entry((normalise(text), qrel.document.as_str())) {
            Entry::Occupied(at) => {
                let score = &mut pairs[*at.get()].2;
                *score = score.max(qrel.score);
            }
            Entry::Vacant(at) => {
                at.insert(pairs.len());
                pairs.push((text, qrel, qrel.score));
            }
        }
    }
    let judgment = |(text, qrel, score): (&str, &Qrel, f32)| Judgment {
        relevant: score > 0.0,
        grade: (score > 0.0 && score != 1.0).then_some(score),
        split,
        ..Judgment::relevant(text, qrel.document.clone())
    };
    Ok(pairs.into_iter().map(judgment).collect())
}

/// Turns judgments into queries and qrels, of one side or of all: a relevant document has its gain as the score, fractions
/// as they are, a document that is not relevant has 0. [`super::write_queries`] and [`super::write_qrels`] write the files.
///
/// Queries are called `q1`, `q2`, … in the order in which they were first judged, whatever the side: the qrels of all
/// sides fit one `queries.jsonl`. The side of a query is that of [`Judgments::queries`] with the same seed, so the held-out
/// one has no synthetic positives where there are real ones.
///
/// Qrels hold a score and nothing else. Lost are the weight, the source (only what counts for a pair is written), the kind
/// of a synthetic query, the count of impressions, and which side a query stands on, but for the choice of the file. Many
/// readers take whole scores only, BEIR's own among them.
pub fn from_judgments(judgments: &Judgments, split: Option<Split>, seed: u64) -> (Vec<Query>, Vec<Qrel>) {
    let (mut queries, mut qrels) = (Vec::new(), Vec::new());
    for (number, query) in judgments.numbered_queries(split, seed) {
        let id = format!("q{}", number + 1);
        let judged = query.positives.into_iter().chain(query.negatives);
        let qrel = |judged: Judged| Qrel { query: id.clone(), document: judged.document, score: judged.gain };
        qrels.extend(judged.map(qrel));
        queries.push(Query { id, text: query.text });
    }
    (queries, qrels)
}
