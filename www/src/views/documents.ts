/** Step 2: the notes to search. Files may be dropped anywhere on the page. */
import type { FileInput } from "nearmiss";
import { announce, button, byId, el, setText } from "../dom.ts";
import { dropped, pickFolder } from "../folders.ts";
import { byNote } from "../notes.ts";
import type { Session } from "../session.ts";
import type { State, Store } from "../state.ts";
import { strings } from "../strings.ts";

/** Files that were not taken: thousands of lines would help nobody, and take seconds to lay out. */
const MOST_SKIPPED = 20;

/** Of which it was last said that they are ready. */
let told: State["documents"] | null = null;

export function mountDocuments(store: Store, session: Session): void {
  const inputs = [byId<HTMLInputElement>("files"), byId<HTMLInputElement>("folder")];
  const sample = byId<HTMLButtonElement>("load-sample");
  const take = (files: FileInput[]) => {
    if (files.length === 0) return;
    showElsewhere(store.state, files.length);
    void session.notes.addFiles(files);
  };
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
  acceptDrops(take);
  byId("elsewhere").append(button(strings.dismiss, { class: "quiet" }, () => void (byId("elsewhere").hidden = true)));

  // Files may be chosen at any time: they wait for the end of what is under way.
  store.watch(
    (state) => [state.busy === null],
    ({ busy }) => {
      for (const control of [sample, byId<HTMLButtonElement>("read-on")]) control.disabled = busy !== null;
    },
  );
  store.watch((state) => [state.documents, state.allRead, state.phase, state.busy === null], showCount);
  store.watch((state) => [state.skipped, state.incomplete], showSkipped);
  store.watch(
    (state) => [state.waiting],
    ({ waiting }) => {
      byId("files-waiting").hidden = waiting === 0;
      setText(byId("files-waiting"), waiting === 0 ? "" : strings.documents.waitingFiles(waiting));
      if (waiting > 0) announce(strings.documents.waitingFiles(waiting));
    },
  );
  store.watch(
    (state) => [state.door === "tune"],
    ({ door }) => {
      if (door === "tune") byId("elsewhere").hidden = true;
    },
  );
}

/** Files that are dropped in another view go to the notes all the same; nobody sees those there. */
function showElsewhere({ door }: State, files: number): void {
  if (door === "tune") return;
  const link = el("a", { href: "#tune" }, strings.doors.tune.name);
  announce(`${strings.documents.elsewhere(files)}${strings.doors.tune.name}.`);
  byId("elsewhere-text").replaceChildren(strings.documents.elsewhere(files), link, ".");
  byId("elsewhere").hidden = false;
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
  // In the views without the zone, the whole page shows that it takes them.
  const [zone, page] = [byId("drop"), document.documentElement];
  const show = (over: boolean) => [zone, page].forEach((element) => element.classList.toggle("over", over));
  const carriesFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
  addEventListener("dragover", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    show(true);
  });
  addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) show(false);
  });
  addEventListener("drop", (event) => {
    show(false);
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
  if (allRead && phase === "ready" && busy === null) tell(documents, count);
}

/** Once, and not again at the end of whatever else is done. */
function tell(documents: State["documents"], count: number): void {
  if (documents === told) return;
  told = documents;
  if (count > 0) announce(strings.documents.ready(count));
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
