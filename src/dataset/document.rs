//! One document, as a person wrote it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A document of the corpus. `id` is the person's own and names it for ever; `metadata` is returned and never read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// Unique and not empty.
    pub id: String,
    /// May be empty.
    #[serde(default)]
    pub title: String,
    /// May be empty too: some collections hold such documents.
    pub text: String,
    /// The id of the document that this one is a chunk of; that one need not be in the corpus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// Anything JSON can hold.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub metadata: Value,
}

impl Document {
    /// A document without metadata, and no chunk of another.
    pub fn new(id: impl Into<String>, title: impl Into<String>, text: impl Into<String>) -> Self {
        Self { id: id.into(), title: title.into(), text: text.into(), ..Self::default() }
    }

    /// What is encoded and indexed: title, a space, text; trimmed.
    pub fn content(&self) -> String {
        format!("{} {}", self.title.trim(), self.text.trim()).trim().to_string()
    }
}
