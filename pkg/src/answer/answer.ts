/** From a question to an answer with citations that were looked up: search, ask a person's own model, check what it says. */

import * as check from "../checks.js";
import { aborted, invalid, NearmissError } from "../errors.js";
import { abortable } from "../platform.js";
import type { AnswerEvent, AnswerOptions, CheckedAnswer, Context, ContextOptions, Generate, Passage } from "../types.js";
import { pieces, type Pieces } from "./pieces.js";
import { answerPrompt } from "./prompt.js";

/** What an answer needs of an instance. */
export interface Answering {
  context(query: string, options: ContextOptions): Promise<Context>;
  checkCitations(answer: string, passages: Pick<Passage, "citation" | "title" | "text">[]): Promise<CheckedAnswer>;
}

/** Said instead of asking a model that has nothing to go on. */
export const NOTHING_FOUND = "Nothing was found that could answer this.";

const FIELD = "options.generate";

/**
 * Answers as it is pulled: first the passages, then the model's text piece by piece, then the whole with its citations
 * checked. `return()`, `break` and the signal end it at once, and the model's iterable or stream with it.
 *
 * Where the search finds nothing the model is not asked, and the answer says so.
 *
 * @throws {NearmissError} `INPUT_INVALID` for an option, or for a model that fails (its error is the cause) or gives something
 *   other than text; `ABORTED`; and what `context` throws
 */
export function answer(nm: Answering, query: string, options: AnswerOptions): AsyncGenerator<AnswerEvent, void, void> {
  const end = new AbortController();
  const events = run(nm, query, options, end.signal);
  return {
    next: () => events.next(),
    throw: (error) => stop(end, () => events.throw(error)),
    return: () => stop(end, () => events.return()),
    [Symbol.asyncIterator]() {
      return this;
    },
    async [ASYNC_DISPOSE]() {
      await this.return();
    },
  };
}

// As in nearmiss.ts: engines without explicit resource management.
const ASYNC_DISPOSE: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose");

/** A generator's own `return` waits for the pull under way, which may wait for a model that never answers. */
function stop<T>(end: AbortController, then: () => Promise<T>): Promise<T> {
  end.abort();
  return then();
}

async function* run(nm: Answering, query: string, options: AnswerOptions, end: AbortSignal): AsyncGenerator<AnswerEvent, void, void> {
  const started = performance.now();
  const { generate, instructions, ...rest } = checked(options);
  const { maxTokens = 1024, signal } = rest;
  const both = signal ? AbortSignal.any([signal, end]) : end;
  try {
    const context = await abortable(nm.context(query, { ...rest, maxTokens, signal: both }), both);
    yield { type: "context", context };
    let text = "";
    if (context.passages.length > 0) {
      for await (const piece of ask(generate, answerPrompt(context, { instructions }), both)) {
        text += piece;
        yield { type: "text", text: piece };
      }
    }
    const found = await abortable(look(nm, text, context), both);
    const unsupported = found.sentences.filter((sentence) => !sentence.supported).length;
    const said = context.passages.length > 0 ? text : NOTHING_FOUND;
    const elapsedMs = performance.now() - started;
    yield { type: "done", answer: said, citations: found.sentences, unsupported, unknown: found.unknown, elapsedMs };
  } catch (error) {
    // Whoever returned early awaits an end and no error.
    if (end.aborted && !signal?.aborted) return;
    throw signal?.aborted ? aborted(signal) : error;
  }
}

function checked(options: AnswerOptions): AnswerOptions {
  const { generate, instructions, signal } = Object(options) as AnswerOptions;
  if (typeof generate !== "function") throw invalid(FIELD, `must be a function, not ${check.show(generate)}`);
  if (instructions !== undefined) check.string(instructions, "options.instructions");
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw invalid("options.signal", "must be an AbortSignal");
  return options;
}

async function look(nm: Answering, text: string, { passages }: Context): Promise<CheckedAnswer> {
  if (text.trim() === "") return { sentences: [], unknown: [] };
  return nm.checkCitations(text, passages.map(({ citation, title, text }) => ({ citation, title, text })));
}

/** The model's text; it is let go when the signal aborts, and however else this ends. */
async function* ask(generate: Generate, prompt: Parameters<Generate>[0], signal: AbortSignal): AsyncGenerator<string, void, void> {
  const done = new AbortController();
  let source: Pieces | undefined;
  try {
    const given = Promise.resolve(blamed(() => generate(prompt, { signal: AbortSignal.any([signal, done.signal]) })));
    given.then((late) => signal.aborted && letGo(late), () => {});
    source = pieces(await abortable(given, signal), FIELD);
    for (;;) {
      const from = source;
      const { done: ended, value } = await abortable(blamed(() => from.next()), signal);
      if (ended) return;
      if (typeof value !== "string") throw invalid(FIELD, `must give text piece by piece, not ${check.show(value)}`);
      if (value !== "") yield value;
    }
  } finally {
    done.abort();
    source?.end();
  }
}

/** Something that came when nobody waited any more. */
function letGo(late: unknown): void {
  try {
    pieces(late, FIELD).end();
  } catch {
    // It holds nothing that could be let go.
  }
}

/** Errors of the person's function are told apart from ours. */
async function blamed<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof NearmissError) throw cause;
    throw invalid(FIELD, `the function failed: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}
