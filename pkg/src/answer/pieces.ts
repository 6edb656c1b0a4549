/** What a person's model gives, in any of its forms, as pieces that can be pulled and given up. */

import * as check from "../checks.js";
import { invalid } from "../errors.js";

/** A source of pieces; `end` lets it go, and does not wait for it: one that hangs would never answer. */
export interface Pieces {
  next(): Promise<{ done?: boolean | undefined; value?: unknown }>;
  end(): void;
}

/** @throws {NearmissError} `INPUT_INVALID` for what holds no text */
export function pieces(given: unknown, field: string): Pieces {
  if (typeof given === "string") return once(given);
  // Readers first: not every browser can iterate over a stream.
  if (isStream(given)) return fromReader(given.getReader());
  if (isIterable(given)) return fromIterator(given[Symbol.asyncIterator]());
  throw invalid(field, `must give a string, an async iterable or a ReadableStream of strings, not ${check.show(given)}`);
}

function isStream(given: unknown): given is ReadableStream<unknown> {
  return typeof (Object(given) as Partial<ReadableStream>).getReader === "function";
}

function isIterable(given: unknown): given is AsyncIterable<unknown> {
  return typeof (Object(given) as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] === "function";
}

function once(text: string): Pieces {
  let given = false;
  return {
    async next() {
      const done = given;
      given = true;
      return { done, value: text };
    },
    end() {},
  };
}

function fromReader(reader: ReadableStreamDefaultReader<unknown>): Pieces {
  return { next: () => reader.read(), end: () => quietly(() => reader.cancel()) };
}

function fromIterator(iterator: AsyncIterator<unknown>): Pieces {
  return { next: () => Promise.resolve(iterator.next()), end: () => quietly(() => iterator.return?.()) };
}

/** Nobody waits for it any more, and what it says has nobody to hear it. */
function quietly(work: () => unknown): void {
  void (async () => work())().catch(() => {});
}
