/** What differs between browsers and Node, in one place. Nothing here runs at import. */

import type * as Fs from "node:fs";
import type * as FsPromises from "node:fs/promises";
import type * as Url from "node:url";
import { aborted, NearmissError } from "./errors.js";

interface Builtins {
  "node:fs": typeof Fs;
  "node:fs/promises": typeof FsPromises;
  "node:url": typeof Url;
}

/** A module of Node's, reached at run time so that no bundler tries to follow it; undefined outside Node. */
export function builtin<Name extends keyof Builtins>(name: Name): Builtins[Name] | undefined {
  return globalThis.process?.getBuiltinModule?.(name) as Builtins[Name] | undefined;
}

/** Lets events in: messages, timers, Ctrl-C. A promise alone would not, as its callbacks come before them. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/** What a person wrote as a location: an absolute URL, one relative to the page, or in Node a path. */
export function toUrl(location: string | URL): URL {
  if (location instanceof URL) return location;
  const base = globalThis.document?.baseURI ?? globalThis.location?.href;
  try {
    // A single letter before the colon is a Windows drive.
    if (/^[a-z][a-z0-9+.-]+:/i.test(location)) return new URL(location);
    const node = base === undefined ? builtin("node:url") : undefined;
    return node ? node.pathToFileURL(location) : new URL(location, base);
  } catch (cause) {
    throw new NearmissError("INPUT_INVALID", `"${location}" is not a URL${base ? "" : " or a path"}`, { cause });
  }
}

/** The whole file behind a `file:` URL, which only Node can read. Rejects as `node:fs` does. */
export async function readLocal(url: URL, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
  const fs = builtin("node:fs/promises");
  if (!fs) {
    const message = `${url.href} is a local file, which only Node (20.16 or later) can read; let the person pick it instead`;
    throw new NearmissError("INPUT_INVALID", message);
  }
  const bytes = await fs.readFile(url, signal ? { signal } : {});
  return new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength);
}

/** Settles as `promise` does, unless the signal comes first: then rejects with `ABORTED`. */
export function abortable<T>(promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  if (!signal) return promise;
  return new Promise((resolve, reject) => {
    const abort = () => reject(aborted(signal));
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
