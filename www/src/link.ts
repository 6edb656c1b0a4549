/**
 * The settings that stand in the address, so that a link reopens the page as it was set. What a person searches for does
 * not: browsers keep addresses in their history, and some send that history to other devices.
 */
import type { DeviceChoice, SearchMode } from "nearmiss";
import type { State, Store } from "./state.ts";

type Settings = Pick<State, "mode" | "trainable" | "epochs">;

const DEFAULTS: Settings = { mode: "hybrid", trainable: "head", epochs: null };
const MODES: readonly string[] = ["dense", "lexical", "hybrid"] satisfies SearchMode[];
export const MOST_EPOCHS = 200;

/** `#mode=dense&trainable=full&epochs=5`. Anything unknown or out of range falls back to the default. */
export function readHash(hash: string): Settings {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const mode = given.get("mode") ?? "";
  return {
    mode: MODES.includes(mode) ? (mode as SearchMode) : DEFAULTS.mode,
    trainable: given.get("trainable") === "full" ? "full" : DEFAULTS.trainable,
    epochs: readEpochs(given.get("epochs") ?? ""),
  };
}

/** Null for anything but a whole number from 1 to `MOST_EPOCHS`. */
export function readEpochs(text: string): number | null {
  const number = Number(text);
  return text !== "" && Number.isInteger(number) && number >= 1 && number <= MOST_EPOCHS ? number : null;
}

/** Empty when every setting is at its default. */
export function writeHash(settings: Settings): string {
  const given = new URLSearchParams();
  if (settings.mode !== DEFAULTS.mode) given.set("mode", settings.mode);
  if (settings.trainable !== DEFAULTS.trainable) given.set("trainable", settings.trainable);
  if (settings.epochs !== null) given.set("epochs", String(settings.epochs));
  return given.toString();
}

/** Keeps address and state in step, both ways, without adding to the browser's history. */
export function linkState(store: Store): void {
  store.update(readHash(location.hash));
  store.watch(
    (state) => [state.mode, state.trainable, state.epochs],
    (state) => {
      const hash = writeHash(state);
      if (hash === writeHash(readHash(location.hash))) return;
      history.replaceState(null, "", hash === "" ? location.pathname + location.search : `#${hash}`);
    },
  );
  addEventListener("hashchange", () => {
    if (location.hash.includes("=")) store.update(readHash(location.hash));
  });
}

/** `?model=tiny` names a folder under `models/`; anything that is not a plain name is ignored. */
export function readModelName(search: string, fallback: string): string {
  const name = new URLSearchParams(search).get("model") ?? "";
  return /^[\w-][\w.-]*$/.test(name) ? name : fallback;
}

/** `?device=cpu` or `?device=webgpu`. */
export function readDevice(search: string): DeviceChoice {
  const device = new URLSearchParams(search).get("device");
  return device === "cpu" || device === "webgpu" ? device : "auto";
}
