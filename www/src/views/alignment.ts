/** Which word of the note stands nearest to each word of the question; pointing at one lights up the other. */
import type { Document, Why } from "nearmiss";
import { pairs, type Pair, type Span } from "../align.ts";
import { el, setText } from "../dom.ts";
import { strings } from "../strings.ts";

export function alignmentPart({ query, alignment }: Why, document: Document | undefined): HTMLElement {
  const part = el("div", { class: "why-part" }, el("p", { class: "why-title" }, strings.why.alignment));
  const content = document ? contentOf(document) : "";
  const found = pairs(alignment, query, content);
  if (found.length === 0) {
    part.append(el("p", { class: "hint" }, strings.why.noAlignment));
    return part;
  }
  const passage = el("p", { class: "passage aligned" });
  const marks = fill(passage, content, found.map((pair) => pair.match));
  const said = el("p", { class: "hint pair" }, strings.why.alignmentHint);
  const question = el("p", { class: "query aligned", role: "group", "aria-label": strings.why.alignment });
  let at = 0;
  for (const pair of found) {
    question.append(query.slice(at, pair.word.start), piece(pair, query, content, marks, said));
    at = pair.word.end;
  }
  question.append(query.slice(at));
  part.append(question, said, passage);
  return part;
}

/** What the engine read: its places count in this text. */
function contentOf({ title = "", text }: Document): string {
  return `${title.trim()} ${text.trim()}`.trim();
}

/** A button, so that the keyboard reaches it and a finger can hold it; its name tells the match to who cannot see it. */
function piece(pair: Pair, query: string, content: string, marks: ReadonlyMap<number, HTMLElement>, said: HTMLElement): HTMLElement {
  const word = query.slice(pair.word.start, pair.word.end);
  const match = content.slice(pair.match.start, pair.match.end);
  const made = el("button", { type: "button", class: "piece", "data-testid": "piece", "aria-label": strings.why.pairNamed(word, match, pair.similarity) }, word);
  const mark = marks.get(pair.match.start);
  const light = (on: boolean) => {
    made.classList.toggle("lit", on);
    mark?.classList.toggle("lit", on);
    setText(said, on ? strings.why.pair(word, match, pair.similarity) : strings.why.alignmentHint);
  };
  for (const type of ["pointerenter", "focus"]) made.addEventListener(type, () => light(true));
  for (const type of ["pointerleave", "blur"]) made.addEventListener(type, () => light(false));
  return made;
}

/** The text with a mark around each of these places; several words may share one. */
function fill(element: HTMLElement, text: string, places: readonly Span[]): Map<number, HTMLElement> {
  const made = new Map<number, HTMLElement>();
  let at = 0;
  for (const { start, end } of [...places].sort((a, b) => a.start - b.start)) {
    if (start < at) continue;
    const mark = el("mark", { class: "match" }, text.slice(start, end));
    element.append(text.slice(at, start), mark);
    made.set(start, mark);
    at = end;
  }
  element.append(text.slice(at));
  return made;
}
