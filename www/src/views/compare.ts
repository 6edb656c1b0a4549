/** "What training changed here": the present search before and after, asked for when it is unfolded. */
import type { Comparison } from "nearmiss";
import { byId, el } from "../dom.ts";
import type { Session } from "../session.ts";
import type { Store } from "../state.ts";
import { strings } from "../strings.ts";

export function mountCompare(store: Store, session: Session): void {
  const box = byId<HTMLDetailsElement>("compare");
  const body = byId("compare-body");
  box.addEventListener("toggle", () => {
    if (!box.open) return;
    body.replaceChildren(el("p", { class: "hint" }, strings.compare.asking));
    void session.search.compare().then((comparison) => body.replaceChildren(...(comparison ? parts(comparison) : [el("p", {}, strings.compare.failed)])));
  });
  // Another question or other weights: what is unfolded no longer holds.
  store.watch(
    (state) => [state.hits, state.inUse],
    ({ hits, inUse }) => {
      box.open = false;
      box.hidden = hits === null || hits.length === 0 || inUse !== "trained";
    },
  );
}

function parts({ changed, hits }: Comparison): HTMLElement[] {
  if (!changed) return [el("p", {}, strings.compare.same)];
  const moved = hits.filter(({ before, after }) => before?.rank !== after?.rank);
  if (moved.length === 0) return [el("p", {}, strings.compare.none)];
  const items = moved.map((one) => {
    const better = (one.after?.rank ?? Infinity) < (one.before?.rank ?? Infinity);
    return el(
      "li",
      { "data-testid": "moved-hit" },
      el("p", {}, el("b", {}, one.title || one.document), " ", el("span", { class: better ? "up" : "down" }, strings.compare.move(one))),
      el("p", { class: "hint" }, strings.compare.because(one.because)),
    );
  });
  return [el("ul", { class: "moves" }, ...items)];
}
