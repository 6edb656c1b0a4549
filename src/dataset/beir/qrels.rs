//! Qrels: which document is how relevant to which query.

use std::fmt::Write;

use crate::dataset::lines::{at, numbered};
use crate::error::{Error, Result};

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
            if id.trim() != id.as_str() || id.is_empty() {
                let reason = format!("the id {id:?} is empty, or has a blank at an end, which readers drop");
                return Err(Error::input("qrels.tsv", reason));
            }
        }
        let _ = writeln!(tsv, "{}\t{}\t{}", qrel.query, qrel.document, qrel.score);
    }
    Ok(tsv)
}
