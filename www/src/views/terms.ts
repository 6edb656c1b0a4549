/** BM25, word by word: a bar for each word that question and note share. */
import type { Explanation } from "nearmiss";
import { el } from "../dom.ts";
import { unstemmed } from "../highlight.ts";
import { strings } from "../strings.ts";

/** The words that weigh most; the rest adds little. */
const MOST = 8;

export function termsPart(terms: Explanation, query: string): HTMLElement {
  const found = (terms.details ?? []).filter((term) => term.value > 0).sort((a, b) => b.value - a.value);
  const part = el("div", { class: "why-part" }, el("p", { class: "why-title" }, strings.why.terms));
  const [best] = found;
  part.append(best ? el("ul", { class: "terms" }, ...found.slice(0, MOST).map((term) => bar(wordOf(term, query), term.value, best.value))) : el("p", { class: "hint" }, strings.why.noTerms));
  return part;
}

/** A description begins with the term in quotation marks, as the index has it: without its ending. */
function wordOf({ description }: Explanation, query: string): string {
  const term = description.match(/^"(.+?)"/)?.[1];
  return term === undefined ? description : unstemmed(term, query);
}

function bar(word: string, value: number, longest: number): HTMLElement {
  const drawn = el("span", { class: "bar" });
  drawn.style.inlineSize = `${(value / longest) * 100}%`;
  return el("li", { "data-testid": "term" }, el("span", { class: "term" }, word), el("span", { class: "track" }, drawn), el("span", { class: "value" }, value.toFixed(1)));
}
