//! What is trained on: mined at the beginning of each epoch, and in between where negatives would grow stale.

use super::{Encodings, Phase, Train};
use crate::dataset::{BatchKey, batches};
use crate::encoder::Snapshot;
use crate::error::Result;
use crate::mining::{Example, Strategy};
use crate::text::cut_out;
use crate::training::{Trainer, TrainingExample, Tuned};
use crate::tuner::Tuner;
use crate::tuner::encoding::Encoding;
use crate::tuner::events::{Event, Stage};
use crate::tuner::mining::{Mined, Round, found, overlap};
use std::collections::HashMap;

/// Numbers of the texts made from each document.
type Variants = HashMap<usize, Vec<usize>>;

/// One pass over the examples.
pub(super) struct Epoch {
    /// From 1 once the first has begun.
    pub number: usize,
    /// All batches are taken: the next round begins an epoch.
    pub is_over: bool,
    /// What is left of it.
    pub batches: std::vec::IntoIter<Vec<usize>>,
    pub examples: Vec<TrainingExample>,
    /// How many negatives of each example are judged; these come first.
    pub judged: Vec<usize>,
    /// Negatives in the widest example: what a step makes room for.
    pub width: usize,
    /// Texts that are no documents, numbered from the number of documents on: near misses, then answers without their
    /// question.
    pub texts: Vec<String>,
}

impl Default for Epoch {
    fn default() -> Self {
        let (batches, examples, texts) = (Vec::new().into_iter(), Vec::new(), Vec::new());
        Self { number: 0, is_over: true, batches, examples, judged: Vec::new(), width: 1, texts }
    }
}

impl Train {
    /// Must be mined anew before the next step, in the middle of an epoch?
    pub(super) fn is_stale(&self) -> bool {
        let Some((_, mined_at, strategy)) = &self.last_round else { return false };
        let is_ance = self.options.negatives == Strategy::Ance;
        let grown_old = is_ance && self.step >= mined_at + self.options.refresh_every;
        let next = self.options.mining(self.now.number, self.progress(), 1).strategy;
        // The last epoch's batches may be empty already: nothing would be trained on what is mined then.
        (grown_old || next != *strategy) && self.now.batches.len() > 0
    }

    /// Weights to mine with: those trained so far, where that is affordable.
    ///
    /// A head only moves finished embeddings. When the transformer itself moves, the whole corpus must be encoded anew, which
    /// costs more than an epoch: only ANCE asks for that.
    pub(super) async fn refresh(&mut self, tuner: &mut Tuner) -> Result<Phase> {
        let Some(trainer) = &self.trainer else { return Ok(Phase::Mine(None)) };
        let now = tuner.encoder.snapshot();
        let bert = match trainer.tuned() {
            Tuned::Head(head, towers) => return Ok(Phase::Mine(Some(now.with_head(head, towers)))),
            Tuned::Full(_) if self.options.negatives != Strategy::Ance => return Ok(Phase::Mine(None)),
            Tuned::Full(bert) => bert,
        };
        let fingerprint = tuner.encoder.fingerprint_of(&bert).await?;
        if let Some(old) = self.refreshed.replace(fingerprint) {
            tuner.vectors.forget(old);
        }
        // The teacher is the encoder: what it said is no longer true.
        self.scores.clear();
        let weights = now.with_bert(*bert, fingerprint);
        let encodings = self.everything(tuner, Some(&weights));
        Ok(Phase::Encode(encodings, Box::new(Phase::Mine(Some(weights)))))
    }

    pub(super) async fn begin_round(
        &mut self,
        tuner: &mut Tuner,
        weights: Option<Snapshot>,
    ) -> Result<Round> {
        // Within an epoch the same positives: its batches number them.
        let epoch = self.now.number + usize::from(self.now.is_over);
        let options = self.options.mining(epoch, self.progress(), tuner.corpus.len());
        let scores = std::mem::take(&mut self.scores);
        Round::begin(tuner, options, self.queries.clone(), weights, scores).await
    }

    /// Turns what was mined into examples, and begins the epoch if the last one is over.
    pub(super) fn end_round(&mut self, tuner: &mut Tuner, round: Round) -> Result<Event> {
        let (mut mined, scores) = round.finish()?;
        self.scores = scores;
        let now = found(tuner, &mined);
        let staleness = self.last_round.as_ref().map(|&(_, mined_at, _)| self.step - mined_at);
        let before = self.last_round.take().map(|(found, ..)| found);
        mined.report.overlap = overlap(&before, &now);
        self.last_round = Some((now, self.step, mined.report.strategy));

        if self.now.is_over {
            self.now.number += 1;
        }
        self.set_examples(tuner, &mined);
        if self.now.is_over {
            self.now.is_over = false;
            self.lay_out(tuner);
        }
        let encodings = Encodings(self.missing_texts(tuner));
        self.phase = Phase::Encode(encodings, Box::new(Phase::Steps));
        let (epoch, step) = (self.now.number, self.step);
        Ok(Event::Mining { epoch, step, staleness, report: mined.report })
    }

    /// Batches for the epoch; the first one also settles how long the run will be.
    fn lay_out(&mut self, tuner: &mut Tuner) {
        let relations = tuner.relations();
        let class = |number: usize| relations.originals.get(number).copied().unwrap_or(number);
        let key = |example: &TrainingExample| {
            // An answer without its question stands for the document.
            let positive = example.relevant.first().copied().unwrap_or(example.positive);
            let negatives = example.negatives.iter().map(|&(number, _)| number);
            let documents = std::iter::once(positive).chain(negatives).map(class).collect();
            BatchKey { query: example.query, documents }
        };
        let keys: Vec<BatchKey> = self.now.examples.iter().map(key).collect();
        let seed = self.options.seed.wrapping_add(self.now.number as u64 - 1);
        let batches = batches(&keys, self.options.batch(keys.len()), seed);
        if self.trainer.is_none() {
            self.epochs = self.options.epochs(batches.len());
            self.steps = self.epochs * batches.len();
            self.trainer = Some(Trainer::new(&tuner.encoder, &self.options, self.steps));
            self.narrow();
        }
        self.now.batches = batches.into_iter();
    }

    fn set_examples(&mut self, tuner: &Tuner, mined: &Mined) {
        let documents = tuner.corpus.len();
        let mut variants = Variants::new();
        for (at, near_miss) in mined.near_misses.iter().enumerate() {
            variants.entry(near_miss.source).or_default().push(documents + at);
        }
        self.now.texts = mined.near_misses.iter().map(|near_miss| near_miss.text.clone()).collect();
        self.now.judged.clear();
        self.now.examples.clear();
        for example in &mined.examples {
            let positive = self.positive(tuner, mined, example, &mut variants);
            let mut relevant = mined.relevant[example.query].clone();
            // First, so that the batch's key finds it.
            relevant.retain(|&document| document != example.positive);
            relevant.insert(0, example.positive);
            let judged = example.negatives.iter().filter(|negative| negative.source.is_judged()).count();
            let mut negatives: Vec<(usize, f32)> =
                example.negatives.iter().map(|negative| (negative.document, negative.weight)).collect();
            if judged > 0 {
                let turn = self.now.number.saturating_sub(1) * self.places(judged);
                negatives[..judged].rotate_left(turn % judged);
            }
            self.now.judged.push(judged);
            let (query, weight) = (example.query, example.weight);
            self.now.examples.push(TrainingExample { query, positive, weight, negatives, relevant });
        }
        for example in &mut self.now.examples {
            hide(example, &variants);
        }
        self.narrow();
    }

    /// The number of what answers the query: the document, or its text without the question that was made from it.
    fn positive(
        &mut self,
        tuner: &Tuner,
        mined: &Mined,
        example: &Example,
        variants: &mut Variants,
    ) -> usize {
        let query = &mined.queries[example.query];
        let document = &tuner.corpus.documents()[example.positive];
        let judged = query.positives.iter().find(|judged| judged.document == document.id);
        if !judged.and_then(|judged| judged.kind).is_some_and(|kind| kind.is_cut_out()) {
            return example.positive;
        }
        let number = tuner.corpus.len() + self.now.texts.len();
        self.now.texts.push(cut_out(&document.content(), &query.text));
        variants.entry(example.positive).or_default().push(number);
        number
    }

    /// Places for the negatives of an example with so many judged ones: as asked for, or more if the epochs would not suffice
    /// to train on all of them.
    fn places(&self, judged: usize) -> usize {
        self.options.num_negatives.max(judged.div_ceil(self.epochs.max(1)))
    }

    /// Cuts each example to its places, once it is known over how many epochs judged negatives are spread.
    fn narrow(&mut self) {
        if self.trainer.is_some() {
            let places: Vec<usize> = self.now.judged.iter().map(|&judged| self.places(judged)).collect();
            let examples = self.now.examples.iter_mut().zip(places);
            examples.for_each(|(example, places)| example.negatives.truncate(places));
        }
        let widest = self.now.examples.iter().map(|example| example.negatives.len()).max();
        self.now.width = widest.unwrap_or(0).max(1);
    }

    /// Vectors that a head needs of texts that are no documents, as far as they are used.
    fn missing_texts(&self, tuner: &Tuner) -> Vec<Encoding> {
        if self.trainer.as_ref().is_none_or(Trainer::wants_tokens) {
            return Vec::new();
        }
        let documents = tuner.corpus.len();
        let numbers = self.now.examples.iter().flat_map(|example| {
            std::iter::once(example.positive).chain(example.negatives.iter().map(|&(number, _)| number))
        });
        let texts = numbers.filter_map(|number| self.now.texts.get(number.checked_sub(documents)?).cloned());
        let missing = tuner.vectors.missing(tuner.encoder.fingerprint(), texts);
        vec![Encoding::new(Stage::NearMisses, missing, tuner.encoder.max_length(), None)]
    }
}

/// What was made from an answer must not count against its query, but for the query's own near misses.
fn hide(example: &mut TrainingExample, variants: &Variants) {
    let made = example.relevant.iter().filter_map(|document| variants.get(document)).flatten().copied();
    let own = |number: &usize| example.negatives.iter().any(|(negative, _)| negative == number);
    let hidden: Vec<usize> = made.filter(|number| !own(number)).collect();
    example.relevant.extend(hidden);
}
