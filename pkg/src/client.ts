/** The page's side of the worker: the same interface as the host in this thread. */

import { checkChoice } from "./device.js";
import { aborted, disposed, invalid, NearmissError, PANIC_ADVICE, unpackError } from "./errors.js";
import type { Args, Host, Method, Result } from "./host.js";
import { lifeName, onDeath } from "./life.js";
import { absolute } from "./model.js";
import type { Info, OpenOptions } from "./open.js";
import type { Created, Reply, Request, Work } from "./protocol.js";
import { RevivingHost } from "./reviving.js";
import type { MemoryInfo, StorageState } from "./types.js";

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
  const { signal, onProgress, onRequest, model, ...rest } = options;
  if (signal?.aborted) throw aborted(signal);
  if (options.device !== undefined) checkChoice(options.device);
  const create = { ...rest, model: absolute(model) };
  const stored = options.storage !== undefined && !options.storage.startsWith("memory:") ? options.storage : null;
  const told = { onProgress, onRequest };
  const first = await openWorker(new WorkerHost(start(), told, stored), create, signal);
  // Where the browser keeps nothing, a store ends with its worker although it was asked to outlive it.
  const outlives = stored !== null && first.storage?.kind !== "memory";
  return new RevivingHost(first, outlives ? (signal) => openWorker(new WorkerHost(start(), told, stored), create, signal) : null);
}

async function openWorker(worker: WorkerHost, create: Extract<Work, { create: unknown }>["create"], signal?: AbortSignal): Promise<WorkerHost> {
  const abort = () => signal && worker.end(aborted(signal));
  signal?.addEventListener("abort", abort, { once: true });
  try {
    return await worker.open(create);
  } catch (error) {
    worker.end(error as NearmissError);
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

/** A terminated worker is gone within milliseconds. Whoever disposes of it is not kept waiting by a browser that does not say so. */
const GONE_WITHIN_MS = 2000;

/** What a caller wants to hear beside results. */
type Told = { [name in "onProgress" | "onRequest"]?: OpenOptions[name] | undefined };

interface Waiting {
  resolve: (value: unknown) => void;
  reject: (error: NearmissError) => void;
}

export class WorkerHost implements Host {
  info!: Info;
  storage: StorageState | null = null;
  failed: NearmissError | null = null;
  readonly #life = lifeName();
  /** The store that the next worker will find, if there is one. */
  readonly #stored: string | null;
  #died: () => void = () => {};
  #watched = false;
  #opened = false;
  /** Resolves once the worker is certain to be gone, with its locks and files; at once where the browser cannot tell. */
  readonly over: Promise<void>;
  readonly #listeners = new Set<(state: StorageState) => void>();
  readonly #worker: Worker;
  readonly #told: Told;
  readonly #pending = new Map<number, Waiting>();
  #count = 0;
  #ended: NearmissError | null = null;

  constructor(worker: Worker, told: Told = {}, stored: string | null = null) {
    this.#worker = worker;
    this.#told = told;
    this.#stored = stored;
    this.over = new Promise((resolve) => (this.#died = resolve));
    worker.addEventListener("message", (event: MessageEvent<Reply>) => this.#receive(event.data));
    worker.addEventListener("error", (event) => this.#fail(crash(event)));
    worker.addEventListener("messageerror", () => this.#fail(new NearmissError("INTERNAL", "the worker sent something that cannot be read")));
  }

  async open(create: Extract<Work, { create: unknown }>["create"]): Promise<this> {
    ({ info: this.info, storage: this.storage } = (await this.ask({ create, life: this.#life, requests: this.#told.onRequest !== undefined })) as Created);
    this.#opened = true;
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
    return this.ask({ host: "checkpoint" }) as Promise<Uint8Array | null>;
  }

  exportStore(): Promise<Blob> {
    return this.ask({ host: "exportStore" }) as Promise<Blob>;
  }

  memory(): Promise<MemoryInfo> {
    return this.ask({ host: "memory" }) as Promise<MemoryInfo>;
  }

  /** Resolves when the worker is gone, so that its store can be opened or deleted at once. */
  async dispose(): Promise<void> {
    this.end(disposed());
    await within(GONE_WITHIN_MS, this.over);
  }

  /** Everything pending and to come rejects with this; terminating is what frees the worker's memory. */
  end(error: NearmissError): void {
    if (this.#ended) return;
    this.#ended = error;
    this.#worker.terminate();
    if (!this.#watched) this.#died();
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  /** The end that nobody asked for. What is lost is said of an instance only: while one is being made, nothing is. */
  #fail(error: NearmissError): void {
    if (this.#ended) return;
    this.failed = this.#opened ? withAdvice(error, this.#stored) : error;
    this.end(this.failed);
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
      this.#told.onProgress?.(reply.progress);
      return;
    }
    if ("request" in reply) {
      this.#told.onRequest?.(reply.request);
      return;
    }
    if ("stray" in reply) {
      this.#fail(unpackError(reply.stray));
      return;
    }
    if ("alive" in reply) {
      this.#watch();
      return;
    }
    if ("storage" in reply) {
      this.storage = reply.storage;
      this.info = { ...this.info, model: reply.model };
      for (const listener of this.#listeners) listener(reply.storage);
      return;
    }
    if ("error" in reply && (reply.failed || this.#useless(reply.error.code))) {
      this.#fail(unpackError(reply.error));
      return;
    }
    const waiting = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if ("error" in reply) waiting?.reject(unpackError(reply.error));
    else waiting?.resolve(reply.result);
  }

  /** A GPU that is lost, or was full, stays so for its worker. Without a store the documents in it are worth more than another GPU. */
  #useless(code: NearmissError["code"]): boolean {
    return this.#stored !== null && (code === "DEVICE_LOST" || (code === "OUT_OF_MEMORY" && this.info?.device.kind === "webgpu"));
  }

  #watch(): void {
    this.#watched = true;
    onDeath(this.#life, () => {
      this.#died();
      this.#fail(new NearmissError("INTERNAL", "the worker stopped without a word: it was ended from outside, or ran out of memory"));
    });
  }
}

/** What the page's own event says: only of a script that could not be run, as a worker that runs reports errors itself. */
function crash(event: ErrorEvent): NearmissError {
  const { message, filename, lineno } = event;
  if (message) return new NearmissError("INTERNAL", `the worker stopped: ${message} (${filename}:${lineno})`, { cause: event });
  return new NearmissError("NETWORK", `the worker could not be started: its script, or one that it imports, could not be loaded. ${UNSERVED}`, { cause: event });
}

const UNSERVED =
  "dist/worker.js must be served with the files beside it, as bundlers do that follow new URL(…, import.meta.url), and a Content-Security-Policy must allow it (worker-src, script-src). worker: false does without";

/** Settles as the promise does, or when this time has passed. */
async function within(ms: number, promise: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  await Promise.race([promise, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}

/** What is lost and what to do, before the stack. */
function withAdvice(error: NearmissError, stored: string | null): NearmissError {
  const advice = stored
    ? `The next call starts another worker with what is stored in "${stored}"; of a training that was open, what came after its last checkpoint is lost.`
    : "Documents, judgments and trained weights of this instance are lost, as nothing stores them (option storage). Create a new instance and add them again.";
  const [first = "", ...rest] = error.message.split("\n");
  const message = [`${first.replace(PANIC_ADVICE, "").trim().replace(/[^.]$/, "$&.")} ${advice}`, ...rest].join("\n");
  return Object.assign(new NearmissError(error.code, message, { cause: error.cause }), { stack: error.stack });
}
