/** The page's side of the worker: the same interface as the host in this thread. */

import { aborted, disposed, invalid, NearmissError, unpackError } from "./errors.js";
import type { Args, Host, Method, Result } from "./host.js";
import { absolute } from "./model.js";
import type { Info, OpenOptions } from "./open.js";
import type { Created, Reply, Request, Work } from "./protocol.js";
import type { ProgressEvent, StorageState } from "./types.js";

/** Where the package comes from another origin than the page, what starts its workers. */
let fromElsewhere: (() => Worker) | null = null;

/** @internal For `cdn.ts`. */
export function startWorkersWith(start: () => Worker): void {
  fromElsewhere = start;
}

/** @throws {NearmissError} `NETWORK` where the browser may not start the worker from where it lies */
function spawn(): Worker {
  if (fromElsewhere) return fromElsewhere();
  try {
    // Kept in this form, as bundlers look for it.
    return new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
  } catch (cause) {
    throw new NearmissError("NETWORK", `the worker could not be started: ${Object(cause).message}. ${ELSEWHERE}`, { cause });
  }
}

const ELSEWHERE = "Browsers start workers from the page's own origin only: serve the package there, import dist/cdn.js, or use worker: false";

/** @param start what makes the worker, given for tests */
export async function createWorkerHost(options: OpenOptions, start: () => Worker = spawn): Promise<Host> {
  const { signal, onProgress, model, ...rest } = options;
  if (signal?.aborted) throw aborted(signal);
  const create = { ...rest, model: absolute(model) };
  const client = new WorkerHost(start(), onProgress);
  const abort = () => signal && client.end(aborted(signal));
  signal?.addEventListener("abort", abort, { once: true });
  try {
    return await client.open(create);
  } catch (error) {
    client.end(error as NearmissError);
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

/** One request to a worker of its own, which ends with it. */
export async function inWorker(work: Work, start: () => Worker = spawn): Promise<unknown> {
  const client = new WorkerHost(start());
  try {
    return await client.ask(work);
  } finally {
    client.end(disposed());
  }
}

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: NearmissError) => void;
}

class WorkerHost implements Host {
  info!: Info;
  storage: StorageState | null = null;
  readonly #listeners = new Set<(state: StorageState) => void>();
  readonly #worker: Worker;
  readonly #onProgress: ((event: ProgressEvent) => void) | undefined;
  readonly #pending = new Map<number, Waiting>();
  #count = 0;
  #ended: NearmissError | null = null;

  constructor(worker: Worker, onProgress?: (event: ProgressEvent) => void) {
    this.#worker = worker;
    this.#onProgress = onProgress;
    worker.addEventListener("message", (event: MessageEvent<Reply>) => this.#receive(event.data));
    worker.addEventListener("error", (event) => this.end(crash(event)));
    worker.addEventListener("messageerror", () => this.end(new NearmissError("INTERNAL", "the worker sent something that cannot be read")));
  }

  async open(create: Extract<Work, { create: unknown }>["create"]): Promise<this> {
    ({ info: this.info, storage: this.storage } = (await this.ask({ create })) as Created);
    return this;
  }

  call<M extends Method>(method: M, args: Args<M>, signal?: AbortSignal): Promise<Result<M>> {
    return this.ask({ method, args }, signal) as Promise<Result<M>>;
  }

  onStorage(listener: (state: StorageState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  checkpoint(): Promise<Uint8Array | null> {
    return this.ask({ stored: "checkpoint" }) as Promise<Uint8Array | null>;
  }

  exportStore(): Promise<Blob> {
    return this.ask({ stored: "exportStore" }) as Promise<Blob>;
  }

  async dispose(): Promise<void> {
    this.end(disposed());
  }

  /** Everything pending and to come rejects with this; terminating is what frees the worker's memory. */
  end(error: NearmissError): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#worker.terminate();
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  ask(work: Work, signal?: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#ended) return reject(this.#ended);
      if (signal?.aborted) return reject(aborted(signal));
      const id = ++this.#count;
      const abort = () => {
        this.#pending.delete(id);
        this.#worker.postMessage({ drop: id } satisfies Request);
        if (signal) reject(aborted(signal));
      };
      const forget = () => signal?.removeEventListener("abort", abort);
      try {
        this.#worker.postMessage({ id, ...work } satisfies Request);
      } catch (cause) {
        return reject(invalid("arguments", "hold something that cannot be sent to a worker, such as a function", cause));
      }
      signal?.addEventListener("abort", abort, { once: true });
      this.#pending.set(id, {
        resolve: (value) => (forget(), resolve(value)),
        reject: (error) => (forget(), reject(error)),
      });
    });
  }

  #receive(reply: Reply): void {
    if ("progress" in reply) {
      this.#onProgress?.(reply.progress);
      return;
    }
    if ("storage" in reply) {
      this.storage = reply.storage;
      for (const listener of this.#listeners) listener(reply.storage);
      return;
    }
    const waiting = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if ("error" in reply) waiting?.reject(unpackError(reply.error));
    else waiting?.resolve(reply.result);
  }
}

/** Also what a worker reports whose script cannot be loaded: then the event says nothing at all. */
function crash(event: ErrorEvent): NearmissError {
  const { message, filename, lineno, error } = event;
  const what = message ? `${message} (${filename}:${lineno})` : "its script could not be loaded (worker.js must be served beside index.js)";
  const stack = error instanceof Error && error.stack ? `\n${error.stack}` : "";
  return new NearmissError("INTERNAL", `the worker stopped: ${what}${stack}`, { cause: error ?? event });
}
