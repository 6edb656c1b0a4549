/** Shapes of what callers pass in, checked before anything crosses to the engine. Each refusal names place and field. */

import { invalid } from "./errors.js";
import type { Document, ExportedFile, Impression, Judgment, PseudoKind, Source } from "./types.js";

const SOURCES: readonly Source[] = ["labelled", "click", "mined", "synthetic"];
/** Levels of a value that is kept as it is. The engine reads one inside the other on a stack of 1 MB, which 1,600 objects overflow. */
const DEEPEST = 100;
const KINDS: readonly PseudoKind[] = ["title", "heading", "cloze", "crop", "key-phrases"];

/** A list, also when only one was given. */
export function list<T>(input: T | Iterable<T>): T[] {
  const many = typeof input === "object" && input !== null && Symbol.iterator in input;
  return many ? [...(input as Iterable<T>)] : [input as T];
}

/** The known fields of a document; metadata as JSON would keep it. */
export function document(input: unknown, index: number): Document {
  const field = (name: string) => `documents[${index}].${name}`;
  const { id, title, text, parent, metadata } = record(input, `documents[${index}]`);
  nonEmpty(id, field("id"));
  string(text, field("text"));
  if (title !== undefined) string(title, field("title"));
  if (parent !== undefined) nonEmpty(parent, field("parent"));
  const kept = metadata === undefined ? undefined : json(metadata, field("metadata"));
  return defined({ id, title, text, parent, metadata: kept }) as unknown as Document;
}

export function judgment(input: unknown, index: number): Judgment {
  const field = (name: string) => `judgments[${index}].${name}`;
  const { query, document, relevant, grade, weight, source, kind, impressions, split } = record(input, `judgments[${index}]`);
  nonEmpty(query, field("query"));
  nonEmpty(document, field("document"));
  if (typeof relevant !== "boolean") throw invalid(field("relevant"), `must be true or false, not ${show(relevant)}`);
  if (grade !== undefined && !(finite(grade) && grade >= 0)) throw invalid(field("grade"), `must be a number, 0 or more, not ${show(grade)}`);
  if (weight !== undefined && !(finite(weight) && weight > 0)) throw invalid(field("weight"), `must be a number above 0, not ${show(weight)}`);
  if (source !== undefined) oneOf(source, SOURCES, field("source"));
  if (kind !== undefined) oneOf(kind, KINDS, field("kind"));
  if (impressions !== undefined) count(impressions, field("impressions"));
  if (split !== undefined) side(split, field("split"));
  return defined({ query, document, relevant, grade, weight, source, kind, impressions, split }) as unknown as Judgment;
}

/** What was shown for a query, and what was clicked. */
export function impression(input: unknown, index: number): Impression {
  const field = (name: string) => `impressions[${index}].${name}`;
  const { query, shown, firstRank, clicks } = record(input, `impressions[${index}]`);
  nonEmpty(query, field("query"));
  array(shown, field("shown")).forEach((id, at) => nonEmpty(id, field(`shown[${at}]`)));
  if (firstRank !== undefined) count(firstRank, field("firstRank"));
  const known = array(clicks, field("clicks")).map((click, at) => clicked(click, field(`clicks[${at}]`)));
  return defined({ query, shown, firstRank, clicks: known }) as unknown as Impression;
}

function clicked(input: unknown, place: string): Record<string, unknown> {
  const { document, dwellMs } = record(input, place);
  nonEmpty(document, `${place}.document`);
  if (dwellMs !== undefined && !(finite(dwellMs) && dwellMs >= 0)) throw invalid(`${place}.dwellMs`, `must be milliseconds, 0 or more, not ${show(dwellMs)}`);
  return defined({ document, dwellMs });
}

/** Kinds of queries to be made from documents; at least one. */
export function kinds(input: unknown, field: string): asserts input is PseudoKind[] {
  const given = array(input, field);
  if (given.length === 0) throw invalid(field, "must name at least one kind");
  given.forEach((kind, at) => oneOf(kind, KINDS, `${field}[${at}]`));
}

/** Texts to encode; a single string would be taken letter by letter. */
export function texts(input: Iterable<string>): string[] {
  if (typeof input === "string") throw invalid("texts", "must be a list of strings, not a single one");
  const all = list(input);
  all.forEach((text, index) => string(text, `texts[${index}]`));
  return all;
}

/** The content of a file in any of its forms. */
export async function bytes(input: unknown, field: string): Promise<Uint8Array> {
  const content = input instanceof Blob ? await input.arrayBuffer() : input;
  if (content instanceof ArrayBuffer || content instanceof Uint8Array) return new Uint8Array(content);
  throw invalid(field, "must be a Uint8Array, an ArrayBuffer or a Blob");
}

/** Is it the content of one file, rather than several files? */
export function isBytes(input: unknown): input is Uint8Array | ArrayBuffer | Blob {
  return input instanceof Uint8Array || input instanceof ArrayBuffer || input instanceof Blob;
}

/** The files of a folder: a list of `{ path, bytes }`, or bytes by path. At least one, and none twice. */
export async function folder(input: unknown, field: string): Promise<ExportedFile[]> {
  const given = Array.isArray(input) ? input.map((file, at) => named(file, `${field}[${at}]`)) : byPath(input, field);
  if (given.length === 0) throw invalid(field, "must hold at least one file");
  const twice = given.find(({ path }, at) => given.findIndex((other) => other.path === path) !== at);
  if (twice) throw invalid(field, `holds ${show(twice.path)} twice`);
  return Promise.all(given.map(async ({ path, content, place }) => ({ path, bytes: await bytes(content, place) })));
}

interface NamedContent {
  path: string;
  content: unknown;
  place: string;
}

function named(file: unknown, place: string): NamedContent {
  const { path, bytes: content } = record(file, place);
  nonEmpty(path, `${place}.path`);
  return { path, content, place: `${place}.bytes` };
}

function byPath(input: unknown, field: string): NamedContent[] {
  if (typeof input !== "object" || input === null || ArrayBuffer.isView(input)) {
    throw invalid(field, `must be the bytes of a file, or the files of a folder, not ${show(input)}`);
  }
  return Object.entries(input).map(([path, content]) => {
    nonEmpty(path, `a path in ${field}`);
    return { path, content, place: `${field}[${show(path)}]` };
  });
}

/** On which side of the judgments. */
export function side(value: unknown, field: string): asserts value is "train" | "dev" | "held-out" {
  oneOf(value, ["train", "dev", "held-out"], field);
}

/** Query and document, of a judgment to take back or of a suspect. @param list the argument's name, for messages */
export function pair(input: unknown, index: number, list: string): Pick<Judgment, "query" | "document"> {
  const { query, document } = record(input, `${list}[${index}]`);
  nonEmpty(query, `${list}[${index}].query`);
  nonEmpty(document, `${list}[${index}].document`);
  return { query, document };
}

/** Options without what is undefined and without signal and callback, which stay on this side. Unknown names are refused. */
export function options<T extends object>(input: T, known: readonly (keyof T & string)[], name: string): Record<string, unknown> {
  for (const key of Object.keys(record(input, name))) {
    if (!(known as readonly string[]).includes(key)) throw invalid(`${name}.${key}`, `there is no such option; there are ${known.join(", ")}`);
  }
  const { signal, onProgress, ...rest } = input as Record<string, unknown>;
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalid(`${name}.signal`, "must be an AbortSignal");
  callback(onProgress, `${name}.onProgress`);
  return defined(rest);
}

export function callback(value: unknown, field: string): void {
  if (value !== undefined && typeof value !== "function") throw invalid(field, "must be a function");
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

/** A whole number, 1 or more. */
export function count(value: unknown, field: string): asserts value is number {
  if (Number.isSafeInteger(value) && Number(value) >= 1) return;
  throw invalid(field, `must be a whole number, 1 or more, not ${show(value)}`);
}

function finite(value: unknown): value is number {
  return typeof value === "number" && Number.isFinite(value);
}

/** A list, of whatever. */
export function array(value: unknown, field: string): unknown[] {
  if (Array.isArray(value)) return value;
  throw invalid(field, `must be a list, not ${show(value)}`);
}

function record(value: unknown, field: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw invalid(field, `must be an object, not ${show(value)}`);
}

/** The fields that have a value. */
export function defined<T extends object>(fields: T): { [name in keyof T]?: Exclude<T[name], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as { [name in keyof T]?: Exclude<T[name], undefined> };
}

export function json(value: unknown, field: string): unknown {
  let kept: unknown;
  try {
    kept = JSON.parse(JSON.stringify(value) ?? "null");
  } catch (cause) {
    throw invalid(field, "must be something that JSON can hold", cause);
  }
  if (isDeeper(kept, DEEPEST)) throw invalid(field, `must not be nested deeper than ${DEEPEST} levels`);
  return kept;
}

function isDeeper(value: unknown, levels: number): boolean {
  return typeof value === "object" && value !== null && (levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1)));
}

/** Short enough for a message, whatever it is. */
export function show(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "string") return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  return typeof value === "object" || typeof value === "function" ? `a ${typeof value}` : String(value);
}
