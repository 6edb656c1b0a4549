//! Implicit feedback: from what a person clicked and passed over to weighted judgments of source click.
//!
//! In: [`Impression`]s, that is result lists as they were shown with the clicks on them. Out: [`Feedback`], the judgments to
//! put with [`super::Judgments::add_feedback`].
//!
//! People click what stands high. So a click counts inversely to the chance that its rank was looked at at all
//! (Joachims, Swaminathan and Schnabel, "Unbiased learning-to-rank with biased feedback", WSDM 2017), and a document that
//! was passed over on the way down to a click counts against itself ("click > skip above": Joachims, Granka, Pan, Hembrooke
//! and Gay, "Accurately interpreting clickthrough data as implicit feedback", SIGIR 2005).
//!
//! - A click at rank r is worth min(1/p(r), cap) / cap, in (0, 1]: no click outweighs a person's label.
//! - A document above the lowest click that was not clicked is worth −1/cap, the least click's weight. So is one that was
//!   clicked and left again within `minDwellMs`.
//! - Any other document shown is worth 0.
//!
//! The judgment of a pair keeps the mean m over the impressions that showed the document, from the first that was worth
//! anything: `relevant` is m > 0, `weight` is |m|, `impressions` their count. That is all it takes to go on from it later.
//! The zeros must count: without them the mean would be that of the clicks alone, which tells the rank and not the
//! relevance. A mean of 0 (below 10⁻⁶) is kept with that weight as not relevant, for the sake of its count, and says
//! nothing: see [`super::Judgment::is_undecided`].
//!
//! ```
//! use nearmiss::dataset::feedback::{Click, FeedbackOptions, Impression, apply};
//! use nearmiss::dataset::{Corpus, Document, Judgments};
//!
//! let mut corpus = Corpus::default();
//! corpus.add(Document::new("a", "", "first"))?;
//! corpus.add(Document::new("b", "", "second"))?;
//! let seen = Impression::new("rotate key", ["a", "b"], [Click::on("b")]);
//! let feedback = apply(&[seen], &FeedbackOptions::default(), &Judgments::default(), &corpus)?;
//! let said: Vec<_> = feedback.judgments.iter().map(|j| (j.document.as_str(), j.relevant, j.weight())).collect();
//! assert_eq!(said, [("a", false, 0.1), ("b", true, 0.2)]);
//! # Ok::<(), nearmiss::error::Error>(())
//! ```

mod apply;
mod options;
mod tally;

use serde::{Deserialize, Serialize};

pub use apply::{Feedback, apply};
pub use options::FeedbackOptions;

/// A click on a document that was shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Click {
    /// The document's id.
    pub document: String,
    /// How long it was looked at, in milliseconds, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dwell_ms: Option<f64>,
}

impl Click {
    /// A click of unknown duration.
    pub fn on(document: impl Into<String>) -> Self {
        Self { document: document.into(), dwell_ms: None }
    }
}

/// One result list as it was shown, and what was clicked in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Impression {
    /// The query's text.
    pub query: String,
    /// Ids of the documents shown, best first, each once.
    pub shown: Vec<String>,
    /// In any order; several on one document count as one, and as a long one if any of them was.
    #[serde(default)]
    pub clicks: Vec<Click>,
    /// Rank of the first document shown, from 1; 1 unless given. A second page begins at 11, say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_rank: Option<usize>,
}

impl Impression {
    /// A list from rank 1 on.
    pub fn new<S: Into<String>>(
        query: impl Into<String>,
        shown: impl IntoIterator<Item = S>,
        clicks: impl IntoIterator<Item = Click>,
    ) -> Self {
        Self {
            query: query.into(),
            shown: shown.into_iter().map(Into::into).collect(),
            clicks: clicks.into_iter().collect(),
            first_rank: None,
        }
    }
}
