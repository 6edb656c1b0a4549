/** Lines of text with their numbers, from anything that yields bytes. */

import { invalid } from "../errors.js";

export interface Line {
  /** From 1. */
  number: number;
  text: string;
}

/**
 * The lines that hold something; a byte order mark is skipped. Only `\n` and `\r\n` end a line: JSON may hold the others.
 *
 * @param name of the file, for errors
 */
export async function* lines(bytes: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Line> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let number = 0;
  let rest = "";
  const decode = (chunk?: Uint8Array) => {
    try {
      return decoder.decode(chunk, { stream: chunk !== undefined });
    } catch (cause) {
      throw invalid(`${name}, after line ${number}`, "is not UTF-8 text", cause);
    }
  };
  for await (const chunk of bytes) {
    const parts = (rest + decode(chunk)).split("\n");
    rest = parts.pop() ?? "";
    for (const text of parts) {
      number += 1;
      if (text.trim() !== "") yield { number, text: text.replace(/\r$/, "") };
    }
  }
  rest += decode();
  if (rest.trim() !== "") yield { number: number + 1, text: rest };
}

/** The line's JSON object. */
export function parseObject(line: Line, name: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line.text);
  } catch (cause) {
    throw invalid(at(name, line), `is not JSON (${(cause as Error).message})`, cause);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(at(name, line), "must be a JSON object");
  return value as Record<string, unknown>;
}

export function at(name: string, line: Line): string {
  return `${name}, line ${line.number}`;
}
