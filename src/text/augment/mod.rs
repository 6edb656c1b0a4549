//! Training queries, changed a little: what a model has seen in several forms it learns less by heart.
//!
//! Words left out, runs cut out and synonyms as in EDA (Wei and Zou, "EDA: Easy data augmentation techniques for boosting
//! performance on text classification tasks", EMNLP 2019, arXiv 1901.11196), whose gains were on small sets of labelled
//! texts; slips of the keyboard, since people make them and documents seldom do.

mod options;
mod surroundings;
mod synonyms;
mod typos;

pub use options::AugmentOptions;

use nearmiss_kernels::{FNV_OFFSET, fnv1a};
use unicode_segmentation::UnicodeSegmentation;

use super::words::{fold, is_stop_word};
use crate::dataset::Rng;
use crate::error::Result;
use synonyms::Synonyms;
use typos::mistype;

/// Changes queries: the same query in the same epoch always in the same way.
///
/// ```
/// use nearmiss::text::{AugmentOptions, Augmenter};
///
/// let table = Some(vec![vec!["key".into(), "secret".into()]]);
/// let options = AugmentOptions { synonyms: 1.0, table, ..AugmentOptions::default() };
/// let augmenter = Augmenter::new::<&str>(&options, &[], 7)?;
/// assert_eq!(augmenter.augment("Keys? Which key?", 0), "Keys? Which secret?");
/// # Ok::<(), nearmiss::error::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Augmenter {
    options: AugmentOptions,
    synonyms: Synonyms,
    seed: u64,
}

impl Augmenter {
    /// Reads the texts of the documents when synonyms are wanted and no table gives them, for seconds where they are many.
    ///
    /// Synonyms from documents are words that stand in the same surroundings, and those need not mean the same: besides
    /// "results" and "findings" they are forms of one word and now and then opposites. They take many documents on one
    /// subject: some thousand give a few dozen, a small or a mixed collection gives none, and then no word is replaced. A
    /// table is better wherever there is one.
    ///
    /// # Errors
    /// Those of [`AugmentOptions::validate`].
    pub fn new<T: AsRef<str>>(options: &AugmentOptions, texts: &[T], seed: u64) -> Result<Self> {
        options.validate()?;
        let synonyms = match &options.table {
            _ if options.synonyms == 0.0 => Synonyms::default(),
            Some(table) => Synonyms::new(table),
            None => {
                let pairs = surroundings::pairs(texts).into_iter();
                Synonyms::new(&pairs.map(|(one, other)| vec![one, other]).collect::<Vec<_>>())
            }
        };
        Ok(Self { options: options.clone(), synonyms, seed })
    }

    /// The query as this epoch sees it, white space single; never without a word when it has one. What nothing was done to
    /// is returned as it was.
    pub fn augment(&self, query: &str, epoch: u64) -> String {
        let options = &self.options;
        let mut rng =
            Rng::stream(Rng::stream(self.seed, epoch).next_u64(), fnv1a(FNV_OFFSET, query.as_bytes()));
        let whole: Vec<Word> = query.split_whitespace().map(Word::new).collect();
        let mut words = whole.clone();
        self.synonyms.replace(&mut words, options.synonyms, &mut rng);
        if happens(options.crop, &mut rng) {
            crop(&mut words, &mut rng);
        }
        drop_out(&mut words, options.word_dropout, &mut rng);
        for word in &mut words {
            if happens(options.typos, &mut rng) {
                word.core = mistype(&word.core, &mut rng);
            }
        }
        if words == whole { query.to_owned() } else { joined(&words) }
    }
}

/// A word with the punctuation around it; signs alone are a word without a core.
#[derive(Debug, Clone, PartialEq)]
struct Word {
    before: String,
    core: String,
    after: String,
}

impl Word {
    fn new(text: &str) -> Self {
        // By graphemes, as the accent that ends a word may be a character of its own.
        let graphemes =
            || text.grapheme_indices(true).filter(|(_, sign)| sign.contains(char::is_alphanumeric));
        let from = graphemes().next().map_or(text.len(), |(at, _)| at);
        let to = graphemes().next_back().map_or(text.len(), |(at, sign)| at + sign.len());
        Self { before: text[..from].into(), core: text[from..to].into(), after: text[to..].into() }
    }

    /// Does it say what the query is about?
    fn is_content(&self) -> bool {
        !self.core.is_empty() && !is_stop_word(&fold(&self.core))
    }
}

fn joined(words: &[Word]) -> String {
    let words: Vec<String> =
        words.iter().map(|word| [&*word.before, &word.core, &word.after].concat()).collect();
    words.join(" ")
}

fn happens(chance: f32, rng: &mut Rng) -> bool {
    rng.f64() < f64::from(chance)
}

/// Keeps a run of at least half of the words and at least two, unless that would be all or says nothing.
fn crop(words: &mut Vec<Word>, rng: &mut Rng) {
    let least = words.len().div_ceil(2).max(2);
    if words.len() <= least {
        return;
    }
    let length = least + rng.below(words.len() - least);
    let from = rng.below(words.len() - length + 1);
    if words[from..from + length].iter().any(Word::is_content) {
        words.truncate(from + length);
        words.drain(..from);
    }
}

/// Leaves out about this share of the words; of those that say what the query is about, if there are any, one stays.
fn drop_out(words: &mut Vec<Word>, share: f32, rng: &mut Rng) {
    let mut kept: Vec<bool> = words.iter().map(|_| !happens(share, rng)).collect();
    let at_best = [Word::is_content, |word: &Word| !word.core.is_empty(), |_: &Word| true];
    let candidates =
        at_best.into_iter().map(|fits| (0..words.len()).filter(|&at| fits(&words[at])).collect());
    let candidates: Vec<usize> =
        candidates.into_iter().find(|of: &Vec<usize>| !of.is_empty()).unwrap_or_default();
    if !candidates.is_empty() && !candidates.iter().any(|&at| kept[at]) {
        kept[candidates[rng.below(candidates.len())]] = true;
    }
    let mut kept = kept.into_iter();
    words.retain(|_| kept.next().unwrap_or(true));
}
