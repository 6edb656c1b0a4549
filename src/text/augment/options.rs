//! How training queries are changed, and how often.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

/// How training queries are changed, and how often; not at all unless given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AugmentOptions {
    /// Share of words left out, 0..1.
    pub word_dropout: f32,
    /// Chance, 0..1, that a query is cut to a run of its words.
    pub crop: f32,
    /// Share, 0..1, of the words of four letters or more with a slip of the keyboard.
    pub typos: f32,
    /// Chance, 0..1, for each word that has one to be replaced by a synonym.
    pub synonyms: f32,
    /// Words that mean the same, in either direction; phrases too. By default words that stand in the same surroundings in
    /// the documents.
    pub table: Option<Vec<Vec<String>>>,
}

impl AugmentOptions {
    /// Does this leave every query as it is?
    pub fn is_none(&self) -> bool {
        self.shares().iter().all(|(_, share)| *share == 0.0)
    }

    /// Refuses settings that cannot be meant.
    ///
    /// # Errors
    /// `INPUT_INVALID`, naming the setting as JavaScript spells it: `augment.wordDropout`.
    pub fn validate(&self) -> Result<()> {
        for (name, share) in self.shares() {
            if !(0.0..=1.0).contains(&share) {
                return Err(Error::input(
                    format!("augment.{name}"),
                    format!("must be from 0 to 1; got {share}"),
                ));
            }
        }
        for (row, words) in self.table.iter().flatten().enumerate() {
            let field = format!("augment.table[{row}]");
            if words.len() < 2 {
                return Err(Error::input(
                    field,
                    format!("must name at least two words; got {}", words.len()),
                ));
            }
            if words.iter().any(|word| !word.chars().any(char::is_alphanumeric)) {
                return Err(Error::input(field, "every word needs a letter or a digit"));
            }
        }
        Ok(())
    }

    fn shares(&self) -> [(&'static str, f32); 4] {
        [
            ("wordDropout", self.word_dropout),
            ("crop", self.crop),
            ("typos", self.typos),
            ("synonyms", self.synonyms),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn javascript_options_fill_up_with_defaults() {
        let given = json!({ "wordDropout": 0.5, "table": [["car", "auto"]] });
        let options: AugmentOptions = serde_json::from_value(given).unwrap();
        let table = Some(vec![vec!["car".to_string(), "auto".to_string()]]);
        assert_eq!(options, AugmentOptions { word_dropout: 0.5, table, ..AugmentOptions::default() });
        assert!(AugmentOptions::default().is_none() && !options.is_none());
        let misspelt = serde_json::from_value::<AugmentOptions>(json!({ "typo": 1 })).unwrap_err();
        assert!(misspelt.to_string().contains("typo"), "{misspelt}");
    }

    #[test]
    fn settings_that_cannot_be_meant_are_refused() {
        let refusal = |given: serde_json::Value| {
            let options: AugmentOptions = serde_json::from_value(given).unwrap();
            options.validate().unwrap_err().to_string()
        };
        assert_eq!(
            refusal(json!({ "wordDropout": 1.5 })),
            "augment.wordDropout: must be from 0 to 1; got 1.5"
        );
        for field in ["crop", "typos", "synonyms"] {
            assert!(refusal(json!({ field: -0.1 })).starts_with(&format!("augment.{field}: ")));
        }
        let nan = AugmentOptions { typos: f32::NAN, ..AugmentOptions::default() };
        assert_eq!(nan.validate().unwrap_err().code(), "INPUT_INVALID");
        let table = |row: &[&str]| refusal(json!({ "table": [["a", "b"], row] }));
        assert_eq!(table(&["c"]), "augment.table[1]: must name at least two words; got 1");
        assert_eq!(table(&["c", " ?"]), "augment.table[1]: every word needs a letter or a digit");
        assert_eq!(AugmentOptions::default().validate(), Ok(()));
    }
}
