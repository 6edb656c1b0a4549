//! The beginning of a run: who trains, who decides, who measures, and whether that is enough.

use super::epoch::Epoch;
use super::looks::Looks;
use super::states::StateCache;
use super::{Chosen, Phase, Train};
use crate::dataset::{JudgedQuery, Source, Split, dev_of};
use crate::error::{Error, Result};
use crate::mining::Strategy;
use crate::text::Augmenter;
use crate::training::{Averaged, TrainOptions};
use crate::tuner::Tuner;
use crate::tuner::mining::Scores;
use web_time::Instant;

/// Decides which training queries are dev queries. One for everything, as the split has: runs with other seeds compare.
const DEV_SEED: u64 = 1;

impl Train {
    /// Checks options and data before any work.
    ///
    /// # Errors
    /// `InputInvalid` for an option; `InsufficientData` naming what is missing: documents, judged training queries, or
    /// held-out ones.
    pub(in crate::tuner) fn new(tuner: &Tuner, options: TrainOptions) -> Result<Self> {
        options.validate()?;
        tuner.need_documents()?;
        let answered = |queries: Vec<JudgedQuery>| -> Vec<JudgedQuery> {
            queries.into_iter().filter(|query| !query.positives.is_empty()).collect()
        };
        let all = tuner.queries(Split::Train);
        let unanswered = all.iter().filter(|query| query.positives.is_empty()).count();
        let (queries, held_out) = (answered(all), answered(tuner.queries(Split::HeldOut)));
        let named = answered(tuner.queries(Split::Dev));
        let (queries, dev) = if named.is_empty() {
            let texts: Vec<&str> = queries.iter().map(|query| query.text.as_str()).collect();
            let is_dev = dev_of(&texts, options.dev_share(queries.len()), DEV_SEED);
            part_dev(queries, &is_dev)
        } else {
            (queries, named)
        };
        let need = |what: &str, needed: usize, got: usize| match got < needed {
            true => Err(Error::InsufficientData { what: what.into(), needed, got }),
            false => Ok(()),
        };
        need("training queries with a document marked relevant", 2, queries.len())?;
        need(&held_out_queries(tuner), 2, held_out.len())?;
        if options.negatives == Strategy::Labelled {
            let labelled = queries.iter().map(|q| q.negatives.len()).sum();
            need("documents marked not relevant", 1, labelled)?;
        }
        let mut run = Self::empty(tuner, options)?;
        (run.queries, run.dev, run.held_out, run.unanswered) = (queries, dev, held_out, unanswered);
        run.phase = Phase::Encode(run.everything(tuner, None), Box::new(Phase::Before));
        Ok(run)
    }

    /// Before anything is known but the options.
    pub(super) fn empty(tuner: &Tuner, options: TrainOptions) -> Result<Self> {
        let augmenter = if options.augment.is_none() {
            None
        } else {
            let texts: Vec<String> =
                tuner.corpus.documents().iter().map(|document| document.content()).collect();
            Some(Augmenter::new(&options.augment, &texts, options.seed)?)
        };
        Ok(Self {
            phase: Phase::Done,
            queries: Vec::new(),
            dev: Vec::new(),
            held_out: Vec::new(),
            real: tuner.judgments.has_real_positives(),
            revision: tuner.revision,
            trainer: None,
            averaged: Averaged::new(options.average, 0),
            before: None,
            now: Epoch::default(),
            epochs: 0,
            step: 0,
            steps: 0,
            run: 1,
            updates: 0,
            last_round: None,
            unanswered: 0,
            scores: Scores::new(),
            looks: Looks::default(),
            looked_at: None,
            saved_at: 0,
            pool: Vec::new(),
            finished: None,
            chosen: Chosen::default(),
            states: StateCache::default(),
            augmenter,
            started: Instant::now(),
            trained: 0,
            options,
        })
    }
}

/// The training queries that train and those that decide instead.
fn part_dev(queries: Vec<JudgedQuery>, is_dev: &[bool]) -> (Vec<JudgedQuery>, Vec<JudgedQuery>) {
    let (mut train, mut dev) = (Vec::new(), Vec::new());
    for (query, &is_dev) in queries.into_iter().zip(is_dev) {
        if is_dev { dev.push(query) } else { train.push(query) }
    }
    (train, dev)
}

/// What is missing on the held-out side, in words; where made queries do not count there, that is the likely reason.
fn held_out_queries(tuner: &Tuner) -> String {
    let mut judgments = tuner.judgments.all();
    let made = judgments.any(|judgment| judgment.source == Source::Synthetic);
    let what = "held-out queries with a document marked relevant";
    match made && tuner.judgments.has_real_positives() {
        true => format!("{what} (those made from documents no longer count once somebody has judged)"),
        false => what.into(),
    }
}
