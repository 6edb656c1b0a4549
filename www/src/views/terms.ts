/** BM25, word by word: a bar for each word that question and note share. */
import type { Explanation } from "nearmiss";
import { el } from "../dom.ts";
import { strings } from "../strings.ts";

/** The words that weigh most; the rest adds little. */
const MOST = 8;

export function termsPart(terms: Explanation): HTMLElement {
  const found = (terms.details ?? []).filter((term) => term.value > 0).sort((a, b) => b.value - a.value);
  const part = el("div", { class: "why-part" }, el("p", { class: "why-title" }, strings.why.terms));
  const [best] = found;
  part.append(best ? el("ul", { class: "terms" }, ...found.slice(0, MOST).map((term) => bar(term, best.value))) : el("p", { class: "hint" }, strings.why.noTerms));
  return part;
}

function bar({ description, value }: Explanation, longest: number): HTMLElement {
  const drawn = el("span", { class: "bar" });
  drawn.style.inlineSize = `${(value / longest) * 100}%`;
  return el("li", { "data-testid": "term" }, el("span", { class: "term" }, description), el("span", { class: "track" }, drawn), el("span", { class: "value" }, value.toFixed(1)));
}
