/**
 * BEIR files: `corpus.jsonl`, `queries.jsonl` and qrels as tab-separated values (Thakur et al., "BEIR", NeurIPS Datasets
 * and Benchmarks 2021). Also read: TREC qrels of four columns, and numbers as ids. Every error names the line.
 */

import { invalid } from "../errors.js";
import type { Document } from "../types.js";
import { at, lines, parseObject, type Line } from "./lines.js";

export interface Query {
  id: string;
  text: string;
}

export interface Qrel {
  query: string;
  document: string;
  /** Graded relevance; 0 says that the document is not relevant. */
  score: number;
  /** Where it stands, for errors about what it refers to. */
  line: number;
}

type Source = AsyncIterable<Uint8Array>;

/** `{"_id", "title", "text", "parent", "metadata"}` a line, with id and text at least; `parent` is ours, see `Document`. */
export function readCorpus(source: Source, name: string): Promise<Document[]> {
  return readItems(source, name, (fields, place) => {
    const { title, metadata } = fields;
    if (title !== undefined && title !== null && typeof title !== "string") throw invalid(place, "title must be a string");
    const document: Document = { id: idOf(fields, place), title: title ?? "", text: textOf(fields, place) };
    if (fields.parent !== undefined && fields.parent !== null) document.parent = idOf(fields, place, "parent");
    return metadata === undefined || metadata === null ? document : { ...document, metadata };
  });
}

/** `{"_id", "text"}` a line. */
export function readQueries(source: Source, name: string): Promise<Query[]> {
  return readItems(source, name, (fields, place) => {
    const text = textOf(fields, place);
    if (text.trim() === "") throw invalid(place, "text must not be empty");
    return { id: idOf(fields, place), text };
  });
}

async function readItems<T extends { id: string }>(
  source: Source,
  name: string,
  read: (fields: Record<string, unknown>, place: string) => T,
): Promise<T[]> {
  const items: T[] = [];
  const seen = new Map<string, number>();
  for await (const line of lines(source, name)) {
    const item = read(parseObject(line, name), at(name, line));
    const before = seen.get(item.id);
    if (before !== undefined) throw invalid(at(name, line), `the _id "${item.id}" already stands on line ${before}`);
    seen.set(item.id, line.number);
    items.push(item);
  }
  return items;
}

function idOf(fields: Record<string, unknown>, place: string, key = "_id"): string {
  const id = fields[key];
  if (typeof id === "string" && id.trim() !== "") return id;
  if (typeof id === "number" && Number.isSafeInteger(id)) return String(id);
  throw invalid(place, `${key} must be a string that is not empty, or a whole number`);
}

function textOf({ text }: Record<string, unknown>, place: string): string {
  if (typeof text !== "string") throw invalid(place, "text must be a string");
  return text;
}

/** Query id, document id and score, or the four columns of TREC, with or without a header row. Negative scores count as 0. */
export async function readQrels(source: Source, name: string): Promise<Qrel[]> {
  const qrels: Qrel[] = [];
  let first = true;
  for await (const line of lines(source, name)) {
    const columns = line.text.includes("\t") ? line.text.split("\t").map((column) => column.trim()) : line.text.trim().split(/\s+/);
    if (!(first && isHeader(columns))) qrels.push(qrel(columns, line, name));
    first = false;
  }
  return qrels;
}

function qrel(columns: string[], line: Line, name: string): Qrel {
  if (columns.length !== 3 && columns.length !== 4) {
    const expected = "expected query id, document id and score (or the 4 columns of TREC)";
    throw invalid(at(name, line), `${expected}, found ${columns.length} column(s)`);
  }
  const [query = "", document = "", score = ""] = columns.length === 3 ? columns : [columns[0], columns[2], columns[3]];
  if (query === "" || document === "") throw invalid(at(name, line), "an id is empty");
  const value = score === "" ? Number.NaN : Number(score);
  if (!Number.isFinite(value)) throw invalid(at(name, line), `the score "${score}" is not a number`);
  return { query, document, score: Math.max(0, value), line: line.number };
}

/** Only a row that names its columns is a header: a mangled first judgment should be an error, not vanish. */
function isHeader(columns: string[]): boolean {
  const names = /^(query|qid|q_id$|topic$)/i.test(columns[0] ?? "");
  return names && Number.isNaN(Number(columns.at(-1)));
}
