/** What the commands have in common: an engine with its documents encoded, a cache, and progress on standard error. */

import { readFile } from "node:fs/promises";
import type { Readable, Writable } from "node:stream";
import { defined } from "../checks.js";
import type { Job, JobEvent } from "../engine.js";
import { invalid, NearmissError, toNearmissError } from "../errors.js";
import { createHost, type Host } from "../host.js";
import { runJob, type Closed, type Closing } from "../jobs.js";
import { SEAMS, type Seams } from "../open.js";
import type { DeviceInfo, Document, Judgment, ModelInfo, Precision, ProgressEvent } from "../types.js";
import type { Args } from "./args.js";
import { cachePath, readCache, writeCache, type Rows } from "./cache.js";
import { peakMemoryBytes, Progress } from "./output.js";
import { spawnThread, ThreadPool, type Spawn } from "./threads.js";

/** Everything outside the command. Tests pass their own. */
export interface Io {
  stdin: Readable;
  stdout: Writable;
  stderr: Writable & { isTTY?: boolean };
  /** Aborts when the person presses Ctrl-C. */
  signal: AbortSignal;
  seams?: Seams;
  spawn?: Spawn;
}

export async function readAdapter(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    throw invalid("--adapter", (cause as Error).message, cause);
  }
}

/** What makes embeddings what they are, adapter aside. */
function encoderOf(args: Args) {
  return { model: args.text("model"), maxLength: args.number("max-length"), precision: args.text("precision") as Precision | undefined };
}

export class Session {
  readonly host: Host;
  readonly model: ModelInfo;
  readonly progress: Progress;
  readonly #args: Args;
  readonly #io: Io;
  readonly #started: number;
  #cached = 0;

  private constructor(host: Host, model: ModelInfo, started: number, args: Args, io: Io) {
    this.host = host;
    this.model = model;
    this.progress = new Progress(io.stderr);
    this.#started = started;
    this.#args = args;
    this.#io = io;
  }

  static async open(args: Args, io: Io, started: number): Promise<Session> {
    const host = await createHost({ ...defined(encoderOf(args)), device: "cpu", signal: io.signal }, io.seams ?? SEAMS);
    try {
      const adapter = args.text("adapter");
      if (adapter !== undefined) await host.call("import", [await readAdapter(adapter)]);
      const { model } = await host.call("info", []);
      return new Session(host, model, started, args, io);
    } catch (error) {
      await host.dispose();
      throw error;
    }
  }

  get signal(): AbortSignal {
    return this.#io.signal;
  }

  get device(): DeviceInfo {
    return this.host.info.device;
  }

  /** What every JSON result ends with. */
  cost(): { elapsedMs: number; peakMemoryBytes: number } {
    return { elapsedMs: Math.round(performance.now() - this.#started), peakMemoryBytes: peakMemoryBytes() };
  }

  async fill(documents: Document[], judgments: Judgment[] = []): Promise<void> {
    if (documents.length === 0) throw new NearmissError("INSUFFICIENT_DATA", "corpus.jsonl holds no documents");
    await this.host.call("addDocuments", [documents]);
    if (judgments.length > 0) await this.host.call("addJudgments", [judgments]);
  }

  /** Gives every document its embedding: from the cache, from threads, or here. What was done is kept even on Ctrl-C. */
  async index(): Promise<void> {
    await this.#loadCache();
    try {
      if (this.workers > 1) await this.#encodeInThreads();
      await this.run({ kind: "index" });
    } finally {
      await this.saveCache();
    }
  }

  run<K extends keyof Closing>(job: Job & { kind: K }): Promise<Closed<K>> {
    return runJob<K>(this.host, job, { signal: this.signal, onProgress: (event) => this.report(event) });
  }

  report(event: ProgressEvent | JobEvent): void {
    if (event.type === "encode") this.progress.update(`encoding ${event.stage}`, event.done, event.total);
    if (event.type === "search") this.progress.update("searching", event.done, event.total);
  }

  get workers(): number {
    return this.#args.number("workers") ?? 1;
  }

  openThreads(): Promise<ThreadPool> {
    const setup = { ...encoderOf(this.#args), adapter: this.#args.text("adapter") };
    return ThreadPool.open(this.workers, setup, this.model.fingerprint, this.#io.spawn ?? spawnThread);
  }

  async close(): Promise<void> {
    this.progress.end();
    await this.host.dispose();
  }

  async #encodeInThreads(): Promise<void> {
    const texts = await this.host.call("unencoded", []);
    if (texts.length === 0) return;
    const pool = await this.openThreads();
    let done = 0;
    const take = async (positions: number[], vectors: Float32Array) => {
      await this.host.call("loadVectors", [positions.map((at) => texts[at] ?? ""), "document", vectors]);
      done += positions.length;
      this.progress.update("encoding documents", done, texts.length);
    };
    try {
      await pool.encode({ method: "encodeBase", texts, as: "document" }, take, this.signal);
    } finally {
      await pool.close();
    }
  }

  /** Null without `--cache`. */
  cachePath(kind: string): string | null {
    const folder = this.#args.text("cache");
    return folder === undefined ? null : cachePath(folder, this.model.fingerprint, kind);
  }

  /** What the file holds; a warning and nothing when it is damaged. */
  async readCache(kind: string): Promise<Rows | null> {
    const path = this.cachePath(kind);
    try {
      return path === null ? null : await readCache(path, this.model.dimensions);
    } catch (error) {
      this.#warn(error);
      return null;
    }
  }

  /** A cache that cannot be written costs time, not the result. */
  async writeCache(kind: string, rows: Rows): Promise<void> {
    const path = this.cachePath(kind);
    if (path === null) return;
    try {
      await writeCache(path, rows, this.model.dimensions);
    } catch (error) {
      this.#warn(new NearmissError("STORAGE_QUOTA", `the cache ${path} could not be written: ${(error as Error).message}`));
    }
  }

  async #loadCache(): Promise<void> {
    const rows = await this.readCache("vectors");
    if (!rows) return;
    try {
      await this.host.call("putVectors", [rows.keys, rows.vectors]);
      this.#cached = rows.keys.length;
    } catch (error) {
      this.#warn(new NearmissError("STORAGE_CORRUPT", `the cache was refused: ${toNearmissError(error).message}. It is built anew.`));
    }
  }

  /** Writes what was encoded since the cache was read. */
  async saveCache(): Promise<void> {
    if (this.cachePath("vectors") === null) return;
    // After a crash there is nothing to be had, and the crash is what the person should read about.
    const rows = await this.host.call("vectors", []).catch(() => null);
    if (!rows || rows.keys.length <= this.#cached) return;
    await this.writeCache("vectors", rows);
    this.#cached = rows.keys.length;
  }

  #warn(error: unknown): void {
    const { code, message } = toNearmissError(error);
    this.progress.note(`${code}: ${message}`);
  }
}
