/** The page works without a network once it was opened with one: sw.js keeps what it is made of. */
import type { Store } from "./state.ts";

/** Where there is no service worker (an address without TLS, a private window) the page works as before, with a network. */
export function mountOffline(store: Store): void {
  if (!("serviceWorker" in navigator)) return;
  navigator.serviceWorker.register(new URL("sw.js", document.baseURI)).catch(() => undefined);
  store.watch(
    (state) => [state.phase === "ready" ? state.device?.kind : undefined],
    ({ phase, device }) => {
      if (phase === "ready" && device) void navigator.serviceWorker.ready.then(({ active }) => active?.postMessage({ engine: device.kind }));
    },
  );
}
