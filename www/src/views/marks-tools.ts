/** Undo and redo, stand-in questions, and marks as files. */
import { byId, setText } from "../dom.ts";
import { byNote } from "../notes.ts";
import type { Session } from "../session.ts";
import type { Repeated } from "../session/ledger.ts";
import type { Store } from "../state.ts";
import { strings } from "../strings.ts";

export function mountMarksTools(store: Store, session: Session): void {
  const undo = byId<HTMLButtonElement>("undo");
  const redo = byId<HTMLButtonElement>("redo");
  const step = async (back: boolean) => {
    const { busy, canUndo, canRedo } = store.state;
    if (busy || !(back ? canUndo : canRedo)) return;
    const done = await tellOf(back ? session.marks.ledger.undo() : session.marks.ledger.redo(), back);
    // Notes that went or came may be found, or not, from now on.
    if (done?.moved && store.state.hits) await session.search.ask(store.state.query);
  };
  undo.addEventListener("click", () => void step(true).then(() => keepFocus(undo, redo)));
  redo.addEventListener("click", () => void step(false).then(() => keepFocus(redo, undo)));
  addEventListener("keydown", (event) => {
    // In the other views nobody would see what it takes back.
    if (store.state.door !== "tune" || !isUndoKey(event) || isTyping(document.activeElement)) return;
    event.preventDefault();
    void step(!event.shiftKey);
  });

  const lines = byId<HTMLButtonElement>("export-lines");
  const beir = byId<HTMLButtonElement>("export-beir");
  const make = byId<HTMLButtonElement>("make-questions");
  const files = byId<HTMLInputElement>("import-marks");
  lines.addEventListener("click", () => void session.marks.exportLines());
  beir.addEventListener("click", () => void session.marks.exportBeir());
  make.addEventListener("click", () => {
    void session.marks.makeQuestions().then((made) => note(made === null ? "" : strings.judgments.made(made)));
  });
  files.addEventListener("change", () => {
    const chosen = [...(files.files ?? [])];
    // Choosing the same files again is a change too.
    files.value = "";
    void session.marks.import(chosen).then((added) => note(added === null ? "" : strings.judgments.imported(added)));
  });

  store.watch(
    (state) => [state.canUndo, state.canRedo, state.phase, state.busy === null, state.judgments.length === 0],
    ({ canUndo, canRedo, phase, busy, judgments }) => {
      const locked = phase !== "ready" || busy !== null;
      byId("undo-row").hidden = !canUndo && !canRedo;
      // Notes may be removed, and brought back, before any engine is open.
      undo.disabled = busy !== null || !canUndo;
      redo.disabled = busy !== null || !canRedo;
      for (const control of [lines, beir]) control.disabled = locked || judgments.length === 0;
      for (const control of [make, files]) control.disabled = locked;
    },
  );
  // What was said about an earlier step would be wrong after the next one.
  store.watch((state) => [state.judgments], () => note(""));
}

function note(text: string): void {
  setText(byId("marks-note"), text);
}

/** Says what was undone, or done again. */
export async function tellOf(repeating: Promise<Repeated | null>, back: boolean): Promise<Repeated | null> {
  const done = await repeating;
  if (!done) return null;
  const { moved, changes } = done;
  const did = { gone: byNote(moved?.gone ?? []).size, came: byNote(moved?.came ?? []).size, changes };
  note(back ? strings.judgments.undone(did) : strings.judgments.redone(did));
  return done;
}

/** A button that has nothing more to do is disabled, and loses the focus, some browsers at once and some later. */
function keepFocus(pressed: HTMLButtonElement, other: HTMLButtonElement): void {
  const lost = document.activeElement === document.body || document.activeElement === pressed;
  if (pressed.disabled && !other.disabled && lost) other.focus();
}

function isUndoKey(event: KeyboardEvent): boolean {
  return (event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "z";
}

/** There the browser undoes what was typed. */
function isTyping(element: Element | null): boolean {
  if (element instanceof HTMLInputElement) return !["radio", "checkbox", "file"].includes(element.type);
  return element instanceof HTMLTextAreaElement || (element instanceof HTMLElement && element.isContentEditable);
}
