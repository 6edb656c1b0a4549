//! How documents resemble one another: what mining must know so that it takes no hidden answer for a negative.

use crate::dataset::{Corpus, Document};
use crate::mining::{Likeness, MiningOptions};
use crate::text::Shingles;
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

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
    /// Of the originals that were asked for, and how many hashes that is.
    shingles: RefCell<(HashMap<usize, Rc<Shingles>>, usize)>,
}

/// Hashes of shingles held at a time: 32 MB, some 25,000 passages of 170 words.
const MOST_SHINGLES: usize = if cfg!(test) { 1 << 10 } else { 1 << 22 };

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
        let mut titles = HashMap::new();
        let mut title = |document: &Document| {
            let words: Vec<&str> = document.title.split_whitespace().collect();
            let next = titles.len();
            (!words.is_empty()).then(|| *titles.entry(words.join(" ").to_lowercase()).or_insert(next))
        };
        let titles = documents.iter().map(&mut title).collect();
        Self { originals, copies, roots, titles, shingles: RefCell::default() }
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
                let overlap = self.shingles(corpus, document).jaccard(&self.shingles(corpus, positive));
                if likeness.jaccard.is_none_or(|(most, _)| overlap > most) {
                    likeness.jaccard = Some((overlap, positive));
                }
            }
        }
        likeness
    }

    /// For each list, those of `among` that resemble one of its documents by a rule that the options have on, and are none of
    /// them; both rise. A list holds the copies of what it holds.
    pub(super) fn resembling(
        &self,
        corpus: &Corpus,
        lists: &[&[usize]],
        among: &[usize],
        options: &MiningOptions,
    ) -> Vec<Vec<usize>> {
        let near = match options.near_duplicates.filter(|&least| least > 0.0) {
            Some(least) => self.near(corpus, &lists.concat(), among, least),
            None => HashMap::new(),
        };
        let one = |list: &&[usize]| {
            let roots: BTreeSet<usize> = list.iter().map(|&document| self.roots[document]).collect();
            let titles: BTreeSet<usize> = list.iter().filter_map(|&document| self.titles[document]).collect();
            let is_known = |document: &usize| list.binary_search(document).is_ok();
            let resembles = |document: usize| {
                options.siblings && roots.contains(&self.roots[document])
                    || options.same_title
                        && self.titles[document].is_some_and(|title| titles.contains(&title))
                    || near.get(&self.originals[document]).is_some_and(|near| near.iter().any(is_known))
            };
            among.iter().copied().filter(|document| !is_known(document) && resembles(*document)).collect()
        };
        lists.iter().map(one).collect()
    }

    /// For each original among `others`, the originals among `documents` whose shingles overlap its own by at least so much.
    ///
    /// Two sets with a Jaccard coefficient of at least t share one of the first |x| − ⌈t|x|⌉ + 1 elements of each, in any order
    /// that all sets agree on (prefix filtering: Bayardo, Ma and Srikant, WWW 2007): only pairs that do are compared. A batch
    /// is asked about, never the corpus: what is held and what is compared at most does not grow with it.
    fn near(
        &self,
        corpus: &Corpus,
        documents: &[usize],
        others: &[usize],
        least: f32,
    ) -> HashMap<usize, Vec<usize>> {
        // One longer than that, since the product may be rounded up.
        let prefix = |all: &Shingles| {
            let all = all.hashes();
            all[..all.len().min(all.len() - (least * all.len() as f32) as usize + 1)].to_vec()
        };
        let originals = |documents: &[usize]| -> BTreeSet<usize> {
            documents.iter().map(|&document| self.originals[document]).collect()
        };
        let mut holders: HashMap<u64, Vec<usize>> = HashMap::new();
        for document in originals(documents) {
            for hash in prefix(&self.shingles(corpus, document)) {
                holders.entry(hash).or_default().push(document);
            }
        }
        let near = |other: usize| {
            let own = self.shingles(corpus, other);
            let found = prefix(&own).into_iter().filter_map(|hash| holders.get(&hash)).flatten();
            let found: BTreeSet<usize> = found.copied().collect();
            let reaches = |&document: &usize| own.jaccard(&self.shingles(corpus, document)) >= least;
            (other, found.into_iter().filter(reaches).collect())
        };
        originals(others).into_iter().map(near).collect()
    }

    /// Copies share theirs.
    fn shingles(&self, corpus: &Corpus, document: usize) -> Rc<Shingles> {
        let original = self.originals[document];
        let (kept, held) = &mut *self.shingles.borrow_mut();
        if let Some(known) = kept.get(&original) {
            return known.clone();
        }
        let made = Rc::new(Shingles::of(&corpus.documents()[original].content()));
        *held += made.hashes().len();
        if *held > MOST_SHINGLES {
            kept.clear();
            *held = made.hashes().len();
        }
        kept.insert(original, made.clone());
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Documents of few words, so that copies and near copies are many.
    fn corpus(texts: &[(usize, usize, Vec<usize>)]) -> Corpus {
        let mut corpus = Corpus::default();
        for (at, (title, parent, words)) in texts.iter().enumerate() {
            let text: Vec<String> = words.iter().map(|word| format!("w{word}")).collect();
            let parent = (*parent > 0).then(|| format!("p{parent}"));
            let title = if *title > 0 { format!("Title {title}") } else { String::new() };
            let document = Document { parent, ..Document::new(format!("d{at}"), title, text.join(" ")) };
            corpus.add(document).unwrap();
        }
        corpus
    }

    /// Pair by pair.
    fn naive(corpus: &Corpus, list: &[usize], among: &[usize], options: &MiningOptions) -> Vec<usize> {
        let shingles = |at: usize| Shingles::of(&corpus.documents()[at].content());
        let resembles = |one: usize, other: usize| {
            let (a, b) = (&corpus.documents()[one], &corpus.documents()[other]);
            options.siblings && a.parent.is_some() && a.parent == b.parent
                || options.same_title && !a.title.is_empty() && a.title == b.title
                || options
                    .near_duplicates
                    .is_some_and(|least| least > 0.0 && shingles(one).jaccard(&shingles(other)) >= least)
        };
        let fits = |at: &usize| !list.contains(at) && list.iter().any(|&known| resembles(known, *at));
        among.iter().copied().filter(fits).collect()
    }

    proptest! {
        #[test]
        fn what_resembles_is_what_a_comparison_of_all_pairs_finds(
            texts in prop::collection::vec(
                (0..3usize, 0..4usize, prop::collection::vec(0..3usize, 0..14)), 1..24),
            picked in prop::collection::vec(prop::collection::vec(0..24usize, 1..5), 1..4),
            among in prop::collection::btree_set(0..24usize, 0..24),
            least in prop::sample::select(vec![None, Some(0.0f32), Some(0.25), Some(0.5), Some(0.8), Some(1.0)]),
            siblings in any::<bool>(),
            same_title in any::<bool>(),
        ) {
            let corpus = corpus(&texts);
            let relations = Relations::new(&corpus);
            let options = MiningOptions { near_duplicates: least, siblings, same_title, ..Default::default() };
            let lists: Vec<Vec<usize>> = picked.into_iter().map(|picked| {
                let picked: Vec<usize> = picked.into_iter().map(|at| at % texts.len()).collect();
                let mut list = [relations.copies_of(&picked), picked].concat();
                list.sort_unstable();
                list.dedup();
                list
            }).collect();
            let among: Vec<usize> = among.into_iter().filter(|&at| at < texts.len()).collect();
            let lists: Vec<&[usize]> = lists.iter().map(Vec::as_slice).collect();
            let found = relations.resembling(&corpus, &lists, &among, &options);
            for (list, found) in lists.iter().zip(found) {
                prop_assert_eq!(found, naive(&corpus, list, &among, &options));
            }
        }
    }

    #[test]
    fn what_is_kept_to_compare_texts_is_bounded() {
        let long: Vec<(usize, usize, Vec<usize>)> = (0..12)
            .map(|at| (0, 0, (at * MOST_SHINGLES / 8..(at + 1) * MOST_SHINGLES / 8).collect()))
            .collect();
        let corpus = corpus(&long);
        let relations = Relations::new(&corpus);
        for at in 0..long.len() {
            relations.shingles(&corpus, at);
            let (kept, held) = &*relations.shingles.borrow();
            assert!(*held <= MOST_SHINGLES && kept.contains_key(&at));
            assert_eq!(*held, kept.values().map(|one| one.hashes().len()).sum::<usize>());
        }
    }
}
