/** A worker that has died is followed by another one with what is stored; where nothing is stored, it is said what is lost. */

import type { WorkerHost } from "./client.js";
import { disposed, NearmissError } from "./errors.js";
import type { Args, Host, Method, Result } from "./host.js";
import type { Info } from "./open.js";
import { abortable } from "./platform.js";
import type { MemoryInfo, StorageState } from "./types.js";

/** Calls that belong to a job: they mean nothing to an engine that has not begun it. */
const OF_A_JOB: ReadonlySet<Method> = new Set<Method>(["next", "cancel", "putScores"]);

/** A dead worker's locks are free soon after it; so long its follower may take to become the writer of the store. */
const WRITER_WITHIN_MS = 5000;

export class RevivingHost implements Host {
  readonly #listeners = new Set<(state: StorageState) => void>();
  readonly #reopen: ((signal: AbortSignal) => Promise<WorkerHost>) | null;
  readonly #end = new AbortController();
  #worker: WorkerHost;
  #opening: Promise<WorkerHost> | null = null;
  /** The one that the job under way was started in. */
  #jobOf: WorkerHost | null = null;

  /** @param reopen makes another worker over the same store, unless aborted; null where there is none that outlives a worker */
  constructor(worker: WorkerHost, reopen: ((signal: AbortSignal) => Promise<WorkerHost>) | null) {
    this.#worker = worker;
    this.#reopen = reopen;
    this.#listen();
  }

  get info(): Info {
    return this.#worker.info;
  }

  get storage(): StorageState | null {
    return this.#worker.storage;
  }

  get failed(): NearmissError | null {
    return this.#reopen ? null : this.#worker.failed;
  }

  onStorage(listener: (state: StorageState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  call<M extends Method>(method: M, args: Args<M>, signal?: AbortSignal): Promise<Result<M>> {
    if (OF_A_JOB.has(method)) return (this.#jobOf ?? this.#worker).call(method, args, signal);
    return this.#use((worker) => {
      if (method === "start") this.#jobOf = worker;
      return worker.call(method, args, signal);
    }, signal);
  }

  checkpoint(): Promise<Uint8Array | null> {
    return this.#use((worker) => worker.checkpoint());
  }

  exportStore(): Promise<Blob> {
    return this.#use((worker) => worker.exportStore());
  }

  memory(): Promise<MemoryInfo> {
    return this.#use((worker) => worker.memory());
  }

  async dispose(): Promise<void> {
    this.#end.abort(disposed());
    // One that is being opened is ended too, or is this one by now.
    await this.#opening?.catch(() => {});
    await this.#worker.dispose();
  }

  /** At once while the worker lives, so that calls keep their order; else behind the one that follows it. */
  #use<T>(work: (worker: WorkerHost) => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#end.signal.aborted || !this.#reopen || (!this.#worker.failed && !this.#opening)) return work(this.#worker);
    this.#opening ??= this.#follow(this.#reopen).finally(() => (this.#opening = null));
    return abortable(this.#opening.then(work), signal);
  }

  async #follow(reopen: (signal: AbortSignal) => Promise<WorkerHost>): Promise<WorkerHost> {
    const { signal } = this.#end;
    const before = this.#worker.storage?.role;
    await abortable(this.#worker.over, signal).catch(() => {});
    if (signal.aborted) throw disposed();
    const worker = await reopen(signal).catch((error: unknown) => {
      throw signal.aborted ? disposed() : error;
    });
    this.#worker = worker;
    if (signal.aborted) throw disposed();
    this.#listen();
    if (before === "writer") await writer(worker, signal);
    this.#tell(worker);
    return worker;
  }

  #listen(): void {
    const worker = this.#worker;
    worker.onStorage(() => this.#tell(worker));
  }

  #tell({ storage }: WorkerHost): void {
    if (storage) for (const listener of this.#listeners) listener(storage);
  }
}

/** Waits until the worker writes the store. Another tab may have taken that over: then it stays a reader. */
function writer(worker: WorkerHost, signal: AbortSignal): Promise<void> {
  if (worker.storage?.role === "writer") return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stop();
      signal.removeEventListener("abort", done);
      resolve();
    };
    signal.addEventListener("abort", done);
    const timer = setTimeout(done, WRITER_WITHIN_MS);
    const stop = worker.onStorage(({ role }) => role === "writer" && done());
  });
}
