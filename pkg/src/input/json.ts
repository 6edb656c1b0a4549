/** JSONL, one record a line, and JSON: a list of records, or one. */

import { invalid } from "../errors.js";
import type { Pace } from "./pace.js";
import type { Rows } from "./rows.js";

export async function readJsonl(text: string, rows: Rows, pace: Pace): Promise<void> {
  let line = 0;
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf("\n", from);
    const content = text.slice(from, end < 0 ? text.length : end).trim();
    from = end < 0 ? text.length : end + 1;
    line += 1;
    if (content === "") continue;
    takeLine(content, line, rows);
    await pace();
  }
}

function takeLine(content: string, line: number, rows: Rows): void {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (cause) {
    return rows.broken(line, `is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  if (isRecord(value)) rows.add({ record: value, line });
  else rows.broken(line, "is no JSON object");
}

/** @throws {NearmissError} `INPUT_INVALID` for what is no JSON, or holds no records */
export async function readJson(path: string, text: string, rows: Rows, pace: Pace): Promise<void> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(path, `is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  if (!Array.isArray(value) && !isRecord(value)) throw invalid(path, "holds neither a list of records nor a record");
  for (const [at, record] of (Array.isArray(value) ? value : [value]).entries()) {
    // In a list nobody counts lines, but records.
    if (isRecord(record)) rows.add({ record, line: at + 1 });
    else rows.broken(at + 1, "is no JSON object");
    await pace();
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
