//! Judgments as text, one a line, nothing lost: `{"query", "document", "relevant", …}` with the fields of [`Judgment`].

use super::Judgment;
use super::lines::{at, numbered};
use crate::error::{Error, Result};

/// Writes judgments, one JSON object a line. [`from_jsonl`] reads the same judgments back, numbers to the last bit.
///
/// # Errors
/// `INTERNAL` if one cannot be written; none that a store accepted is such.
pub fn to_jsonl<'a>(judgments: impl IntoIterator<Item = &'a Judgment>) -> Result<String> {
    let mut jsonl = String::new();
    for judgment in judgments {
        let json = serde_json::to_string(judgment).map_err(|e| Error::Internal { reason: e.to_string() })?;
        jsonl.push_str(&json);
        jsonl.push('\n');
    }
    Ok(jsonl)
}

/// Reads judgments, one JSON object a line; empty lines are passed over. Whether documents exist and numbers are in range
/// is checked when the judgments are imported.
///
/// # Errors
/// `INPUT_INVALID` with the line, from 1, for JSON that cannot be read, a missing field or an unknown one.
pub fn from_jsonl(jsonl: &str) -> Result<Vec<Judgment>> {
    let judgment = |(number, line)| {
        serde_json::from_str(line)
            .map_err(|e: serde_json::Error| at("judgments.jsonl", number, e.to_string()))
    };
    numbered(jsonl).map(judgment).collect()
}
