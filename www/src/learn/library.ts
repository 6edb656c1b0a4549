/** Recorded trainings, each fetched when it is first looked at. */
import { SampleError } from "../sample-files.ts";
import type { Run } from "./frames.ts";
import { unpack, type PackedRun } from "./packing.ts";

const FOLDER = new URL("sample/lesson/", document.baseURI);

/** nDCG@10 on test questions before the first step and after the last, by the name of the recording. */
export type Ends = Readonly<Record<string, [number, number]>>;

const pending = new Map<string, Promise<unknown>>();

/** @throws {SampleError} when it cannot be fetched; the next call tries again */
export async function recording(name: string): Promise<Run> {
  return unpack((await once(`${name}.json`)) as PackedRun);
}

/** @throws {SampleError} likewise */
export async function ends(): Promise<Ends> {
  return (await once("ends.json")) as Ends;
}

function once(file: string): Promise<unknown> {
  const fetched = pending.get(file) ?? fetchJson(file);
  pending.set(file, fetched);
  fetched.catch(() => pending.delete(file));
  return fetched;
}

async function fetchJson(file: string): Promise<unknown> {
  try {
    const response = await fetch(new URL(file, FOLDER));
    if (!response.ok) throw new Error(`status ${response.status}`);
    return await response.json();
  } catch (cause) {
    throw new SampleError(`the recording ${file} could not be fetched: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
