//! What several tests need: the collections and reference numbers beside the checkout, and BM25 or dense runs over them.

#![allow(dead_code, reason = "each test uses a part of this")]

use std::io::Write;
use std::path::PathBuf;

use nearmiss::dataset::{Corpus, JudgedQuery, Judgment, Judgments, Split, beir};
use nearmiss::index::Hit;

/// Text of a file under `../shared`, or none, said loudly, in a checkout that has no such folder.
pub fn shared(path: &str) -> Option<String> {
    shared_bytes(path).map(|bytes| String::from_utf8(bytes).expect("the file is UTF-8"))
}

/// Bytes of a file under `../shared`, likewise.
pub fn shared_bytes(path: &str) -> Option<Vec<u8>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared");
    if !folder.is_dir() {
        // Written past the harness, which swallows `eprintln!` of passing tests.
        let _ = writeln!(std::io::stderr(), "SKIPPED: ../shared/{path} is absent");
        return None;
    }
    let read = std::fs::read(folder.join(path));
    Some(read.unwrap_or_else(|error| panic!("../shared/{path}: {error}")))
}

/// Little-endian f32 numbers of a file under `../shared`.
pub fn shared_f32(path: &str) -> Option<Vec<f32>> {
    let bytes = shared_bytes(path)?;
    let numbers = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
    Some(numbers.collect())
}

/// A collection with the judged queries of one qrels file.
pub struct Collection {
    pub corpus: Corpus,
    pub queries: Vec<JudgedQuery>,
}

/// Reads `../shared/data/<name>`.
pub fn collection(name: &str, qrels: &str) -> Option<Collection> {
    let mut corpus = Corpus::default();
    for document in beir::read_corpus(&shared(&format!("data/{name}/corpus.jsonl"))?).unwrap() {
        corpus.add(document).unwrap();
    }
    let queries = beir::read_queries(&shared(&format!("data/{name}/queries.jsonl"))?).unwrap();
    let qrels = beir::read_qrels(&shared(&format!("data/{name}/{qrels}"))?).unwrap();
    let judged = beir::judgments(&queries, &qrels, Some(Split::HeldOut)).unwrap();
    let mut judgments = Judgments::default();
    judgments.add_all(judged, &corpus, 0.0).unwrap();
    let queries = judgments.queries(Split::HeldOut, 0);
    Some(Collection { corpus, queries })
}

impl Collection {
    /// Ids of the documents hit.
    pub fn ids(&self, hits: &[Hit]) -> Vec<&str> {
        let documents = self.corpus.documents();
        hits.iter().map(|hit| documents[hit.position].id.as_str()).collect()
    }
}

/// A corpus of empty documents with these ids.
pub fn corpus_of(ids: &[&str]) -> Corpus {
    let mut corpus = Corpus::default();
    for id in ids {
        corpus.add(nearmiss::dataset::Document::new(*id, "", "")).unwrap();
    }
    corpus
}

/// A judgment on a side.
pub fn on(split: Split, judgment: Judgment) -> Judgment {
    Judgment { split: Some(split), ..judgment }
}
