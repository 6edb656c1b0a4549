//! From what was mined to what steps train on.

use super::Train;
use crate::dataset::Negative;
use crate::encoder::Tower;
use crate::mining::Example;
use crate::text::cut_out;
use crate::training::{HardNegative, Layout, TrainingExample};
use crate::tuner::Tuner;
use crate::tuner::encoding::Encoding;
use crate::tuner::events::Stage;
use crate::tuner::mining::Mined;

impl Train {
    pub(super) fn set_examples(&mut self, tuner: &Tuner, mined: &Mined) {
        self.now.texts = mined.near_misses.iter().map(|near_miss| near_miss.text.clone()).collect();
        self.now.sources = mined.near_misses.iter().map(|near_miss| near_miss.source).collect();
        self.now.relevant.clone_from(&mined.relevant);
        self.now.judged.clear();
        self.now.examples.clear();
        for example in &mined.examples {
            let positive = self.positive(tuner, mined, example);
            let judged = example.negatives.iter().filter(|negative| negative.source.is_judged()).count();
            let mut negatives: Vec<HardNegative> =
                example.negatives.iter().map(|negative| self.hard(example, negative)).collect();
            if judged > 0 {
                let turn = self.now.number.saturating_sub(1) * self.places(judged, mined.examples.len());
                negatives[..judged].rotate_left(turn % judged);
            }
            self.now.judged.push(judged);
            let (query, weight) = (example.query, example.weight);
            self.now.examples.push(TrainingExample { query, positive, weight, negatives });
        }
        self.narrow();
    }

    /// With what a teacher said of it, if one did.
    fn hard(&self, example: &Example, negative: &Negative) -> HardNegative {
        let score = |document: usize| self.scores.get(&(example.query, document));
        let gap = score(example.positive).zip(score(negative.document)).map(|(right, wrong)| right - wrong);
        HardNegative { document: negative.document, weight: negative.weight, gap }
    }

    /// Lays a batch out. What answers a query, was made from an answer, or resembles one so that mining would not take it, must not
    /// count against the query, be it the answer to another; but its own negatives do, unless they are answers.
    pub(super) fn layout(&self, tuner: &mut Tuner, batch: &[usize]) -> Layout {
        let relations = tuner.relations();
        let (corpus, documents) = (&tuner.corpus, tuner.corpus.len());
        let chosen: Vec<&TrainingExample> = batch.iter().map(|&at| &self.now.examples[at]).collect();
        let mut among: Vec<usize> =
            chosen.iter().flat_map(|e| std::iter::once(e.positive).chain(negatives(e))).collect();
        among.retain(|&number| number < documents);
        among.sort_unstable();
        among.dedup();
        let known: Vec<&[usize]> = chosen.iter().map(|e| self.now.relevant[e.query].as_slice()).collect();
        let doubtful = relations.resembling(corpus, &known, &among, &self.options.mining);
        // Those that stand elsewhere in the batch and whose turn it is not now are its own too.
        let judged = |query: usize, number: usize| {
            let id = &corpus.documents()[number].id;
            self.queries[query].negatives.iter().any(|judged| judged.document == *id)
        };
        let out = |row: usize, number: usize| {
            let own = || negatives(chosen[row]).any(|own| own == number);
            let is_known = |document: &usize| known[row].binary_search(document).is_ok();
            match number.checked_sub(documents) {
                Some(text) => is_known(&self.now.sources[text]) && !own(),
                None if is_known(&number) => true,
                None => {
                    doubtful[row].binary_search(&number).is_ok()
                        && !own()
                        && !judged(chosen[row].query, number)
                }
            }
        };
        let widest = chosen.iter().map(|example| example.negatives.len()).max();
        Layout::new(&chosen, widest.unwrap_or(0), out)
    }

    /// The number of what answers the query: the document, or its text without the question that was made from it.
    fn positive(&mut self, tuner: &Tuner, mined: &Mined, example: &Example) -> usize {
        let query = &mined.queries[example.query];
        let document = &tuner.corpus.documents()[example.positive];
        let judged = query.positives.iter().find(|judged| judged.document == document.id);
        if !judged.and_then(|judged| judged.kind).is_some_and(|kind| kind.is_cut_out()) {
            return example.positive;
        }
        let number = tuner.corpus.len() + self.now.texts.len();
        self.now.texts.push(cut_out(&document.content(), &query.text));
        self.now.sources.push(example.positive);
        number
    }

    /// Places for the negatives of an example with so many judged ones, among so many examples: as asked for, or more if the epochs
    /// would not suffice to train on all of them.
    fn places(&self, judged: usize, examples: usize) -> usize {
        let batch = self.options.batch(examples);
        let wanted = self.options.num_negatives.max(judged.div_ceil(self.epochs.max(1)));
        wanted.min(self.options.most_negatives(batch))
    }

    /// Cuts each example to its places, once it is known over how many epochs judged negatives are spread.
    pub(super) fn narrow(&mut self) {
        if self.trainer.is_some() {
            let count = self.now.judged.len();
            let places: Vec<usize> =
                self.now.judged.iter().map(|&judged| self.places(judged, count)).collect();
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

/// Numbers of an example's negatives.
fn negatives(example: &TrainingExample) -> impl Iterator<Item = usize> {
    example.negatives.iter().map(|negative| negative.document)
}
