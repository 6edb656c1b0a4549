/** How much room there is, and what a browser says when there is none. */

import { NearmissError, toNearmissError } from "../errors.js";

/** Bytes that this site uses and may use, over all its stores; `null` where the browser does not tell. */
export async function estimate(): Promise<{ usage: number; quota: number } | null> {
  try {
    const { usage, quota } = (await globalThis.navigator?.storage?.estimate?.()) ?? {};
    return usage === undefined || quota === undefined ? null : { usage, quota };
  } catch {
    return null;
  }
}

/** Asks the browser never to clear this site's storage by itself. `false`: it may, when the disk gets full. */
export async function persist(): Promise<boolean> {
  try {
    return (await globalThis.navigator?.storage?.persist?.()) ?? false;
  } catch {
    return false;
  }
}

/** Anything thrown by a file system or a database; being out of room becomes `STORAGE_QUOTA` with the numbers. */
export async function storageError(thrown: unknown): Promise<NearmissError> {
  if ((Object(thrown) as { name?: unknown }).name !== "QuotaExceededError") return toNearmissError(thrown);
  const room = await estimate();
  const numbers = room ? `: ${megabytes(room.usage)} of ${megabytes(room.quota)} are used` : "";
  const message = `the browser has no more room for this site's data${numbers}. Nothing was written; remove documents or stores`;
  return new NearmissError("STORAGE_QUOTA", message, { cause: thrown });
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
