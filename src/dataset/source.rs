//! Who says so, and from what.

use serde::{Deserialize, Serialize};

/// Who says that a document is, or is not, relevant: the earlier in this list, the more it counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A person, who meant to say it.
    #[default]
    Labelled,
    /// A person, who clicked or passed over it.
    Click,
    /// Mining, unconfirmed.
    Mined,
    /// Made from the document itself.
    Synthetic,
}

impl Source {
    /// All of them, the most trusted first.
    pub const ALL: [Self; 4] = [Self::Labelled, Self::Click, Self::Mined, Self::Synthetic];
}

/// How a synthetic query was made from the document that answers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PseudoKind {
    /// Its title; the answer is the text below it.
    Title,
    /// A heading; the answer is the section below it.
    Heading,
    /// One sentence; the answer is the rest (inverse cloze task: Lee, Chang and Toutanova, ACL 2019).
    Cloze,
    /// A span of words (Contriever: Izacard et al., TMLR 2022).
    Crop,
    /// Its terms of highest TF-IDF.
    KeyPhrases,
}

impl PseudoKind {
    /// Must the query's words be taken out of the document before the two are trained as a pair? Else the pair teaches
    /// nothing but to find repeated words.
    pub fn is_cut_out(self) -> bool {
        matches!(self, Self::Title | Self::Heading | Self::Cloze)
    }
}
