/** Step 3: the search box, the questions to try, and the list of results with its keys. */
import type { SearchMode } from "nearmiss";
import { announce, button, byId, el, setText } from "../dom.ts";
import { counting, normalise } from "../marks.ts";
import type { Session } from "../session.ts";
import type { State, Store } from "../state.ts";
import { strings } from "../strings.ts";
import { hitItem, showMark } from "./hit.ts";
import { whyDetails } from "./why.ts";

export function mountSearch(store: Store, session: Session): void {
  const input = byId<HTMLInputElement>("query");
  const mode = byId<HTMLSelectElement>("mode");
  const list = byId<HTMLOListElement>("hits");

  byId("search-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void session.search.ask(input.value);
  });
  mode.addEventListener("change", () => {
    store.update({ mode: mode.value as SearchMode });
    if (store.state.hits) void session.search.ask(store.state.query);
  });
  const closely = byId<HTMLInputElement>("closely");
  closely.addEventListener("change", () => {
    store.update({ closely: closely.checked });
    if (store.state.hits) void session.search.ask(store.state.query);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" || list.children.length === 0) return;
    event.preventDefault();
    move(list, 1);
  });
  list.addEventListener("keydown", (event) => onKey(event, list, session));

  store.watch((state) => [state.mode], (state) => void (mode.value = state.mode));
  store.watch((state) => [state.closely], (state) => void (closely.checked = state.closely));
  store.watch((state) => [state.query], (state) => void (input.value = state.query));
  store.watch((state) => [state.examples], (state) => showExamples(state, session));
  store.watch((state) => [state.phase, state.documents.length === 0, state.hits === null], showHint);
  store.watch((state) => [state.hits === null], showOrFoldExamples);
  store.watch((state) => [state.hits, state.earlier], (state) => showHits(state, session));
  store.watch((state) => [state.hits, state.judgments, state.busy?.place === "training" || state.phase !== "ready"], showMarks);
  store.watch((state) => [state.hits, state.sides], showSide);
}

/** Letters act only while the focus is inside the list, so that they never surprise anyone who types or dictates. */
function onKey(event: KeyboardEvent, list: HTMLElement, session: Session): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const id = current(list)?.dataset["id"];
  const act: Record<string, () => void> = {
    j: () => move(list, 1),
    k: () => move(list, -1),
    y: () => id !== undefined && void session.marks.mark(id, true),
    n: () => id !== undefined && void session.marks.mark(id, false),
  };
  act["ArrowDown"] = act["j"] as () => void;
  act["ArrowUp"] = act["k"] as () => void;
  const action = act[event.key];
  if (!action) return;
  event.preventDefault();
  action();
}

function current(list: HTMLElement): HTMLElement | null {
  return document.activeElement?.closest<HTMLElement>("li[data-id]") ?? (list.firstElementChild as HTMLElement | null);
}

/** One result down or up; above the first lies the search box. */
function move(list: HTMLElement, by: 1 | -1): void {
  const items = [...list.children] as HTMLElement[];
  const at = items.findIndex((item) => item.contains(document.activeElement));
  if (at + by < 0) return byId("query").focus();
  const next = items[Math.min(at + by, items.length - 1)];
  for (const item of items) item.tabIndex = item === next ? 0 : -1;
  next?.focus();
}

function showExamples({ examples }: State, session: Session): void {
  byId("examples").hidden = examples.length === 0;
  const chips = examples.map((example) => el("li", {}, button(example, { class: "chip", "data-testid": "example" }, () => void session.search.ask(example))));
  byId("chips").replaceChildren(...chips);
}

/** Folded when results come, so that these stand in sight; one may open it again. */
function showOrFoldExamples({ hits }: State): void {
  byId<HTMLDetailsElement>("examples").open = hits === null;
}

function showHint({ phase, documents, hits }: State): void {
  const ready = phase === "ready" && documents.length > 0;
  byId<HTMLButtonElement>("search-button").disabled = !ready;
  for (const chip of document.querySelectorAll<HTMLButtonElement>(".chip")) chip.disabled = !ready;
  const hint = phase !== "ready" ? strings.search.needModel : documents.length === 0 ? strings.search.needNotes : strings.search.start;
  byId("search-hint").hidden = hits !== null;
  setText(byId("search-hint"), hint);
}

function showHits({ hits, query, earlier }: State, session: Session): void {
  byId("results").hidden = hits === null;
  if (!hits) {
    setText(byId("results-title"), strings.search.results);
    return byId("hits").replaceChildren();
  }
  const title = strings.search.found(hits.length, query);
  setText(byId("results-title"), title);
  // The same search with other weights was asked by nobody: what is said then is whether training helped.
  if (!earlier) announce(title);
  const items = hits.map((hit) => hitItem(hit, query, earlier, whyDetails(session, query, hit.id, hit), (relevant) => void session.marks.mark(hit.id, relevant)));
  if (items[0]) items[0].tabIndex = 0;
  byId("hits").replaceChildren(...items);
}

function showMarks({ hits, judgments, query, busy, phase }: State): void {
  if (!hits) return;
  const said = judgments.filter((judgment) => normalise(judgment.query) === normalise(query));
  const marks = new Map(counting(said).map((judgment) => [judgment.document, judgment.relevant]));
  for (const item of byId("hits").children) {
    if (item instanceof HTMLLIElement) showMark(item, marks.get(item.dataset["id"] ?? ""), busy?.place === "training" || phase !== "ready");
  }
}

function showSide({ hits, sides, query }: State): void {
  const side = hits ? sides.get(normalise(query)) : undefined;
  setText(byId("side"), side ? strings.search.side[side] : "");
}
