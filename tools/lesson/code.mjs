/** The page's own code for recording, made runnable in Node, and the sample that it records on. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { ROOT } from "../shared.mjs";

const SAMPLE = join(ROOT, "www/public/sample");
/** Where recordings lie. */
export const OUT = join(SAMPLE, "lesson");

/** Node 20 reads no TypeScript, so the modules are bundled first. @returns the exports of www/src/learn/recorder.ts */
export async function lessonCode() {
  const esbuild = await import("esbuild"); // exists only after setup
  const folder = await mkdtemp(join(tmpdir(), "nearmiss-lesson-"));
  try {
    const outfile = join(folder, "recorder.mjs");
    const entryPoints = [join(ROOT, "www/src/learn/recorder.ts")];
    await esbuild.build({ entryPoints, bundle: true, format: "esm", platform: "node", outfile, logLevel: "warning" });
    return await import(pathToFileURL(outfile).href);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `{ documents, judgments }` of the sample, as the page reads it. */
export async function material() {
  const { readSample } = await lessonCode();
  const names = { corpus: "corpus.jsonl", queries: "queries.jsonl", train: "qrels.train.tsv", test: "qrels.test.tsv" };
  const texts = await Promise.all(Object.entries(names).map(async ([part, name]) => [part, await readFile(join(SAMPLE, name), "utf8")]));
  return readSample(Object.fromEntries(texts));
}
