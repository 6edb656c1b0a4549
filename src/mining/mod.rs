//! Hard negatives: documents that rank high for a query and do not answer it.
//!
//! In: [`Candidates`] for each query, that is hits of the sources that a [`Strategy`] draws from, best first, and what is
//! known about its documents. Out: one [`Example`] for each (query, positive) pair, [`Suspect`]s that may answer the query
//! after all, and a [`MiningReport`] that says what was dropped and why.
//!
//! ```
//! use nearmiss::index::Hit;
//! use nearmiss::mining::{Candidate, Candidates, List, MiningOptions, NegativeSource, Positive, mine};
//!
//! let hit = |(position, score)| Candidate::from(Hit { position, score });
//! let hits = [(4, 0.79), (7, 0.78), (2, 0.61), (9, 0.40)].map(hit).to_vec();
//! let query = Candidates {
//!     lists: vec![List { source: NegativeSource::Dense, hits }],
//!     positives: vec![Positive::new(7, 0.78)],
//!     ..Candidates::default()
//! };
//! let options = MiningOptions { num_negatives: 1, ..MiningOptions::default() };
//! let mined = mine(&[query], 10, &options)?;
//! // 7 is the answer; 4 scores above 95 % of it and may well be another one.
//! assert_eq!(mined.examples[0].negatives[0].document, 2);
//! assert_eq!(mined.suspects[0].document, 4);
//! assert_eq!((mined.report.dropped.positive, mined.report.dropped.relative_margin), (1, 1));
//! # Ok::<(), nearmiss::error::Error>(())
//! ```

mod candidates;
mod curriculum;
mod filters;
mod hand;
mod mine;
mod options;
mod report;
mod sampling;
mod strategy;
mod suspects;

pub use crate::dataset::{Example, Negative, NegativeSource};
pub use candidates::{Candidate, Candidates, Likeness, List, Marked, Positive, random_positions};
pub use curriculum::Curriculum;
pub use filters::{Check, Rule, checks, shortlist};
pub use mine::{Mined, Miner, mine};
pub use options::{MiningOptions, Sampling, Teacher};
pub use report::{Dropped, Histogram, MiningReport, Quantiles};
pub use strategy::{Mixture, Strategy};
pub use suspects::{Suspect, Suspicion};
