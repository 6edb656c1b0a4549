/** What the person's marks amount to, and whether that is enough to train on. */
import { button, byId, el, setText } from "../dom.ts";
import { questions, readiness } from "../marks.ts";
import type { Session } from "../session.ts";
import type { State, Store } from "../state.ts";
import { strings } from "../strings.ts";

export function mountJudgments(store: Store, session: Session): void {
  store.watch(
    (state) => [state.judgments, state.sides, state.phase, state.allRead, state.documents.length === 0, state.busy === null],
    showReadiness,
  );
  store.watch((state) => [state.judgments], (state) => showList(state, session));
}

function showReadiness(state: State): void {
  const ready = readiness(state.judgments, state.sides.size);
  const enough = ready.questionsToGo === 0;
  setText(byId("count-train"), String(ready.practice));
  setText(byId("count-held-out"), String(ready.test));
  setText(byId("count-right"), String(ready.right));
  setText(byId("count-wrong"), String(ready.wrong));
  const usable = state.phase === "ready" && state.documents.length > 0;
  byId<HTMLButtonElement>("train").disabled = !enough || !usable || !state.allRead || state.busy !== null;
  setText(byId("readiness"), enough ? readyHint(state, usable, strings.training.ready(ready)) : strings.training.missing(ready));
}

function readyHint({ allRead, busy }: State, usable: boolean, ready: string): string {
  if (!usable) return strings.training.needModel;
  return allRead || busy ? ready : strings.training.unread;
}

function showList({ judgments }: State, session: Session): void {
  byId("judgments").hidden = judgments.length === 0;
  const items = questions(judgments).map(({ text, side, right, wrong }) => {
    const ask = button(text, { class: "plain" }, () => void session.search(text));
    const forget = button(strings.judgments.forget, { class: "plain", "aria-label": strings.judgments.forgetNamed(text) }, () => void session.forget(text));
    const facts = el("small", {}, `${strings.judgments.side[side]}: ${strings.judgments.counts(right.length, wrong.length)}`);
    return el("li", {}, el("span", {}, ask, facts), forget);
  });
  byId("marks").replaceChildren(...items);
}
