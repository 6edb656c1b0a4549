/** Which part of a text to show for a query, and which of its words to mark. */

import type { Snippet } from "nearmiss";

export interface Segment {
  text: string;
  marked: boolean;
}

export interface Excerpt {
  segments: Segment[];
  /** True when the text was longer than what is shown. */
  cut: boolean;
}

/** Letters and digits of any script, with apostrophes inside. */
export const WORD = /[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}]+)*/gu;

/** Words that say nothing about the topic; marking them would only make noise. */
const COMMON = new Set(
  "a an and are as at be by can did do does for from had has have how i if in is it its me my no not of on or our that the their there these they this to was we were what when where which who why will with you your".split(" "),
);

interface Match {
  start: number;
  end: number;
  /** Which of the query's words it is. */
  word: number;
}

/** About `length` characters of the text, around the place that holds most different words of the query. */
export function excerpt(text: string, query: string, length = 220): Excerpt {
  const matches = findMatches(text, queryWords(query));
  const start = text.length <= length ? 0 : bestStart(text, matches, length);
  const end = text.length <= start + length ? text.length : wordEnd(text, start + length);
  return framed(text, start, end, matches.filter((match) => match.start >= start && match.end <= end));
}

function framed(text: string, start: number, end: number, matches: Match[]): Excerpt {
  const segments = cutUp(text, start, end, matches);
  if (text.slice(0, start).trim() === "") start = 0;
  if (text.slice(end).trim() === "") end = text.length;
  if (start > 0) segments.unshift({ text: "… ", marked: false });
  if (end < text.length) segments.push({ text: " …", marked: false });
  return { segments, cut: start > 0 || end < text.length };
}

/** What the engine chose to show: it knows the stems and which words are rare. */
export function fromSnippet(text: string, { text: shown, start, highlights }: Snippet): Excerpt {
  const telling = highlights.filter(([from, to]) => !COMMON.has(shown.slice(from, to).toLowerCase()));
  const matches = telling.map(([from, to]) => ({ start: start + from, end: start + to, word: 0 }));
  return framed(text, start, start + shown.length, matches);
}

/** The whole text with the query's words marked. */
export function highlight(text: string, query: string): Segment[] {
  return cutUp(text, 0, text.length, findMatches(text, queryWords(query)));
}

/** The question's own word for a stem of it: "retired" for "retir"; the stem where none fits. */
export function unstemmed(stem: string, query: string): string {
  const words = query.match(WORD) ?? [];
  return words.find((word) => word.toLowerCase().startsWith(stem)) ?? words.find((word) => sameWord(word.toLowerCase(), stem)) ?? stem;
}

function queryWords(query: string): string[] {
  const words = query.toLowerCase().match(WORD) ?? [];
  return [...new Set(words)].filter((word) => !COMMON.has(word));
}

function findMatches(text: string, words: string[]): Match[] {
  const matches: Match[] = [];
  for (const found of text.matchAll(WORD)) {
    const token = found[0].toLowerCase();
    const word = words.findIndex((candidate) => sameWord(token, candidate));
    if (word >= 0) matches.push({ start: found.index, end: found.index + found[0].length, word });
  }
  return matches;
}

/** Equal but for an ending: "rotate" and "rotating", "key" and "keys". The engine stems properly; a mark need not. */
function sameWord(a: string, b: string): boolean {
  if (a === b || a === `${b}s` || b === `${a}s`) return true;
  let shared = 0;
  while (shared < a.length && a[shared] === b[shared]) shared += 1;
  return shared >= Math.max(4, Math.max(a.length, b.length) - 3);
}

function bestStart(text: string, matches: Match[], length: number): number {
  const lead = 40;
  let best = { start: 0, words: 0 };
  for (const { start } of matches) {
    const inside = matches.filter((match) => match.start >= start && match.end <= start - lead + length);
    const words = new Set(inside.map((match) => match.word)).size;
    if (words > best.words) best = { start, words };
  }
  const wanted = Math.min(Math.max(0, best.start - lead), text.length - length);
  return wanted === 0 ? 0 : wordEnd(text, wanted);
}

/** The next white space, or this very place where none is near: Chinese, for one, has none between words. */
function wordEnd(text: string, from: number): number {
  const space = text.slice(from, from + 30).search(/\s/);
  if (space >= 0) return from + space;
  return /^[\uDC00-\uDFFF]/.test(text.slice(from)) ? from + 1 : from;
}

function cutUp(text: string, start: number, end: number, matches: Match[]): Segment[] {
  const segments: Segment[] = [];
  let at = start;
  for (const match of matches) {
    if (match.start > at) segments.push({ text: text.slice(at, match.start), marked: false });
    segments.push({ text: text.slice(match.start, match.end), marked: true });
    at = match.end;
  }
  if (end > at) segments.push({ text: text.slice(at, end), marked: false });
  return segments;
}
