/** `nearmiss encode`: texts in, vectors out, a JSON line each. */

import { createHash } from "node:crypto";
import { encodeAll } from "../encoding.js";
import { invalid } from "../errors.js";
import type { Args } from "./args.js";
import type { Command } from "./command.js";
import { at, lines, parseObject } from "./lines.js";
import { COMMON, HELP } from "./options.js";
import { write } from "./output.js";
import { readAdapter, Session, type Io } from "./session.js";
import type { ThreadPool } from "./threads.js";

/** Lines read before any is answered: room for batches of like length, and a bound on memory. */
const BLOCK = 512;

type Tower = "query" | "document";

export const encode: Command = {
  spec: {
    name: "encode",
    summary: 'read {"text": …} lines from standard input, write {"embedding": […]} lines in the same order',
    example: "nearmiss encode --as query < texts.jsonl > embeddings.jsonl",
    options: { as: { value: "TOWER", choices: ["query", "document"], help: "query or document (default)" }, ...COMMON, ...HELP },
  },
  run,
};

async function run(args: Args, io: Io, started: number): Promise<void> {
  const session = await Session.open(args, io, started);
  try {
    const encoder = await Encoder.open(session, args);
    const all: number[][] = [];
    try {
      for await (const texts of blocks(io)) {
        const rows = await encoder.encode(texts);
        if (args.flag("json")) all.push(...rows);
        else await write(io.stdout, rows.map((embedding) => `${JSON.stringify({ embedding })}\n`).join(""));
      }
    } finally {
      await encoder.close();
    }
    session.progress.end();
    const { device, model } = session;
    if (args.flag("json")) await write(io.stdout, `${JSON.stringify({ device, model, embeddings: all, ...session.cost() })}\n`);
  } finally {
    await session.close();
  }
}

async function* blocks({ stdin, signal }: Io): AsyncGenerator<string[]> {
  let block: string[] = [];
  const stop = () => stdin.destroy(new Error("cancelled"));
  signal.addEventListener("abort", stop, { once: true });
  try {
    for await (const line of lines(stdin, "standard input")) {
      const { text } = parseObject(line, "standard input");
      if (typeof text !== "string") throw invalid(at("standard input", line), 'must be {"text": "…"}');
      block.push(text);
      if (block.length < BLOCK) continue;
      yield block;
      block = [];
    }
    if (block.length > 0) yield block;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Looks into the cache first, then encodes here or in threads. */
class Encoder {
  readonly #session: Session;
  readonly #as: Tower;
  readonly #kind: string;
  readonly #known: Map<string, Float32Array>;
  readonly #pool: ThreadPool | null;
  #done = 0;
  #grown = false;

  private constructor(session: Session, as: Tower, kind: string, known: Map<string, Float32Array>, pool: ThreadPool | null) {
    this.#session = session;
    this.#as = as;
    this.#kind = kind;
    this.#known = known;
    this.#pool = pool;
  }

  static async open(session: Session, args: Args): Promise<Encoder> {
    const as = (args.text("as") ?? "document") as Tower;
    // These vectors are those after the adapter, so each adapter has a file of its own.
    const adapter = args.text("adapter");
    const kind = adapter === undefined ? as : `${as}-${digest(await readAdapter(adapter)).slice(0, 16)}`;
    const rows = await session.readCache(kind);
    const dim = session.model.dimensions;
    const known = new Map(rows?.keys.map((key, row) => [key, rows.vectors.subarray(row * dim, (row + 1) * dim)]));
    return new Encoder(session, as, kind, known, session.workers > 1 ? await session.openThreads() : null);
  }

  async encode(texts: string[]): Promise<number[][]> {
    const keys = texts.map(digest);
    const missing = new Map(keys.map((key, at) => [key, texts[at] ?? ""] as const).filter(([key]) => !this.#known.has(key)));
    const block = new Map(await this.#compute([...missing.keys()], [...missing.values()]));
    const rows = keys.map((key) => shorten(this.#known.get(key) ?? block.get(key) ?? new Float32Array()));
    if (this.#session.cachePath(this.#kind) !== null) for (const [key, row] of block) this.#known.set(key, row);
    this.#grown ||= block.size > 0;
    this.#session.progress.note(`encoded ${(this.#done += texts.length)} texts`);
    return rows;
  }

  async close(): Promise<void> {
    await this.#pool?.close();
    if (!this.#grown || this.#known.size === 0) return;
    const dim = this.#session.model.dimensions;
    const vectors = new Float32Array(this.#known.size * dim);
    [...this.#known.values()].forEach((row, at) => vectors.set(row, at * dim));
    await this.#session.writeCache(this.#kind, { keys: [...this.#known.keys()], vectors });
  }

  async #compute(keys: string[], texts: string[]): Promise<[string, Float32Array][]> {
    const { host, signal, model } = this.#session;
    const dim = model.dimensions;
    const rows = this.#pool ? new Float32Array(texts.length * dim) : await encodeAll(host, texts, this.#as, signal);
    await this.#pool?.encode({ method: "encode", texts, as: this.#as }, (positions, vectors) => {
      positions.forEach((at, row) => rows.set(vectors.subarray(row * dim, (row + 1) * dim), at * dim));
    }, signal);
    return keys.map((key, at) => [key, rows.subarray(at * dim, (at + 1) * dim)]);
  }
}

function digest(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Nine digits give back the same float32, in half the length of what a double would print. */
function shorten(row: Float32Array): number[] {
  return Array.from(row, (value) => Number(value.toPrecision(9)));
}
