/** Notes as text on the page: shortened, with the query's words marked. */
import { el } from "../dom.ts";
import { excerpt, highlight, type Segment } from "../highlight.ts";
import { strings } from "../strings.ts";

/** The part that speaks most of the query, and the whole behind a disclosure when it is longer. */
export function passage(text: string, query: string): HTMLElement[] {
  const { segments, cut } = excerpt(text, query);
  const shown = [el("p", { class: "passage" }, ...nodes(segments))];
  return cut ? [...shown, el("details", {}, el("summary", {}, strings.search.whole), el("p", { class: "whole" }, ...marked(text, query)))] : shown;
}

export function marked(text: string, query: string): (Node | string)[] {
  return nodes(highlight(text, query));
}

function nodes(segments: Segment[]): (Node | string)[] {
  return segments.map(({ text, marked }) => (marked ? el("mark", {}, text) : text));
}
