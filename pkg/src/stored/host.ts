/** A host whose documents, judgments, embeddings, weights and checkpoints are in a store. */

import { aborted, disposed, invalid, toNearmissError } from "../errors.js";
import type { JobEvent } from "../engine.js";
import type { Args, Host, Method, Result } from "../host.js";
import type { Info } from "../open.js";
import { SerialQueue } from "../queue.js";
import { encode, exportStore, type Store } from "../storage/index.js";
import type { MemoryInfo, ModelInfo, ProgressEvent, StorageState } from "../types.js";
import { changes, needsWriter, reweighs } from "./changes.js";
import { apply, nothing, type Checkpoint, type Restored } from "./restore.js";
import { checkpointRecord, header, snapshot, vectors } from "./snapshot.js";

/** Embeddings that a tab which dies may have to make again. */
const UNSAVED_ROWS = 256;
/** A store is rewritten when it is opened, where more than this and half of it is what later records replace. */
const WORTH_REWRITING = 8 << 20;

export interface StoredOptions {
  onProgress?: ((event: ProgressEvent) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Takes the store's contents into an engine, and writes down what changes from then on.
 *
 * @throws {NearmissError} `STORAGE_CORRUPT`, `STORAGE_QUOTA`, `ABORTED`
 */
export async function openStored(inner: Host, store: Store, options: StoredOptions = {}): Promise<Host> {
  const host = new StoredHost(inner, store);
  try {
    await host.restore(options);
    return host;
  } catch (error) {
    await host.dispose();
    throw error;
  }
}

class StoredHost implements Host {
  readonly #inner: Host;
  readonly #store: Store;
  readonly #queue = new SerialQueue();
  readonly #listeners = new Set<(state: StorageState) => void>();
  readonly #forget: () => void;
  #kept: Restored = nothing();
  /** As it was last seen: trained weights in the store make another model of the one that was loaded. */
  #model: ModelInfo;
  #unsaved: StorageState["unsaved"] = null;
  #leftOut: string | null = null;
  /** Weights may have changed since they were written. */
  #reweighed = false;
  /** The graph over the embeddings has changed since it was written. */
  #regrown = false;
  #ended: Promise<void> | null = null;

  constructor(inner: Host, store: Store) {
    this.#inner = inner;
    this.#store = store;
    this.#model = inner.info.model;
    this.#forget = store.onChange((what) => {
      // After whatever is under way here; a host that has ended follows nobody.
      void this.#queue.add(() => this.#follow(what)).catch(() => {});
    });
  }

  get info(): Info {
    return { ...this.#inner.info, model: this.#model };
  }

  get storage(): StorageState {
    const { name, kind, reason, role, bytes } = this.#store;
    return { name, kind, reason, role, bytes, unsaved: this.#unsaved, leftOut: this.#leftOut, trained: this.#trained, checkpoint: this.#kept.checkpoint?.step ?? null };
  }

  get failed(): Host["failed"] {
    return this.#inner.failed;
  }

  get #trained(): boolean {
    return this.#leftOut === null && (this.#kept.weights ?? []).length > 0;
  }

  onStorage(listener: (state: StorageState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async checkpoint(): Promise<Uint8Array | null> {
    return this.#queue.add(() => this.#kept.checkpoint?.bytes.slice() ?? null);
  }

  async exportStore(): Promise<Blob> {
    return this.#queue.add(() => exportStore(this.#store));
  }

  async memory(): Promise<MemoryInfo> {
    return { ...(await this.#inner.memory()), store: this.#store.bytes };
  }

  call<M extends Method>(method: M, args: Args<M>, signal?: AbortSignal): Promise<Result<M>> {
    return this.#queue.add(() => this.#run(method, args), signal);
  }

  dispose(): Promise<void> {
    this.#ended ??= this.#close();
    return this.#ended;
  }

  async #close(): Promise<void> {
    this.#forget();
    // What runs may still be waiting for the engine, which ends with it.
    const closing = this.#queue.close(disposed());
    await this.#inner.dispose();
    await closing;
    await this.#store.close();
  }

  async restore({ onProgress, signal }: StoredOptions): Promise<void> {
    const started = performance.now();
    const total = this.#store.bytes;
    let [loaded, records] = [0, 0];
    for await (const record of this.#store.read()) {
      if (signal?.aborted) throw aborted(signal);
      await apply(record, this.#inner, this.#kept);
      loaded += record.length;
      records += 1;
      onProgress?.({ type: "restore", loaded, total, elapsedMs: performance.now() - started });
    }
    await this.#takeWeights();
    await this.#index({ onProgress, signal });
    await this.#look();
    if (this.#store.role !== "writer") return;
    if (records === 0) await this.#append([encode(header((await this.#inner.call("info", [])).model.loaded))]);
    else if (this.#kept.superseded > Math.max(WORTH_REWRITING, total / 2)) await this.#rewrite();
  }

  async #run<M extends Method>(method: M, args: Args<M>): Promise<Result<M>> {
    if (needsWriter(method, args) && this.#store.role !== "writer") {
      throw invalid(method, `another tab has the store "${this.#store.name}" open and writes to it; go on there, or close it`);
    }
    // Written first: what was acknowledged is on disk, and what cannot be written is not done.
    if (changes(method)) await this.#append([encode({ type: "call", data: { method, args } })]);
    const result = await this.#inner.call(method, args);
    if (reweighs(method)) this.#reweighed = true;
    if (method === "next") await this.#after(result as JobEvent | null);
    return result;
  }

  /** Keeps what a piece of work came to. That it cannot be kept is no reason to lose it. */
  async #after(event: JobEvent | null): Promise<void> {
    // Before anybody is told: who hears of a change of weights looks for the model that they make.
    if (event?.type === "indexed" || event?.type === "verdict") await this.#look();
    if (this.#store.role !== "writer") return;
    try {
      if (event?.type === "checkpoint") await this.#saveCheckpoint({ step: event.step, bytes: event.bytes.slice() });
      if (event?.type === "verdict") await this.#saveCheckpoint(null);
      if (event?.type === "graph") this.#regrown = true;
      if (event?.type === "indexed" && this.#regrown) await this.#saveGraph();
      if (event?.type === "verdict" || (event?.type === "indexed" && this.#reweighed)) await this.#saveWeights();
      const closed = event === null || event.type === "indexed" || event.type === "verdict";
      if (closed || event.type === "encode") await this.#saveVectors(closed ? 1 : UNSAVED_ROWS);
      if (closed) this.#tell(null);
    } catch (error) {
      const { code, message } = toNearmissError(error);
      this.#tell({ code, message });
    }
  }

  async #saveCheckpoint(checkpoint: Checkpoint | null): Promise<void> {
    if (checkpoint === null && this.#kept.checkpoint === null) return;
    await this.#append([encode(checkpointRecord(checkpoint))]);
    this.#kept.superseded += this.#kept.checkpoint?.bytes.length ?? 0;
    this.#kept.checkpoint = checkpoint;
    this.#tell(this.#unsaved);
  }

  async #saveGraph(): Promise<void> {
    const graph = await this.#inner.call("graph", []);
    this.#regrown = false;
    if (!graph) return;
    await this.#append([encode({ type: "graph", parts: [graph] })]);
    this.#kept.superseded += this.#kept.graph?.length ?? 0;
    this.#kept.graph = graph;
  }

  async #saveWeights(): Promise<void> {
    const files = await this.#inner.call("weights", []);
    await this.#append([encode({ type: "weights", parts: files })]);
    this.#kept.weights = files;
    this.#leftOut = null;
    this.#reweighed = false;
    this.#tell(this.#unsaved);
  }

  /** Those that the store has not, if there are so many. */
  async #saveVectors(least: number): Promise<void> {
    const { model } = await this.#inner.call("info", []);
    for (const fingerprint of new Set([model.loaded, model.fingerprint])) {
      const from = this.#kept.rows.get(fingerprint) ?? 0;
      const rows = await this.#inner.call("vectors", [fingerprint, from]);
      if (rows.keys.length < least) continue;
      await this.#append([...vectors(fingerprint, rows)]);
      this.#kept.rows.set(fingerprint, from + rows.keys.length);
    }
  }

  async #append(records: Uint8Array[]): Promise<void> {
    await this.#store.append(records);
  }

  /** What was removed is gone with it, embeddings too. */
  async #rewrite(): Promise<void> {
    await this.#inner.call("pruneVectors", []);
    const rows = new Map<string, number>();
    await this.#store.replace(snapshot(this.#inner, this.#kept.checkpoint, rows));
    this.#kept.rows = rows;
    this.#kept.superseded = 0;
  }

  /** Puts stored weights into use, and a stored graph, behind what is loaded already. */
  async #takeWeights(): Promise<void> {
    const { weights: files, graph } = this.#kept;
    if (graph) await this.#inner.call("putGraph", [graph]);
    if (files !== null) await this.#importWeights(files);
  }

  /**
   * Makes weights and graph from the store the ones in use, and the embeddings that are still missing: whoever added documents may have
   * been closed in the middle. A reader leaves those to the writer, whose embeddings reach it through the store.
   */
  async #index({ onProgress, signal }: StoredOptions = {}): Promise<void> {
    const { weights, graph } = this.#kept;
    const unfinished = this.#store.role === "writer" && (await this.#inner.call("unencoded", [])).length > 0;
    if (weights === null && graph === null && !unfinished) return;
    await this.#inner.call("start", [{ kind: "index" }]);
    for (let event = await this.#inner.call("next", []); event; event = await this.#inner.call("next", [])) {
      if (unfinished) await this.#after(event);
      if (signal?.aborted) throw aborted(signal);
      if (event.type === "encode" || event.type === "graph") onProgress?.(event);
    }
  }

  async #look(): Promise<void> {
    this.#model = (await this.#inner.call("info", [])).model;
  }

  async #importWeights(files: Uint8Array[]): Promise<void> {
    try {
      await this.#inner.call("resetWeights", []);
      for (const file of files) await this.#inner.call("import", [file]);
      this.#leftOut = null;
    } catch (error) {
      const { code, message } = toNearmissError(error);
      if (code !== "MODEL_MISMATCH" && code !== "MODEL_INVALID") throw error;
      this.#leftOut = `the trained weights in the store do not fit this model: ${message}`;
    }
  }

  /** Another tab has written, or has left the writing to this one. */
  async #follow(what: "records" | "replaced" | "role"): Promise<void> {
    if (what === "replaced") {
      // What came between was read by nobody here: everything anew. Embeddings stay, they have keys.
      const documents = await this.#inner.call("documents", []);
      await this.#inner.call("removeDocuments", [documents.map((document) => document.id)]);
      this.#kept = { ...nothing(), rows: new Map() };
    }
    const before = this.#kept.weights;
    for await (const record of this.#store.read()) await apply(record, this.#inner, this.#kept);
    if (this.#kept.weights !== before) {
      await this.#takeWeights();
      await this.#index();
      await this.#look();
    }
    this.#tell(this.#unsaved);
  }

  #tell(unsaved: StorageState["unsaved"]): void {
    this.#unsaved = unsaved;
    for (const listener of this.#listeners) listener(this.storage);
  }
}
