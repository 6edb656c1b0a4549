//! What a person brings: documents, and their word on which document answers which query.
//!
//! In: documents and judgments, one by one, as BEIR files, or as [`feedback`] from clicks. Out: a [`Corpus`] whose positions
//! number the rows of every embedding table and index, [`JudgedQuery`]s split into training, dev and held-out, and seeded
//! [`batches`].
//!
//! A [`Judgment`] is one [`Source`]'s word on one document for one query; the most trusted source counts. [`Judgments`]
//! keeps them all with the last changes ([`history`]), so that each can be undone, and finds those that contradict each
//! other ([`Conflict`]). [`to_jsonl`] writes them with nothing lost, [`beir`] for other programs.
//!
//! ```
//! use nearmiss::dataset::{Corpus, Document, Judgment, Judgments, Split};
//!
//! let mut corpus = Corpus::default();
//! corpus.add(Document::new("keys", "Rotating the signing key", "Create a new key, then retire the old one."))?;
//! let mut judgments = Judgments::default();
//! let judgment = Judgment { split: Some(Split::Train), ..Judgment::relevant("rotate key", "keys") };
//! judgments.add_all(vec![judgment], &corpus, 1_760_000_000_000.0)?;
//! assert_eq!(judgments.queries(Split::Train, 0)[0].gains(), [("keys", 1.0)]);
//! judgments.undo(&corpus);
//! assert_eq!(judgments.all().len(), 0);
//! # Ok::<(), nearmiss::error::Error>(())
//! ```

mod batches;
pub mod beir;
mod conflicts;
mod corpus;
mod document;
mod example;
pub mod feedback;
mod filter;
mod groups;
pub mod history;
mod jsonl;
mod judgment;
mod judgments;
mod lines;
mod queries;
mod rng;
mod source;
mod split;
mod table;

pub use batches::{BatchKey, batches};
pub use conflicts::{Conflict, ConflictKind};
pub use corpus::{Change, Corpus};
pub use document::Document;
pub use example::{Example, Negative, NegativeSource};
pub use filter::{Bound, Filter, Test};
pub use groups::groups;
pub use jsonl::{from_jsonl, to_jsonl};
pub use judgment::Judgment;
pub use judgments::Judgments;
pub use queries::{Judged, JudgedQuery};
pub use rng::Rng;
pub use source::{PseudoKind, Source};
pub use split::{Split, dev_of, query_key, same_query, split_of};
