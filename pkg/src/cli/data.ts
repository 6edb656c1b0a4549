/** A BEIR folder: its corpus, and the judgments of a split. */

import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { invalid } from "../errors.js";
import type { Document, Judgment } from "../types.js";
import { readCorpus, readQrels, readQueries, type Qrel, type Query } from "./beir.js";

export async function loadCorpus(folder: string): Promise<Document[]> {
  const path = join(folder, "corpus.jsonl");
  return readCorpus(await open(path), path);
}

/**
 * The judgments of one split, one for each pair of query text and document.
 *
 * @param side on which they stand in the engine
 * @throws {NearmissError} `INPUT_INVALID` when there are no qrels for the split, or one names something that is not there
 */
export async function loadJudgments(folder: string, split: string, side: "train" | "held-out", corpus: Document[]): Promise<Judgment[]> {
  const queriesPath = join(folder, "queries.jsonl");
  const qrelsPath = await findQrels(folder, split);
  const queries = await readQueries(await open(queriesPath), queriesPath);
  const qrels = await readQrels(await open(qrelsPath), qrelsPath);
  if (qrels.length === 0) throw invalid(qrelsPath, "holds no judgments");
  return judgments(queries, qrels, new Set(corpus.map(({ id }) => id)), { side, qrelsPath });
}

interface Places {
  side: "train" | "held-out";
  qrelsPath: string;
}

function judgments(queries: Query[], qrels: Qrel[], documents: Set<string>, { side, qrelsPath }: Places): Judgment[] {
  const texts = new Map(queries.map(({ id, text }) => [id, text]));
  const byPair = new Map<string, Judgment>();
  for (const { query, document, score, line } of qrels) {
    const text = texts.get(query);
    const place = `${qrelsPath}, line ${line}`;
    if (text === undefined) throw invalid(place, `queries.jsonl has no query "${query}"`);
    if (!documents.has(document)) throw invalid(place, `corpus.jsonl has no document "${document}"`);
    // Two ids may share one text; what anyone called relevant is then not a negative.
    const key = JSON.stringify([normalise(text), document]);
    const grade = Math.max(score, byPair.get(key)?.grade ?? 0);
    byPair.set(key, { query: text, document, relevant: grade > 0, grade, split: side });
  }
  return [...byPair.values()];
}

/** How the engine tells queries apart: spellings that differ only in case or white space are one query. */
export function normalise(query: string): string {
  return query.trim().split(/\s+/u).join(" ").toLowerCase();
}

/** Training judgments without those of queries that are also measured, and how many queries that left out. */
export function withoutShared(train: Judgment[], heldOut: Judgment[]): { judgments: Judgment[]; leftOut: number } {
  const measured = new Set(heldOut.map(({ query }) => normalise(query)));
  const shared = new Set(train.map(({ query }) => normalise(query)).filter((query) => measured.has(query)));
  const judgments = train.filter(({ query }) => !shared.has(normalise(query)));
  if (judgments.length === 0) throw invalid("--train-split", "every one of its queries is also in --split; training must not see what is measured");
  return { judgments, leftOut: shared.size };
}

/** `qrels.<split>.tsv`, else `qrels/<split>.tsv`, else for the split "test" `qrels.tsv`. */
async function findQrels(folder: string, split: string): Promise<string> {
  const candidates = [join(folder, `qrels.${split}.tsv`), join(folder, "qrels", `${split}.tsv`)];
  if (split === "test") candidates.push(join(folder, "qrels.tsv"));
  for (const path of candidates) if (await isFile(path)) return path;
  const existing = [...(await names(folder, /^qrels.*\.tsv$/)), ...(await names(join(folder, "qrels"), /\.tsv$/, "qrels/"))];
  const found = existing.length > 0 ? `there are ${existing.join(", ")}` : "there are none at all";
  throw invalid(folder, `has no qrels for the split "${split}"; ${found}`);
}

async function names(folder: string, pattern: RegExp, prefix = ""): Promise<string[]> {
  const entries = await readdir(folder).catch(() => []);
  return entries.filter((name) => pattern.test(name)).sort().map((name) => prefix + name);
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then((found) => found.isFile(), () => false);
}

async function open(path: string): Promise<AsyncIterable<Uint8Array>> {
  if (!(await isFile(path))) throw invalid("--data", `there is no file ${path}`);
  return createReadStream(path);
}
