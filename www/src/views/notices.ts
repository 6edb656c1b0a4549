/** The one progress bar and the one message, each shown in the section that it belongs to. */
import { announce, button, el, setText } from "../dom.ts";
import type { Door } from "../doors.ts";
import { endsEngine } from "../jobs.ts";
import type { Session } from "../session.ts";
import type { Busy, Place, Problem, State, Store } from "../state.ts";
import { strings } from "../strings.ts";

/** Milliseconds; what ends sooner needs no bar, which would only flicker. */
const PATIENCE = 150;

export function mountNotices(store: Store, session: Session): void {
  mountBusy(store);
  store.watch(
    (state) => [state.problem],
    (state) => showProblem(state, store, session),
  );
  // Back to its own section, once that is in sight.
  store.watch(
    (state) => [state.door],
    ({ door, problem }) => {
      const box = document.querySelector(".problem");
      if (box && problem && viewOf(find(problem.place)) === door) find(problem.place)?.append(box);
    },
  );
}

/** Of a view, for what belongs to a section of another one. */
const COMMON = { tune: "model", learn: "live", build: "build" } satisfies Record<Door, Place>;

/** Where it can be seen now: in its own section, or, while another view is shown, in this view's. */
function slot(place: Place, door: Door): HTMLElement | null {
  const own = find(place);
  return viewOf(own) === door ? own : find(COMMON[door]);
}

function find(place: Place): HTMLElement | null {
  return document.querySelector(`[data-slot="${place}"]`);
}

function viewOf(element: HTMLElement | null): string | undefined {
  return element?.closest(".door")?.id;
}

function mountBusy(store: Store): void {
  const label = el("span", { class: "label" });
  const left = el("span", { class: "left" });
  const bar = el("progress", { "data-testid": "progress" });
  const cancel = button(strings.cancel, { class: "quiet", "data-testid": "cancel" }, () => store.state.busy?.cancel());
  const box = el("div", { class: "busy", role: "group" }, el("label", {}, el("span", { class: "line" }, label, left), bar), cancel);
  /** Where the keyboard was: the control that started the work is disabled while it runs, and loses the focus. */
  let origin: HTMLElement | null = null;
  let timer = 0;

  const begin = (busy: Busy) => {
    origin = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    timer = window.setTimeout(() => {
      slot(busy.place, store.state.door)?.append(box);
      if (document.activeElement === document.body && origin) cancel.focus({ preventScroll: true });
    }, PATIENCE);
    announce(busy.label);
  };
  const end = () => {
    window.clearTimeout(timer);
    const lost = document.activeElement === document.body || box.contains(document.activeElement);
    box.remove();
    // Other views enable their controls in this same round; the focus goes back after them.
    if (lost) queueMicrotask(() => giveFocusBack(origin));
  };

  store.watch(
    (state) => [state.door],
    ({ door, busy }) => {
      if (busy && box.isConnected) slot(busy.place, door)?.append(box);
    },
  );
  let running = false;
  store.watch(
    (state) => [state.busy],
    ({ busy }) => {
      if (busy) {
        setText(label, busy.label);
        setText(left, busy.secondsLeft === null ? "" : strings.timeLeft(busy.secondsLeft));
        if (busy.total === null) bar.removeAttribute("value");
        else Object.assign(bar, { max: Math.max(1, busy.total), value: busy.done });
      }
      if (busy && !running) begin(busy);
      if (!busy && running) end();
      running = busy !== null;
    },
  );
}

/** To the control itself, or to its section when it is hidden now. */
function giveFocusBack(origin: HTMLElement | null): void {
  if (!origin || origin === document.body) return;
  origin.focus({ preventScroll: true });
  if (document.activeElement === origin) return;
  const section = origin.closest("section");
  section?.setAttribute("tabindex", "-1");
  section?.focus({ preventScroll: true });
}

function showProblem(state: State, store: Store, session: Session): void {
  document.querySelector(".problem")?.remove();
  const { problem } = state;
  if (!problem) return;
  const [title, advice] = strings.problem(problem.code);
  const box = el(
    "div",
    { class: "problem", role: "alert", "data-testid": "error", "data-code": problem.code },
    el("p", {}, el("b", {}, title), ` ${advice}`),
    el("p", { class: "detail" }, strings.detail(problem.code, problem.message)),
    el("div", { class: "row" }, ...remedies(problem, state, session), button(strings.dismiss, { class: "quiet" }, () => store.update({ problem: null }))),
  );
  slot(problem.place, state.door)?.append(box);
  box.scrollIntoView({ block: "nearest" });
}

function remedies(problem: Problem, state: State, session: Session): HTMLElement[] {
  // Its engine is one of its own, which is free again already: the button that began it begins another.
  if (problem.place === "learn" || problem.place === "live") return [];
  const gpu = state.device?.kind === "webgpu";
  const toCpu = problem.code === "DEVICE_LOST" || problem.code === "WEBGPU_UNAVAILABLE" || (problem.code === "OUT_OF_MEMORY" && gpu);
  // A panic inside the engine is reported as internal, and ends it as surely as a lost device.
  const again = endsEngine(problem.code) || (problem.code === "INTERNAL" && state.model !== null);
  const made: HTMLElement[] = [];
  if (toCpu) made.push(button(strings.continueOnCpu, { class: "primary", "data-testid": "continue-cpu" }, () => void session.continueOnCpu()));
  if (again) made.push(button(strings.loadAgain, { class: "quiet" }, () => void session.load()));
  return made;
}
