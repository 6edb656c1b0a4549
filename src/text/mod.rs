//! Texts, taken apart and made anew: what training learns from when nobody has asked a query yet.
//!
//! In: documents. Out: their [`sentences`] and [`headings`], their [`KeyTerms`], how much of them repeats ([`Shingles`]);
//! queries made from them ([`pseudo_queries`]), texts that look like them and say something else ([`NearMisses`]), and
//! queries in other words ([`Augmenter`]). And, of an answer that cites passages, whether they bear it out
//! ([`check_citations`]).
//! Everything is by rule and by seed: no model, no tensor.
//!
//! ```
//! use nearmiss::{dataset::Document, text::{NearMissKind, NearMisses}};
//!
//! let documents = [
//!     Document::new("a", "Keys", "The signing key expires after 90 days."),
//!     Document::new("b", "Doors", "The door was painted in May 1931."),
//! ];
//! let near_misses = NearMisses::new(&documents, 7);
//! for miss in near_misses.of(0, Some("when does the signing key expire?"), 2) {
//!     assert!(matches!(miss.kind, NearMissKind::Number | NearMissKind::Unit | NearMissKind::TermSwap));
//!     assert!(miss.text.starts_with("Keys The ") && miss.text != documents[0].content());
//! }
//! ```

mod augment;
mod key_terms;
mod markdown;
mod near_miss;
mod pseudo_query;
mod sentences;
mod shingles;
mod support;
mod words;

pub use augment::{AugmentOptions, Augmenter};
pub use key_terms::{KeyPhrase, KeyTerms};
pub use near_miss::{KINDS, NearMiss, NearMissKind, NearMisses};
pub use pseudo_query::{PseudoOptions, PseudoQuery, cut_out, pseudo_queries};
pub use sentences::{Heading, headings, sentences};
pub use shingles::Shingles;
pub use support::{
    CheckedAnswer, CheckedSentence, Citation, CitedPassage, SUPPORTED, Support, check_citations, support,
};
