/** Files become documents, one file after the other; what is wrong with one is told and never stops the others. */

import * as check from "../checks.js";
import { aborted, invalid, NearmissError } from "../errors.js";
import type { Document, FileInput, FileRead, ReadOptions } from "../types.js";
import { textBlocks, type Block } from "./blocks.js";
import { declaredIn, decode } from "./decoding.js";
import { readCsv } from "./csv.js";
import { readDocx } from "./docx.js";
import { readHtml } from "./html.js";
import { readJson, readJsonl } from "./json.js";
import { kindOf, KINDS, nameOf, type Kind } from "./kinds.js";
import { pace, type Pace } from "./pace.js";
import { PASSAGE_LENGTH, passages } from "./passages.js";
import { readPdf } from "./pdf.js";
import { Rows } from "./rows.js";
import { inputs, Listing, type Entry } from "./walk.js";

/** Bytes; more is more likely a mistake than a text. */
const LARGEST = 50_000_000;

const READ = ["signal", "columns", "maxBytes", "passageLength", "cMapUrl"] as const;

/** Options with what was left out filled in. */
interface Settings {
  columns: NonNullable<ReadOptions["columns"]>;
  maxBytes: number;
  passageLength: number;
  cMapUrl: string | undefined;
  signal: AbortSignal | undefined;
}

/**
 * @throws {NearmissError} `INPUT_INVALID` for options or inputs of the wrong shape, `ABORTED`; anything about one file is
 *   in what is yielded for it
 */
export async function* readFiles(files: FileInput | Iterable<FileInput>, options: ReadOptions = {}): AsyncGenerator<FileRead, void, void> {
  const given = settings(options);
  yield* readListing(new Listing(inputs(files), given.signal), given);
}

/** Exported for an import, which wants to know how many files there are. */
export async function* readListing(listing: Listing, given: Settings): AsyncGenerator<FileRead, void, void> {
  const paced = pace(given.signal);
  for (let place = 0; ; place += 1) {
    await paced();
    const entry = await listing.at(place);
    if (given.signal?.aborted) throw aborted(given.signal);
    if (!entry) return;
    const read = await readEntry(entry, given, paced);
    if (given.signal?.aborted) throw aborted(given.signal);
    yield read;
  }
}

export function settings(options: ReadOptions): Settings {
  check.options(options, READ, "options");
  const { columns = {}, maxBytes = LARGEST, passageLength = PASSAGE_LENGTH, cMapUrl, signal } = options;
  check.options(columns, ["id", "title", "text"], "options.columns");
  for (const [role, name] of Object.entries(columns)) check.string(name, `options.columns.${role}`);
  check.count(maxBytes, "options.maxBytes");
  check.count(passageLength, "options.passageLength");
  return { columns, maxBytes, passageLength, cMapUrl: cMapUrl === undefined ? undefined : String(cMapUrl), signal };
}

async function readEntry(entry: Entry, given: Settings, paced: Pace): Promise<FileRead> {
  const { path } = entry;
  try {
    const content = await opened(entry);
    const size = content instanceof Blob ? content.size : content.length;
    const kind = kindOf(path, content instanceof Blob ? content.type : "");
    if (!kind) throw invalid(path, `is of a kind that cannot be read; what can be read are ${KINDS}`);
    if (size === 0) throw invalid(path, "is empty");
    if (size > given.maxBytes) throw invalid(path, `has ${shown(size)} bytes, more than the ${shown(given.maxBytes)} allowed`);
    const bytes = content instanceof Blob ? new Uint8Array(await content.arrayBuffer()) : content;
    const { documents, warnings } = await readers[kind](path, bytes, given, paced);
    if (documents.length === 0) throw invalid(path, warnings.length > 0 ? `holds nothing that can be used: ${warnings[0]}` : "holds no text");
    return { path, documents, warnings };
  } catch (thrown) {
    return { path, error: refusal(path, thrown) };
  }
}

function shown(bytes: number): string {
  return bytes.toLocaleString("en");
}

async function opened(entry: Entry): Promise<Blob | Uint8Array> {
  try {
    return await entry.open();
  } catch (cause) {
    if (cause instanceof NearmissError) throw cause;
    throw invalid(entry.path, `could not be read: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

/** A library that a hostile file brought to its knees has failed at the file. */
function refusal(path: string, thrown: unknown): NearmissError {
  if (thrown instanceof NearmissError) return thrown;
  if (thrown instanceof RangeError && /call stack/i.test(thrown.message)) return invalid(path, "is nested too deeply", thrown);
  return invalid(path, `could not be read: ${thrown instanceof Error ? thrown.message : String(thrown)}`, thrown);
}

interface Taken {
  documents: Document[];
  warnings: string[];
}

type Reader = (path: string, bytes: Uint8Array, given: Settings, paced: Pace) => Promise<Taken>;

const readers: Record<Kind, Reader> = {
  text: async (path, bytes, given, paced) => {
    const { text, warnings } = await textOf(path, bytes);
    return { documents: await cut(path, "", textBlocks(text), given, paced), warnings };
  },
  html: async (path, bytes, given, paced) => {
    const { text, warnings } = await textOf(path, bytes, declaredIn(bytes));
    const { title, blocks } = await readHtml(path, text, paced);
    return { documents: await cut(path, title, blocks, given, paced), warnings };
  },
  docx: async (path, bytes, given, paced) => {
    const { title, blocks } = await readDocx(path, bytes, paced, given.signal);
    return { documents: await cut(path, title, blocks, given, paced), warnings: [] };
  },
  pdf: async (path, bytes, given, paced) => {
    const { title, blocks, warnings } = await readPdf(path, bytes, paced, given);
    return { documents: await cut(path, title, blocks, given, paced), warnings };
  },
  csv: rows((path, text, into, paced) => readCsv(path, text, into, paced)),
  jsonl: rows((_, text, into, paced) => readJsonl(text, into, paced)),
  json: rows((path, text, into, paced) => readJson(path, text, into, paced)),
};

function rows(read: (path: string, text: string, into: Rows, paced: Pace) => Promise<void>): Reader {
  return async (path, bytes, { columns, passageLength }, paced) => {
    const { text, warnings } = await textOf(path, bytes);
    const into = new Rows(path, nameOf(path), columns, passageLength);
    await read(path, text, into, paced);
    return { documents: into.documents, warnings: [...warnings, ...into.warnings] };
  };
}

async function textOf(path: string, bytes: Uint8Array, declared?: string): Promise<{ text: string; warnings: string[] }> {
  const { text, guessed } = await decode(path, bytes, declared);
  return { text, warnings: guessed === undefined ? [] : [`is not UTF-8; read as ${guessed}, which is a guess`] };
}

async function cut(path: string, title: string, blocks: Iterable<Block>, given: Settings, paced: Pace): Promise<Document[]> {
  const documents: Document[] = [];
  const whole = { id: path, title: title || undefined, name: nameOf(path), metadata: { file: path } };
  for (const document of passages(whole, blocks, given.passageLength)) {
    documents.push(document);
    await paced();
  }
  return documents;
}
