//! `corpus.jsonl` and `queries.jsonl`.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::dataset::Document;
use crate::dataset::lines::{at, numbered};
use crate::error::{Error, Result};

/// One line of `queries.jsonl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// Its id, which only the qrels use.
    pub id: String,
    /// What is asked.
    pub text: String,
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
    parent: Option<Id>,
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
    parent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<&'a Value>,
}

/// Reads `corpus.jsonl`: `{"_id", "title", "text", "parent", "metadata"}` a line; title, parent and metadata are optional.
///
/// # Errors
/// `INPUT_INVALID` with the line for JSON that cannot be read, an empty id, or an id that stands twice.
pub fn read_corpus(jsonl: &str) -> Result<Vec<Document>> {
    let document = |line: Line| Document {
        id: line.id.into(),
        title: line.title.unwrap_or_default(),
        text: line.text,
        parent: line.parent.map(String::from),
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

/// Writes `corpus.jsonl`.
pub fn write_corpus(documents: &[Document]) -> Result<String> {
    write_jsonl(documents.iter().map(|document| LineOut {
        id: &document.id,
        title: Some(&document.title),
        text: &document.text,
        parent: document.parent.as_deref(),
        metadata: Some(&document.metadata).filter(|metadata| !metadata.is_null()),
    }))
}

/// Writes `queries.jsonl`.
pub fn write_queries(queries: &[Query]) -> Result<String> {
    write_jsonl(queries.iter().map(|query| LineOut {
        id: &query.id,
        title: None,
        text: &query.text,
        parent: None,
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
