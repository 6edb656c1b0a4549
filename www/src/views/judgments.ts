/** Step 4: what the person's marks amount to, whether that is enough to train on, and the list of who said what. */
import type { Document, Judgment } from "nearmiss";
import { titleOf } from "../catalogue.ts";
import { button, byId, el, setText } from "../dom.ts";
import { questions, readiness, voice, type Question } from "../marks.ts";
import type { Session } from "../session.ts";
import { canForget, type State, type Store } from "../state.ts";
import { strings } from "../strings.ts";

export function mountJudgments(store: Store, session: Session): void {
  const box = byId<HTMLDetailsElement>("judgments");
  store.watch(
    (state) => [state.judgments, state.sides, state.phase, state.allRead, state.documents.length === 0, state.busy === null],
    showReadiness,
  );
  const show = () => showList(store.state, box, session);
  // A closed list is not drawn: each mark would draw it anew.
  box.addEventListener("toggle", show);
  store.watch((state) => [state.judgments, state.documents], show);
  const lock = () => {
    const locked = store.state.busy !== null || !canForget(store.state);
    for (const control of byId("marks").querySelectorAll<HTMLButtonElement>("[data-forgets]")) control.disabled = locked;
  };
  store.watch((state) => [state.judgments, state.documents, state.busy === null, canForget(state)], lock);
  box.addEventListener("toggle", lock);
}

function showReadiness(state: State): void {
  const ready = readiness(state.judgments, state.sides.size);
  const enough = ready.questionsToGo === 0;
  setText(byId("count-train"), String(ready.practice));
  setText(byId("count-held-out"), String(ready.test));
  setText(byId("count-right"), String(ready.right));
  setText(byId("count-wrong"), String(ready.wrong));
  const usable = state.phase === "ready" && state.documents.length > 0;
  const free = usable && state.allRead && state.busy === null;
  byId<HTMLButtonElement>("train").disabled = !enough || !free;
  byId<HTMLButtonElement>("mine").disabled = ready.practice === 0 || !free;
  setText(byId("mining-hint"), strings.mining.hint(ready.practice > 0));
  setText(byId("readiness"), enough ? readyHint(state, usable, strings.training.ready(ready)) : strings.training.missing(ready));
  byId("stand-ins").hidden = ready.standIns === 0;
  setText(byId("stand-ins"), strings.judgments.standIns(ready.standIns, ready.standInsMeasured));
  byId("no-marks").hidden = state.judgments.length > 0 || !usable;
}

function readyHint({ allRead, busy }: State, usable: boolean, ready: string): string {
  if (!usable) return strings.training.needModel;
  return allRead || busy ? ready : strings.training.unread;
}

function showList({ judgments, documents }: State, box: HTMLDetailsElement, session: Session): void {
  box.hidden = judgments.length === 0;
  if (box.open) byId("marks").replaceChildren(...questions(judgments).map((question) => item(question, documents, session)));
}

function item({ text, side, words, right, wrong }: Question, documents: readonly Document[], session: Session): HTMLElement {
  const ask = button(text, { class: "plain" }, () => void session.search.ask(text));
  const forget = button(strings.judgments.forget, { class: "plain", "data-forgets": true, "aria-label": strings.judgments.forgetNamed(text) }, () => {
    void session.marks.takeBack((judgment) => words.includes(judgment));
  });
  const facts = el("small", {}, `${strings.judgments.side[side]}: ${strings.judgments.counts(right.length, wrong.length)}`);
  const said = words.map((judgment) => word(judgment, titleOf(documents, judgment.document), text, session));
  return el("li", { class: "question" }, el("div", { class: "asked" }, el("span", {}, ask, facts), forget), el("ul", { class: "words" }, ...said));
}

/** One mark, and who made it. */
function word(judgment: Judgment, title: string, question: string, session: Session): HTMLElement {
  const { relevant } = judgment;
  const verdict = el("b", { class: relevant ? "said right" : "said wrong" }, strings.judgments.verdict[`${relevant}`]);
  const back = button(strings.judgments.takeBack, { class: "plain", "data-forgets": true, "aria-label": strings.judgments.takeBackNamed(title, question) }, () => {
    void session.marks.takeBack((other) => other === judgment);
  });
  return el("li", {}, verdict, el("span", {}, title, el("small", { "data-testid": "who" }, strings.judgments.who[voice(judgment)])), back);
}
