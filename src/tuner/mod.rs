//! The story in order: encode, index, mine, train, evaluate, keep or roll back.
//!
//! Enters: a loaded [`Encoder`], documents, judgments. Leaves: hits, and for everything that takes time a [`Job`] whose
//! [`Event`]s are pulled one at a time; between two pulls the tuner is whole and can be searched.
//!
//! ```no_run
//! # async fn example(encoder: nearmiss::encoder::Encoder) -> nearmiss::error::Result<()> {
//! use nearmiss::tuner::{Job, Tuner};
//! let mut tuner = Tuner::new(encoder);
//! let mut job = Job::train(&tuner, Default::default())?;
//! while let Some(event) = job.next(&mut tuner).await? {
//!     println!("{event:?}");
//! }
//! # Ok(()) }
//! ```

mod comparing;
mod context;
mod encoding;
mod evaluating;
mod events;
mod export;
mod folders;
mod job;
mod judging;
mod mining;
mod relations;
mod search;
mod swap;
mod train;
mod vectors;
mod why;

pub use comparing::{CompareOptions, Moved, Other, Reason};
pub use context::{Context, ContextOptions, Passage};
pub use events::{BeforeAfter, DevLook, Event, MeasuredOn, Moment, Stage, TrainingVerdict};
pub use folders::FolderFormat;
pub use job::Job;
pub use judging::{FeedbackResult, PseudoResult, Undone};
pub use mining::{MinedExample, MinedNegative, NamedSuspect, NearMissText};
pub use search::{
    Excerpt, Found, Group, Method, Mode, Near, Place, Scorer, SearchOptions, SearchStage, Snippets,
    VectorIndex,
};
pub use train::Chosen;
pub use why::{Aligned, Piece, PositiveStanding, Standing, Why};

use crate::dataset::{Change, Corpus, Document, JudgedQuery, Judgments, Split};
use crate::embeddings::Embeddings;
use crate::encoder::{Encoder, Snapshot, Tower};
use crate::error::{Error, Result};
use crate::index::{Analyzer, Bm25};
use crate::text::NearMisses;
use relations::Relations;
use search::{Dense, GRAPH_FROM, Graph, TokenCache};
use std::collections::HashSet;
use std::rc::Rc;
use swap::Pending;
use vectors::Vectors;

/// One model, one corpus, one person's judgments.
pub struct Tuner {
    encoder: Encoder,
    corpus: Corpus,
    judgments: Judgments,
    vectors: Vectors,
    /// Of documents and queries in lexical search.
    analyzer: Analyzer,
    /// Follows the documents, once somebody has searched.
    lexical: Option<Rc<Bm25>>,
    /// Rebuilt when documents, their embeddings or the adapter change.
    dense: Option<Rc<Dense>>,
    /// Over the embeddings, where there are many.
    graph: Option<Graph>,
    graph_from: usize,
    /// A graph that was put back, until somebody looks at it.
    stored_graph: Option<Vec<u8>>,
    /// Counts the weights in use.
    weights: u64,
    /// Likewise when documents change.
    relations: Option<Rc<Relations>>,
    near_misses: Option<Rc<NearMisses>>,
    /// Of documents that were compared with a query token by token.
    tokens: TokenCache,
    /// What the last mining found.
    last_mined: Option<HashSet<u64>>,
    /// Weights in training that documents were encoded with, to mine.
    mined_with: Option<u64>,
    /// The weights as they were loaded.
    original: Snapshot,
    /// Weights before and after the last training.
    last: Option<(Snapshot, Snapshot)>,
    verdict: Option<TrainingVerdict>,
    /// Weights that wait for embeddings of the documents.
    pending: Option<Pending>,
    /// Counts changes of documents and of the weights in use: a training run goes on only where it began.
    revision: u64,
}

/// Decides on which side a query stands whose judgments do not say. One for everything: a number from an evaluation is
/// about the same queries that training left out, whatever the seed of the training.
const SPLIT_SEED: u64 = 0;

/// Of synthetic texts. One for everything: a text that is trained on in every epoch is encoded once.
const NEAR_MISS_SEED: u64 = 0;

/// What adding documents did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Added {
    /// New ids.
    pub added: usize,
    /// Known ids with other content.
    pub updated: usize,
    /// Known ids with the same content: their vectors stay.
    pub unchanged: usize,
    /// Documents in the corpus afterwards.
    pub total: usize,
}

impl Tuner {
    /// An empty corpus for this model.
    pub fn new(encoder: Encoder) -> Self {
        let vectors = Vectors::new(encoder.dimensions());
        let original = encoder.snapshot();
        Self {
            encoder,
            corpus: Corpus::default(),
            judgments: Judgments::default(),
            vectors,
            analyzer: Analyzer::default(),
            lexical: None,
            dense: None,
            graph: None,
            graph_from: GRAPH_FROM,
            stored_graph: None,
            weights: 0,
            relations: None,
            near_misses: None,
            tokens: TokenCache::default(),
            last_mined: None,
            mined_with: None,
            original,
            last: None,
            verdict: None,
            pending: None,
            revision: 0,
        }
    }

    /// Takes another language for lexical search: see [`Analyzer::new`].
    ///
    /// # Errors
    /// `InputInvalid` for an unknown one.
    pub fn set_language(&mut self, language: &str) -> Result<()> {
        self.analyzer = Analyzer::new(language)?;
        self.lexical = None;
        Ok(())
    }

    /// The model in use.
    pub fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// The documents.
    pub fn corpus(&self) -> &Corpus {
        &self.corpus
    }

    /// Of the last training.
    pub fn verdict(&self) -> Option<&TrainingVerdict> {
        self.verdict.as_ref()
    }

    /// Adds or replaces documents, all or none. They are found lexically at once, and densely after an index job.
    ///
    /// # Errors
    /// `InputInvalid` for an empty id or one that stands twice in the list, naming its place.
    pub fn add_documents(&mut self, documents: Vec<Document>) -> Result<Added> {
        let mut seen = std::collections::HashSet::new();
        for (i, document) in documents.iter().enumerate() {
            let refuse = |reason: String| Err(Error::input(format!("documents[{i}].id"), reason));
            if document.id.trim().is_empty() {
                return refuse("must not be empty".into());
            }
            if !seen.insert(document.id.as_str()) {
                return refuse(format!("\"{}\" stands twice in this list", document.id));
            }
        }
        let mut outcome = Added::default();
        for document in documents {
            let (id, content) = (document.id.clone(), document.content());
            match self.corpus.add(document)? {
                Change::Added => {
                    self.change_lexical(|index| index.push(&content));
                    outcome.added += 1;
                }
                Change::Updated => {
                    if let Some(at) = self.corpus.position(&id) {
                        self.change_lexical(|index| index.replace(at, &content));
                    }
                    outcome.updated += 1;
                }
                Change::Unchanged => outcome.unchanged += 1,
            }
        }
        outcome.total = self.corpus.len();
        if outcome.added + outcome.updated > 0 {
            self.documents_changed();
        }
        Ok(outcome)
    }

    /// Removes documents and the judgments about them; ids that are not there are passed over. Returns how many went.
    pub fn remove_documents(&mut self, ids: &[String]) -> usize {
        let leaving: HashSet<usize> = ids.iter().filter_map(|id| self.corpus.position(id)).collect();
        let gone: Vec<String> = self.corpus.remove_all(ids).into_iter().cloned().collect();
        if !gone.is_empty() {
            self.change_lexical(|index| index.retain(|at| !leaving.contains(&at)));
            self.judgments_without(&gone);
            self.documents_changed();
        }
        gone.len()
    }

    /// How documents resemble one another.
    fn relations(&mut self) -> Rc<Relations> {
        let corpus = &self.corpus;
        self.relations.get_or_insert_with(|| Rc::new(Relations::new(corpus))).clone()
    }

    /// What makes synthetic near misses of these documents.
    fn near_misses(&mut self) -> Rc<NearMisses> {
        let documents = self.corpus.documents();
        self.near_misses.get_or_insert_with(|| Rc::new(NearMisses::new(documents, NEAR_MISS_SEED))).clone()
    }

    /// Remembers the weights before and after a training or import, or that there are none to go back to; vectors that only the
    /// ones before that needed go.
    fn set_last(&mut self, last: Option<(Snapshot, Snapshot)>) {
        let mut needed = [self.original.fingerprints(), self.encoder.snapshot().fingerprints()].concat();
        needed
            .extend(last.iter().flat_map(|(before, after)| [before, after]).flat_map(Snapshot::fingerprints));
        if let Some((before, after)) = std::mem::replace(&mut self.last, last) {
            for old in [before.fingerprints(), after.fingerprints()].concat() {
                if !needed.contains(&old) {
                    self.vectors.forget(old);
                }
            }
        }
    }

    /// Drops the vectors of texts that are no document and no judged query, so that nobody keeps them.
    pub fn prune_vectors(&mut self) {
        let contents = self.corpus.documents().iter().map(Document::content);
        let queries = Split::ALL.into_iter().flat_map(|split| self.queries(split)).map(|query| query.text);
        let texts: Vec<String> = contents.chain(queries).collect();
        self.vectors.retain(&texts);
        self.dense = None;
    }

    /// Vectors of weights in training serve one round of mining: they go when newer ones come, those of a cancelled run with
    /// the next run.
    fn mine_with(&mut self, fingerprint: Option<u64>) {
        let old = std::mem::replace(&mut self.mined_with, fingerprint);
        let in_use = self.encoder.snapshot().fingerprints();
        if let Some(old) = old.filter(|old| Some(*old) != fingerprint && !in_use.contains(old)) {
            self.vectors.forget(old);
        }
    }

    /// Brings the lexical index after the documents, where there is one: only what changed is analysed. A job that still looks
    /// things up in it keeps the one it has.
    fn change_lexical(&mut self, change: impl FnOnce(&mut Bm25)) {
        if let Some(index) = &mut self.lexical {
            change(Rc::make_mut(index));
        }
    }

    fn documents_changed(&mut self) {
        self.dense = None;
        self.relations = None;
        self.near_misses = None;
        self.revision += 1;
    }

    /// Puts other weights into use.
    fn use_weights(&mut self, weights: &Snapshot) {
        self.encoder.restore(weights);
        self.judgments.set_trained_on(weights.trained_on().clone());
        self.dense = None;
        self.weights += 1;
        self.revision += 1;
    }

    /// Vectors of texts that are not in the corpus, adapter applied, one forward pass.
    ///
    /// # Errors
    /// Those of [`Encoder::encode`].
    pub async fn encode(&self, texts: &[String], tower: Tower) -> Result<Embeddings> {
        let base = self.encoder.encode(texts, tower).await?;
        self.encoder.adapt(&base, tower).await
    }

    /// Texts of documents, as they are encoded, that have no vector yet; each once.
    pub fn unencoded(&self) -> Vec<String> {
        let contents = self.corpus.documents().iter().map(Document::content);
        self.vectors.missing(self.encoder.fingerprint(Tower::Document), contents)
    }

    /// The judged queries of one side.
    fn queries(&self, split: Split) -> Vec<JudgedQuery> {
        self.judgments.queries(split, SPLIT_SEED)
    }

    /// Texts of judged queries of one side that have no vector yet; each once.
    fn unencoded_queries(&self, split: Split) -> Vec<String> {
        let texts = self.queries(split).into_iter().map(|q| q.text);
        self.vectors.missing(self.encoder.fingerprint(Tower::Query), texts)
    }

    /// Takes vectors that another engine with the same fingerprint computed before any adapter.
    ///
    /// # Errors
    /// `InputInvalid` when the sizes do not fit or a value is not finite.
    pub fn load_vectors(&mut self, texts: &[String], tower: Tower, rows: Vec<f32>) -> Result<()> {
        let rows = self.checked(texts.len(), rows)?;
        let fingerprint = self.encoder.fingerprint(tower);
        for (text, row) in texts.iter().zip(rows.rows()) {
            self.vectors.put(fingerprint, vectors::key(fingerprint, text), row)?;
        }
        self.dense = None;
        Ok(())
    }

    /// Everything encoded so far with the weights of this fingerprint (by default those in use for documents), but for the first `from`,
    /// under opaque keys.
    pub fn vectors(&self, fingerprint: Option<u64>, from: usize) -> (Vec<String>, &[f32]) {
        self.vectors.export(fingerprint.unwrap_or_else(|| self.encoder.fingerprint(Tower::Document)), from)
    }

    /// Puts vectors from [`Self::vectors`] back.
    ///
    /// # Errors
    /// `InputInvalid` when a key is malformed or the sizes do not fit.
    pub fn put_vectors(&mut self, keys: &[String], rows: Vec<f32>, fingerprint: Option<u64>) -> Result<()> {
        let rows = self.checked(keys.len(), rows)?;
        let parsed = keys.iter().map(|key| vectors::parse(key)).collect::<Result<Vec<_>>>()?;
        let fingerprint = fingerprint.unwrap_or_else(|| self.encoder.fingerprint(Tower::Document));
        for (key, row) in parsed.into_iter().zip(rows.rows()) {
            self.vectors.put(fingerprint, key, row)?;
        }
        self.dense = None;
        Ok(())
    }

    /// Of the model as it was loaded, for documents.
    pub fn loaded_fingerprint(&self) -> u64 {
        self.original.fingerprint(Tower::Document)
    }

    fn checked(&self, count: usize, rows: Vec<f32>) -> Result<Embeddings> {
        let dim = self.encoder.dimensions();
        if rows.len() != count * dim {
            let reason = format!("must hold {count} × {dim} numbers, holds {}", rows.len());
            return Err(Error::input("vectors", reason));
        }
        Embeddings::new(dim, rows)
    }
}
