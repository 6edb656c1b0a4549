/** "Nothing leaves this device", with the count of requests that bears it out. */
import { byId, el, setText } from "../dom.ts";
import { foreign, isPart, watchNetwork } from "../network.ts";
import type { State, Store } from "../state.ts";
import { strings } from "../strings.ts";

/** In the list; the count is of all. */
const LATEST = 8;

export function mountNetwork(store: Store): void {
  watchNetwork(store);
  store.watch((state) => [state.requests, state.readyAt], show);
}

function show({ requests, readyAt }: State): void {
  const { network } = strings;
  const others = foreign(requests).length;
  const later = readyAt === null ? null : requests.filter(({ at }) => at >= readyAt);
  const since = later?.length ?? null;
  const line = byId("network-count");
  setText(line, requests.length === 0 ? network.none : network.counted(requests.length, others, since, later?.every(isPart) ?? false));
  line.dataset.since = String(since ?? "");
  byId("network").dataset.foreign = String(others);
  const rows = requests.slice(-LATEST).reverse().map(({ url, at, bytes }) => {
    const { origin, pathname } = new URL(url);
    return el("li", {}, el("span", { translate: "no" }, origin === location.origin ? pathname : url), el("small", {}, `${network.time(at)}, ${network.size(bytes)}`));
  });
  byId("network-latest").replaceChildren(...rows);
}
