/** Shapes of what callers pass in, checked before anything crosses to the engine. Each refusal names place and field. */

import { invalid } from "./errors.js";
import type { Document, Judgment } from "./types.js";

/** A list, also when only one was given. */
export function list<T>(input: T | Iterable<T>): T[] {
  const many = typeof input === "object" && input !== null && Symbol.iterator in input;
  return many ? [...(input as Iterable<T>)] : [input as T];
}

/** The known fields of a document; metadata as JSON would keep it. */
export function document(input: unknown, index: number): Document {
  const field = (name: string) => `documents[${index}].${name}`;
  const { id, title, text, metadata } = record(input, `documents[${index}]`);
  nonEmpty(id, field("id"));
  string(text, field("text"));
  if (title !== undefined) string(title, field("title"));
  const known: Document = title === undefined ? { id, text } : { id, title, text };
  return metadata === undefined ? known : { ...known, metadata: json(metadata, field("metadata")) };
}

export function judgment(input: unknown, index: number): Judgment {
  const field = (name: string) => `judgments[${index}].${name}`;
  const { query, document, relevant, grade, split } = record(input, `judgments[${index}]`);
  nonEmpty(query, field("query"));
  nonEmpty(document, field("document"));
  if (typeof relevant !== "boolean") throw invalid(field("relevant"), `must be true or false, not ${show(relevant)}`);
  if (grade !== undefined && !(typeof grade === "number" && Number.isFinite(grade) && grade >= 0)) {
    throw invalid(field("grade"), `must be a number, 0 or more, not ${show(grade)}`);
  }
  if (split !== undefined) oneOf(split, ["train", "held-out"], field("split"));
  return defined({ query, document, relevant, grade, split }) as unknown as Judgment;
}

/** Query and document of a judgment to take back. */
export function pair(input: unknown, index: number): Pick<Judgment, "query" | "document"> {
  const { query, document } = record(input, `judgments[${index}]`);
  nonEmpty(query, `judgments[${index}].query`);
  nonEmpty(document, `judgments[${index}].document`);
  return { query, document };
}

/** Options without what is undefined and without signal and callback, which stay on this side. Unknown names are refused. */
export function options<T extends object>(input: T, known: readonly (keyof T & string)[], name: string): Record<string, unknown> {
  for (const key of Object.keys(record(input, name))) {
    if (!(known as readonly string[]).includes(key)) throw invalid(`${name}.${key}`, `there is no such option; there are ${known.join(", ")}`);
  }
  const { signal, onProgress, ...rest } = input as Record<string, unknown>;
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalid(`${name}.signal`, "must be an AbortSignal");
  if (onProgress !== undefined && typeof onProgress !== "function") throw invalid(`${name}.onProgress`, "must be a function");
  return defined(rest);
}

export function nonEmpty(value: unknown, field: string): asserts value is string {
  string(value, field);
  if (value.trim() === "") throw invalid(field, "must not be empty");
}

export function string(value: unknown, field: string): asserts value is string {
  if (typeof value !== "string") throw invalid(field, `must be a string, not ${show(value)}`);
}

export function oneOf<T extends string>(value: unknown, choices: readonly T[], field: string): asserts value is T {
  if ((choices as readonly unknown[]).includes(value)) return;
  throw invalid(field, `must be ${choices.map((choice) => `"${choice}"`).join(" or ")}, not ${show(value)}`);
}

function record(value: unknown, field: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw invalid(field, `must be an object, not ${show(value)}`);
}

function defined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function json(value: unknown, field: string): unknown {
  try {
    return JSON.parse(JSON.stringify(value) ?? "null");
  } catch (cause) {
    throw invalid(field, "must be something that JSON can hold", cause);
  }
}

/** Short enough for a message, whatever it is. */
function show(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  return typeof value === "object" || typeof value === "function" ? `a ${typeof value}` : String(value);
}
