/** What the two sides of the worker say to each other. */

import type { PackedError } from "./errors.js";
import type { Method } from "./host.js";
import type { Managing } from "./stored/manage.js";
import type { Info, OpenOptions } from "./open.js";
import type { ModelInfo, NetworkRequest, ProgressEvent, StorageState } from "./types.js";

/** What can be asked for. `create` comes first, once, and results in `Created`. */
export type Work =
  | { create: Omit<OpenOptions, "signal" | "onProgress" | "onRequest">; /** The lock that the worker holds while it lives. */ life?: string; /** Tell of requests. */ requests?: boolean }
  | { method: Method; args: unknown[] }
  | { host: "checkpoint" | "exportStore" | "memory" }
  /** Needs no engine. */
  | { managing: Managing; args: unknown[] };

/** What a creation came to. */
export interface Created {
  info: Info;
  storage: StorageState | null;
}

export type Request =
  | ({ id: number } & Work)
  /** The caller of this earlier request no longer waits. */
  | { drop: number };

export type Reply =
  | { id: number; result: unknown }
  /** `failed`: nothing more can be asked of this worker. */
  | { id: number; error: PackedError; failed?: boolean }
  /** It holds its lock from now on. */
  | { alive: true }
  | { progress: ProgressEvent }
  | { request: NetworkRequest }
  /** With the encoder in use, which may be that of another tab's weights. */
  | { storage: StorageState; model: ModelInfo }
  /** An error that no call was waiting for, with its stack: browsers give pages none with a worker's `error` event. */
  | { stray: PackedError };

/** The part of a worker, or of its global scope, that carries messages. */
export interface Port<Out> {
  postMessage(message: Out, transfer: Transferable[]): void;
  addEventListener(type: "message", listener: (event: MessageEvent) => void): void;
}

/**
 * Buffers that may move instead of being copied: those of arrays that fill them, so never the wasm memory. Looked for in the
 * value, its fields, and the fields of a list's items: vectors, the bytes of a checkpoint, the files of an exported folder.
 */
export function transferables(value: unknown): Transferable[] {
  const values = Array.isArray(value) ? value.flatMap(withFields) : withFields(value);
  const arrays = values.filter((v) => v instanceof Float32Array || v instanceof Uint8Array);
  const whole = arrays.filter((a) => a.buffer instanceof ArrayBuffer && a.byteLength === a.buffer.byteLength);
  return [...new Set(whole.map((array) => array.buffer as ArrayBuffer))];
}

/** The fields of a typed array are its numbers, which hold no buffer. */
function withFields(value: unknown): unknown[] {
  if (value === null || typeof value !== "object") return [];
  return ArrayBuffer.isView(value) ? [value] : [value, ...Object.values(value)];
}
