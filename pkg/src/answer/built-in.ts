/**
 * The language model that some browsers bring, over the Prompt API (https://developer.chrome.com/docs/ai/prompt-api).
 *
 * Nothing here runs at import, and nothing is downloaded unless `download()` is called: a click of the person's.
 */

import { aborted, NearmissError } from "../errors.js";
import { abortable } from "../platform.js";
import type { AnswerPrompt, BuiltInModel, BuiltInOptions, BuiltInState } from "../types.js";

/** As much of the API as is used. */
interface LanguageModel {
  availability(): Promise<BuiltInState>;
  create(options: CreateSession): Promise<Session>;
}

interface CreateSession {
  initialPrompts?: { role: "system"; content: string }[];
  monitor?: (monitor: EventTarget) => void;
  signal?: AbortSignal;
}

interface Session {
  /** New text only, piece by piece. */
  promptStreaming(input: string, options: { signal: AbortSignal }): ReadableStream<string>;
  destroy(): void;
}

const REASONS: Record<BuiltInState, string> = {
  available: "This browser has a language model of its own, which runs on this device.",
  downloadable: "This browser can download a language model of its own, and has not done so yet.",
  downloading: "This browser is downloading its language model.",
  unavailable: "This browser’s own language model cannot run on this device.",
};
const ABSENT = "This browser has no language model of its own.";

/** Looks, and starts nothing. Safe on a server, where the answer is "unavailable". @throws {NearmissError} `ABORTED` */
export async function builtInModel(options: BuiltInOptions = {}): Promise<BuiltInModel> {
  const { signal } = options;
  if (signal?.aborted) throw aborted(signal);
  const api = (globalThis as { LanguageModel?: LanguageModel }).LanguageModel;
  if (!api) return new BuiltIn(undefined, "unavailable", ABSENT, options);
  try {
    const state = await abortable(Promise.resolve(api.availability()), signal);
    const known: BuiltInState = Object.hasOwn(REASONS, state) ? state : "unavailable";
    return new BuiltIn(api, known, REASONS[known], options);
  } catch (error) {
    if (signal?.aborted) throw aborted(signal);
    const why = error instanceof Error ? error.message : String(error);
    return new BuiltIn(undefined, "unavailable", `This browser’s own language model could not be asked: ${why}`, options);
  }
}

class BuiltIn implements BuiltInModel {
  available: BuiltInState;
  reason: string;
  readonly #api: LanguageModel | undefined;
  readonly #options: BuiltInOptions;
  /** Under way: a second call joins it. */
  #download: Promise<void> | null = null;

  constructor(api: LanguageModel | undefined, available: BuiltInState, reason: string, options: BuiltInOptions) {
    this.#api = api;
    this.available = available;
    this.reason = reason;
    this.#options = options;
  }

  // A field, so that it can be handed on as `generate: model.generate`.
  readonly generate = (prompt: AnswerPrompt, { signal }: { signal: AbortSignal }): AsyncIterable<string> => {
    const own = this.#options.signal;
    return this.#stream(prompt, own ? AbortSignal.any([own, signal]) : signal);
  };

  async *#stream(prompt: AnswerPrompt, signal: AbortSignal): AsyncGenerator<string, void, void> {
    if (!this.#api || this.available !== "available") throw this.#refusal();
    const session = await this.#api.create({ initialPrompts: [{ role: "system", content: prompt.system }], signal });
    try {
      const reader = session.promptStreaming(prompt.user, { signal }).getReader();
      for (let piece = await reader.read(); !piece.done; piece = await reader.read()) yield piece.value;
    } finally {
      session.destroy();
    }
  }

  download(): Promise<void> {
    if (this.available === "available") return Promise.resolve();
    if (!this.#api || this.available === "unavailable") return Promise.reject(this.#refusal());
    this.#download ??= this.#fetch(this.#api).finally(() => (this.#download = null));
    return this.#download;
  }

  /** A session is what makes the browser download; it is not needed for longer. */
  async #fetch(api: LanguageModel): Promise<void> {
    const { onProgress, signal } = this.#options;
    const started = performance.now();
    const before = this.available;
    const report = (event: Event) => {
      const { loaded } = event as ProgressEvent;
      onProgress?.({ type: "built-in-download", share: Math.min(1, Math.max(0, loaded)), elapsedMs: performance.now() - started });
    };
    this.#become("downloading");
    try {
      const monitor = (target: EventTarget) => target.addEventListener("downloadprogress", report);
      const session = await abortable(api.create({ monitor, ...(signal && { signal }) }), signal);
      session.destroy();
      this.#become("available");
    } catch (cause) {
      this.#become(before);
      if (signal?.aborted) throw aborted(signal);
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new NearmissError("NETWORK", `the browser did not download its language model: ${why}`, { cause });
    }
  }

  #become(state: BuiltInState): void {
    this.available = state;
    this.reason = REASONS[state];
  }

  #refusal(): NearmissError {
    const advice = this.available === "downloadable" ? " Call download() from a click first." : "";
    return new NearmissError("INPUT_INVALID", this.reason + advice);
  }
}
