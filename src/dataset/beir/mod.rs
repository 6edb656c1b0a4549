//! BEIR files: `corpus.jsonl`, `queries.jsonl` and qrels as tab-separated values, read from text and written back.
//!
//! Layout: Thakur et al., "BEIR", NeurIPS Datasets and Benchmarks 2021. Also read: TREC qrels of four columns, numbers as
//! ids, and a `parent` beside a document's text, which other readers pass over. Every error names the file's line, from 1.
//!
//! In: file texts. Out: documents and [`judgments`]; and back, by [`from_judgments`].
//!
//! ```
//! use nearmiss::dataset::beir;
//!
//! let queries = beir::read_queries("{\"_id\": \"q1\", \"text\": \"rotate key\"}")?;
//! let qrels = beir::read_qrels("query-id\tcorpus-id\tscore\nq1\tkeys\t1\n")?;
//! assert!(beir::judgments(&queries, &qrels, None)?[0].relevant);
//! # Ok::<(), nearmiss::error::Error>(())
//! ```

mod convert;
mod jsonl;
mod qrels;

pub use convert::{from_judgments, judgments};
pub use jsonl::{Query, read_corpus, read_queries, write_corpus, write_queries};
pub use qrels::{Qrel, read_qrels, write_qrels};
