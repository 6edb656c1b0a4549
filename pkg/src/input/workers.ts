/** Workers of the readers that would hold up a page. */

import { NearmissError } from "../errors.js";

export interface Own {
  port: Worker;
  /** Rejects when its script cannot be loaded, or stops with an error; never resolves. */
  failed: Promise<never>;
}

/** @returns null where there are none, as in Node: then the work is done in this thread */
export function inWorker(create: () => Worker): Own | null {
  if (typeof Worker === "undefined" || globalThis.process?.versions?.node !== undefined) return null;
  const port = create();
  const failed = new Promise<never>((_, reject) => {
    port.addEventListener("error", ({ message }) => {
      reject(new NearmissError("NETWORK", `the worker that reads this kind of file failed: ${message || "it could not be loaded"}`));
    });
  });
  // Nobody may be waiting for it any more.
  failed.catch(() => {});
  return { port, failed };
}
