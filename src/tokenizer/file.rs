//! What stands in a `tokenizer.json`.

use serde::Deserialize;
use serde_json::Value;

/// The parts; which kinds of each can be read is said where they are.
#[derive(Deserialize)]
pub(super) struct File {
    #[serde(default)]
    pub(super) added_tokens: Vec<AddedToken>,
    #[serde(default)]
    pub(super) normalizer: Value,
    #[serde(default)]
    pub(super) pre_tokenizer: Value,
    #[serde(default)]
    pub(super) post_processor: Value,
    pub(super) model: Value,
}

/// A token that is looked for in the text itself.
#[derive(Deserialize)]
pub(super) struct AddedToken {
    pub(super) id: u32,
    pub(super) content: String,
    #[serde(default)]
    pub(super) single_word: bool,
    #[serde(default)]
    pub(super) lstrip: bool,
    #[serde(default)]
    pub(super) rstrip: bool,
    /// Is it looked for after normalisation, in its normalised form?
    #[serde(default)]
    pub(super) normalized: bool,
}
