/** The one error class, and how anything thrown elsewhere becomes it. */

import type { ErrorCode } from "./types.js";

const CODES: ReadonlySet<string> = new Set<ErrorCode>([
  "WEBGPU_UNAVAILABLE", "DEVICE_LOST", "OUT_OF_MEMORY", "MODEL_INVALID", "MODEL_MISMATCH", "TOKENIZER_INVALID",
  "INPUT_INVALID", "INSUFFICIENT_DATA", "STORAGE_QUOTA", "STORAGE_CORRUPT", "NETWORK", "ABORTED", "DISPOSED", "INTERNAL",
]);

/**
 * Every failure of this package. Switch on `code`; `message` says what to do; `cause` is what was caught, if anything.
 *
 * An `ABORTED` error is named `AbortError`, so that code written for `fetch` recognises it.
 */
export class NearmissError extends Error {
  /** Stable: what went wrong, for programs; the message is for people. */
  readonly code: ErrorCode;

  /** For tests of code that handles them: those that you catch are made by this package. */
  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = code === "ABORTED" ? "AbortError" : "NearmissError";
    this.code = code;
  }
}

/** Shorthand for the most common refusal: names the field, then what is wrong with it. */
export function invalid(field: string, reason: string, cause?: unknown): NearmissError {
  return new NearmissError("INPUT_INVALID", `${field}: ${reason}`, cause === undefined ? undefined : { cause });
}

/** What is stored cannot be read. */
export function corrupt(reason: string, cause?: unknown): NearmissError {
  return new NearmissError("STORAGE_CORRUPT", reason, cause === undefined ? undefined : { cause });
}

const CANCELLED = "cancelled by its signal; call again to start anew";

export function aborted(signal?: AbortSignal): NearmissError {
  return new NearmissError("ABORTED", CANCELLED, { cause: signal?.reason });
}

export function disposed(): NearmissError {
  return new NearmissError("DISPOSED", "this instance was disposed of; create a new one");
}

/** Of an engine in this thread. A worker's page knows better: there another worker may follow. */
export const PANIC_ADVICE = "Documents and judgments that you hold are unharmed; create a new instance.";

/** Whatever was thrown, as a `NearmissError`. Keeps the code of an engine's error; what nobody foresaw is `INTERNAL`. */
export function toNearmissError(thrown: unknown): NearmissError {
  if (thrown instanceof NearmissError) return thrown;
  const { code, name } = Object(thrown) as { code?: unknown; name?: unknown };
  const message = thrown instanceof Error || hasMessage(thrown) ? thrown.message : String(thrown);
  if (typeof code === "string" && CODES.has(code)) return new NearmissError(code as ErrorCode, advised(code as ErrorCode, message), { cause: thrown });
  if (name === "AbortError") return new NearmissError("ABORTED", CANCELLED, { cause: thrown });
  if (isPanic(thrown)) {
    return new NearmissError("INTERNAL", `the engine stopped: ${message}. ${PANIC_ADVICE}\n${thrown.stack ?? ""}`, { cause: thrown });
  }
  if (thrown instanceof RangeError && /memory|allocation/i.test(message)) {
    return new NearmissError("OUT_OF_MEMORY", `${message}. Use fewer documents, or a smaller model.`, { cause: thrown });
  }
  return new NearmissError("INTERNAL", advised("INTERNAL", message), { cause: thrown });
}

/** What to do about an error of the engine, which knows what is wrong and not what a person can do here. Other codes' errors say it themselves. */
const ADVICE: Partial<Record<ErrorCode, string>> = {
  MODEL_INVALID: "Use the whole folder of a BERT-like sentence encoder, as it was published or exported.",
  MODEL_MISMATCH: "Create the instance with the model that it was made for, or train anew on this one.",
  TOKENIZER_INVALID: "Use the tokenizer.json that was published with the model.",
  INSUFFICIENT_DATA: "Add what is missing, then call again.",
  ABORTED: "Call again to start anew.",
  INTERNAL: "This should not happen: please report it.",
};

function advised(code: ErrorCode, message: string): string {
  const advice = ADVICE[code];
  return advice ? `${message.replace(/\.?$/, ".")} ${advice}` : message;
}

/** Of a wasm memory, which ends at 4 GiB: one that cannot grow by another large allocation. */
const ALMOST_FULL = 4 * 2 ** 30 - 2 ** 28;

/** The same for an engine that may know better: behind a panic stands a fault of the GPU, or a memory that is full. */
export function engineError(thrown: unknown, module: { fault?(): unknown; memory?(): number }): NearmissError {
  if (!isPanic(thrown)) return toNearmissError(thrown);
  const fault = module.fault?.();
  if (fault) {
    const { code, message } = toNearmissError(fault);
    return new NearmissError(code, message, { cause: thrown });
  }
  const bytes = module.memory?.() ?? 0;
  if (bytes < ALMOST_FULL) return toNearmissError(thrown);
  const reason = `the engine stopped: its memory is full (${bytes} bytes). Use fewer documents, a smaller model, or a smaller batchSize`;
  return new NearmissError("OUT_OF_MEMORY", `${reason}. ${PANIC_ADVICE}\n${thrown.stack ?? ""}`, { cause: thrown });
}

/** A Rust panic ends its wasm instance: nothing may call into it again. */
export function isPanic(thrown: unknown): thrown is Error {
  return thrown instanceof WebAssembly.RuntimeError;
}

function hasMessage(thrown: unknown): thrown is { message: string } {
  return typeof (Object(thrown) as { message?: unknown }).message === "string";
}

/** A `NearmissError` as it crosses between threads: structured cloning would drop its code. */
export interface PackedError {
  code: ErrorCode;
  message: string;
  stack: string | undefined;
  cause: { name: string; message: string; stack: string | undefined } | null;
}

export function packError(thrown: unknown): PackedError {
  const { code, message, stack, cause } = toNearmissError(thrown);
  const packed = cause instanceof Error ? { name: cause.name, message: cause.message, stack: cause.stack } : null;
  return { code, message, stack, cause: packed };
}

export function unpackError({ code, message, stack, cause }: PackedError): NearmissError {
  const original = cause && Object.assign(new Error(cause.message), { name: cause.name, stack: cause.stack });
  const error = new NearmissError(code, message, original ? { cause: original } : undefined);
  return Object.assign(error, { stack: stack ?? error.stack });
}
