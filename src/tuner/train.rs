//! A training run: baseline first, then epochs of mining and steps, then the verdict.
//!
//! Nothing of it touches the weights in use until the verdict: search goes on undisturbed, and a run that is dropped leaves
//! everything as it was.

use super::encoding::Encoding;
use super::events::{Event, Moment, Stage, TrainingVerdict};
use super::mining::Mined;
use super::ranking::Mode;
use super::{Tuner, vectors};
use crate::dataset::{BatchKey, JudgedQuery, Split, batches};
use crate::encoder::Snapshot;
use crate::error::{Error, Result};
use crate::evaluation::{Outcome, Report, compare};
use crate::mining::MiningOptions;
use crate::training::{Inputs, Layout, Negatives, StepInputs, TrainOptions, Trainer, TrainingExample, Tuned};

/// Where a run stands. Each pull does the work of one phase, or one part of it, and may move on.
#[allow(clippy::large_enum_variant, reason = "there is one of it in a run")]
enum Phase {
    Documents(Encoding),
    Queries(Encoding),
    Before,
    Mine,
    Steps {
        batches: std::vec::IntoIter<Vec<usize>>,
        examples: Vec<TrainingExample>,
    },
    /// Full training only: everything is encoded anew with the tuned weights.
    Again {
        weights: Snapshot,
        encodings: std::vec::IntoIter<Encoding>,
        current: Option<Encoding>,
    },
    After {
        weights: Snapshot,
    },
    Verdict {
        weights: Snapshot,
        after: Report,
    },
    Done,
}

/// One run.
pub(super) struct Train {
    options: TrainOptions,
    phase: Phase,
    /// Of the training side, as they were when the run began; what is judged meanwhile counts for the next run.
    queries: Vec<JudgedQuery>,
    /// Of the other side, likewise: before and after are about the same queries.
    held_out: Vec<JudgedQuery>,
    /// The state of the tuner that the run belongs to.
    revision: u64,
    trainer: Option<Trainer>,
    before: Option<Report>,
    /// From 1 once the first has begun.
    epoch: usize,
    epochs: usize,
    step: usize,
    steps: usize,
    examples: usize,
}

impl Train {
    /// Checks options and data before any work.
    ///
    /// # Errors
    /// `InputInvalid` for an option; `InsufficientData` naming what is missing: documents, judged training queries, or
    /// held-out ones.
    pub(super) fn new(tuner: &Tuner, options: TrainOptions) -> Result<Self> {
        options.validate()?;
        tuner.need_documents()?;
        let judged = |split| {
            let queries = tuner.queries(split);
            queries.into_iter().filter(|q| !q.positives.is_empty()).collect::<Vec<_>>()
        };
        let (queries, held_out) = (judged(Split::Train), judged(Split::HeldOut));
        let need = |what: &str, needed: usize, got: usize| match got < needed {
            true => Err(Error::InsufficientData { what: what.into(), needed, got }),
            false => Ok(()),
        };
        need("training queries with a document marked relevant", 2, queries.len())?;
        need("held-out queries with a document marked relevant", 2, held_out.len())?;
        if options.negatives == Negatives::Labelled {
            let labelled = queries.iter().map(|q| q.negatives.len()).sum();
            need("documents marked not relevant", 1, labelled)?;
        }
        let documents = Encoding::new(Stage::Documents, tuner.unencoded(), tuner.encoder.max_length(), None);
        Ok(Self {
            options,
            phase: Phase::Documents(documents),
            queries,
            held_out,
            revision: tuner.revision,
            trainer: None,
            before: None,
            epoch: 0,
            epochs: 0,
            step: 0,
            steps: 0,
            examples: 0,
        })
    }

    pub(super) async fn next(&mut self, tuner: &mut Tuner) -> Result<Option<Event>> {
        if matches!(self.phase, Phase::Done) {
            return Ok(None);
        }
        if tuner.revision != self.revision {
            let reason = "documents or weights changed while it ran; nothing was kept, start it again";
            return Err(Error::input("training", reason));
        }
        loop {
            // Taken out, so that a failure on the way leaves the run finished rather than half way.
            match std::mem::replace(&mut self.phase, Phase::Done) {
                Phase::Documents(mut encoding) => {
                    if let Some(event) = encoding.next(tuner).await? {
                        self.phase = Phase::Documents(encoding);
                        return Ok(Some(event));
                    }
                    self.phase = Phase::Queries(self.query_encoding(tuner, None));
                }
                Phase::Queries(mut encoding) => {
                    if let Some(event) = encoding.next(tuner).await? {
                        self.phase = Phase::Queries(encoding);
                        return Ok(Some(event));
                    }
                    self.phase = Phase::Before;
                }
                Phase::Before => {
                    let report = tuner.report(&self.held_out, Mode::Dense).await?;
                    let event = measured(Moment::Before, 0, &report);
                    self.before = Some(report);
                    self.phase = Phase::Mine;
                    return Ok(Some(event));
                }
                Phase::Mine => return self.begin_epoch(tuner).await,
                Phase::Steps { mut batches, examples } => {
                    if let Some(batch) = batches.next() {
                        let event = self.take_step(tuner, &batch, &examples).await?;
                        self.phase = Phase::Steps { batches, examples };
                        return Ok(Some(event));
                    }
                    self.phase = match self.epoch < self.epochs {
                        true => Phase::Mine,
                        false => self.finish(tuner).await?,
                    };
                }
                Phase::Again { weights, mut encodings, current } => {
                    let Some(mut encoding) = current.or_else(|| encodings.next()) else {
                        self.phase = Phase::After { weights };
                        continue;
                    };
                    let event = encoding.next(tuner).await?;
                    let current = event.is_some().then_some(encoding);
                    self.phase = Phase::Again { weights, encodings, current };
                    if event.is_some() {
                        return Ok(event);
                    }
                }
                Phase::After { weights } => {
                    let held_out = &self.held_out;
                    let report = async |tuner: &mut Tuner| tuner.report(held_out, Mode::Dense).await;
                    let after = tuner.with_weights(&weights, report).await?;
                    let event = measured(Moment::After, self.epochs, &after);
                    self.phase = Phase::Verdict { weights, after };
                    return Ok(Some(event));
                }
                Phase::Verdict { weights, after } => return self.judge(tuner, weights, &after).map(Some),
                Phase::Done => return Ok(None),
            }
        }
    }

    /// Training and held-out queries that have no vector yet.
    fn query_encoding(&self, tuner: &Tuner, weights: Option<Snapshot>) -> Encoding {
        let fingerprint = weights.as_ref().map_or(tuner.encoder.fingerprint(), Snapshot::fingerprint);
        let texts = self.queries.iter().chain(&self.held_out).map(|q| q.text.clone());
        let missing = tuner.vectors.missing(fingerprint, texts);
        Encoding::new(Stage::Queries, missing, tuner.encoder.max_length(), weights)
    }

    /// Mines with the weights as trained so far, and lays out the epoch's batches.
    async fn begin_epoch(&mut self, tuner: &mut Tuner) -> Result<Option<Event>> {
        // The transformer moves under full training, and encoding the corpus anew costs more than the epoch itself:
        // there, the first epoch's negatives serve for all.
        let refreshed = match &self.trainer {
            Some(trainer) => match trainer.tuned() {
                Tuned::Head(head, towers) => Some(tuner.encoder.snapshot().with_head(head, towers)),
                Tuned::Full(_) => None,
            },
            None => None,
        };
        let mined = match refreshed {
            Some(weights) => {
                let mine = async |tuner: &mut Tuner| self.mine(tuner).await;
                tuner.with_weights(&weights, mine).await?
            }
            None => self.mine(tuner).await?,
        };
        let examples = examples(&mined);
        self.examples = examples.len();
        let originals = tuner.corpus.originals();
        let keys: Vec<BatchKey> = examples.iter().map(|e| batch_key(e, &originals)).collect();
        let seed = self.options.seed.wrapping_add(self.epoch as u64);
        let batches = batches(&keys, self.options.batch(keys.len()), seed);
        if self.trainer.is_none() {
            self.epochs = self.options.epochs(batches.len());
            self.steps = self.epochs * batches.len();
            self.trainer = Some(Trainer::new(&tuner.encoder, &self.options, self.steps));
        }
        self.epoch += 1;
        self.phase = Phase::Steps { batches: batches.into_iter(), examples };
        Ok(Some(Event::Mining { epoch: self.epoch, report: mined.report }))
    }

    async fn mine(&self, tuner: &mut Tuner) -> Result<Mined> {
        let options = MiningOptions {
            num_negatives: self.options.num_negatives.max(1),
            relative_margin: Some(self.options.relative_margin),
            seed: self.options.seed,
            ..MiningOptions::default()
        };
        let mut mined = tuner.mine(&options, self.queries.clone()).await?;
        let only_labelled = self.options.negatives == Negatives::Labelled;
        for example in &mut mined.examples {
            let marked = |n: &crate::mining::Negative| n.source == crate::mining::NegativeSource::Labelled;
            // With more marks than places each epoch begins with another one, so that all are trained on.
            let count = example.negatives.iter().filter(|n| marked(n)).count();
            if count > 0 {
                example.negatives[..count].rotate_left(self.epoch % count);
            }
            example.negatives.retain(|n| !only_labelled || marked(n));
            example.negatives.truncate(self.options.num_negatives);
        }
        Ok(mined)
    }

    async fn take_step(
        &mut self,
        tuner: &Tuner,
        batch: &[usize],
        examples: &[TrainingExample],
    ) -> Result<Event> {
        let chosen: Vec<&TrainingExample> = batch.iter().map(|&i| &examples[i]).collect();
        let layout = Layout::new(&chosen, self.options.num_negatives);
        let lost = || Error::Internal { reason: "a step before the run began".into() };
        let trainer = self.trainer.as_mut().ok_or_else(lost)?;
        let documents = tuner.corpus.documents();
        let queries: Vec<&str> = layout.queries.iter().map(|&q| self.queries[q].text.as_str()).collect();
        let texts: Vec<String> = layout.documents.iter().map(|&d| documents[d].content()).collect();
        let inputs = if trainer.wants_tokens() {
            StepInputs {
                queries: Inputs::Tokens(tuner.encoder.tokenize(&queries)?),
                documents: Inputs::Tokens(tuner.encoder.tokenize(&texts)?),
            }
        } else {
            StepInputs {
                queries: rows(tuner, queries)?,
                documents: rows(tuner, texts.iter().map(String::as_str))?,
            }
        };
        let report = trainer.step(&tuner.encoder, &layout, inputs).await?;
        self.step += 1;
        Ok(Event::Step {
            epoch: self.epoch,
            epochs: self.epochs,
            step: self.step,
            steps: self.steps,
            loss: report.loss,
            learning_rate: report.learning_rate,
            positive_score: report.positive_score,
            negative_score: report.negative_score,
            active_triplets: report.active_triplets,
        })
    }

    /// Takes the tuned weights from the trainer and decides what must be encoded before they can be measured.
    async fn finish(&mut self, tuner: &Tuner) -> Result<Phase> {
        let lost = || Error::Internal { reason: "a run without steps".into() };
        let before = tuner.encoder.snapshot();
        match self.trainer.take().ok_or_else(lost)?.tuned() {
            Tuned::Head(head, towers) => Ok(Phase::After { weights: before.with_head(head, towers) }),
            Tuned::Full(bert) => {
                let fingerprint = tuner.encoder.fingerprint_of(&bert).await?;
                let weights = before.with_bert(*bert, fingerprint);
                let contents = tuner.corpus.documents().iter().map(|d| d.content());
                let texts = tuner.vectors.missing(fingerprint, contents);
                let length = tuner.encoder.max_length();
                let documents = Encoding::new(Stage::Documents, texts, length, Some(weights.clone()));
                let queries = self.query_encoding(tuner, Some(weights.clone()));
                Ok(Phase::Again { weights, encodings: vec![documents, queries].into_iter(), current: None })
            }
        }
    }

    /// Compares, keeps what is measurably better, and puts everything else back.
    fn judge(&mut self, tuner: &mut Tuner, weights: Snapshot, after: &Report) -> Result<Event> {
        let lost = || Error::Internal { reason: "a verdict without a baseline".into() };
        let before = self.before.take().ok_or_else(lost)?;
        let verdict = compare(&before, after, self.options.seed)?;
        let kept = verdict.outcome == Outcome::Better;
        let verdict = TrainingVerdict { verdict, kept, examples: self.examples, steps: self.step };
        tuner.last = Some((tuner.encoder.snapshot(), weights));
        tuner.verdict = Some(verdict.clone());
        if kept {
            tuner.keep()?;
        }
        Ok(Event::Verdict(verdict))
    }
}

fn measured(stage: Moment, epoch: usize, report: &Report) -> Event {
    Event::Evaluation { stage, epoch, metrics: report.metrics, queries: report.per_query.len() }
}

/// From mined examples to what the training room takes.
fn examples(mined: &Mined) -> Vec<TrainingExample> {
    let one = |e: &crate::mining::Example| TrainingExample {
        query: e.query,
        positive: e.positive,
        weight: 1.0,
        negatives: e.negatives.iter().map(|n| (n.document, 1.0)).collect(),
        relevant: mined.relevant[e.query].clone(),
    };
    mined.examples.iter().map(one).collect()
}

/// What must not meet in a batch; copies of a text count as that text.
fn batch_key(example: &TrainingExample, originals: &[usize]) -> BatchKey {
    let negatives = example.negatives.iter().map(|&(document, _)| document);
    let documents = std::iter::once(example.positive).chain(negatives).map(|d| originals[d]).collect();
    BatchKey { query: example.query, documents }
}

/// Base embeddings of texts that were encoded before.
fn rows<'a>(tuner: &Tuner, texts: impl IntoIterator<Item = &'a str>) -> Result<Inputs> {
    let fingerprint = tuner.encoder.fingerprint();
    let mut values = Vec::new();
    for text in texts {
        let missing =
            || Error::Internal { reason: format!("no vector {:016x}", vectors::key(fingerprint, text)) };
        values.extend_from_slice(tuner.vectors.get(fingerprint, text).ok_or_else(missing)?);
    }
    Ok(Inputs::Rows(values))
}
