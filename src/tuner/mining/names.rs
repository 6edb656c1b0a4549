//! Mined examples by the caller's own ids.

use super::Mined;
use crate::dataset::{Negative, NegativeSource};
use crate::mining::Suspicion;
use crate::text::NearMissKind;
use crate::tuner::Tuner;
use nearmiss_kernels::{FNV_OFFSET, fnv1a};
use serde::Serialize;
use std::collections::HashSet;

/// A mined example.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "documented where its users read of it: in the package's `types.ts`")]
pub struct MinedExample {
    pub query: String,
    pub positive: String,
    pub negatives: Vec<MinedNegative>,
    pub positive_score: f32,
    pub weight: f32,
}

/// A negative of a [`MinedExample`].
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "documented where its users read of it: in the package's `types.ts`")]
pub struct MinedNegative {
    pub document: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub synthetic: Option<NearMissText>,
    pub score: Option<f32>,
    pub rank: Option<usize>,
    pub source: NegativeSource,
    pub weight: f32,
}

/// A synthetic text.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "documented where its users read of it: in the package's `types.ts`")]
pub struct NearMissText {
    pub text: String,
    pub kind: NearMissKind,
    pub from: String,
    pub to: String,
    pub source: String,
    pub donor: Option<String>,
}

/// A suspect.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(missing_docs, reason = "documented where its users read of it: in the package's `types.ts`")]
pub struct NamedSuspect {
    pub query: String,
    pub document: String,
    pub positive: String,
    pub reason: Suspicion,
    pub score: f32,
    pub positive_score: f32,
    pub similarity: Option<f32>,
}

impl Tuner {
    /// Examples and suspects of a round.
    pub(in crate::tuner) fn named(&self, mined: &Mined) -> (Vec<MinedExample>, Vec<NamedSuspect>) {
        let id = |position: usize| self.corpus.documents()[position].id.clone();
        let negative = |negative: &Negative| {
            let synthetic = negative.document.checked_sub(self.corpus.len());
            let synthetic = synthetic.and_then(|at| mined.near_misses.get(at)).map(|text| NearMissText {
                text: text.text.clone(),
                kind: text.kind,
                from: text.from.clone(),
                to: text.to.clone(),
                source: id(text.source),
                donor: text.donor.map(id),
            });
            MinedNegative {
                document: synthetic.is_none().then(|| id(negative.document)),
                synthetic,
                score: negative.score,
                rank: negative.rank,
                source: negative.source,
                weight: negative.weight,
            }
        };
        let examples = mined.examples.iter().map(|example| MinedExample {
            query: mined.queries[example.query].text.clone(),
            positive: id(example.positive),
            negatives: example.negatives.iter().map(negative).collect(),
            positive_score: example.positive_score,
            weight: example.weight,
        });
        let suspects = mined.suspects.iter().map(|suspect| NamedSuspect {
            query: mined.queries[suspect.query].text.clone(),
            document: id(suspect.document),
            positive: id(suspect.positive),
            reason: suspect.reason,
            score: suspect.score,
            positive_score: suspect.positive_score,
            similarity: suspect.similarity,
        });
        (examples.collect(), suspects.collect())
    }
}

/// Names what was found, so that two rounds can be compared: a number for each (query, positive, mined negative).
pub(in crate::tuner) fn found(tuner: &Tuner, mined: &Mined) -> HashSet<u64> {
    let documents = tuner.corpus.documents();
    let text = |number: usize| match number.checked_sub(documents.len()) {
        None => documents[number].id.as_str(),
        Some(at) => mined.near_misses.get(at).map_or("", |near_miss| near_miss.text.as_str()),
    };
    let join = |hash, text: &str| fnv1a(fnv1a(hash, text.as_bytes()), &[0xff]);
    let pairs = mined.examples.iter().flat_map(|example| {
        let start = join(FNV_OFFSET, &mined.queries[example.query].text);
        let pair = join(start, text(example.positive));
        let negatives = example.negatives.iter().filter(|negative| !negative.source.is_judged());
        negatives.map(move |negative| join(pair, text(negative.document)))
    });
    pairs.collect()
}

/// Share of `now` that `before` held too; none without either.
pub(in crate::tuner) fn overlap(before: Option<&HashSet<u64>>, now: &HashSet<u64>) -> Option<f32> {
    let before = before.filter(|_| !now.is_empty())?;
    Some(now.intersection(before).count() as f32 / now.len() as f32)
}
