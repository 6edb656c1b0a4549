//! What is trained on: mined at the beginning of each epoch, and in between where negatives would grow stale.

use super::{Encodings, LastRound, Phase, Train};
use crate::dataset::{BatchKey, batches};
use crate::encoder::Snapshot;
use crate::error::Result;
use crate::mining::{Curriculum, Example, MiningOptions, MiningReport, Strategy, Teacher};
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
    /// Texts that are no documents, numbered from the number of documents on: near misses, then answers without their
    /// question.
    pub texts: Vec<String>,
}

impl Default for Epoch {
    fn default() -> Self {
        let (batches, examples, texts) = (Vec::new().into_iter(), Vec::new(), Vec::new());
        Self { number: 0, is_over: true, batches, examples, judged: Vec::new(), texts }
    }
}

impl Train {
    /// Must be mined anew before the next step, in the middle of an epoch?
    pub(super) fn is_stale(&self) -> bool {
        let Some(last) = &self.last_round else { return false };
        let is_ance = self.options.negatives == Strategy::Ance;
        let grown_old = is_ance && self.step >= last.step + self.options.refresh_every;
        let handed_over = self.mining(self.now.number, 1).strategy != last.strategy;
        let harder = self.options.curriculum != Curriculum::None && self.stage().0 != last.stage;
        // The last epoch's batches may be empty already: nothing would be trained on what is mined then.
        (grown_old || handed_over || harder) && self.now.batches.len() > 0
    }

    fn mining(&self, epoch: usize, documents: usize) -> MiningOptions {
        let (stage, last) = self.stage();
        self.options.mining(epoch, self.progress(), stage as f32 / last as f32, documents)
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
        tuner.mine_with(Some(fingerprint));
        if self.options.mining.teacher == Some(Teacher::MaxSim) {
            // That is the encoder itself: what it said is no longer true.
            self.scores.clear();
        }
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
        let options = self.mining(epoch, tuner.corpus.len());
        let scores = std::mem::take(&mut self.scores);
        // Another strategy or stage of the curriculum looks at other candidates.
        let has_stages = self.options.curriculum != Curriculum::None;
        let stage = self.stage().0;
        let is_other =
            |last: &LastRound| last.strategy != options.strategy || (has_stages && last.stage != stage);
        let asks_again = self.last_round.as_ref().is_some_and(is_other);
        Round::begin(tuner, options, self.queries.clone(), weights, scores, asks_again).await
    }

    /// Turns what was mined into examples, and begins the epoch if the last one is over.
    pub(super) fn end_round(&mut self, tuner: &mut Tuner, round: Round) -> Result<Event> {
        let (mut mined, scores) = round.finish()?;
        self.scores = scores;
        let found = found(tuner, &mined);
        let last = self.last_round.take();
        let staleness = last.as_ref().map(|last| self.step - last.step);
        mined.report.overlap = overlap(last.map(|last| last.found).as_ref(), &found);
        let (step, strategy, stage) = (self.step, mined.report.strategy, self.stage().0);
        self.last_round = Some(LastRound { found, step, strategy, stage });
        self.complete(&mut mined.report);

        if self.now.is_over {
            self.now.number += 1;
        }
        self.set_examples(tuner, &mined);
        if self.now.is_over {
            self.now.is_over = false;
            self.begin_epoch(tuner);
        } else {
            // The same pairs with other negatives: what is left of the epoch is kept apart anew.
            let left: Vec<Vec<usize>> = std::mem::take(&mut self.now.batches).collect();
            let count = left.len();
            let left = left.concat();
            let size = left.len().div_ceil(count.max(1));
            self.lay_out(tuner, left, size);
        }
        let encodings = Encodings(self.missing_texts(tuner));
        self.phase = Phase::Encode(encodings, Box::new(Phase::Steps));
        Ok(Event::Mining { epoch: self.now.number, step, staleness, report: mined.report })
    }

    /// What the room cannot know: which strategy the run has, and that judged negatives alone were wanted.
    fn complete(&self, report: &mut MiningReport) {
        report.unanswered = self.unanswered;
        if self.options.is_in_batch() {
            report.strategy = Strategy::InBatch;
            (report.short_pairs, report.shortfall) = (0, 0);
        }
    }

    /// Batches for a whole epoch; the first one also settles how long the run will be.
    fn begin_epoch(&mut self, tuner: &mut Tuner) {
        let count = self.now.examples.len();
        let size = self.options.batch(count);
        if self.trainer.is_none() {
            let batches = count.div_ceil(size.max(1));
            self.epochs = self.options.epochs(batches);
            self.steps = self.epochs * batches;
            self.trainer = Some(Trainer::new(&tuner.encoder, &self.options, self.steps));
            self.narrow();
        }
        self.lay_out(tuner, (0..count).collect(), size);
    }

    /// Deals these examples into batches.
    fn lay_out(&mut self, tuner: &mut Tuner, numbers: Vec<usize>, size: usize) {
        let relations = tuner.relations();
        let class = |number: usize| relations.originals.get(number).copied().unwrap_or(number);
        let key = |&number: &usize| {
            let example = &self.now.examples[number];
            // An answer without its question stands for the document.
            let positive = example.relevant.first().copied().unwrap_or(example.positive);
            let negatives = example.negatives.iter().map(|&(number, _)| number);
            let documents = std::iter::once(positive).chain(negatives).map(class).collect();
            BatchKey { query: example.query, documents }
        };
        let keys: Vec<BatchKey> = numbers.iter().map(key).collect();
        let batches = batches(&keys, size, self.options.epoch_seed(self.now.number));
        let named = batches.into_iter().map(|batch| batch.into_iter().map(|at| numbers[at]).collect());
        self.now.batches = named.collect::<Vec<_>>().into_iter();
    }

    fn set_examples(&mut self, tuner: &mut Tuner, mined: &Mined) {
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
        let doubtful = self.doubtful(tuner, mined);
        for example in &mut self.now.examples {
            hide(example, &variants, &doubtful[example.query]);
        }
        self.narrow();
    }

    /// For each query the documents that mining would not take for it, and that must not count against it as another's answer
    /// either.
    fn doubtful(&self, tuner: &mut Tuner, mined: &Mined) -> Vec<Vec<usize>> {
        let relations = tuner.relations();
        let options = &self.options.mining;
        let of = |relevant: &Vec<usize>| relations.resembling(&tuner.corpus, relevant, options);
        mined.relevant.iter().map(of).collect()
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
        let batch = self.options.batch(self.now.judged.len());
        let wanted = self.options.num_negatives.max(judged.div_ceil(self.epochs.max(1)));
        wanted.min(self.options.most_negatives(batch))
    }

    /// Cuts each example to its places, once it is known over how many epochs judged negatives are spread.
    fn narrow(&mut self) {
        if self.trainer.is_some() {
            let places: Vec<usize> = self.now.judged.iter().map(|&judged| self.places(judged)).collect();
            let examples = self.now.examples.iter_mut().zip(places);
            examples.for_each(|(example, places)| example.negatives.truncate(places));
        }
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

/// What was made from an answer, or may well be one, must not count against its query, but for the query's own negatives.
fn hide(example: &mut TrainingExample, variants: &Variants, doubtful: &[usize]) {
    let made = example.relevant.iter().filter_map(|document| variants.get(document)).flatten().copied();
    let own = |number: &usize| example.negatives.iter().any(|(negative, _)| negative == number);
    let hidden: Vec<usize> = made.chain(doubtful.iter().copied()).filter(|number| !own(number)).collect();
    example.relevant.extend(hidden);
}
