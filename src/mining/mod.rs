//! Hard negatives: documents that rank high for a query and do not answer it.
//!
//! In: [`Candidates`] for each query, that is its hits, best first, and what is known about its documents. Out: one
//! [`Example`] for each (query, positive) pair, and a [`MiningReport`] that says what was dropped and why.
//!
//! ```
//! use nearmiss::{index::Hit, mining::{Candidates, MiningOptions, mine}};
//!
//! let hit = |position, score| Hit { position, score };
//! let query = Candidates {
//!     hits: vec![hit(4, 0.79), hit(7, 0.78), hit(2, 0.61), hit(9, 0.40)],
//!     positives: vec![(7, 0.78)],
//!     ..Candidates::default()
//! };
//! let options = MiningOptions { num_negatives: 1, ..MiningOptions::default() };
//! let (examples, report) = mine(&[query], 10, &options)?;
//! // 7 is the answer; 4 scores above 95 % of it and may well be another one.
//! assert_eq!(examples[0].negatives[0].document, 2);
//! assert_eq!((report.dropped.positive, report.dropped.relative_margin), (1, 1));
//! # Ok::<(), nearmiss::error::Error>(())
//! ```

mod filters;
mod mine;
mod options;
mod report;

pub use crate::dataset::{Example, Negative, NegativeSource};
pub use mine::{Candidates, mine};
pub use options::{MiningOptions, Sampling, Strategy};
pub use report::{Dropped, MiningReport, Quantiles};
