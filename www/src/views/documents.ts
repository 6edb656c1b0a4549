/** Step 2: the notes to search. Files may be dropped anywhere on the page. */
import type { Document, FileInput } from "nearmiss";
import { announce, button, byId, el, setText } from "../dom.ts";
import { dropped, pickFolder } from "../folders.ts";
import { byNote, noteOf } from "../notes.ts";
import type { Session } from "../session.ts";
import type { State, Store } from "../state.ts";
import { strings } from "../strings.ts";

/** Notes in the list, and files that were not taken: thousands of lines would help nobody, and take seconds to lay out. */
const [MOST_NOTES, MOST_SKIPPED] = [50, 20];

export function mountDocuments(store: Store, session: Session): void {
  const inputs = [byId<HTMLInputElement>("files"), byId<HTMLInputElement>("folder")];
  const sample = byId<HTMLButtonElement>("load-sample");
  const take = (files: FileInput[]) => void (files.length > 0 && session.notes.addFiles(files));
  for (const input of inputs) {
    input.addEventListener("change", () => {
      const files = [...(input.files ?? [])];
      input.value = "";
      take(files);
    });
  }
  byId("folder").addEventListener("click", (event) => void offerFolder(event, take));
  sample.addEventListener("click", () => void session.notes.loadSample());
  byId("read-on").addEventListener("click", () => void session.notes.readOn());
  byId("remove-all").addEventListener("click", () => void session.notes.remove(() => true));
  acceptDrops(take);

  store.watch(
    (state) => [state.busy === null],
    ({ busy }) => {
      for (const control of [...inputs, sample, byId<HTMLButtonElement>("remove-all"), byId<HTMLButtonElement>("read-on")]) control.disabled = busy !== null;
    },
  );
  store.watch((state) => [state.documents, state.allRead, state.phase, state.busy === null], showCount);
  store.watch((state) => [state.documents], (state) => showList(state.documents, session));
  store.watch((state) => [state.skipped, state.incomplete], showSkipped);
}

/** The browser's own dialog for folders, where there is one, does not ask whether to "upload" everything. */
async function offerFolder(event: Event, take: (files: FileInput[]) => void): Promise<void> {
  if (!pickFolder) return;
  event.preventDefault();
  try {
    take([await pickFolder({ id: "notes" })]);
  } catch {
    // Nothing was chosen.
  }
}

/** Without this the browser would open the dropped file in place of the page. */
function acceptDrops(take: (files: FileInput[]) => void): void {
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
    take(dropped(event.dataTransfer));
  });
}

function showCount({ documents, allRead, phase, busy }: State): void {
  const unread = !allRead && busy === null;
  const count = byNote(documents).size;
  const waiting = unread && documents.length > 0 ? (phase === "ready" ? strings.documents.unread : strings.documents.waiting) : "";
  setText(byId("documents-count"), count === 0 ? strings.documents.none : strings.documents.count(count, documents.length) + waiting);
  byId("read-on").hidden = !unread || phase !== "ready";
  if (count > 0 && allRead && phase === "ready" && busy === null) announce(strings.documents.ready(count));
}

function showSkipped({ skipped, incomplete }: State): void {
  const { documents } = strings;
  byId("skipped").hidden = skipped.length + incomplete.length === 0;
  const parts = [
    ...(skipped.length > 0 ? [el("p", {}, documents.skipped(skipped.length)), sentences(skipped)] : []),
    ...(incomplete.length > 0 ? [el("p", {}, documents.incomplete), sentences(incomplete)] : []),
  ];
  byId("skipped").replaceChildren(...parts);
}

function sentences(all: readonly string[]): HTMLUListElement {
  const items = all.slice(0, MOST_SKIPPED).map((sentence) => el("li", {}, sentence));
  return el("ul", {}, ...items, ...rest(all.length - MOST_SKIPPED));
}

function rest(hidden: number): HTMLLIElement[] {
  return hidden > 0 ? [el("li", {}, strings.documents.more(hidden))] : [];
}

function showList(documents: readonly Document[], session: Session): void {
  byId("documents-list").hidden = documents.length === 0;
  const all = byNote(documents);
  const items = [...all].slice(0, MOST_NOTES).map(([note, parts]) => {
    const name = parts[0]?.title || note;
    const remove = button(strings.documents.remove, { class: "plain", "aria-label": strings.documents.removeNamed(name) }, () => {
      void session.notes.remove((document) => noteOf(document) === note);
    });
    return el("li", {}, el("span", {}, name), remove);
  });
  byId("notes").replaceChildren(...items, ...rest(all.size - MOST_NOTES));
}
