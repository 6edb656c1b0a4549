//! Judgments: what people say, what their clicks say, and queries made from documents where nobody has said anything.

use super::{SPLIT_SEED, Tuner};
use crate::dataset::feedback::{self, FeedbackOptions, Impression};
use crate::dataset::history::{Change, Restored};
use crate::dataset::{Conflict, Judgment, Judgments, PseudoKind, Source, Split, beir};
use crate::error::Result;
use crate::text::{PseudoOptions, pseudo_queries};
use serde::Serialize;
use web_time::{SystemTime, UNIX_EPOCH};

/// What an undo or a redo did.
#[derive(Debug, Clone, Serialize)]
pub struct Undone {
    /// The change that was taken back or made again.
    pub change: Change,
    /// Judgments left out, because their document is gone.
    pub skipped: usize,
    /// Judgments now.
    pub total: usize,
}

/// Queries made from documents.
#[derive(Debug, Clone, Serialize)]
pub struct PseudoResult {
    /// Each with the document that answers it.
    pub queries: Vec<PseudoJudgment>,
    /// Judgments now.
    pub total: usize,
}

/// One of them.
#[derive(Debug, Clone, Serialize)]
#[allow(missing_docs, reason = "documented where its users read of it: in the package's `types.ts`")]
pub struct PseudoJudgment {
    pub query: String,
    pub document: String,
    pub kind: PseudoKind,
}

/// What clicks said.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedbackResult {
    /// One for each pair that the impressions said something about.
    pub judgments: Vec<Judgment>,
    /// How many times a document was shown that is no longer in the corpus.
    pub left_out: usize,
    /// Judgments now.
    pub total: usize,
}

impl Tuner {
    /// The judgments.
    pub fn judgments(&self) -> &Judgments {
        &self.judgments
    }

    /// Adds or replaces judgments, all or none; how many there are then.
    ///
    /// # Errors
    /// `InputInvalid` for an unknown document, a blank query or a bad number, naming its place.
    pub fn add_judgments(&mut self, judgments: Vec<Judgment>) -> Result<usize> {
        self.judgments.add_all(judgments, &self.corpus, now())?;
        Ok(self.judgments.all().len())
    }

    /// Takes judgments back; returns how many there were.
    pub fn remove_judgments<'a>(&mut self, pairs: impl Iterator<Item = (&'a str, &'a str)>) -> usize {
        self.judgments.remove_all(pairs, now())
    }

    /// Takes back the last change; none when there is nothing to take back.
    pub fn undo(&mut self) -> Option<Undone> {
        let restored = self.judgments.undo(&self.corpus)?;
        Some(self.undone(restored))
    }

    /// Makes the last change that was taken back again.
    pub fn redo(&mut self) -> Option<Undone> {
        let restored = self.judgments.redo(&self.corpus)?;
        Some(self.undone(restored))
    }

    /// Words that cannot both be meant.
    pub fn conflicts(&self) -> Vec<Conflict> {
        self.judgments.conflicts(&self.corpus)
    }

    /// Queries and qrels of one split, or of all.
    ///
    /// # Errors
    /// `InputInvalid` for an id that the format cannot carry.
    pub fn export_beir(&self, split: Option<Split>) -> Result<(String, String)> {
        let (queries, qrels) = beir::from_judgments(&self.judgments, split, SPLIT_SEED);
        Ok((beir::write_queries(&queries)?, beir::write_qrels(&qrels)?))
    }

    /// Adds judgments that were exported; how many came, and how many there are then.
    ///
    /// # Errors
    /// As [`Self::add_judgments`].
    pub fn import_judgments(&mut self, judgments: Vec<Judgment>) -> Result<(usize, usize)> {
        let added = judgments.len();
        self.judgments.import(judgments, &self.corpus, now())?;
        Ok((added, self.judgments.all().len()))
    }

    /// Makes queries from the documents, and adds them as synthetic judgments.
    ///
    /// # Errors
    /// `InputInvalid` for an option, `InsufficientData` without documents.
    pub fn pseudo_queries(&mut self, options: &PseudoOptions) -> Result<PseudoResult> {
        self.need_documents()?;
        let made = pseudo_queries(self.corpus.documents(), options)?;
        let named = made.into_iter().map(|made| PseudoJudgment {
            document: self.corpus.documents()[made.document].id.clone(),
            query: made.query,
            kind: made.kind,
        });
        let queries: Vec<PseudoJudgment> = named.collect();
        let judgment = |made: &PseudoJudgment| Judgment {
            source: Source::Synthetic,
            kind: Some(made.kind),
            ..Judgment::relevant(made.query.clone(), made.document.clone())
        };
        let total = self.add_judgments(queries.iter().map(judgment).collect())?;
        Ok(PseudoResult { queries, total })
    }

    /// Turns clicks into judgments, see [`feedback`].
    ///
    /// # Errors
    /// `InputInvalid` for an option or an impression, naming its place.
    pub fn feedback(
        &mut self,
        impressions: &[Impression],
        options: &FeedbackOptions,
    ) -> Result<FeedbackResult> {
        let made = feedback::apply(impressions, options, &self.judgments, &self.corpus)?;
        self.judgments.add_feedback(made.judgments.clone(), &self.corpus, now())?;
        let total = self.judgments.all().len();
        Ok(FeedbackResult { judgments: made.judgments, left_out: made.left_out, total })
    }

    /// Documents that are gone take their judgments with them.
    pub(super) fn judgments_without(&mut self, documents: &[String]) {
        self.judgments.remove_documents(documents, now());
    }

    /// The word that counts on a pair: that of the most trusted source.
    pub(super) fn judgment_of(&self, query: &str, document: &str) -> Option<&Judgment> {
        Source::ALL.into_iter().find_map(|source| self.judgments.get(query, document, source))
    }

    fn undone(&self, restored: Restored) -> Undone {
        Undone { change: restored.change, skipped: restored.left_out, total: self.judgments.all().len() }
    }
}

/// Milliseconds since 1970, for the history.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64() * 1e3)
}
