/** What is done to a store that nobody has open. In a worker where there are workers: only those write files. */

import { invalid } from "../errors.js";
import { importStore, openStore, type Store } from "../storage/index.js";

/** Named by the message that asks for it. */
export const MANAGING = {
  /** Puts a file in the place of a store, all or nothing. */
  import: (spec: string, file: Blob) => alone(spec, false, (store) => importStore(store, file)),
  /** Keeps what stands before the first damage, and puts the damaged log aside. */
  repair: (spec: string) => alone(spec, true, async () => {}),
};

export type Managing = keyof typeof MANAGING;

async function alone(spec: string, recover: boolean, work: (store: Store) => Promise<void>): Promise<void> {
  const store = await openStore(spec, { recover });
  try {
    if (store.role !== "writer") throw invalid("storage", `"${store.name}" is open, here or in another tab; close it first`);
    // Only what has been read to its end may be written.
    for await (const record of store.read()) void record;
    await work(store);
  } finally {
    await store.close();
  }
}
