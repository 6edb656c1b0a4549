/** Recorded trainings, each fetched when it is first looked at. */
import { beside } from "../assets.ts";
import { SampleError } from "../sample-files.ts";
import { strings } from "../strings.ts";
import type { Run } from "./frames.ts";
import { nameOf } from "./names.ts";
import { unpack, type PackedRun } from "./packing.ts";
import { MARGINS, NEGATIVES, TROUBLES } from "./settings.ts";

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

/** All of them, a third of a megabyte: where nothing keeps the page, so that none is asked for later. A failure shows when one is needed. */
export async function prefetchLessons(): Promise<void> {
  const usual = NEGATIVES.flatMap((negatives) => MARGINS.map((margin) => nameOf({ negatives, margin, trouble: "none" })));
  const names = ["ends", ...usual, ...TROUBLES.filter((trouble) => trouble !== "none")];
  await Promise.allSettled(names.map((name) => once(`${name}.json`)));
}

function once(file: string): Promise<unknown> {
  const fetched = pending.get(file) ?? fetchJson(file);
  pending.set(file, fetched);
  fetched.catch(() => pending.delete(file));
  return fetched;
}

async function fetchJson(file: string): Promise<unknown> {
  try {
    const response = await fetch(beside(`sample/lesson/${file}`));
    if (!response.ok) throw new Error(`status ${response.status}`);
    return await response.json();
  } catch (cause) {
    throw new SampleError(strings.sample.recording(file, cause instanceof Error ? cause.message : String(cause)), { cause });
  }
}
