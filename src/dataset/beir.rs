//! BEIR files: `corpus.jsonl`, `queries.jsonl` and qrels as tab-separated values, read from text and written back.
//!
//! Layout: Thakur et al., "BEIR", NeurIPS Datasets and Benchmarks 2021. Also read: TREC qrels of four columns, and numbers
//! as ids. Every error names the file's line, from 1.

use std::collections::HashMap;
use std::fmt::Write;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Document, Judgment, Split};
use crate::error::{Error, Result};

/// One line of `queries.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Its id, which only the qrels use.
    pub id: String,
    /// What is asked.
    pub text: String,
}

/// One line of a qrels file.
#[derive(Debug, Clone, PartialEq)]
pub struct Qrel {
    /// Id of the query.
    pub query: String,
    /// Id of the document.
    pub document: String,
    /// Graded relevance; 0 says that the document is not relevant.
    pub score: f32,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(u64),
}

impl From<Id> for String {
    fn from(id: Id) -> Self {
        match id {
            Id::Text(text) => text,
            Id::Number(number) => number.to_string(),
        }
    }
}

#[derive(Deserialize)]
struct Line {
    #[serde(rename = "_id")]
    id: Id,
    #[serde(default)]
    title: Option<String>,
    text: String,
    #[serde(default)]
    metadata: Value,
}

#[derive(Serialize)]
struct LineOut<'a> {
    #[serde(rename = "_id")]
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<&'a str>,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a Value>,
}

/// Reads `corpus.jsonl`: `{"_id", "title", "text", "metadata"}` a line, title and metadata optional.
///
/// # Errors
/// `INPUT_INVALID` with the line for JSON that cannot be read, an empty id, or an id that stands twice.
pub fn read_corpus(jsonl: &str) -> Result<Vec<Document>> {
    let document = |line: Line| Document {
        id: line.id.into(),
        title: line.title.unwrap_or_default(),
        text: line.text,
        metadata: line.metadata,
    };
    read_jsonl("corpus.jsonl", jsonl, document, |document| &document.id)
}

/// Reads `queries.jsonl`: `{"_id", "text"}` a line.
///
/// # Errors
/// As [`read_corpus`].
pub fn read_queries(jsonl: &str) -> Result<Vec<Query>> {
    let query = |line: Line| Query { id: line.id.into(), text: line.text };
    read_jsonl("queries.jsonl", jsonl, query, |query| &query.id)
}

fn read_jsonl<T>(
    file: &str,
    jsonl: &str,
    item: impl Fn(Line) -> T,
    id: impl Fn(&T) -> &String,
) -> Result<Vec<T>> {
    let mut items = Vec::new();
    let mut lines: HashMap<String, usize> = HashMap::new();
    for (number, text) in numbered(jsonl) {
        let line: Line = serde_json::from_str(text).map_err(|e| at(file, number, e.to_string()))?;
        let read = item(line);
        if id(&read).trim().is_empty() {
            return Err(at(file, number, "_id must not be empty".into()));
        }
        if let Some(before) = lines.insert(id(&read).clone(), number) {
            return Err(at(file, number, format!("the _id {:?} already stands on line {before}", id(&read))));
        }
        items.push(read);
    }
    Ok(items)
}

/// Reads qrels: query id, document id and score, or the four columns of TREC, with or without a header row.
///
/// Columns are separated by tabs, or by spaces in a line without a tab. Negative scores count as 0, as in trec_eval.
///
/// # Errors
/// `INPUT_INVALID` with the line for another number of columns, an empty id, or a score that is not a finite number.
pub fn read_qrels(tsv: &str) -> Result<Vec<Qrel>> {
    let file = "qrels.tsv";
    let mut qrels = Vec::new();
    for (row, (number, line)) in numbered(tsv).enumerate() {
        let columns: Vec<&str> = if line.contains('\t') {
            line.split('\t').map(str::trim).collect()
        } else {
            line.split_whitespace().collect()
        };
        if row == 0 && is_header(&columns) {
            continue;
        }
        let (query, document, score) = match columns[..] {
            [query, document, score] | [query, _, document, score] => (query, document, score),
            _ => {
                let expected = "expected query id, document id and score (or the 4 columns of TREC)";
                return Err(at(file, number, format!("{expected}, found {} column(s)", columns.len())));
            }
        };
        if query.is_empty() || document.is_empty() {
            return Err(at(file, number, "an id is empty".into()));
        }
        let parsed = score.parse::<f32>().ok().filter(|score| score.is_finite());
        let Some(score) = parsed else {
            return Err(at(file, number, format!("the score {score:?} is not a number")));
        };
        qrels.push(Qrel { query: query.into(), document: document.into(), score: score.max(0.0) });
    }
    Ok(qrels)
}

/// Only a row that names its columns is a header: a mangled first judgment should be an error, not vanish.
fn is_header(columns: &[&str]) -> bool {
    let first = columns.first().map_or(String::new(), |c| c.to_lowercase());
    let names_query =
        first.starts_with("query") || first.starts_with("qid") || first == "q_id" || first == "topic";
    names_query && columns.last().is_some_and(|score| score.parse::<f32>().is_err())
}

/// Turns qrels into judgments: a score above 0 is relevant with that grade, 0 is a labelled negative.
///
/// # Errors
/// `INPUT_INVALID` when a query id is unknown.
pub fn judgments(queries: &[Query], qrels: &[Qrel], split: Option<Split>) -> Result<Vec<Judgment>> {
    let texts: HashMap<&str, &str> = queries.iter().map(|q| (q.id.as_str(), q.text.as_str())).collect();
    let judgment = |qrel: &Qrel| {
        let Some(&text) = texts.get(qrel.query.as_str()) else {
            return Err(Error::input("qrels.tsv", format!("queries.jsonl has no query {:?}", qrel.query)));
        };
        let relevant = qrel.score > 0.0;
        Ok(Judgment {
            query: text.into(),
            document: qrel.document.clone(),
            relevant,
            grade: (relevant && qrel.score != 1.0).then_some(qrel.score),
            split,
        })
    };
    qrels.iter().map(judgment).collect()
}

/// Writes `corpus.jsonl`.
pub fn write_corpus(documents: &[Document]) -> Result<String> {
    write_jsonl(documents.iter().map(|document| LineOut {
        id: &document.id,
        title: Some(&document.title),
        text: &document.text,
        metadata: Some(&document.metadata).filter(|metadata| !metadata.is_null()),
    }))
}

/// Writes `queries.jsonl`.
pub fn write_queries(queries: &[Query]) -> Result<String> {
    write_jsonl(queries.iter().map(|query| LineOut {
        id: &query.id,
        title: None,
        text: &query.text,
        metadata: None,
    }))
}

fn write_jsonl<'a>(lines: impl Iterator<Item = LineOut<'a>>) -> Result<String> {
    let mut jsonl = String::new();
    for line in lines {
        let json = serde_json::to_string(&line).map_err(|e| Error::Internal { reason: e.to_string() })?;
        jsonl.push_str(&json);
        jsonl.push('\n');
    }
    Ok(jsonl)
}

/// Writes qrels with BEIR's header row.
///
/// # Errors
/// `INPUT_INVALID` when an id holds a tab or a line break, which the format cannot carry.
pub fn write_qrels(qrels: &[Qrel]) -> Result<String> {
    let mut tsv = String::from("query-id\tcorpus-id\tscore\n");
    for qrel in qrels {
        for id in [&qrel.query, &qrel.document] {
            if id.contains(['\t', '\n', '\r']) {
                return Err(Error::input("qrels.tsv", format!("the id {id:?} holds a tab or a line break")));
            }
        }
        let _ = writeln!(tsv, "{}\t{}\t{}", qrel.query, qrel.document, qrel.score);
    }
    Ok(tsv)
}

/// The lines that hold something, with their numbers from 1; a byte order mark is skipped.
fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.lines().enumerate();
    lines.map(|(at, line)| (at + 1, line)).filter(|(_, line)| !line.trim().is_empty())
}

fn at(file: &str, line: usize, reason: String) -> Error {
    Error::input(format!("{file}, line {line}"), reason)
}
