/** The requests of this page since it was opened, as the browser keeps book of them (Resource Timing), not as the page claims. */
import type { NetworkRequest } from "nearmiss";
import type { Store } from "./state.ts";

/** Also those from before this script. Those of the engine's workers come from the package, those of the service worker from it, by `note`. */
export function watchNetwork(store: Store): void {
  if (typeof PerformanceObserver !== "function") return;
  const tell = (entries: PerformanceEntry[]) =>
    note(store, (entries as PerformanceResourceTiming[]).map(({ name, startTime, transferSize }) => ({ url: name, at: performance.timeOrigin + startTime, bytes: transferSize })));
  // The page itself: an observer would be told of it twice, now and when it has loaded. Where the service worker brought it, that one tells.
  const opened = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  tell(opened.filter(({ workerStart }) => workerStart === 0));
  new PerformanceObserver((list) => tell(list.getEntries())).observe({ type: "resource", buffered: true });
}

export function note(store: Store, requests: readonly NetworkRequest[]): void {
  const sent = requests.filter(wentOut);
  if (sent.length > 0) add(store, sent);
}

/** Of the service worker; `page` where it was this page that it fetched. */
export type Told = NetworkRequest & { page?: string };

/** What the service worker asked the network for; it may say so twice. */
export function noteTold(store: Store, requests: readonly Told[]): void {
  const known = new Set(store.state.requests.map(keyOf));
  const fresh = requests.filter((request) => (request.page !== undefined || request.at >= performance.timeOrigin) && !known.has(keyOf(request)));
  if (fresh.length > 0) add(store, fresh.map(({ url, at, bytes }) => ({ url, at, bytes })));
}

function add(store: Store, requests: readonly NetworkRequest[]): void {
  store.update({ requests: [...store.state.requests, ...requests].sort((a, b) => a.at - b.at) });
}

const keyOf = ({ url, at }: NetworkRequest) => `${at} ${url}`;

/**
 * data: and blob: addresses are read from memory. In the care of the service worker, a request to this page's server by which no byte came
 * over the network was answered by that worker: out of what it keeps, or by a request of its own, of which it tells itself.
 */
function wentOut({ url, bytes }: NetworkRequest): boolean {
  if (!/^https?:/.test(url)) return false;
  return bytes > 0 || !isOwn(url) || !("serviceWorker" in navigator && navigator.serviceWorker.controller);
}

function isOwn(url: string): boolean {
  return new URL(url).origin === location.origin;
}

/** The same clock as the requests have. */
export function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Those that went to another server than the page's own. */
export function foreign(requests: readonly NetworkRequest[]): readonly NetworkRequest[] {
  return requests.filter(({ url }) => !isOwn(url));
}

/** Does it fetch a file that lies beside this page, and can its address carry nothing else? Versions are those of the build. */
export function isPart({ url }: NetworkRequest): boolean {
  const { origin, pathname, search } = new URL(url);
  const folder = new URL("./", document.baseURI);
  return origin === folder.origin && pathname.startsWith(folder.pathname) && (search === "" || search === `?v=${import.meta.env.VITE_FILES}`);
}
