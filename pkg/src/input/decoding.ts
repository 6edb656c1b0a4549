/** Bytes of a text file, in whatever encoding. */

import { invalid } from "../errors.js";
import { library } from "./modules.js";

/** Bytes that are looked at to guess an encoding. */
const SAMPLE = 64 * 1024;
/** Where a web page must name its encoding. https://html.spec.whatwg.org/multipage/parsing.html#prescan-a-byte-stream-to-determine-its-encoding */
const PRESCAN = 1024;
/** In text, one character of fifty at most is a control character; in random bytes it is one of ten. */
const MOST_CONTROLS = 0.02;

export interface Decoded {
  text: string;
  /** Set when the encoding is a guess. */
  guessed?: string;
}

/**
 * A byte order mark decides; then `declared`; then whether the bytes are UTF-8; then a guess.
 *
 * @throws {NearmissError} `INPUT_INVALID` for what is no text
 */
export async function decode(path: string, bytes: Uint8Array, declared?: string): Promise<Decoded> {
  const marked = byteOrder(bytes);
  const label = marked ?? known(declared);
  const text = label ? decodeAs(label, bytes) : decodeStrictly(bytes);
  if (text !== undefined && !binary(text)) return { text };
  // A mark leaves no doubt, so that there is nothing to guess.
  if (marked) throw noText(path);
  const guessed = wide(bytes) ?? (bytes.includes(0) ? undefined : await guess(path, bytes));
  const second = guessed === undefined ? undefined : decodeAs(guessed, bytes);
  if (guessed === undefined || second === undefined || binary(second)) throw noText(path);
  return { text: second, guessed };
}

/** The encoding that a web page says it has. */
export function declaredIn(bytes: Uint8Array): string | undefined {
  const start = new TextDecoder("latin1").decode(bytes.subarray(0, PRESCAN));
  return /<meta[^>]{1,200}charset\s{0,9}=\s{0,9}["']?([\w:.-]{1,40})/i.exec(start)?.[1];
}

function byteOrder([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return "utf-8";
  if (first === 0xff && second === 0xfe) return "utf-16le";
  if (first === 0xfe && second === 0xff) return "utf-16be";
  return undefined;
}

/** UTF-16 without a mark: in Western text nearly every other byte is null. */
function wide(bytes: Uint8Array): string | undefined {
  const sample = bytes.subarray(0, SAMPLE);
  const pairs = Math.floor(sample.length / 2);
  if (pairs === 0 || bytes.length % 2 === 1) return undefined;
  const nulls: [number, number] = [0, 0];
  sample.forEach((byte, at) => (nulls[(at % 2) as 0 | 1] += byte === 0 ? 1 : 0));
  if (nulls[1] > 0.4 * pairs && nulls[0] === 0) return "utf-16le";
  if (nulls[0] > 0.4 * pairs && nulls[1] === 0) return "utf-16be";
  return undefined;
}

async function guess(path: string, bytes: Uint8Array): Promise<string | undefined> {
  const chardet = await library(path, "text files that are not UTF-8", "chardet", () => import("chardet"));
  return chardet.analyse(bytes.subarray(0, SAMPLE)).map(({ name }) => known(name)).find((label) => label !== undefined);
}

/** Encodings have many names; this one's if there is a decoder for it. */
function known(label: string | undefined): string | undefined {
  if (label === undefined) return undefined;
  try {
    const { encoding } = new TextDecoder(label);
    // A page that could be searched for "charset=utf-16" is no UTF-16: the standard reads it as UTF-8.
    return encoding.startsWith("utf-16") ? "utf-8" : encoding;
  } catch {
    return undefined;
  }
}

function decodeStrictly(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** A stray byte is no reason to refuse a file whose encoding is known; many are. */
function decodeAs(label: string, bytes: Uint8Array): string {
  return new TextDecoder(label).decode(bytes);
}

/** Is it full of what no text has: null bytes, control characters, characters that could not be decoded? */
function binary(text: string): boolean {
  if (text.includes("\0")) return true;
  const sample = text.slice(0, SAMPLE);
  const strange = sample.match(/[\u0001-\u0008\u000e-\u001a\u001c-\u001f\ufffd]/g)?.length ?? 0;
  return strange > MOST_CONTROLS * sample.length;
}

function noText(path: string): Error {
  return invalid(path, "is a binary file, not text");
}
