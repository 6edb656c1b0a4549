//! Judgments that contradict each other, so that a person can put them right.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::split::normalise;
use super::{Corpus, Judgment, Judgments};

/// How judgments contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConflictKind {
    /// Different sources judge the same pair of query and document oppositely. The most trusted one counts.
    Sources,
    /// For one query, documents with the same content are judged oppositely. Both judgments stand and a metric follows them
    /// to the letter, but training leaves the negative out: the same text cannot be pulled and pushed at once.
    Copies,
}

/// Judgments of one query that contradict each other.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Conflict {
    /// How.
    pub kind: ConflictKind,
    /// The query's text.
    pub query: String,
    /// Ids of the documents, each once.
    pub documents: Vec<String>,
    /// The judgments: of one pair the most trusted first; of copies as they were first judged.
    pub judgments: Vec<Judgment>,
    /// Numbers, in `judgments`, of those that training follows.
    pub counts: Vec<usize>,
}

impl Judgments {
    /// All contradictions: first those between sources, then those between copies, each in the order in which the queries
    /// were first judged.
    ///
    /// Clicks that cancel each other out contradict nothing. Documents that are not in the corpus are not compared.
    pub fn conflicts(&self, corpus: &Corpus) -> Vec<Conflict> {
        let mut conflicts = self.between_sources();
        conflicts.extend(self.between_copies(corpus));
        conflicts
    }

    fn between_sources(&self) -> Vec<Conflict> {
        let mut numbers: HashMap<(String, &str), usize> = HashMap::new();
        let mut pairs: Vec<Vec<&Judgment>> = Vec::new();
        for judgment in self.all().filter(|judgment| !judgment.is_undecided()) {
            let pair = (normalise(&judgment.query), judgment.document.as_str());
            let number = *numbers.entry(pair).or_insert_with(|| {
                pairs.push(Vec::new());
                pairs.len() - 1
            });
            pairs[number].push(judgment);
        }
        let mut conflicts = Vec::new();
        for mut pair in pairs.into_iter().filter(|pair| opposite(pair)) {
            pair.sort_by_key(|judgment| judgment.source);
            conflicts.extend(conflict(ConflictKind::Sources, &pair, vec![0]));
        }
        conflicts
    }

    fn between_copies(&self, corpus: &Corpus) -> Vec<Conflict> {
        let originals = corpus.originals();
        let mut conflicts = Vec::new();
        for query in self.effective() {
            let mut numbers: HashMap<usize, usize> = HashMap::new();
            let mut groups: Vec<Vec<&Judgment>> = Vec::new();
            for judgment in query.judgments {
                let Some(position) = corpus.position(&judgment.document) else { continue };
                let number = *numbers.entry(originals[position]).or_insert_with(|| {
                    groups.push(Vec::new());
                    groups.len() - 1
                });
                groups[number].push(judgment);
            }
            for group in groups.iter().filter(|group| opposite(group)) {
                let counts = (0..group.len()).filter(|&number| group[number].relevant).collect();
                conflicts.extend(conflict(ConflictKind::Copies, group, counts));
            }
        }
        conflicts
    }
}

fn opposite(judgments: &[&Judgment]) -> bool {
    judgments.iter().any(|judgment| judgment.relevant) && judgments.iter().any(|judgment| !judgment.relevant)
}

fn conflict(kind: ConflictKind, judgments: &[&Judgment], counts: Vec<usize>) -> Option<Conflict> {
    let mut documents: Vec<String> = judgments.iter().map(|judgment| judgment.document.clone()).collect();
    documents.dedup();
    Some(Conflict {
        kind,
        query: judgments.first()?.query.clone(),
        documents,
        judgments: judgments.iter().map(|&judgment| judgment.clone()).collect(),
        counts,
    })
}
