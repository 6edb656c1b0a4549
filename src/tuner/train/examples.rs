//! From what was mined to what steps train on.

use super::Train;
use crate::dataset::Negative;
use crate::encoder::Tower;
use crate::mining::Example;
use crate::text::cut_out;
use crate::training::{HardNegative, TrainingExample};
use crate::tuner::Tuner;
use crate::tuner::encoding::Encoding;
use crate::tuner::events::Stage;
use crate::tuner::mining::Mined;
use std::collections::HashMap;

/// Numbers of the texts made from each document.
type Variants = HashMap<usize, Vec<usize>>;

impl Train {
    pub(super) fn set_examples(&mut self, tuner: &mut Tuner, mined: &Mined) {
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
            let mut negatives: Vec<HardNegative> =
                example.negatives.iter().map(|negative| self.hard(example, negative)).collect();
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

    /// With what a teacher said of it, if one did.
    fn hard(&self, example: &Example, negative: &Negative) -> HardNegative {
        let score = |document: usize| self.scores.get(&(example.query, document));
        let gap = score(example.positive).zip(score(negative.document)).map(|(right, wrong)| right - wrong);
        HardNegative { document: negative.document, weight: negative.weight, gap }
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
    pub(super) fn narrow(&mut self) {
        if self.trainer.is_some() {
            let places: Vec<usize> = self.now.judged.iter().map(|&judged| self.places(judged)).collect();
            let examples = self.now.examples.iter_mut().zip(places);
            examples.for_each(|(example, places)| example.negatives.truncate(places));
        }
    }

    /// Vectors that a side which does not go through the transformer needs of texts that are no documents, as far as they are used,
    /// and of queries as augmentation has changed them.
    pub(super) fn missing_texts(&self, tuner: &Tuner) -> Vec<Encoding> {
        let Some(trainer) = &self.trainer else { return Vec::new() };
        let documents = tuner.corpus.len();
        let (encoder, vectors) = (&tuner.encoder, &tuner.vectors);
        let missing = |tower, stage, texts: Vec<String>| {
            let missing = vectors.missing(encoder.fingerprint(tower), texts.into_iter());
            Encoding::new(stage, missing, encoder.max_length(), None)
        };
        let mut all = Vec::new();
        if !trainer.wants_texts(Tower::Document) {
            let numbers = self.now.examples.iter().flat_map(|example| {
                let negatives = example.negatives.iter().map(|negative| negative.document);
                std::iter::once(example.positive).chain(negatives)
            });
            let own = |number: usize| self.now.texts.get(number.checked_sub(documents)?).cloned();
            all.push(missing(Tower::Document, Stage::NearMisses, numbers.filter_map(own).collect()));
        }
        if !trainer.wants_texts(Tower::Query) {
            let used = self.now.examples.iter().map(|example| self.query(example.query).to_owned());
            all.push(missing(Tower::Query, Stage::Queries, used.collect()));
        }
        all
    }

    /// The text of a training query in this epoch.
    pub(super) fn query(&self, number: usize) -> &str {
        self.now.queries.get(number).map_or(self.queries[number].text.as_str(), String::as_str)
    }
}

/// What was made from an answer, or may well be one, must not count against its query, but for the query's own negatives.
fn hide(example: &mut TrainingExample, variants: &Variants, doubtful: &[usize]) {
    let made = example.relevant.iter().filter_map(|document| variants.get(document)).flatten().copied();
    let own = |number: &usize| example.negatives.iter().any(|negative| negative.document == *number);
    let hidden: Vec<usize> = made.chain(doubtful.iter().copied()).filter(|number| !own(number)).collect();
    example.relevant.extend(hidden);
}
