/** "Could these be right as well?": one note at a time, one key or click each. */
import type { Suspect } from "nearmiss";
import { documentOf, titleOf } from "../catalogue.ts";
import { announce, button, byId, el, setText } from "../dom.ts";
import { verdictOn } from "../marks.ts";
import type { Session } from "../session.ts";
import type { State, Store } from "../state.ts";
import { strings } from "../strings.ts";
import { passage } from "./text.ts";
import { whyDetails } from "./why.ts";

export function mountSuspects(store: Store, session: Session): void {
  const deck = new Deck(store, session);
  byId("suspect").addEventListener("keydown", (event) => deck.onKey(event));
  store.watch((state) => [state.suspects, state.judgments, state.mined !== null], () => deck.show());
  store.watch((state) => [state.busy === null, state.phase], () => deck.lock());
}

class Deck {
  readonly #store: Store;
  readonly #session: Session;
  /** Which of the open ones is shown. */
  #at = 0;
  #shown: Suspect | null = null;
  readonly #list = byId("suspect");

  constructor(store: Store, session: Session) {
    this.#store = store;
    this.#session = session;
  }

  /** Those on which nobody has said anything: a word taken back brings its note back. */
  #open(): Suspect[] {
    const { suspects, judgments } = this.#store.state;
    return suspects.filter(({ query, document }) => verdictOn(judgments, query, document) === undefined);
  }

  show(): void {
    const { suspects, mined, documents } = this.#store.state;
    const open = this.#open();
    this.#at = Math.max(0, Math.min(this.#at, open.length - 1));
    const suspect = open[this.#at] ?? null;
    byId("suspects").hidden = mined === null || (suspects.length === 0 && mined.step !== null);
    for (const id of ["suspects-hint", "suspects-keys"]) byId(id).hidden = suspect === null;
    setText(byId("suspects-place"), suspect ? strings.suspects.place(this.#at + 1, open.length) : "");
    setText(byId("suspects-done"), done(suspects.length, open.length));
    if (suspect === this.#shown) return;
    this.#shown = suspect;
    const hadFocus = this.#list.contains(document.activeElement);
    this.#list.replaceChildren(...(suspect ? [card(suspect, documents, open.length, this.#session, this)] : []));
    this.lock();
    if (hadFocus) this.#focus();
  }

  lock(): void {
    for (const control of this.#list.querySelectorAll<HTMLButtonElement>(".mark")) control.disabled = this.#locked;
  }

  /** Without an engine nothing would be written down. */
  get #locked(): boolean {
    const { busy, phase } = this.#store.state;
    return busy !== null || phase !== "ready";
  }

  move(by: 1 | -1): void {
    const open = this.#open().length;
    const at = this.#at + by;
    if (at < 0 || at >= open) return;
    this.#at = at;
    this.show();
  }

  decide(relevant: boolean): void {
    const suspect = this.#shown;
    if (!suspect || this.#locked) return;
    announce(strings.suspects.became[`${relevant}`]);
    void this.#session.marks.decide(suspect, relevant);
  }

  /** Letters act only while the focus is on the card or on its buttons, not in what it unfolds. */
  onKey(event: KeyboardEvent): void {
    const unfolded = event.target instanceof Element && event.target.closest("details");
    if (event.ctrlKey || event.metaKey || event.altKey || unfolded) return;
    const act: Record<string, () => void> = {
      j: () => this.move(1),
      k: () => this.move(-1),
      ArrowDown: () => this.move(1),
      ArrowRight: () => this.move(1),
      ArrowUp: () => this.move(-1),
      ArrowLeft: () => this.move(-1),
      y: () => this.decide(true),
      n: () => this.decide(false),
    };
    const action = act[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  }

  #focus(): void {
    const next = this.#list.querySelector<HTMLElement>("li") ?? byId("mining");
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }
}

function done(all: number, open: number): string {
  if (all === 0) return strings.suspects.none;
  const sorted = all - open;
  if (open === 0) return `${strings.suspects.decided(sorted)} ${strings.suspects.finished}`;
  return sorted === 0 ? "" : strings.suspects.decided(sorted);
}

function card(suspect: Suspect, documents: State["documents"], of: number, session: Session, deck: Deck): HTMLElement {
  const { query, document: id, positive } = suspect;
  const title = el("h4", { id: "suspect-title" }, titleOf(documents, id));
  const answer = el("details", {}, el("summary", {}, strings.suspects.showAnswer), el("p", {}, el("b", {}, titleOf(documents, positive))));
  answer.append(...passage(documentOf(documents, positive)?.text ?? "", query));
  const decide = el(
    "div",
    { class: "row", role: "group", "aria-labelledby": "suspect-title" },
    button(strings.suspects.right, { class: "mark right", "data-testid": "also-right" }, () => deck.decide(true)),
    button(strings.suspects.wrong, { class: "mark wrong", "data-testid": "really-wrong" }, () => deck.decide(false)),
  );
  const move = el(
    "div",
    { class: "row move", hidden: of < 2 },
    button(strings.suspects.previous, { class: "plain" }, () => deck.move(-1)),
    button(strings.suspects.next, { class: "plain" }, () => deck.move(1)),
  );
  return el(
    "li",
    { tabindex: "0", class: "suspect", "data-testid": "suspect", "data-id": id, "aria-labelledby": "suspect-query suspect-title" },
    el("p", { class: "query", id: "suspect-query" }, query),
    title,
    ...passage(documentOf(documents, id)?.text ?? "", query),
    el("p", { class: "reason" }, strings.suspects.reason(suspect)),
    el("div", { class: "decide" }, decide, move),
    answer,
    whyDetails(session, query, id),
  );
}
