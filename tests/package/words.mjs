/** Counting words, for the check of the sample notes: content words, what two texts share, and BM25. */

const STOP_WORDS = new Set(
  `a about after all an and any anybody are as at be been before but by can could do does for from get go had has have he
  her him his how i if in into is it its may me must my no not of on one only or our out she so somebody such than that the
  their them then there these they this those to up us was we were what when where which who whom why will with without you
  your`.split(/\s+/),
);

/** Longest first. */
const SUFFIX = /(ations?|ating|ated|ates?|ing|ed|es|s|e)$/;

/** "charging", "charged" and "charges" → "charg"; at least three letters stay. */
const stem = (word) => word.replace(SUFFIX, (suffix, _, at) => (at >= 3 ? "" : suffix));

/** The stemmed words of a text in order, without stop words. */
const terms = (text) => (text.toLowerCase().match(/[a-z0-9]+/g) ?? []).filter((word) => !STOP_WORDS.has(word)).map(stem);

/** The same, each once. */
export const contentWords = (text) => new Set(terms(text));

const shared = (one, other) => [...one].filter((word) => other.has(word));

/** Overlap coefficient of two sets of words, 0..1: shared words over those of the smaller. */
export const noteOverlap = (one, other) => shared(one, other).length / Math.min(one.size, other.size);

/** Jaccard similarity of two sets of words, 0..1: shared words over all words. */
export function similarity(one, other) {
  const both = shared(one, other).length;
  return both / (one.size + other.size - both);
}

/** Word → ln(1 + (N - n + 0.5) / (n + 0.5)) for n of N notes that hold it; 0 for a word that none holds. */
export function rarity(notes) {
  const counts = new Map();
  for (const words of notes) for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return (word) => {
    const count = counts.get(word) ?? 0;
    return count === 0 ? 0 : Math.log(1 + (notes.length - count + 0.5) / (count + 0.5));
  };
}

/** How much of the query is in the note, 0..1, each word weighted by its rarity. */
export function queryShare(query, note, idf) {
  const weight = (words) => [...words].reduce((sum, word) => sum + idf(word), 0);
  return weight(shared(query, note)) / weight(query);
}

/**
 * Okapi BM25 with k1 = 0.9, b = 0.4, without an index.
 * @param {[string, string][]} notes id and text
 * @returns {(query: string) => string} the id of the best note
 */
export function bm25(notes) {
  const indexed = notes.map(([id, text]) => ({ id, terms: terms(text) }));
  const average = indexed.reduce((sum, note) => sum + note.terms.length, 0) / indexed.length;
  const idf = rarity(indexed.map((note) => new Set(note.terms)));
  const score = (query, note) =>
    terms(query).reduce((sum, word) => {
      const frequency = note.terms.filter((term) => term === word).length;
      return sum + (idf(word) * frequency) / (frequency + 0.9 * (0.6 + (0.4 * note.terms.length) / average));
    }, 0);
  return (query) => indexed.reduce((best, note) => (score(query, note) > score(query, best) ? note : best)).id;
}
