/**
 * The settings stand in the address, so that a link reopens the page as it was set. What a person searches for does not:
 * browsers keep addresses in their history, and some send that history to other devices.
 */
import type { DeviceChoice } from "nearmiss";
import { DEFAULTS, readHash, writeHash, type Settings } from "./settings.ts";
import type { Store } from "./state.ts";

/** Keeps address and state in step, both ways, without adding to the browser's history. */
export function linkState(store: Store): void {
  store.update(readHash(location.hash));
  store.watch(
    (state) => (Object.keys(DEFAULTS) as (keyof Settings)[]).map((name) => state[name]),
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
export function readModelName(search: string): string | null {
  const name = new URLSearchParams(search).get("model") ?? "";
  return /^[\w-][\w.-]*$/.test(name) ? name : null;
}

/** `?device=cpu` or `?device=webgpu`. */
export function readDevice(search: string): DeviceChoice {
  const device = new URLSearchParams(search).get("device");
  return device === "cpu" || device === "webgpu" ? device : "auto";
}
