//! Does a query stand word for word in another document?

use std::collections::{HashMap, HashSet};

use crate::text::shingles::Shingles;
use crate::text::words::parted_words;

/// The words of all documents, with an index that answers "no" quickly.
pub(super) struct Verbatim {
    /// Folded words between single spaces, with one at either end.
    texts: Vec<String>,
    lengths: Vec<usize>,
    shingles: Vec<Shingles>,
    /// In how many documents each shingle stands, copies counted once.
    spread: HashMap<u64, usize>,
    /// The same for single words and for two in a row, which are no shingles.
    short: HashMap<String, usize>,
    /// The first document with the same content.
    originals: Vec<usize>,
}

impl Verbatim {
    pub(super) fn new(contents: &[String]) -> Self {
        let folded: Vec<Vec<String>> = contents.iter().map(|content| parted_words(content)).collect();
        let texts: Vec<String> = folded.iter().map(|words| format!(" {} ", words.join(" "))).collect();
        let mut first = HashMap::new();
        let originals: Vec<usize> =
            texts.iter().enumerate().map(|(at, text)| *first.entry(text).or_insert(at)).collect();
        let shingles: Vec<Shingles> = folded.iter().map(|words| Shingles::of_words(words)).collect();
        let mut spread = HashMap::new();
        for (_, shingles) in shingles.iter().enumerate().filter(|(at, _)| originals[*at] == *at) {
            shingles.hashes().iter().for_each(|&hash| *spread.entry(hash).or_default() += 1);
        }
        let mut short: HashMap<String, usize> = HashMap::new();
        for (_, words) in folded.iter().enumerate().filter(|(at, _)| originals[*at] == *at) {
            let runs = words.windows(1).chain(words.windows(2)).map(|run| run.join(" "));
            runs.collect::<HashSet<_>>().into_iter().for_each(|run| *short.entry(run).or_default() += 1);
        }
        Self { lengths: folded.iter().map(Vec::len).collect(), shingles, spread, short, originals, texts }
    }

    /// Words in the document.
    pub(super) fn length(&self, position: usize) -> usize {
        self.lengths[position]
    }

    /// Do these words stand, one after the other, in a document that is neither this one nor a copy of it?
    pub(super) fn elsewhere(&self, words: &[String], position: usize) -> bool {
        if words.len() < 3 {
            let query = words.join(" ");
            let own = usize::from(self.texts[position].contains(&format!(" {query} ")));
            return self.short.get(&query).copied().unwrap_or(0) > own;
        }
        let own = &self.shingles[position];
        let query = Shingles::of_words(words);
        let others =
            |hash: u64| self.spread.get(&hash).copied().unwrap_or(0) > usize::from(own.contains(hash));
        if !query.hashes().iter().all(|&hash| others(hash)) {
            return false;
        }
        let wanted = format!(" {} ", words.join(" "));
        let original = self.originals[position];
        let mut rest = self.texts.iter().enumerate().filter(|(at, _)| self.originals[*at] != original);
        rest.any(|(_, text)| text.contains(&wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_are_no_other_documents() {
        let contents =
            ["The old signing key leaks.", "the OLD signing key leaks", "An old signing key.", "Doors"];
        let verbatim = Verbatim::new(&contents.map(String::from));
        let elsewhere = |query: &str, position| verbatim.elsewhere(&parted_words(query), position);
        assert!(!elsewhere("signing key leaks", 0) && !elsewhere("signing key leaks", 1));
        assert!(elsewhere("signing key leaks", 2) && elsewhere("old signing key", 0));
        assert!(elsewhere("signing key", 0) && !elsewhere("key leaks", 0) && !elsewhere("oor", 0));
        assert!(elsewhere("doors", 0) && !elsewhere("doors", 3));
    }
}
