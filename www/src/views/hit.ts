/** One result: what was found, where it was found, and what the person says about it. */
import type { Hit } from "nearmiss";
import { announce, button, el } from "../dom.ts";
import type { State } from "../state.ts";
import { strings } from "../strings.ts";
import { marked, passage } from "./text.ts";

/**
 * @param earlier ranks of the same search before the weights changed
 * @param explanation the disclosure that says why this one
 */
export function hitItem(hit: Hit, query: string, earlier: State["earlier"], explanation: HTMLElement, onMark: (relevant: boolean) => void): HTMLLIElement {
  const id = `hit-${hit.rank}`;
  const item = el(
    "li",
    { "data-testid": "hit", "data-id": hit.id, tabindex: "-1", "aria-labelledby": id },
    el("h4", { id }, ...marked(hit.title || hit.id, query)),
    ...passage(hit.text, query, hit.snippet),
  );
  if (hit.more) item.append(moreOf(hit.more, query));
  const marks = el(
    "div",
    { class: "marks", role: "group", "aria-labelledby": id },
    button(strings.search.right, { class: "mark right", "data-testid": "mark-right", "aria-pressed": "false" }, () => onMark(true)),
    button(strings.search.wrong, { class: "mark wrong", "data-testid": "mark-wrong", "aria-pressed": "false" }, () => onMark(false)),
  );
  item.append(el("div", { class: "foot" }, el("p", { class: "facts" }, ...facts(hit, earlier)), marks), explanation);
  return item;
}

/** Other passages of the same note, which are found too; each is marked where it is the first of its note. */
function moreOf(hits: readonly Hit[], query: string): HTMLElement {
  const items = hits.map((hit) => el("li", {}, el("b", {}, hit.title || hit.id), ...passage(hit.text, query, hit.snippet)));
  return el("details", { class: "more" }, el("summary", {}, strings.search.more(hits.length)), el("ul", { class: "list" }, ...items));
}

/** Updates the buttons in place, so that the focus stays where it is. */
export function showMark(item: HTMLLIElement, relevant: boolean | undefined, locked: boolean): void {
  const before = item.dataset["mark"];
  const after = String(relevant);
  if (before !== undefined && before !== after) announce(strings.search.marked[after as keyof typeof strings.search.marked]);
  item.dataset["mark"] = after;
  for (const mark of item.querySelectorAll<HTMLButtonElement>(".mark")) {
    mark.setAttribute("aria-pressed", String(relevant === mark.classList.contains("right")));
    // Not `disabled`: that would take the focus away when training begins.
    mark.setAttribute("aria-disabled", String(locked));
  }
}

function facts(hit: Hit, earlier: State["earlier"]): HTMLElement[] {
  const found = [strings.search.stages(hit.dense?.rank, hit.lexical?.rank, hit.rerank?.rank), strings.search.score(hit.score)];
  // Searching by meaning alone, the similarity is the score.
  if (hit.dense && hit.dense.score !== hit.score) found.push(strings.search.similarity(hit.dense.score));
  const spans = found.filter((fact) => fact !== "").map((fact) => el("span", {}, fact));
  if (earlier) {
    const was = earlier.get(hit.id);
    const way = was === undefined || was > hit.rank ? "up" : was < hit.rank ? "down" : "same";
    spans.unshift(el("span", { class: `was ${way}` }, strings.search.was(was, hit.rank)));
  }
  return spans;
}
