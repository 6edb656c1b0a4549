/** What a worker asks the network for, as the browser itself keeps book of it (Resource Timing), not as this code claims. */

import type { NetworkRequest } from "./types.js";

/** Tells of every request of this global scope, those from before the call too. @returns what ends it */
export function watchRequests(tell: (request: NetworkRequest) => void): () => void {
  if (typeof PerformanceObserver !== "function") return () => {};
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      // data: and blob: addresses are read from memory.
      if (/^https?:/.test(entry.name)) tell({ url: entry.name, at: performance.timeOrigin + entry.startTime, bytes: (entry as PerformanceResourceTiming).transferSize });
    }
  });
  observer.observe({ type: "resource", buffered: true });
  return () => observer.disconnect();
}
