//! Which queries to make, and how many.

use serde::{Deserialize, Serialize};

use crate::dataset::PseudoKind;
use crate::error::{Error, Result};

/// Which queries to make.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct PseudoOptions {
    /// The kinds; all unless given.
    pub kinds: Vec<PseudoKind>,
    /// Queries from each document, 1 to 20.
    pub per_document: usize,
    /// Seeds all choices.
    pub seed: u64,
}

impl Default for PseudoOptions {
    fn default() -> Self {
        use PseudoKind::{Cloze, Crop, Heading, KeyPhrases, Title};
        Self { kinds: vec![Title, Heading, Cloze, Crop, KeyPhrases], per_document: 1, seed: 0 }
    }
}

impl PseudoOptions {
    /// Refuses settings that cannot be meant.
    ///
    /// # Errors
    /// `INPUT_INVALID`, naming the setting as JavaScript spells it.
    pub fn validate(&self) -> Result<()> {
        if self.kinds.is_empty() {
            return Err(Error::input("kinds", "must name at least one kind"));
        }
        if !(1..=20).contains(&self.per_document) {
            return Err(Error::input(
                "perDocument",
                format!("must be from 1 to 20; got {}", self.per_document),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn javascript_options_fill_up_with_defaults() {
        let options: PseudoOptions =
            serde_json::from_value(json!({ "kinds": ["key-phrases", "cloze"], "perDocument": 3 })).unwrap();
        let kinds = vec![PseudoKind::KeyPhrases, PseudoKind::Cloze];
        assert_eq!(options, PseudoOptions { kinds, per_document: 3, seed: 0 });
        let misspelt = serde_json::from_value::<PseudoOptions>(json!({ "perDoc": 1 })).unwrap_err();
        assert!(misspelt.to_string().contains("perDoc"), "{misspelt}");
    }

    #[test]
    fn settings_that_cannot_be_meant_are_refused() {
        let refusal = |options: PseudoOptions| options.validate().unwrap_err().to_string();
        let none = PseudoOptions { kinds: Vec::new(), ..PseudoOptions::default() };
        assert_eq!(refusal(none), "kinds: must name at least one kind");
        for per_document in [0, 21] {
            let expected = format!("perDocument: must be from 1 to 20; got {per_document}");
            assert_eq!(refusal(PseudoOptions { per_document, ..PseudoOptions::default() }), expected);
        }
        assert_eq!(PseudoOptions::default().validate(), Ok(()));
    }
}
