//! How good a ranking is, and whether a second one is better.
//!
//! In: for each judged query the ids of the documents found, best first. Out: a [`Report`] with each query's metrics and
//! their means, and, from two reports on the same queries, a [`Verdict`] that a person can act on.
//!
//! ```
//! use nearmiss::dataset::{Judged, JudgedQuery};
//! use nearmiss::evaluation::{Outcome, Report, compare};
//!
//! let query = |text: &str| JudgedQuery {
//!     text: text.into(),
//!     positives: vec![Judged::new("right", 1.0)],
//!     negatives: vec![],
//! };
//! let queries = ["who", "when", "where", "why", "which", "how"].map(query);
//! let before = Report::new(&queries, &vec![vec!["wrong", "right"]; 6])?;
//! let after = Report::new(&queries, &vec![vec!["right", "wrong"]; 6])?;
//! let verdict = compare(&before, &after, 0)?;
//! assert_eq!((verdict.outcome, verdict.won), (Outcome::Better, 6));
//! # Ok::<(), nearmiss::error::Error>(())
//! ```

mod bootstrap;
mod compare;
mod eigenvalues;
mod metrics;
mod report;
mod sign_flip;
mod spread;
mod threshold;

pub use bootstrap::{RESAMPLES, interval};
pub use compare::{Outcome, QueryChange, Verdict, compare};
pub use metrics::Metrics;
pub use report::{QueryReport, Report};
pub use sign_flip::p_value;
pub use spread::{Spread, collapsed};
pub use threshold::{FalsePositives, threshold_at};
