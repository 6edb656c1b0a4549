//! How documents resemble one another: what mining must know so that it takes no hidden answer for a negative.

use crate::dataset::{Corpus, Document};
use crate::mining::{Likeness, MiningOptions};
use crate::text::Shingles;
use std::cell::OnceCell;
use std::collections::HashMap;

/// Made once for a corpus, and anew when its documents change. Documents are positions.
pub(super) struct Relations {
    /// See [`Corpus::originals`].
    pub originals: Vec<usize>,
    /// Positions with the same content, for contents that stand more than once.
    copies: HashMap<usize, Vec<usize>>,
    /// Chunks of one document have the same number.
    roots: Vec<usize>,
    /// Documents with the same title have the same number; none without a title.
    titles: Vec<Option<usize>>,
    /// Filled as they are asked for: most documents never are.
    shingles: Vec<OnceCell<Shingles>>,
}

impl Relations {
    pub(super) fn new(corpus: &Corpus) -> Self {
        let documents = corpus.documents();
        let originals = corpus.originals();
        let mut copies: HashMap<usize, Vec<usize>> = HashMap::new();
        for (position, &original) in originals.iter().enumerate() {
            if original != position {
                copies.entry(original).or_insert_with(|| vec![original]).push(position);
            }
        }
        let mut roots = HashMap::new();
        let mut number = |id: &str| {
            let next = roots.len();
            *roots.entry(id.to_owned()).or_insert(next)
        };
        let roots = documents.iter().map(|d| number(d.parent.as_deref().unwrap_or(&d.id))).collect();
        let mut titles = HashMap::new();
        let mut title = |document: &Document| {
            let words: Vec<&str> = document.title.split_whitespace().collect();
            let next = titles.len();
            (!words.is_empty()).then(|| *titles.entry(words.join(" ").to_lowercase()).or_insert(next))
        };
        let titles = documents.iter().map(&mut title).collect();
        Self { originals, copies, roots, titles, shingles: vec![OnceCell::new(); documents.len()] }
    }

    /// Every document with the same content as one of these, but not these themselves.
    pub(super) fn copies_of(&self, documents: &[usize]) -> Vec<usize> {
        let groups = documents.iter().filter_map(|&document| self.copies.get(&self.originals[document]));
        let mut copies: Vec<usize> = groups.flatten().copied().filter(|at| !documents.contains(at)).collect();
        copies.sort_unstable();
        copies.dedup();
        copies
    }

    /// In which ways a document resembles these positives, as far as the options care.
    pub(super) fn likeness(
        &self,
        corpus: &Corpus,
        document: usize,
        positives: &[usize],
        options: &MiningOptions,
    ) -> Likeness {
        let mut likeness = Likeness::default();
        for &positive in positives.iter().filter(|&&positive| positive != document) {
            if self.roots[positive] == self.roots[document] {
                likeness.sibling.get_or_insert(positive);
            }
            if self.titles[positive].is_some() && self.titles[positive] == self.titles[document] {
                likeness.same_title.get_or_insert(positive);
            }
            if options.near_duplicates.is_some() {
                let overlap = self.shingles(corpus, document).jaccard(self.shingles(corpus, positive));
                if likeness.jaccard.is_none_or(|(most, _)| overlap > most) {
                    likeness.jaccard = Some((overlap, positive));
                }
            }
        }
        likeness
    }

    fn shingles(&self, corpus: &Corpus, document: usize) -> &Shingles {
        self.shingles[document].get_or_init(|| Shingles::of(&corpus.documents()[document].content()))
    }
}
