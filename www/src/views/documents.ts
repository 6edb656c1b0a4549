/** Step 2: the notes to search. Files may be dropped anywhere on the page. */
import type { Document } from "nearmiss";
import { announce, button, byId, el, setText } from "../dom.ts";
import { noteOf } from "../passages.ts";
import type { Session } from "../session.ts";
import type { State, Store } from "../state.ts";
import { strings } from "../strings.ts";

export function mountDocuments(store: Store, session: Session): void {
  const input = byId<HTMLInputElement>("files");
  const sample = byId<HTMLButtonElement>("load-sample");
  input.addEventListener("change", () => {
    const files = [...(input.files ?? [])];
    input.value = "";
    void session.notes.addFiles(files);
  });
  sample.addEventListener("click", () => void session.notes.loadSample());
  byId("read-on").addEventListener("click", () => void session.notes.readOn());
  byId("remove-all").addEventListener("click", () => void session.notes.remove(() => true));
  acceptDrops((files) => void session.notes.addFiles(files));

  store.watch(
    (state) => [state.busy === null],
    ({ busy }) => {
      for (const control of [input, sample, byId<HTMLButtonElement>("remove-all"), byId<HTMLButtonElement>("read-on")]) control.disabled = busy !== null;
    },
  );
  store.watch((state) => [state.documents, state.allRead, state.phase, state.busy === null], showCount);
  store.watch((state) => [state.documents], (state) => showList(state.documents, session));
  store.watch((state) => [state.skipped], showSkipped);
}

/** Without this the browser would open the dropped file in place of the page. */
function acceptDrops(take: (files: File[]) => void): void {
  const zone = byId("drop");
  const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    zone.classList.add("over");
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) zone.classList.remove("over");
  });
  addEventListener("drop", (event) => {
    zone.classList.remove("over");
    if (!carriesFiles(event)) return;
    event.preventDefault();
    take([...(event.dataTransfer?.files ?? [])]);
  });
}

/** Notes with their passages, in the order in which they came. */
function notes(documents: readonly Document[]): Map<string, Document[]> {
  const byNote = new Map<string, Document[]>();
  for (const document of documents) byNote.set(noteOf(document), [...(byNote.get(noteOf(document)) ?? []), document]);
  return byNote;
}

function showCount({ documents, allRead, phase, busy }: State): void {
  const unread = !allRead && busy === null;
  const count = notes(documents).size;
  const waiting = unread && documents.length > 0 ? (phase === "ready" ? strings.documents.unread : strings.documents.waiting) : "";
  setText(byId("documents-count"), count === 0 ? strings.documents.none : strings.documents.count(count, documents.length) + waiting);
  byId("read-on").hidden = !unread || phase !== "ready";
  if (count > 0 && allRead && phase === "ready" && busy === null) announce(strings.documents.ready(count));
}

function showSkipped({ skipped }: State): void {
  byId("skipped").hidden = skipped.length === 0;
  setText(byId("skipped"), skipped.length === 0 ? "" : strings.documents.skipped(skipped));
}

function showList(documents: readonly Document[], session: Session): void {
  byId("documents-list").hidden = documents.length === 0;
  const items = [...notes(documents)].map(([note, parts]) => {
    const name = parts[0]?.title || note;
    const remove = button(strings.documents.remove, { class: "plain", "aria-label": strings.documents.removeNamed(name) }, () => {
      void session.notes.remove((document) => noteOf(document) === note);
    });
    return el("li", {}, el("span", {}, name), remove);
  });
  byId("notes").replaceChildren(...items);
}
