/** A teacher that the caller brings: a function on this side that the engine asks, one query at a time. */

import * as check from "./checks.js";
import type { JobEvent } from "./engine.js";
import { disposed, invalid } from "./errors.js";
import { abortable } from "./platform.js";
import type { Teacher } from "./types.js";

export type Scoring = Extract<JobEvent, { type: "scoring" }>;

/** Answers a `scoring` event, one number a document. */
export type Scorer = (event: Scoring, signal?: AbortSignal) => Promise<Float32Array>;

/**
 * The function with everything that may go wrong around it. Whoever waits is let go when the signal aborts or the instance
 * ends, even if the function never settles.
 *
 * @param field of the options in which it was given, for messages
 * @param end aborts when the instance is disposed of
 */
export function scorer(teacher: Teacher, field: string, end: AbortSignal): Scorer {
  return async ({ query, documents }, signal) => {
    const both = signal ? AbortSignal.any([signal, end]) : end;
    try {
      return checked(await abortable(ask(teacher, query, documents, field), both), documents.length, field);
    } catch (error) {
      throw end.aborted ? disposed() : error;
    }
  };
}

/** For a run that goes on: only its checkpoint knows whether it had a teacher. @param field in which to give it again */
export function missing(field: string): Scorer {
  return async () => {
    throw invalid(field, "this training was begun with a function as its teacher: give it again beside resume");
  };
}

async function ask(teacher: Teacher, query: string, documents: Scoring["documents"], field: string): Promise<unknown> {
  try {
    return await teacher(query, documents);
  } catch (cause) {
    throw invalid(field, `the function failed: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

function checked(given: unknown, count: number, field: string): Float32Array {
  const scores = Object(given) as ArrayLike<unknown>;
  if (typeof given !== "object" || !Number.isInteger(scores.length)) throw invalid(field, `must give a list of numbers, not ${check.show(given)}`);
  if (scores.length !== count) throw invalid(field, `gave ${scores.length} numbers for ${count} documents`);
  const list = Array.from(scores);
  // A number may be finite and yet too large for the 32 bits in which scores are compared.
  const wrong = list.findIndex((score) => typeof score !== "number" || !Number.isFinite(Math.fround(score)));
  if (wrong >= 0) throw invalid(field, `must give finite numbers, not ${check.show(list[wrong])} (for documents[${wrong}])`);
  return Float32Array.from(list as number[]);
}
