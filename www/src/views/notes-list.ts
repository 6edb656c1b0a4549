/** The notes one by one: found by name, removed, and brought back. */
import type { Document } from "nearmiss";
import { announce, button, byId, el, setText } from "../dom.ts";
import { byNote, noteOf } from "../notes.ts";
import type { Session } from "../session.ts";
import { canForget, type State, type Store } from "../state.ts";
import { strings } from "../strings.ts";
import { tellOf } from "./marks-tools.ts";

/** So many lines at a time: thousands would take seconds to lay out. */
const PAGE = 50;

export function mountNotesList(store: Store, session: Session): void {
  const list = new List(store, session);
  byId("notes-filter").addEventListener("input", () => list.show(PAGE));
  byId("more-notes").addEventListener("click", () => list.more());
  byId("remove-all").addEventListener("click", () => {
    // It is hidden then, and so is the list.
    void session.notes.remove(() => true).then(() => byId("undo-removal").focus({ preventScroll: true }));
  });
  byId("undo-removal").addEventListener("click", () => void undo(store, session));
  store.watch((state) => [state.documents], () => list.show(list.length));
  store.watch((state) => [state.busy === null, canForget(state)], () => list.lock());
  store.watch(
    (state) => [state.busy === null],
    ({ busy }) => void (byId<HTMLButtonElement>("undo-removal").disabled = busy !== null),
  );
  store.watch((state) => [state.removed], showRemoved);
}

class List {
  readonly #store: Store;
  readonly #session: Session;
  readonly #list = byId("notes");
  readonly #filter = byId<HTMLInputElement>("notes-filter");
  readonly #more = byId<HTMLButtonElement>("more-notes");
  /** Those whose name holds what was typed. */
  #found: [string, Document[]][] = [];

  constructor(store: Store, session: Session) {
    this.#store = store;
    this.#session = session;
  }

  get length(): number {
    return this.#list.children.length;
  }

  /** At least a page of them. */
  show(count: number): void {
    const all = [...byNote(this.#store.state.documents)];
    byId("documents-list").hidden = all.length === 0;
    this.#filter.hidden = all.length <= PAGE;
    if (this.#filter.hidden) this.#filter.value = "";
    const wanted = this.#filter.value.trim().toLowerCase();
    this.#found = all.filter(([note, parts]) => `${nameOf(note, parts)}\n${note}`.toLowerCase().includes(wanted));
    this.#list.replaceChildren();
    this.#add(Math.max(PAGE, count));
    byId("no-note-found").hidden = all.length === 0 || this.#found.length > 0;
  }

  more(): void {
    const from = this.length;
    this.#add(PAGE);
    this.#focus(from);
  }

  lock(): void {
    const { state } = this.#store;
    const may = canForget(state);
    byId("remove-hint").hidden = may;
    for (const control of [byId<HTMLButtonElement>("remove-all"), ...this.#list.querySelectorAll("button")]) control.disabled = !may || state.busy !== null;
  }

  #add(count: number): void {
    const end = this.length + count;
    this.#list.append(...this.#found.slice(this.length, end).map(([note, parts]) => this.#item(note, nameOf(note, parts))));
    const left = Math.max(0, this.#found.length - end);
    this.#more.hidden = left === 0;
    setText(this.#more, strings.documents.showMore(Math.min(PAGE, left), left));
    this.lock();
  }

  #item(note: string, name: string): HTMLElement {
    const attributes = { class: "plain", "aria-label": strings.documents.removeNamed(name) };
    return el("li", {}, el("span", {}, name), button(strings.documents.remove, attributes, () => void this.#remove(note)));
  }

  async #remove(note: string): Promise<void> {
    const at = this.#found.findIndex(([name]) => name === note);
    await this.#session.notes.remove((document) => noteOf(document) === note);
    this.#focus(at);
  }

  /** The line at this place, where the one before it was removed; without any, the way back. */
  #focus(at: number): void {
    const item = this.#list.children[Math.min(at, this.length - 1)];
    (item?.querySelector<HTMLElement>("button") ?? byId("undo-removal")).focus({ preventScroll: true });
  }
}

function nameOf(note: string, parts: readonly Document[]): string {
  return parts[0]?.title || note;
}

/** Says what went, with the way back, until something else is what Undo would take back. */
function showRemoved({ removed }: State): void {
  const sentence = removed ? strings.documents.removed(removed.notes, removed.marks) : "";
  byId("removed").hidden = removed === null;
  setText(byId("removed-text"), sentence);
  if (removed) announce(sentence);
}

async function undo(store: Store, session: Session): Promise<void> {
  await tellOf(session.marks.ledger.undo(), true);
  // What was found before may be found again.
  if (store.state.hits) await session.search.ask(store.state.query);
}
