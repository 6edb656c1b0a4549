/** Encoding on several threads, each with an engine of its own. The results come back in batches, in any order. */

import { Worker } from "node:worker_threads";
import { batches } from "../encoding.js";
import { aborted, NearmissError, toNearmissError, unpackError, type PackedError } from "../errors.js";
import type { Precision } from "../types.js";

/** What each thread opens. */
export interface ThreadSetup {
  model: string | undefined;
  maxLength: number | undefined;
  precision: Precision | undefined;
  adapter: string | undefined;
}

/** `encodeBase` gives vectors before the adapter, `encode` after it. */
export interface ThreadRequest {
  method: "encode" | "encodeBase";
  texts: string[];
  as: "query" | "document";
}

export type ThreadReply = { ready: string } | { vectors: Float32Array } | { error: PackedError };

/** The part of a `Worker` that is used, so that tests need no threads. */
export type Thread = Pick<Worker, "postMessage" | "terminate" | "on" | "off">;

export type Spawn = (setup: ThreadSetup) => Thread;

export const spawnThread: Spawn = (workerData) => new Worker(new URL("./encode-thread.js", import.meta.url), { workerData });

export class ThreadPool {
  readonly #threads: Thread[];

  private constructor(threads: Thread[]) {
    this.#threads = threads;
  }

  /** @param fingerprint that each thread's model must have too */
  static async open(count: number, setup: ThreadSetup, fingerprint: string, spawn: Spawn = spawnThread): Promise<ThreadPool> {
    const pool = new ThreadPool(Array.from({ length: count }, () => spawn(setup)));
    try {
      await Promise.all(pool.#threads.map(async (thread) => {
        const reply = await next(thread);
        if ("ready" in reply && reply.ready === fingerprint) return;
        throw new NearmissError("INTERNAL", "a thread loaded another model than this one");
      }));
      return pool;
    } catch (error) {
      await pool.close();
      throw error;
    }
  }

  /** Gives each batch to the next free thread. @param take gets the positions of a batch's texts and their vectors */
  async encode(
    { method, texts, as }: ThreadRequest,
    take: (positions: number[], vectors: Float32Array) => unknown,
    signal?: AbortSignal,
  ): Promise<void> {
    const waiting = batches(texts).values();
    await Promise.all(this.#threads.map(async (thread) => {
      for (const positions of waiting) {
        if (signal?.aborted) throw aborted(signal);
        const reply = next(thread);
        thread.postMessage({ method, texts: positions.map((at) => texts[at] ?? ""), as } satisfies ThreadRequest);
        const answer = await reply;
        if ("vectors" in answer) await take(positions, answer.vectors);
      }
    }));
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.terminate()));
  }
}

/** The thread's next message; rejects when it reports an error or ends. */
function next(thread: Thread): Promise<ThreadReply> {
  return new Promise((resolve, reject) => {
    const settle = (outcome: () => void) => {
      thread.off("message", message).off("error", error).off("exit", exit);
      outcome();
    };
    const message = (reply: ThreadReply) => settle(() => ("error" in reply ? reject(unpackError(reply.error)) : resolve(reply)));
    const error = (thrown: unknown) => settle(() => reject(toNearmissError(thrown)));
    const exit = (status: number) => settle(() => reject(new NearmissError("INTERNAL", `an encoding thread ended with status ${status}`)));
    thread.on("message", message).on("error", error).on("exit", exit);
  });
}
