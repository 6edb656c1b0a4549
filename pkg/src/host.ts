/** Who owns the engine. The facade speaks to a `Host` and cannot tell whether it runs here or in a worker. */

import type { Engine, EngineModule } from "./engine.js";
import { disposed, engineError, invalid, isPanic, type NearmissError } from "./errors.js";
import { openEngine, SEAMS, type Info, type OpenOptions, type Seams } from "./open.js";
import { memoryOf } from "./memory.js";
import { guarded } from "./panics.js";
import { breathe } from "./platform.js";
import { SerialQueue } from "./queue.js";
import { openStore } from "./storage/index.js";
import { openStored } from "./stored/host.js";
import type { MemoryInfo, StorageState } from "./types.js";

/** What may be asked of an engine from outside; its life and death are the host's. */
export type Method = Exclude<keyof Engine, "free">;
export type Args<M extends Method> = Parameters<Engine[M]>;
export type Result<M extends Method> = Awaited<ReturnType<Engine[M]>>;

/** Calls that come in long rows and each take a while. */
const LONG: ReadonlySet<Method> = new Set<Method>(["next", "encode", "encodeBase"]);

/** The engine's own default. */
const GRAPH_FROM = 50_000;

export interface Host {
  readonly info: Info;
  /** Null where nothing is stored. */
  readonly storage: StorageState | null;
  /** What ended it other than `dispose`: nothing more can be asked of it. */
  readonly failed: NearmissError | null;
  /** Called with each new state until the function that comes back is called. */
  onStorage(listener: (state: StorageState) => void): () => void;
  /** Of a training that was broken off, from the store. */
  checkpoint(): Promise<Uint8Array | null>;
  /** The whole store as one file. */
  exportStore(): Promise<Blob>;
  /** What it takes. */
  memory(): Promise<MemoryInfo>;
  /**
   * One call into the engine, after those before it. As a job is pulled call by call, others run in between.
   *
   * @param signal rejects at once and leaves a waiting call out; a call under way ends, but its result is dropped
   */
  call<M extends Method>(method: M, args: Args<M>, signal?: AbortSignal): Promise<Result<M>>;
  /** Rejects everything pending and to come with `DISPOSED`, and frees the engine. May be called again. */
  dispose(): Promise<void>;
}

/** An engine in this thread, with a store if one is asked for. */
export async function createHost(options: OpenOptions, seams: Seams = SEAMS): Promise<Host> {
  const { storage, onProgress, signal } = options;
  // First, so that a store that cannot be had is heard of before a model is loaded for it.
  const store = storage === undefined ? null : await (seams.openStore ?? openStore)(storage, signal ? { signal } : {});
  try {
    const { engine, module, info } = await openEngine(options, seams);
    const host = new EngineHost(engine, module, info, options.graphFrom);
    return store ? await openStored(host, store, { onProgress, signal }) : host;
  } catch (error) {
    await store?.close();
    throw error;
  }
}

class EngineHost implements Host {
  readonly info: Info;
  readonly storage = null;
  readonly #engine: Engine;
  readonly #module: EngineModule;
  readonly #graphFrom: number;
  readonly #queue = new SerialQueue();
  failed: NearmissError | null = null;
  #ended: Promise<void> | null = null;

  constructor(engine: Engine, module: EngineModule, info: Info, graphFrom = GRAPH_FROM) {
    this.#engine = engine;
    this.#module = module;
    this.#graphFrom = graphFrom;
    this.info = info;
  }

  call<M extends Method>(method: M, args: Args<M>, signal?: AbortSignal): Promise<Result<M>> {
    return this.#queue.add(() => this.#run(method, args), signal);
  }

  onStorage(): () => void {
    return () => {};
  }

  async checkpoint(): Promise<null> {
    return null;
  }

  async exportStore(): Promise<never> {
    throw invalid("storage", "nothing is stored: create the instance with the option storage");
  }

  memory(): Promise<MemoryInfo> {
    return this.#queue.add(() => ({ ...memoryOf(this.#engine, this.#module.memory?.() ?? 0, this.#graphFrom), store: null }));
  }

  async #run<M extends Method>(method: M, args: Args<M>): Promise<Result<M>> {
    // Batch after batch would otherwise keep every timer, message and signal out.
    if (LONG.has(method)) await breathe();
    try {
      const work = this.#engine[method] as (...args: Args<M>) => Result<M> | Promise<Result<M>>;
      return await guarded(() => work.apply(this.#engine, args));
    } catch (thrown) {
      const error = engineError(thrown, this.#module);
      if (isPanic(thrown)) this.#fail(error);
      throw error;
    }
  }

  /** After a panic the engine must not be entered again, not even to free it. */
  #fail(error: NearmissError): void {
    this.failed ??= error;
    this.#ended ??= Promise.resolve();
    void this.#queue.close(error);
  }

  dispose(): Promise<void> {
    this.#ended ??= this.#queue.close(disposed()).then(() => this.#engine.free());
    return this.#ended;
  }
}
