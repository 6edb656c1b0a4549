/** Where results are written: tried before anything is loaded, so that no long work ends at a place that cannot be written. */

import { mkdir, rmdir, stat, writeFile, rm } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { invalid, NearmissError } from "../errors.js";
import type { Args } from "./args.js";

/** What an option names: a file, or a folder of files. */
export type Place = "file" | "folder";

/**
 * Makes the folder, if it is not there, and a file in it, and removes both again.
 *
 * @throws {NearmissError} as `writing`
 */
export async function probe(args: Args, places: Record<string, Place>): Promise<void> {
  for (const [option, place] of Object.entries(places)) {
    const path = args.text(option);
    if (path !== undefined) await writing(option, path, () => tryOut(path, place));
  }
}

async function tryOut(path: string, place: Place): Promise<void> {
  if (place === "file" && (await isFolder(path))) throw Object.assign(new Error("it is a folder"), { code: "EISDIR" });
  const folder = place === "folder" ? path : dirname(path);
  const made = await mkdir(folder, { recursive: true });
  try {
    const file = join(folder, `.nearmiss-${randomBytes(4).toString("hex")}.part`);
    await writeFile(file, "");
    await rm(file);
  } finally {
    if (made !== undefined) await removeEmpty(folder, made);
  }
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then((found) => found.isDirectory(), () => false);
}

/** From the innermost up to `last`. Whatever has come into one meanwhile stays. */
async function removeEmpty(folder: string, last: string): Promise<void> {
  const top = dirname(last);
  for (let at = folder; at !== top && at !== dirname(at); at = dirname(at)) {
    const gone = await rmdir(at).then(() => true, () => false);
    if (!gone) return;
  }
}

const FULL: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/**
 * Runs what writes to the place that an option names.
 *
 * @throws {NearmissError} `STORAGE_QUOTA` where there is no room, `INPUT_INVALID` where the place cannot be written, both naming the option
 */
export async function writing<T>(option: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { code, message } = cause as { code?: unknown; message: string };
    if (cause instanceof NearmissError || typeof code !== "string" || !/^E[A-Z0-9]+$/.test(code)) throw cause;
    if (FULL.has(code)) throw new NearmissError("STORAGE_QUOTA", `--${option}: there is no room to write ${path} (${message}). Make room, or name another place.`, { cause });
    throw invalid(`--${option}`, `${path} cannot be written (${message}). Name a place where files may be written`, cause);
  }
}
