/** Opening, listing and deleting stores, each in the best place that this browser and thread give. */

import { aborted, invalid } from "../errors.js";
import { databaseNames, deleteDatabase, openDatabase } from "./database.js";
import { FileLog, generationsOf } from "./filelog.js";
import { TableLog } from "./indexeddb.js";
import { MemoryFolder } from "./memory.js";
import { findFolder, folderNames, hasSyncHandles, openFolder, removeFolder } from "./opfs.js";
import { meet } from "./peers.js";
import { storageError } from "./quota.js";
import { parseSpec } from "./spec.js";
import { LogStore } from "./store.js";
import type { Folder, Log, Store, StoreKind } from "./types.js";

export interface OpenStoreOptions {
  signal?: AbortSignal;
  /** Where the log is damaged, keep what stands before that place, and put the damaged log aside. */
  recover?: boolean;
}

/** Where a store was put, and why there. */
interface Place {
  kind: StoreKind;
  reason: string;
  log: Log;
}

/** What `memory:NAME` names, for as long as this thread lives. */
const memories = new Map<string, MemoryFolder>();

/**
 * A name is one store: begun in IndexedDB because there was no OPFS, it stays there. The first to open it writes, the others
 * read.
 *
 * @param spec `"opfs:NAME"`, `"indexeddb:NAME"`, `"memory:NAME"` or `"memory"`; what a browser lacks falls back to the next
 * @throws {NearmissError} `STORAGE_CORRUPT` for a damaged log or one of a newer version; `STORAGE_QUOTA`; `INPUT_INVALID`
 */
export async function openStore(spec: string, { signal, recover = false }: OpenStoreOptions = {}): Promise<Store> {
  const { kind, name } = parseSpec(spec);
  if (signal?.aborted) throw aborted(signal);
  const place = await findPlace(kind, name).catch(async (error: unknown) => {
    throw await storageError(error);
  });
  const peers = meet(name === null ? crypto.randomUUID() : `${place.kind}:${name}`, place.kind === "memory");
  const store = await LogStore.open({ name: name ?? "memory", ...place, peers }, recover);
  if (!signal?.aborted) return store;
  await store.close();
  throw aborted(signal);
}

async function findPlace(kind: StoreKind, name: string | null): Promise<Place> {
  if (kind === "memory" || name === null) return inMemory(name, "Kept in memory, as asked: it ends with this tab.");
  if (kind === "indexeddb") return inDatabase(name, "Kept in IndexedDB, as asked.");
  const lack = await lackOfFiles(name);
  if (lack) return inDatabase(name, `Kept in IndexedDB: ${lack}.`);
  try {
    return { kind: "opfs", reason: "Kept in the browser's private file system, as asked.", log: new FileLog(await openFolder(name)) };
  } catch (error) {
    return inDatabase(name, `Kept in IndexedDB: the browser refused its private file system (${text(error)}).`);
  }
}

/** Why not OPFS. `null`: nothing speaks against it. @throws {NearmissError} for a store that only another thread could write */
async function lackOfFiles(name: string): Promise<string | null> {
  const hasFiles = (await folderNames()).includes(name);
  if (!hasSyncHandles()) {
    if (hasFiles) throw invalid("storage", `"${name}" lies in OPFS, which only a dedicated worker can write; open it there`);
    return "only dedicated workers of browsers that have OPFS can write to it in place";
  }
  return !hasFiles && (await databaseNames()).includes(name) ? "it was begun there" : null;
}

async function inDatabase(name: string, reason: string): Promise<Place> {
  try {
    return { kind: "indexeddb", reason, log: new TableLog(await openDatabase(name)) };
  } catch (error) {
    const known = await storageError(error);
    if (known.code !== "INTERNAL") throw known;
    return inMemory(name, `Kept in memory, and lost with this tab: the browser refused IndexedDB (${text(error)}).`);
  }
}

function inMemory(name: string | null, reason: string): Place {
  const folder = (name !== null && memories.get(name)) || new MemoryFolder();
  if (name !== null) memories.set(name, folder);
  return { kind: "memory", reason, log: new FileLog(folder) };
}

export interface StoreInfo {
  name: string;
  kind: StoreKind;
  /** Length of the log. */
  bytes: number;
}

/** Every store that this browser keeps for this site, by name. */
export async function listStores(): Promise<StoreInfo[]> {
  const stores: StoreInfo[] = [];
  for (const name of await folderNames()) stores.push({ name, kind: "opfs", bytes: await newestSize(await findFolder(name)) });
  for (const name of await databaseNames()) stores.push({ name, kind: "indexeddb", bytes: await databaseSize(name) });
  for (const [name, folder] of memories) stores.push({ name, kind: "memory", bytes: await newestSize(folder) });
  return stores.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

async function newestSize(folder: Folder | null): Promise<number> {
  const [newest] = generationsOf((await folder?.list()) ?? []);
  const view = newest && (await folder?.view(newest.name));
  return (await view?.size()) ?? 0;
}

async function databaseSize(name: string): Promise<number> {
  const log = new TableLog(await openDatabase(name));
  try {
    await log.refresh();
    return log.bytes;
  } finally {
    await log.close();
  }
}

/**
 * With everything in it, also what was put aside. One that is not there is gone already.
 *
 * @throws {NearmissError} `INPUT_INVALID` while it is open anywhere
 */
export async function deleteStore(spec: string): Promise<void> {
  const { kind, name } = parseSpec(spec);
  if (name === null) throw invalid("storage", `"memory" names no store; there is nothing to delete`);
  const files = kind === "opfs" && (await folderNames()).includes(name);
  if (files) await alone("opfs", name, () => removeFolder(name));
  else if (kind !== "memory" && (await databaseNames()).includes(name)) await alone("indexeddb", name, () => deleteDatabase(name));
  else await alone("memory", name, async () => void memories.delete(name));
}

async function alone(kind: StoreKind, name: string, work: () => Promise<void>): Promise<void> {
  const peers = meet(`${kind}:${name}`, kind === "memory");
  const release = await peers.tryLock();
  try {
    if (!release) throw invalid("storage", `"${name}" is open, here or in another tab; close it first`);
    await work();
  } catch (error) {
    throw await storageError(error);
  } finally {
    release?.();
    peers.close();
  }
}

function text(error: unknown): string {
  const { name, message } = Object(error) as { name?: unknown; message?: unknown };
  return name && message ? `${name}: ${message}` : String(error);
}
