/** `models`: those that this site has in the browser's cache. */

import { invalid, toNearmissError } from "../errors.js";
import { toUrl } from "../platform.js";
import { entries } from "./cache.js";

/** A model that was loaded from a URL, as it is in the cache. */
export interface CachedModel {
  /** Its folder, ending in a slash. */
  url: string;
  /** Of all its files, those that were begun included. */
  bytes: number;
  /** When its newest file was loaded, in milliseconds since 1970; null while none is whole. */
  savedAt: number | null;
}

/** The models of this site that are in the browser's cache. Where nothing is cached, as in Node, there are none. */
export interface Models {
  /**
   * By their URL.
   *
   * @throws {NearmissError} `INTERNAL` where the browser fails to read its cache
   */
  list(): Promise<CachedModel[]>;
  /**
   * Removes a model's files. An instance that uses it is not affected: it has them in memory.
   *
   * @returns false when there was nothing to remove
   * @throws {NearmissError} `INPUT_INVALID` for anything but a URL
   */
  delete(url: string | URL): Promise<boolean>;
}

/** Of this site, in this browser. */
export const models: Models = {
  list: async () => {
    const found = new Map<string, CachedModel>();
    for (const { model, bytes, savedAt } of await known()) {
      const so = found.get(model) ?? { url: model, bytes: 0, savedAt: null };
      found.set(model, { url: model, bytes: so.bytes + bytes, savedAt: latest(so.savedAt, savedAt) });
    }
    return [...found.values()].sort((a, b) => (a.url < b.url ? -1 : 1));
  },
  delete: async (url) => {
    if (!(url instanceof URL) && (typeof url !== "string" || url === "")) throw invalid("url", "must be the URL of a model's folder");
    const folder = folderUrl(url).href;
    const gone = (await known()).filter(({ model }) => model === folder);
    for (const { remove } of gone) await remove();
    return gone.length > 0;
  },
};

async function known(): ReturnType<typeof entries> {
  return entries().catch((error: unknown) => {
    throw toNearmissError(error);
  });
}

/** A folder's address with its closing slash, by which its files are resolved. */
export function folderUrl(location: string | URL): URL {
  const url = new URL(toUrl(location));
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

function latest(a: number | null, b: number | null): number | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}
