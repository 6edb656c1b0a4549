//! Looks at the dev queries: which weights are best, when to stop, and how far to go from the old ones.

use super::Train;
use crate::embeddings::Embeddings;
use crate::encoder::{Input, Tower, read};
use crate::error::{Error, Result};
use crate::evaluation::{Report, Spread};
use crate::index::{Hit, flat};
use crate::training::{Trainer, Tuned};
use crate::tuner::Tuner;
use crate::tuner::events::{Event, Moment};
use crate::tuner::search::{DEPTH, Mode};
use burn::tensor::Tensor;

/// Documents that come into question for the dev queries, where documents must be encoded anew at each look: eight looks at so many
/// are about an eighth of the work of a default run (60 steps of 48 texts, forward and back).
const POOL: usize = 128;
/// Of one query, whatever the number of queries.
const POOL_EACH: [usize; 2] = [3, 20];
/// Texts encoded at once.
const TEXTS: usize = 16;
/// Rows that tell how embeddings lie in space.
pub(super) const SPREAD_ROWS: usize = 256;

/// What the dev queries have said in a run so far.
#[derive(Default, Clone)]
pub(super) struct Looks {
    /// nDCG@10 with the weights with which training began, once it was measured.
    pub start: Option<f64>,
    pub best: Option<Best>,
    /// Looks since then.
    pub without_gain: usize,
}

/// The best weights of a run.
#[derive(Clone)]
pub(super) struct Best {
    pub ndcg: f64,
    /// Of each dev query.
    pub each: Vec<f64>,
    pub step: usize,
    pub weights: Tensor<1>,
}

/// What one look sees.
pub(super) struct Seen {
    pub report: Report,
    pub spread: Spread,
    pub documents: usize,
}

impl Train {
    /// Documents to look for, best of the starting weights first for each query; all where they need no encoding.
    pub(super) async fn set_pool(&mut self, tuner: &mut Tuner) -> Result<()> {
        if !self.options.encodes_documents() || self.dev.is_empty() {
            return Ok(());
        }
        let each = (POOL / self.dev.len()).clamp(POOL_EACH[0], POOL_EACH[1]);
        let rows = tuner.query_rows(&self.dev).await?;
        let dense = tuner.dense().await?;
        let hits = flat::search_many(&dense.rows, &rows, each);
        let mut pool: Vec<usize> =
            hits.into_iter().flat_map(|hits| dense.translate(hits)).map(|hit| hit.position).collect();
        let answers = self.dev.iter().flat_map(|query| &query.positives);
        pool.extend(answers.filter_map(|judged| tuner.corpus.position(&judged.document)));
        pool.sort_unstable();
        pool.dedup();
        self.pool = pool;
        Ok(())
    }

    /// Measures the dev queries with these weights, `[n]`.
    pub(super) async fn look(&mut self, tuner: &mut Tuner, weights: &Tensor<1>) -> Result<Seen> {
        let lost = || Error::Internal { reason: "a look before the run began".into() };
        let trainer = self.trainer.take().ok_or_else(lost)?;
        let seen = self.look_with(tuner, &trainer, weights).await;
        self.trainer = Some(trainer);
        seen
    }

    async fn look_with(&mut self, tuner: &mut Tuner, trainer: &Trainer, weights: &Tensor<1>) -> Result<Seen> {
        let tuned = trainer.tuned(weights);
        if let Tuned::Head(head, towers) = tuned {
            let weights = tuner.encoder.snapshot().with_head(head, towers);
            let dev = &self.dev;
            let measure = async |tuner: &mut Tuner| {
                let report = tuner.report(dev, Mode::Dense).await?;
                let dense = tuner.dense().await?;
                Ok(Seen { report, spread: Spread::of(&dense.rows, SPREAD_ROWS), documents: dense.rows.len() })
            };
            return tuner.with_weights(&weights, measure).await;
        }
        let texts: Vec<String> = self.dev.iter().map(|query| query.text.clone()).collect();
        let queries = self.embed(tuner, trainer, &tuned, &texts, Tower::Query).await?;
        let (rows, positions) = if trainer.wants_texts(Tower::Document) {
            let documents = tuner.corpus.documents();
            let texts: Vec<String> = self.pool.iter().map(|&at| documents[at].content()).collect();
            (self.embed(tuner, trainer, &tuned, &texts, Tower::Document).await?, self.pool.clone())
        } else {
            let dense = tuner.dense().await?;
            (dense.rows.clone(), dense.positions.clone())
        };
        let lists = flat::search_many(&rows, &queries, DEPTH);
        let id = |hit: &Hit| tuner.corpus.documents()[positions[hit.position]].id.clone();
        let rankings: Vec<Vec<String>> = lists.iter().map(|hits| hits.iter().map(id).collect()).collect();
        let report = Report::new(&self.dev, &rankings)?;
        Ok(Seen { report, spread: Spread::of(&rows, SPREAD_ROWS), documents: rows.len() })
    }

    /// Embeddings of texts with a tuned transformer.
    async fn embed(
        &mut self,
        tuner: &Tuner,
        trainer: &Trainer,
        tuned: &Tuned,
        texts: &[String],
        tower: Tower,
    ) -> Result<Embeddings> {
        let encoder = &tuner.encoder;
        let Tuned::Bert(bert, ..) = tuned else { return Ok(Embeddings::empty(encoder.dimensions())) };
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|&at| texts[at].len());
        let mut found: Vec<Vec<f32>> = vec![Vec::new(); texts.len()];
        for part in order.chunks(TEXTS) {
            let own: Vec<String> = part.iter().map(|&at| texts[at].clone()).collect();
            let inputs = self.states.inputs(encoder, &own, trainer.layer(), tower).await?;
            let inputs: Vec<&Input> = inputs.iter().collect();
            let rows = encoder.forward_from(bert, &inputs, trainer.layer(), 0.0, encoder.device());
            let [values] = read([rows]).await?;
            for (&at, row) in part.iter().zip(values.chunks_exact(encoder.dimensions())) {
                found[at] = row.to_vec();
            }
        }
        Embeddings::new(encoder.dimensions(), found.concat())
    }

    /// Is it time for a look, after the step just taken?
    pub(super) fn must_look(&self) -> bool {
        let every = self.options.evaluate_every(self.steps);
        let is_due = self.step.is_multiple_of(every) || self.step == self.steps;
        !self.dev.is_empty() && is_due && self.looked_at != Some(self.step)
    }

    /// One look at what the run has come to; the run ends early after some without gain.
    pub(super) async fn look_now(&mut self, tuner: &mut Tuner) -> Result<Event> {
        self.looked_at = Some(self.step);
        let lost = || Error::Internal { reason: "a look before the run began".into() };
        let now = self.trainer.as_ref().ok_or_else(lost)?.weights().clone();
        if self.step == 0 {
            let seen = self.look(tuner, &now).await?;
            self.looks.start = Some(seen.report.metrics.ndcg_at_10);
            return Ok(self.dev_event(seen, false));
        }
        self.averaged.looked(&now);
        let weights = self.averaged.of(&now);
        let seen = self.look(tuner, &weights).await?;
        let ndcg = seen.report.metrics.ndcg_at_10;
        let is_best = self.looks.best.as_ref().is_none_or(|best| ndcg > best.ndcg);
        if is_best {
            self.looks.best = Some(Best { ndcg, each: each(&seen.report), step: self.step, weights });
            self.looks.without_gain = 0;
        } else {
            self.looks.without_gain += 1;
        }
        if self.looks.without_gain >= self.options.patience {
            self.end_run();
        }
        Ok(self.dev_event(seen, is_best))
    }

    pub(super) fn dev_event(&self, seen: Seen, best: bool) -> Event {
        let dev = crate::tuner::events::DevLook { documents: seen.documents, spread: seen.spread, best };
        Event::Evaluation {
            stage: Moment::Dev,
            epoch: self.now.number,
            step: self.taken(),
            metrics: seen.report.metrics,
            queries: seen.report.per_query.len(),
            dev: Some(dev),
        }
    }
}

/// nDCG@10 of each query.
pub(super) fn each(report: &Report) -> Vec<f64> {
    report.per_query.iter().map(|query| query.metrics.ndcg_at_10).collect()
}
