//! How documents resemble one another: what mining must know so that it takes no hidden answer for a negative.

use crate::dataset::{Corpus, Document};
use crate::mining::{Likeness, MiningOptions};
use crate::text::Shingles;
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// Made once for a corpus, and anew when its documents change. Documents are positions.
pub(super) struct Relations {
    /// See [`Corpus::originals`].
    pub originals: Vec<usize>,
    /// Positions with the same content, for contents that stand more than once.
    copies: HashMap<usize, Vec<usize>>,
    /// Chunks of one document have the same number.
    roots: Vec<usize>,
    /// Chunks of each document that has several.
    chunks: HashMap<usize, Vec<usize>>,
    /// Documents with the same title have the same number; none without a title.
    titles: Vec<Option<usize>>,
    /// Filled as they are asked for: most documents never are.
    shingles: Vec<OnceCell<Shingles>>,
    /// Near duplicates, by the overlap that was last asked for.
    near: RefCell<Option<Near>>,
}

/// An overlap, and for each document those that reach it.
type Near = (f32, Rc<HashMap<usize, Vec<usize>>>);

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
        let roots: Vec<usize> =
            documents.iter().map(|d| number(d.parent.as_deref().unwrap_or(&d.id))).collect();
        let mut chunks: HashMap<usize, Vec<usize>> = HashMap::new();
        for (position, &root) in roots.iter().enumerate() {
            chunks.entry(root).or_default().push(position);
        }
        chunks.retain(|_, positions| positions.len() > 1);
        let mut titles = HashMap::new();
        let mut title = |document: &Document| {
            let words: Vec<&str> = document.title.split_whitespace().collect();
            let next = titles.len();
            (!words.is_empty()).then(|| *titles.entry(words.join(" ").to_lowercase()).or_insert(next))
        };
        let titles = documents.iter().map(&mut title).collect();
        let shingles = vec![OnceCell::new(); documents.len()];
        Self { originals, copies, roots, chunks, titles, shingles, near: RefCell::new(None) }
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

    /// Documents that resemble one of these by a rule that the options have on, and are none of them.
    pub(super) fn resembling(
        &self,
        corpus: &Corpus,
        documents: &[usize],
        options: &MiningOptions,
    ) -> Vec<usize> {
        let mut found = Vec::new();
        for &document in documents {
            if options.siblings {
                found.extend(self.chunks.get(&self.roots[document]).into_iter().flatten().copied());
            }
            if options.same_title
                && let Some(title) = self.titles[document]
            {
                found.extend((0..self.titles.len()).filter(|&other| self.titles[other] == Some(title)));
            }
            if let Some(least) = options.near_duplicates.filter(|&least| least > 0.0) {
                let near = self.near(corpus, least);
                found.extend(near.get(&document).into_iter().flatten().copied());
            }
        }
        found.sort_unstable();
        found.dedup();
        found.retain(|document| !documents.contains(document));
        found
    }

    /// For each document that has any, those whose shingles overlap its own by at least so much.
    ///
    /// Two sets with a Jaccard coefficient of at least t share one of the first |x| − ⌈t|x|⌉ + 1 elements of each, in any order
    /// that all sets agree on (prefix filtering: Bayardo, Ma and Srikant, WWW 2007): only pairs that do are compared. The
    /// rarest come first, so that a phrase that stands in every document brings no pair together.
    fn near(&self, corpus: &Corpus, least: f32) -> Rc<HashMap<usize, Vec<usize>>> {
        if let Some((at, near)) = &*self.near.borrow()
            && *at == least
        {
            return near.clone();
        }
        let mut counts: HashMap<u64, u32> = HashMap::new();
        for document in 0..self.roots.len() {
            self.shingles(corpus, document)
                .hashes()
                .iter()
                .for_each(|&hash| *counts.entry(hash).or_default() += 1);
        }
        let mut holders: HashMap<u64, Vec<usize>> = HashMap::new();
        let mut near: HashMap<usize, Vec<usize>> = HashMap::new();
        for document in 0..self.roots.len() {
            let own = self.shingles(corpus, document);
            let mut hashes = own.hashes().to_vec();
            hashes.sort_unstable_by_key(|hash| (counts[hash], *hash));
            let prefix = hashes.len() - (least * hashes.len() as f32).ceil() as usize + 1;
            let mut others = Vec::new();
            for hash in hashes.iter().take(prefix) {
                let holders = holders.entry(*hash).or_default();
                others.extend(holders.iter().copied());
                holders.push(document);
            }
            others.sort_unstable();
            others.dedup();
            for other in
                others.into_iter().filter(|&other| own.jaccard(self.shingles(corpus, other)) >= least)
            {
                near.entry(document).or_default().push(other);
                near.entry(other).or_default().push(document);
            }
        }
        let near = Rc::new(near);
        *self.near.borrow_mut() = Some((least, near.clone()));
        near
    }

    fn shingles(&self, corpus: &Corpus, document: usize) -> &Shingles {
        self.shingles[document].get_or_init(|| Shingles::of(&corpus.documents()[document].content()))
    }
}
