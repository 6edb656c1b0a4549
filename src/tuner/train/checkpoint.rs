//! A run as bytes, and back: everything that the next step depends on.

use super::epoch::Epoch;
use super::looks::Best;
use super::{Chosen, LastRound, Phase, Train};
use crate::dataset::JudgedQuery;
use crate::error::{Error, Result};
use crate::training::{Checkpoint, TrainOptions};
use crate::tuner::Tuner;
use crate::tuner::events::Event;
use nearmiss_kernels::{FNV_OFFSET, fnv1a};
use serde::{Deserialize, Serialize};

const VERSION: u32 = 2;
/// Steps or epochs of a run: far above any, so that nothing that is counted overflows.
const MOST: usize = 1_000_000;

/// What is no tensor.
#[derive(Serialize, Deserialize)]
struct State {
    version: u32,
    /// Of the weights in use when the run began, of those that train, and of the documents.
    model: [u64; 2],
    start: u64,
    documents: u64,
    options: TrainOptions,
    queries: Vec<JudgedQuery>,
    dev: Vec<JudgedQuery>,
    held_out: Vec<JudgedQuery>,
    real: bool,
    unanswered: usize,
    run: usize,
    updates: usize,
    epochs: usize,
    step: usize,
    steps: usize,
    now: Epoch,
    last_round: Option<LastRound>,
    scores: Vec<(usize, usize, f32)>,
    looked_at: Option<usize>,
    start_ndcg: Option<f64>,
    without_gain: usize,
    /// nDCG@10, of each dev query too, and step.
    best: Option<(f64, Vec<f64>, usize)>,
    averaged: usize,
    finished: usize,
    chosen: Chosen,
}

impl Train {
    /// Begins where a checkpoint was made.
    ///
    /// # Errors
    /// `InputInvalid` when the bytes are no checkpoint; `ModelMismatch` when the model, its tuning, or the documents are not those
    /// with which the run began.
    pub(in crate::tuner) fn resume(tuner: &Tuner, bytes: &[u8]) -> Result<Self> {
        let checkpoint = Checkpoint::from_bytes(bytes)?;
        let broken = |e: serde_json::Error| Error::input("resume", format!("its header is broken: {e}"));
        let state: State = serde_json::from_str(&checkpoint.state).map_err(broken)?;
        if state.version != VERSION {
            let reason = format!("is of version {}, this release reads {VERSION}", state.version);
            return Err(Error::input("resume", reason));
        }
        state.options.validate()?;
        let same = |what: &str, expected: u64, got: u64| match expected == got {
            true => Ok(()),
            false => Err(Error::ModelMismatch {
                what: format!("{what} with which the training began"),
                expected: format!("{expected:016x}"),
                got: format!("{got:016x}"),
            }),
        };
        let [document, query] = tuner.encoder.snapshot().fingerprints();
        same("the model", state.model[0], document)?;
        same("the query side of the model", state.model[1], query)?;
        same("the documents", state.documents, digest(tuner))?;
        state.check(tuner.corpus.len())?;
        let mut run = Self::empty(tuner, state.options.clone())?;
        run.put_state(state);
        run.phase = Phase::Restore(Box::new(checkpoint));
        Ok(run)
    }

    fn put_state(&mut self, state: State) {
        (self.queries, self.dev, self.held_out) = (state.queries, state.dev, state.held_out);
        (self.real, self.unanswered) = (state.real, state.unanswered);
        (self.run, self.epochs, self.step, self.steps) = (state.run, state.epochs, state.step, state.steps);
        self.updates = state.updates;
        (self.now, self.last_round, self.chosen) = (state.now, state.last_round, state.chosen);
        self.scores =
            state.scores.into_iter().map(|(query, document, score)| ((query, document), score)).collect();
        (self.looked_at, self.saved_at) = (state.looked_at, self.taken());
        (self.looks.start, self.looks.without_gain) = (state.start_ndcg, state.without_gain);
    }

    /// Puts the tensors back, then encodes what is missing.
    pub(super) async fn restore(&mut self, tuner: &mut Tuner, checkpoint: Checkpoint) -> Result<()> {
        let broken = |e: serde_json::Error| Error::input("resume", e.to_string());
        let state: State = serde_json::from_str(&checkpoint.state).map_err(broken)?;
        self.begin_run(tuner);
        let lost = || Error::Internal { reason: "a run that did not begin".into() };
        let trainer = self.trainer.as_mut().ok_or_else(lost)?;
        trainer.resume(&checkpoint, &tuner.encoder, self.step)?;
        let got = trainer.fingerprint_of_start().await?;
        if got != state.start {
            return Err(Error::ModelMismatch {
                what: "the head with which the training began".into(),
                expected: format!("{:016x}", state.start),
                got: format!("{got:016x}"),
            });
        }
        let [length] = trainer.weights().dims();
        let tensor = |name: &str| checkpoint.tensor(name, length, tuner.encoder.device());
        (self.averaged.mean, self.averaged.count) = (tensor("mean")?, state.averaged);
        self.finished = tensor("finished")?.map(|mean| (mean, state.finished));
        if let (Some((ndcg, each, step)), Some(weights)) = (state.best, tensor("best")?) {
            self.looks.best = Some(Best { ndcg, each, step, weights });
        }
        let mut encodings = self.everything(tuner, None);
        encodings.0.extend(self.missing_texts(tuner));
        self.phase = Phase::Encode(encodings, Box::new(Phase::Before));
        Ok(())
    }

    /// The run as it stands between two steps.
    pub(super) async fn save(&mut self, tuner: &Tuner) -> Result<Event> {
        let lost = || Error::Internal { reason: "a checkpoint before the run began".into() };
        let trainer = self.trainer.as_ref().ok_or_else(lost)?;
        let mut tensors = trainer.tensors();
        tensors.extend(self.averaged.mean.clone().map(|mean| ("mean", mean)));
        tensors.extend(self.finished.clone().map(|(mean, _)| ("finished", mean)));
        tensors.extend(self.looks.best.clone().map(|best| ("best", best.weights)));
        let mut scores: Vec<(usize, usize, f32)> =
            self.scores.iter().map(|(&(query, document), &score)| (query, document, score)).collect();
        scores.sort_unstable_by_key(|&(query, document, _)| (query, document));
        let state = State {
            version: VERSION,
            model: tuner.encoder.snapshot().fingerprints(),
            start: trainer.fingerprint_of_start().await?,
            documents: digest(tuner),
            options: self.options.clone(),
            queries: self.queries.clone(),
            dev: self.dev.clone(),
            held_out: self.held_out.clone(),
            real: self.real,
            unanswered: self.unanswered,
            run: self.run,
            updates: self.updates,
            epochs: self.epochs,
            step: self.step,
            steps: self.steps,
            now: self.now.clone(),
            last_round: self.last_round.clone(),
            scores,
            looked_at: self.looked_at,
            start_ndcg: self.looks.start,
            without_gain: self.looks.without_gain,
            best: self.looks.best.as_ref().map(|best| (best.ndcg, best.each.clone(), best.step)),
            averaged: self.averaged.count,
            finished: self.finished.as_ref().map_or(0, |(_, runs)| *runs),
            chosen: self.chosen,
        };
        let failed = |e: serde_json::Error| Error::Internal { reason: e.to_string() };
        let state = serde_json::to_string(&state).map_err(failed)?;
        let bytes = Checkpoint::new(state, tensors).await?.to_bytes()?;
        Ok(Event::Checkpoint { step: self.taken(), bytes })
    }
}

impl State {
    /// Refuses numbers that would lead nowhere: the header may come from anybody.
    fn check(&self, documents: usize) -> Result<()> {
        let (now, known) = (&self.now, documents + self.now.texts.len());
        let counts = self.run >= 1
            && self.run <= self.options.runs
            && (1..=MOST).contains(&self.steps)
            && self.updates <= self.options.runs * self.steps
            && self.finished < self.run
            && self.averaged <= self.steps
            && self.without_gain <= self.steps
            && self.step <= self.steps
            && now.number <= self.epochs
            && self.epochs <= MOST
            && now.judged.len() == now.examples.len()
            && now.sources.len() == now.texts.len()
            && now.relevant.len() == self.queries.len()
            && (now.queries.is_empty() || now.queries.len() == self.queries.len())
            && self.queries.len() >= 2
            && self.best.as_ref().is_none_or(|(_, each, _)| each.len() == self.dev.len())
            && self.last_round.as_ref().is_none_or(|last| last.step <= self.step);
        let examples = now.examples.iter().all(|example| {
            let mut negatives = example.negatives.iter().map(|negative| negative.document);
            example.query < self.queries.len()
                && example.positive < known
                && example.weight.is_finite()
                && negatives.all(|number| number < known)
        });
        let batches = now.batches.iter().flatten().all(|&at| at < now.examples.len());
        let rising = now.relevant.iter().all(|list| list.is_sorted());
        let mut numbers = now.sources.iter().chain(now.relevant.iter().flatten());
        let answers = rising && numbers.all(|&number| number < documents);
        match counts && examples && answers && batches && now.batches.iter().all(|batch| !batch.is_empty()) {
            true => Ok(()),
            false => Err(Error::input("resume", "its header does not fit together")),
        }
    }
}

/// Names the documents, their order and their content.
fn digest(tuner: &Tuner) -> u64 {
    let add = |hash, text: &str| fnv1a(fnv1a(hash, &(text.len() as u64).to_le_bytes()), text.as_bytes());
    let documents = tuner.corpus.documents().iter();
    documents.fold(FNV_OFFSET, |hash, document| {
        let hash = add(hash, &document.id);
        add(add(hash, &document.content()), document.parent.as_deref().unwrap_or(""))
    })
}
