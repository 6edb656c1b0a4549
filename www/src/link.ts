/**
 * The view and its settings stand in the address, so that a link reopens the page as it was set. What a person searches for does
 * not: browsers keep addresses in their history, and some send that history to other devices.
 */
import type { DeviceChoice } from "nearmiss";
import { enter, readDoor } from "./doors.ts";
import { readLesson, writeLesson } from "./learn/settings.ts";
import { DEFAULTS, readHash, writeHash, type Settings } from "./settings.ts";
import type { State, Store } from "./state.ts";

/** Safari throws at the hundredth change of the address within half a minute, and sliders are quick: so many at once, then one in so many milliseconds. */
const AT_ONCE = 20;
const PACE = 400;

/** Keeps address and state in step, both ways. Going from view to view adds to the browser's history, settings do not. */
export function linkState(store: Store): void {
  store.update(arrival(location.hash));
  let timer = 0;
  let allowed = AT_ONCE;
  let counted = performance.now();
  const allowance = () => {
    const now = performance.now();
    allowed = Math.min(AT_ONCE, allowed + (now - counted) / PACE);
    counted = now;
    return allowed;
  };
  const write = () => {
    clearTimeout(timer);
    timer = 0;
    const hash = addressOf(store.state);
    if (hash === canonical(location.hash)) return;
    allowed = allowance() - 1;
    try {
      history.replaceState(null, "", hash === "" ? location.pathname + location.search : `#${hash}`);
    } catch {
      // The browser has had enough for now; the next change brings the address up to date.
    }
  };
  // Of a long row of changes, some and the last.
  const writeSoon = () => {
    const missing = 1 - allowance();
    if (missing <= 0) write();
    else timer ||= window.setTimeout(write, missing * PACE);
  };
  store.watch((state) => [state.door, state.lesson, ...(Object.keys(DEFAULTS) as (keyof Settings)[]).map((name) => state[name])], writeSoon);
  // Before a link is followed, and before the page is left: each entry of the history has the settings that it was left with.
  for (const type of ["click", "pagehide"]) addEventListener(type, () => timer !== 0 && write(), { capture: true });
  addEventListener("hashchange", () => {
    clearTimeout(timer);
    timer = 0;
    const { door } = store.state;
    store.update(arrival(location.hash));
    // A link to a view alone leaves its settings as they are; the address then says what they are.
    write();
    if (store.state.door !== door) enter(store.state.door);
  });
}

/** What an address asks for. */
function arrival(hash: string): Partial<State> {
  const door = readDoor(hash);
  if (!hash.includes("=") || door === "build") return { door };
  return door === "learn" ? { door, lesson: readLesson(hash) } : { door, ...readHash(hash) };
}

/** Without its `#`. */
function addressOf({ door, lesson, ...settings }: Pick<State, "door" | "lesson"> & Settings): string {
  if (door === "tune") return writeHash(settings);
  return door === "learn" ? ["learn", writeLesson(lesson)].filter(Boolean).join("&") : door;
}

/** The same state in the one way in which this page writes it. */
function canonical(hash: string): string {
  return addressOf({ door: readDoor(hash), lesson: readLesson(hash), ...readHash(hash) });
}

/** `?model=tiny` names a folder under `models/`; anything that is not a plain name is ignored. */
export function readModelName(search: string): string | null {
  const name = new URLSearchParams(search).get("model") ?? "";
  return /^[\w-][\w.-]*$/.test(name) ? name : null;
}

/** `?device=cpu` or `?device=webgpu`. */
export function readDevice(search: string): DeviceChoice {
  const device = new URLSearchParams(search).get("device");
  return device === "cpu" || device === "webgpu" ? device : "auto";
}
