/** How often a file is asked for again, and how long is waited before. */

import { aborted, type NearmissError } from "../errors.js";

/** Tries in a row that bring nothing new, the first included: with the waits below given up after about four seconds. */
export const TRIES = 5;

const FIRST_WAIT_MS = 250;
/** A server that asks for more patience than this is not waited for. */
const LONGEST_WAIT_MS = 30_000;

/** Answers that may be another the next time. */
export const PASSING: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504]);

/** A failure that may pass: the error to be given in the end, and how long the server wants to be left alone. */
export class Passing {
  constructor(
    readonly error: NearmissError,
    readonly afterMs: number | null = null,
  ) {}
}

/** 250 ms, then twice as long each time, or what the server asked for. @param failed tries so far, from 1 */
export function delay(failed: number, afterMs: number | null): number {
  return Math.min(Math.max(FIRST_WAIT_MS * 2 ** (failed - 1), afterMs ?? 0), LONGEST_WAIT_MS);
}

/** Of the header `Retry-After`, which holds seconds or a date; null for neither. */
export function retryAfter(header: string | null, now = Date.now()): number | null {
  if (header === null || header.trim() === "") return null;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? 1000 * seconds : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

/** @throws {NearmissError} `ABORTED` as soon as the signal comes */
export function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(aborted(signal));
    const stop = () => {
      clearTimeout(timer);
      reject(aborted(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
