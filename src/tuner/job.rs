//! Work that takes time, done one bounded piece a pull.

use super::Tuner;
use super::comparing::{CompareOptions, Comparing};
use super::encoding::Encoding;
use super::evaluating::Evaluating;
use super::events::{Event, Stage};
use super::mining::{Round, Scores, found, overlap};
use super::search::{Growing, Mode, SearchOptions};
use super::train::Train;
use crate::dataset::Split;
use crate::error::{Error, Result};
use crate::mining::MiningOptions;
use crate::training::TrainOptions;

/// A job in progress. Pull [`Job::next`] until it gives none; drop it to cancel: the tuner is whole at every pull.
pub struct Job {
    /// Texts to encode before the work itself, documents first.
    encodings: Vec<Encoding>,
    work: Work,
}

enum Work {
    Index,
    Growing(Box<Growing>),
    Compare(Comparing),
    Mine { options: MiningOptions },
    Mining(Box<Round>),
    Evaluate { split: Split, search: SearchOptions },
    Evaluating(Box<Evaluating>),
    Train(Box<Train>),
    Done,
}

impl Job {
    /// Encodes the documents that have no vector yet. Weights that were taken up and wait for this are in use at its end.
    pub fn index(tuner: &Tuner) -> Result<Self> {
        Ok(Self { encodings: vec![tuner.indexing()], work: Work::Index })
    }

    /// Compares the results for one query: with the model as loaded, and as it is now.
    ///
    /// # Errors
    /// `InputInvalid` for a blank query or an option; `InsufficientData` without documents.
    pub fn compare(tuner: &Tuner, query: &str, options: CompareOptions) -> Result<Self> {
        let work = Work::Compare(Comparing::new(tuner, query, options)?);
        let mut encodings = tuner.for_baseline(None);
        // All that was judged, since what stands near the query is among its reasons.
        encodings.extend(Split::ALL.map(|split| queries(tuner, split)));
        encodings.push(documents(tuner));
        Ok(Self { encodings, work })
    }

    /// Mines the training side of the judgments.
    ///
    /// # Errors
    /// `InputInvalid` for an option, `InsufficientData` without documents.
    pub fn mine(tuner: &Tuner, options: MiningOptions) -> Result<Self> {
        options.validate()?;
        tuner.need_documents()?;
        Ok(Self {
            encodings: vec![queries(tuner, Split::Train), documents(tuner)],
            work: Work::Mine { options },
        })
    }

    /// Measures search on one side of the judgments, with the model as loaded and as it is now.
    ///
    /// # Errors
    /// `InsufficientData` without documents, `InputInvalid` for an option.
    pub fn evaluate(tuner: &Tuner, split: Split, search: impl Into<SearchOptions>) -> Result<Self> {
        tuner.need_documents()?;
        let search = search.into();
        search.validate()?;
        let encodings = match search.as_mode() {
            Some(Mode::Lexical) => Vec::new(),
            _ => {
                let mut encodings = tuner.for_baseline(Some(split));
                encodings.extend([queries(tuner, split), documents(tuner)]);
                encodings
            }
        };
        Ok(Self { encodings, work: Work::Evaluate { split, search } })
    }

    /// Trains, measures, and keeps the new weights only if held-out search got better.
    ///
    /// # Errors
    /// `InputInvalid` for an option; `InsufficientData` naming what is missing.
    pub fn train(tuner: &Tuner, options: TrainOptions) -> Result<Self> {
        Ok(Self { encodings: Vec::new(), work: Work::Train(Box::new(Train::new(tuner, options)?)) })
    }

    /// Goes on with a training from the bytes of its last checkpoint: with the options, queries and negatives that it had then.
    ///
    /// # Errors
    /// `InputInvalid` when the bytes are no checkpoint, `ModelMismatch` when model or documents are others.
    pub fn resume(tuner: &Tuner, checkpoint: &[u8]) -> Result<Self> {
        Ok(Self { encodings: Vec::new(), work: Work::Train(Box::new(Train::resume(tuner, checkpoint)?)) })
    }

    /// Does the next piece of work and says what it was; none when the job is over.
    ///
    /// # Errors
    /// Whatever the work meets; the job is over then, and the tuner as it was before it.
    pub async fn next(&mut self, tuner: &mut Tuner) -> Result<Option<Event>> {
        while let Some(encoding) = self.encodings.last_mut() {
            match encoding.next(tuner).await {
                Ok(Some(event)) => return Ok(Some(event)),
                Ok(None) => drop(self.encodings.pop()),
                Err(error) => {
                    self.encodings.clear();
                    self.work = Work::Done;
                    return Err(error);
                }
            }
        }
        match std::mem::replace(&mut self.work, Work::Done) {
            Work::Index => {
                tuner.finish_indexing();
                match tuner.grow().await? {
                    Some(growing) => Ok(Some(self.grow_on(tuner, Box::new(growing)))),
                    None => Ok(Some(Event::Indexed { documents: tuner.corpus.len() })),
                }
            }
            Work::Growing(growing) => Ok(Some(self.grow_on(tuner, growing))),
            Work::Compare(comparing) => comparing.run(tuner).await.map(Some),
            Work::Mine { options } => {
                let queries = tuner.queries(Split::Train);
                let round = Round::begin(tuner, options, queries, None, Scores::new(), true).await?;
                self.mine_on(tuner, Box::new(round)).await.map(Some)
            }
            Work::Mining(round) => self.mine_on(tuner, round).await.map(Some),
            Work::Evaluate { split, search } => match search.as_mode() {
                Some(mode) => tuner.evaluated(split, mode).await.map(Some),
                None => {
                    let work = Evaluating::new(tuner, split, search)?;
                    self.evaluate_on(tuner, Box::new(work)).await.map(Some)
                }
            },
            Work::Evaluating(work) => self.evaluate_on(tuner, work).await.map(Some),
            Work::Train(mut train) => {
                let event = train.next(tuner).await?;
                if event.is_some() {
                    self.work = Work::Train(train);
                }
                Ok(event)
            }
            Work::Done => Ok(None),
        }
    }
}

impl Job {
    /// Answers the last `Scoring` event: one number a document.
    ///
    /// # Errors
    /// `InputInvalid` when nobody asked, or the numbers do not fit.
    pub fn put_scores(&mut self, scores: &[f32]) -> Result<()> {
        match &mut self.work {
            Work::Mining(round) => round.put_scores(scores),
            Work::Train(train) => train.put_scores(scores),
            _ => Err(Error::input("teacher", "gave scores that nobody asked for")),
        }
    }

    /// Some rows of the graph, or the end of the job.
    fn grow_on(&mut self, tuner: &mut Tuner, mut growing: Box<Growing>) -> Event {
        match growing.next(tuner) {
            Some(event) => {
                self.work = Work::Growing(growing);
                event
            }
            None => Event::Indexed { documents: tuner.corpus.len() },
        }
    }

    /// One query, or the outcome.
    async fn evaluate_on(&mut self, tuner: &mut Tuner, mut work: Box<Evaluating>) -> Result<Event> {
        let event = work.next(tuner).await?;
        if !matches!(event, Event::Evaluated { .. }) {
            self.work = Work::Evaluating(work);
        }
        Ok(event)
    }

    /// One piece of a round, or its outcome.
    async fn mine_on(&mut self, tuner: &mut Tuner, mut round: Box<Round>) -> Result<Event> {
        if let Some(event) = round.next(tuner).await? {
            self.work = Work::Mining(round);
            return Ok(event);
        }
        let (mut mined, _) = round.finish()?;
        let now = found(tuner, &mined);
        mined.report.overlap = overlap(tuner.last_mined.as_ref(), &now);
        tuner.last_mined = Some(now);
        let (examples, suspects) = tuner.named(&mined);
        Ok(Event::Mined { examples, suspects, report: mined.report })
    }
}

fn documents(tuner: &Tuner) -> Encoding {
    Encoding::new(Stage::Documents, tuner.unencoded(), tuner.encoder.max_length(), None)
}

fn queries(tuner: &Tuner, split: Split) -> Encoding {
    Encoding::new(Stage::Queries, tuner.unencoded_queries(split), tuner.encoder.max_length(), None)
}

impl Tuner {
    async fn evaluated(&mut self, split: Split, mode: Mode) -> Result<Event> {
        let judged = self.queries(split);
        let after = self.report(&judged, mode).await?;
        let original = self.original.clone();
        let before = if self.is_original() {
            after.metrics
        } else {
            let work = async |tuner: &mut Tuner| tuner.report(&judged, mode).await;
            self.with_weights(&original, work).await?.metrics
        };
        let queries = after.per_query.len();
        Ok(Event::Evaluated { before, after: after.metrics, queries, verdict: self.verdict.clone() })
    }

    /// What the model as it was loaded has not encoded yet of the documents and of the queries of one side, when another
    /// transformer is in use.
    fn for_baseline(&self, split: Option<Split>) -> Vec<Encoding> {
        let (original, length) = (&self.original, self.encoder.max_length());
        if original.fingerprints() == self.encoder.snapshot().fingerprints() {
            return Vec::new();
        }
        let [document, query] = original.fingerprints();
        let contents = self.corpus.documents().iter().map(|d| d.content());
        let queries = split.into_iter().flat_map(|split| self.queries(split)).map(|q| q.text);
        let missing = [
            (Stage::Queries, self.vectors.missing(query, queries)),
            (Stage::Documents, self.vectors.missing(document, contents)),
        ];
        missing.map(|(stage, texts)| Encoding::new(stage, texts, length, Some(original.clone()))).into()
    }

    pub(super) fn is_original(&self) -> bool {
        let now = self.encoder.snapshot();
        now.head().is_none() && now.fingerprints() == self.original.fingerprints()
    }
}
