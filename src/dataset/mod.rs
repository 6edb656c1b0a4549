//! What a person brings: documents, and their word on which document answers which query.
//!
//! In: documents and judgments, one by one or as BEIR files. Out: a [`Corpus`] whose positions number the rows of every
//! embedding table and index, [`JudgedQuery`]s split into training and held-out, and seeded [`batches`].
//!
//! ```
//! use nearmiss::dataset::{Corpus, Document, Judgment, Judgments, Split};
//!
//! let mut corpus = Corpus::default();
//! corpus.add(Document::new("keys", "Rotating the signing key", "Create a new key, then retire the old one."))?;
//! let mut judgments = Judgments::default();
//! judgments.add_all(vec![Judgment { split: Some(Split::Train), ..Judgment::relevant("rotate key", "keys") }], &corpus)?;
//! assert_eq!(judgments.queries(Split::Train, 0)[0].positives, [("keys".to_string(), 1.0)]);
//! # Ok::<(), nearmiss::error::Error>(())
//! ```

mod batches;
pub mod beir;
mod corpus;
mod document;
mod example;
mod judgments;
mod rng;
mod source;

pub use batches::{BatchKey, batches};
pub use corpus::{Change, Corpus};
pub use document::Document;
pub use example::{Example, Negative, NegativeSource};
pub use judgments::{JudgedQuery, Judgment, Judgments, Split, split_of};
pub use rng::Rng;
pub use source::{PseudoKind, Source};
