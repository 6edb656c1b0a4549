/** Marks that contradict each other, each with one button to keep it. */
import type { Conflict, Document, Judgment } from "nearmiss";
import { titleOf } from "../catalogue.ts";
import { button, byId, el } from "../dom.ts";
import { voice } from "../marks.ts";
import type { Session } from "../session.ts";
import type { State, Store } from "../state.ts";
import { strings } from "../strings.ts";

export function mountConflicts(store: Store, session: Session): void {
  store.watch((state) => [state.conflicts, state.documents], (state) => show(state, session));
  store.watch(
    (state) => [state.conflicts, state.busy === null, state.phase],
    ({ busy, phase }) => {
      for (const keep of byId("conflicts").querySelectorAll("button")) keep.disabled = busy !== null || phase !== "ready";
    },
  );
}

function show({ conflicts, documents }: State, session: Session): void {
  const list = byId("conflicts");
  const hadFocus = list.contains(document.activeElement);
  list.hidden = conflicts.length === 0;
  list.replaceChildren(...conflicts.map((conflict) => item(conflict, documents, session)));
  // The button that was pressed is gone: on to the next contradiction, or to the section.
  if (hadFocus) (list.querySelector<HTMLElement>("button") ?? byId("your-marks")).focus({ preventScroll: true });
}

function item(conflict: Conflict, documents: readonly Document[], session: Session): HTMLElement {
  const text = strings.judgments.contradiction[conflict.kind](conflict.query);
  const lines = conflict.judgments.map((judgment, at) => line(judgment, conflict.counts.includes(at), documents));
  const keep = [true, false].map((relevant) =>
    button(strings.judgments.keep(relevant), { class: "quiet", "data-testid": "settle", "aria-label": strings.judgments.keepNamed(relevant, conflict.query) }, () => {
      void session.marks.settle(conflict, relevant);
    }),
  );
  return el("li", { "data-testid": "conflict" }, el("p", {}, text), el("ul", {}, ...lines), el("div", { class: "row" }, ...keep));
}

function line(judgment: Judgment, counts: boolean, documents: readonly Document[]): HTMLElement {
  const said = strings.judgments.said(judgment.relevant, strings.judgments.who[voice(judgment)]);
  return el("li", {}, titleOf(documents, judgment.document), el("small", {}, counts ? `${said}; ${strings.judgments.counted}` : said));
}
