/** Notes as text on the page: shortened, with the query's words marked. */
import { el } from "../dom.ts";
import type { Snippet } from "nearmiss";
import { excerpt, fromSnippet, highlight, type Segment } from "../highlight.ts";
import { strings } from "../strings.ts";

/**
 * The part that speaks most of the query, and the whole behind a disclosure when it is longer.
 *
 * @param snippet that part as the engine found it; without it the page looks for itself
 */
export function passage(text: string, query: string, snippet?: Snippet): HTMLElement[] {
  const { segments, cut } = snippet ? fromSnippet(text, snippet) : excerpt(text, query);
  const shown = [el("p", { class: "passage" }, ...nodes(segments))];
  return cut ? [...shown, el("details", {}, el("summary", {}, strings.search.whole), el("p", { class: "whole" }, ...marked(text, query)))] : shown;
}

export function marked(text: string, query: string): (Node | string)[] {
  return nodes(highlight(text, query));
}

function nodes(segments: Segment[]): (Node | string)[] {
  return segments.map(({ text, marked }) => (marked ? el("mark", {}, text) : text));
}
