/** Stores from outside: which there are, and deleting, importing and repairing one that nobody has open. */

import { invalid, toNearmissError } from "../errors.js";
import type { StorageKind, StoreInfo } from "../types.js";
import { frame, frames, HEAD, isComplete, type Bytes } from "./frames.js";
import { tryLock } from "./locks.js";
import { MEDIA } from "./store.js";
import { kindsFrom, parseSpec } from "./spec.js";

export async function listStores(): Promise<StoreInfo[]> {
  const found: StoreInfo[] = [];
  for (const [kind, medium] of Object.entries(MEDIA)) {
    // Looking needs less than writing does: a page sees the files that its worker writes.
    const stores = await medium.list().catch(() => []);
    found.push(...stores.map(({ name, bytes }) => ({ name, kind: kind as StorageKind, bytes })));
  }
  return found;
}

export async function deleteStore(spec: string): Promise<void> {
  const { kind, name } = parseSpec(spec);
  // A browser that lacked the kind that was asked for has it under another.
  for (const candidate of kindsFrom(kind)) {
    const there = await MEDIA[candidate].list().catch(() => []);
    if (there.some((store) => store.name === name)) await alone(candidate, name, () => MEDIA[candidate].delete(name));
  }
}

export async function importStore(spec: string, file: Blob): Promise<void> {
  const { kind, name } = parseSpec(spec);
  if (!(file instanceof Blob)) throw invalid("file", "must be a Blob, such as a file that a person picked");
  const records = await readFile(file);
  const medium = await keeps(kind);
  await alone(medium, name, () => MEDIA[medium].replace(name, each(records)));
}

/** Keeps what stands before the first damage of a store. @returns how many records that are, and whether anything was damaged */
export async function repairStore(spec: string): Promise<{ saved: number; damaged: boolean }> {
  const { kind: wanted, name } = parseSpec(spec);
  const kind = await keeps(wanted);
  const good: Bytes[] = [];
  let damaged = false;
  await alone(kind, name, async () => {
    const backend = await MEDIA[kind].open(name);
    try {
      for await (const record of backend.read()) good.push(frame(record));
    } catch (error) {
      if (toNearmissError(error).code !== "STORAGE_CORRUPT") throw error;
      damaged = true;
    } finally {
      await backend.close();
    }
    if (damaged) await MEDIA[kind].replace(name, each(good));
  });
  return { saved: good.length, damaged };
}

export async function persist(): Promise<boolean> {
  return (await globalThis.navigator?.storage?.persist?.()) ?? false;
}

/** Every frame of a file that `export` made. */
async function readFile(file: Blob): Promise<Bytes[]> {
  const name = "the file";
  isComplete(new Uint8Array(await file.slice(0, HEAD).arrayBuffer()), name);
  const source = { read: async (at: number, length: number) => new Uint8Array(await file.slice(at, at + length).arrayBuffer()) };
  const found: Bytes[] = [];
  let end = HEAD;
  for await (const { record, next } of frames(source, HEAD, file.size, name)) {
    found.push(frame(record));
    end = next;
  }
  if (end !== file.size) throw invalid("file", `${name} is cut off: ${file.size - end} bytes at its end are no whole record`);
  return found;
}

async function* each(records: Bytes[]): AsyncGenerator<Bytes> {
  yield* records;
}

/** What an instance that asks for this kind is given. */
async function keeps(wanted: StorageKind): Promise<StorageKind> {
  for (const kind of kindsFrom(wanted)) if ((await MEDIA[kind].lacks()) === null) return kind;
  return "memory";
}

async function alone(kind: StorageKind, name: string, work: () => Promise<void>): Promise<void> {
  const lock = await tryLock(`${kind}:${name}`, kind === "memory" ? 0 : undefined);
  if (!lock) throw invalid("storage", `the store "${name}" is open, here or in another tab; close it first`);
  try {
    await work();
  } finally {
    lock.release();
  }
}
