//! Queries made from the documents that answer them, for corpora about which nobody has said anything yet.
//!
//! Five kinds, from the literature or from the document's own make-up: see [`PseudoKind`](crate::dataset::PseudoKind).

mod candidates;
mod cut_out;
mod options;
mod verbatim;

use std::collections::HashSet;

use serde::Serialize;

use super::key_terms::KeyTerms;
use super::words::parted_words;
use crate::dataset::{Document, PseudoKind, Rng};
use crate::error::Result;
use candidates::Candidates;
use verbatim::Verbatim;

pub use cut_out::cut_out;
pub use options::PseudoOptions;

/// Words that must be left of a document when its query is cut out, and words that a document must have at all.
const LEAST: usize = 10;

/// A query made from a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PseudoQuery {
    /// The query's text: without marks of Markdown, white space single.
    pub query: String,
    /// Position of the document that answers it.
    pub document: usize,
    /// How it was made.
    pub kind: PseudoKind,
}

/// Makes at most `per_document` queries from each document, in the order of the documents.
///
/// Each document's turn goes to the kinds that have given least so far, so that all kinds occur; of two kinds that gave as
/// much, the seed decides. No query stands twice (up to case and punctuation), and none stands word for word in another
/// document, copies of its own aside: it would not say which one is meant. Documents of fewer than ten words give none.
///
/// # Errors
/// Those of [`PseudoOptions::validate`].
///
/// ```
/// use nearmiss::{dataset::{Document, PseudoKind}, text::{PseudoOptions, cut_out, pseudo_queries}};
///
/// let text = "Create a new key, sign with both for a day, then retire the old one. Clients fetch keys hourly.";
/// let documents = [Document::new("keys", "Rotating the signing key", text)];
/// let options = PseudoOptions { kinds: vec![PseudoKind::Title], ..PseudoOptions::default() };
/// let made = pseudo_queries(&documents, &options)?;
/// assert_eq!(made[0].query, "Rotating the signing key");
/// assert_eq!(cut_out(&documents[0].content(), &made[0].query), text);
/// # Ok::<(), nearmiss::error::Error>(())
/// ```
pub fn pseudo_queries(documents: &[Document], options: &PseudoOptions) -> Result<Vec<PseudoQuery>> {
    options.validate()?;
    let contents: Vec<String> = documents.iter().map(Document::content).collect();
    // Titles say what a document is about, but their words need not stand in its text.
    let texts: Vec<&str> = documents.iter().map(text_or_title).collect();
    let key_terms = KeyTerms::new(&texts);
    let verbatim = Verbatim::new(&contents);
    let mut turns = Turns::new(options);
    let (mut made, mut seen) = (Vec::new(), HashSet::new());
    for (position, document) in documents.iter().enumerate() {
        if verbatim.length(position) < LEAST {
            continue;
        }
        let rng = Rng::stream(options.seed, position as u64);
        let mut candidates = Candidates::new(document, position, &key_terms, rng);
        for _ in 0..options.per_document {
            let next = turns.order(position).into_iter().find_map(|kind| {
                let fresh = |query: &String| {
                    let words = parted_words(query);
                    !verbatim.elsewhere(&words, position)
                        && leaves_an_answer(kind, &contents[position], query)
                        && seen.insert(words.join(" "))
                };
                Some((kind, candidates.of(kind).find(fresh)?))
            });
            let Some((kind, query)) = next else { break };
            turns.count(kind);
            made.push(PseudoQuery { query, document: position, kind });
        }
    }
    Ok(made)
}

/// What is trained as the answer must hold something besides the query's own words.
fn leaves_an_answer(kind: PseudoKind, content: &str, query: &str) -> bool {
    !kind.is_cut_out() || {
        let rest = cut_out(content, query);
        rest != content && parted_words(&rest).len() >= LEAST
    }
}

fn text_or_title(document: &Document) -> &str {
    if document.text.trim().is_empty() { &document.title } else { &document.text }
}

/// Whose turn it is.
struct Turns {
    /// Each kind, and how many queries it has given.
    given: Vec<(PseudoKind, usize)>,
    offset: usize,
}

impl Turns {
    fn new(options: &PseudoOptions) -> Self {
        let mut given: Vec<(PseudoKind, usize)> = Vec::new();
        for &kind in &options.kinds {
            if given.iter().all(|(other, _)| *other != kind) {
                given.push((kind, 0));
            }
        }
        Self { offset: Rng::new(options.seed).below(given.len()), given }
    }

    /// The kinds for the document at `position`, in the order in which they may try.
    fn order(&self, position: usize) -> Vec<PseudoKind> {
        let kinds = self.given.len();
        let mut order: Vec<usize> = (0..kinds).collect();
        order.sort_by_key(|&number| (self.given[number].1, (number + position + self.offset) % kinds));
        order.into_iter().map(|number| self.given[number].0).collect()
    }

    fn count(&mut self, kind: PseudoKind) {
        self.given.iter_mut().filter(|(other, _)| *other == kind).for_each(|(_, given)| *given += 1);
    }
}
