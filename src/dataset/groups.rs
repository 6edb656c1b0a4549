//! Queries that ask nearly the same in nearly the same words: what must not stand on two sides of a split.

use std::collections::HashMap;

use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use super::split::normalise;

/// For each query the number of the earliest one in its group, from 0.
///
/// Two queries are nearly identical when their sets of words have a Jaccard coefficient of at least 4/5: words by UAX #29,
/// NFKC, lower case, stemmed (Snowball English), function words too, for "who" and "when" ask different things. So a query of
/// up to three words is near only to one of the same words, and one of nine words to one in which one word is another. A
/// group is what such pairs connect, over several steps if need be: its ends may differ more.
///
/// ```
/// use nearmiss::dataset::groups;
///
/// let queries = ["Rotate the signing key?", "the tallest mast", "rotating the signing keys", "rotate the door key"];
/// assert_eq!(groups(&queries), [0, 1, 0, 3]);
/// ```
pub fn groups(queries: &[&str]) -> Vec<usize> {
    let mut forest = Forest((0..queries.len()).collect());
    // Queries with the same words first: only the earliest of them is compared with others.
    let mut firsts: HashMap<Vec<u32>, usize> = HashMap::new();
    let mut sets: Vec<(usize, Vec<u32>)> = Vec::new();
    let Words { of, counts } = Words::new(queries);
    for (number, words) in of.into_iter().enumerate() {
        match firsts.get(&words) {
            Some(&first) => forest.join(first, number),
            None => {
                firsts.insert(words.clone(), number);
                sets.push((number, words));
            }
        }
    }
    join_near(&sets, &counts, &mut forest);
    (0..queries.len()).map(|number| forest.root(number)).collect()
}

/// Joins all pairs of different sets that overlap enough.
///
/// Every set in one order, the rarest word first. Say the first word that x and y share stands at place i of x and j of y: so
/// at most |x| − i and at most |y| − j are shared, and a Jaccard coefficient of 4/5 needs 4/9 · (|x| + |y|). Together they
/// leave 5i + 4j ≤ |x|, and 5j ≤ |y|: only pairs that share a word at such places are compared (the positional filter of
/// Xiao, Wang, Lin and Yu, "Efficient similarity joins for near duplicate detection", WWW 2008). So the words of a phrase
/// with which every query begins bring no pair together.
fn join_near(sets: &[(usize, Vec<u32>)], counts: &[u32], forest: &mut Forest) {
    let mut holders: HashMap<(u32, usize), Vec<usize>> = HashMap::new();
    for (at, (number, words)) in sets.iter().enumerate() {
        let mut rarest = words.clone();
        rarest.sort_unstable_by_key(|&word| (counts[word as usize], word));
        for (i, &word) in rarest.iter().enumerate().take(words.len() / 5 + 1) {
            for j in 0..=(words.len() - 5 * i) / 4 {
                for &other in holders.get(&(word, j)).into_iter().flatten() {
                    let (first, others) = &sets[other];
                    if forest.root(*first) != forest.root(*number) && is_near(words, others) {
                        forest.join(*first, *number);
                    }
                }
            }
            holders.entry((word, i)).or_default().push(at);
        }
    }
}

/// Is the Jaccard coefficient of two rising lists at least 4/5?
fn is_near(a: &[u32], b: &[u32]) -> bool {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    if 5 * short.len() < 4 * long.len() {
        return false;
    }
    let (mut left, mut right, mut both) = (0, 0, 0);
    while left < a.len() && right < b.len() {
        both += usize::from(a[left] == b[right]);
        let (step_left, step_right) = (a[left] <= b[right], b[right] <= a[left]);
        left += usize::from(step_left);
        right += usize::from(step_right);
    }
    5 * both >= 4 * (a.len() + b.len() - both)
}

/// The words of each query as numbers, rising, none twice.
struct Words {
    of: Vec<Vec<u32>>,
    /// In how many queries each word stands.
    counts: Vec<u32>,
}

impl Words {
    fn new(queries: &[&str]) -> Self {
        let stemmer = Stemmer::create(Algorithm::English);
        // By the unstemmed word: most words of a list of queries have come before.
        let mut known: HashMap<String, u32> = HashMap::new();
        let mut numbers: HashMap<String, u32> = HashMap::new();
        let mut number = |word: &str| match known.get(word) {
            Some(&number) => number,
            None => {
                let next = numbers.len() as u32;
                let number = *numbers.entry(stemmer.stem(word).into_owned()).or_insert(next);
                known.insert(word.to_owned(), number);
                number
            }
        };
        let mut set = |query: &&str| {
            let text = query.nfkc().collect::<String>().to_lowercase().replace('\u{2019}', "'");
            let mut words: Vec<u32> = text.unicode_words().map(&mut number).collect();
            if words.is_empty() {
                // Of signs alone: near only to itself.
                words.push(number(&normalise(query)));
            }
            words.sort_unstable();
            words.dedup();
            words
        };
        let of: Vec<Vec<u32>> = queries.iter().map(&mut set).collect();
        let mut counts = vec![0; numbers.len()];
        of.iter().flatten().for_each(|&word| counts[word as usize] += 1);
        Self { of, counts }
    }
}

/// Disjoint sets (Galler and Fischer 1964), each led by its lowest member; paths are halved on the way up.
struct Forest(Vec<usize>);

impl Forest {
    fn root(&mut self, mut at: usize) -> usize {
        while self.0[at] != at {
            self.0[at] = self.0[self.0[at]];
            at = self.0[at];
        }
        at
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}
