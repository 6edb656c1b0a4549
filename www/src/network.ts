/** The requests of this page since it was opened, as the browser keeps book of them (Resource Timing), not as the page claims. */
import type { NetworkRequest } from "nearmiss";
import type { Store } from "./state.ts";

/** Also those from before this script. Those of the engine's workers come from the package, by `note`. */
export function watchNetwork(store: Store): void {
  if (typeof PerformanceObserver !== "function") return;
  const tell = (entries: PerformanceEntry[]) =>
    note(store, (entries as PerformanceResourceTiming[]).map(({ name, startTime, transferSize }) => ({ url: name, at: performance.timeOrigin + startTime, bytes: transferSize })));
  // The page itself: an observer would be told of it twice, now and when it has loaded.
  tell(performance.getEntriesByType("navigation"));
  new PerformanceObserver((list) => tell(list.getEntries())).observe({ type: "resource", buffered: true });
}

export function note(store: Store, requests: readonly NetworkRequest[]): void {
  // data: and blob: addresses are read from memory.
  const fetched = requests.filter(({ url }) => /^https?:/.test(url));
  if (fetched.length > 0) store.update({ requests: [...store.state.requests, ...fetched].sort((a, b) => a.at - b.at) });
}

/** The same clock as the requests have. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Those that went to another server than the page's own. */
export function foreign(requests: readonly NetworkRequest[]): readonly NetworkRequest[] {
  return requests.filter(({ url }) => new URL(url).origin !== location.origin);
}
