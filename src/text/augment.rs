//! shim
use crate::error::Result;
use serde::{Deserialize, Serialize};
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AugmentOptions {
    pub word_dropout: f32,
    pub crop: f32,
    pub typos: f32,
    pub synonyms: f32,
    pub table: Option<Vec<Vec<String>>>,
}
impl AugmentOptions {
    pub fn validate(&self) -> Result<()> {
        Ok(())
    }
    pub fn is_none(&self) -> bool {
        self.word_dropout + self.crop + self.typos + self.synonyms == 0.0
    }
}
pub struct Augmenter;
impl Augmenter {
    pub fn new(_: &AugmentOptions, _: impl Iterator<Item = String>) -> Self {
        Self
    }
    pub fn augment(&self, query: &str, _: u64, _: u64) -> String {
        query.to_owned()
    }
}
