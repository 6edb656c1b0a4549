/** Word pieces, as the model reads them, put together to the words that a person reads. */
import type { Alignment } from "nearmiss";
import { WORD } from "./highlight.ts";

export interface Span {
  start: number;
  end: number;
}

/** A word of the question and its nearest word in the note. */
export interface Pair {
  word: Span;
  match: Span;
  similarity: number;
}

/**
 * One pair for each word of the question that any piece of it was aligned for, in reading order: of its pieces the one
 * with the best match speaks for the word. Punctuation is left out.
 */
export function pairs(alignment: readonly Alignment[], question: string, content: string): Pair[] {
  const [asked, noted] = [words(question), words(content)];
  const best = new Map<number, Pair>();
  for (const { query, document, similarity } of alignment) {
    const word = around(asked, query);
    if (!word) continue;
    const known = best.get(word.start);
    if (known && known.similarity >= similarity) continue;
    best.set(word.start, { word, match: around(noted, document) ?? document, similarity });
  }
  return [...best.values()].sort((a, b) => a.word.start - b.word.start);
}

function words(text: string): Span[] {
  return [...text.matchAll(WORD)].map((found) => ({ start: found.index, end: found.index + found[0].length }));
}

/** The word that holds this place. */
function around(all: readonly Span[], place: Span): Span | undefined {
  return all.find((word) => word.start <= place.start && place.start < word.end);
}
