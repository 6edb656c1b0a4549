/**
 * The engine's contract in memory, without a model: texts become counts of their letters, jobs a few steps. It refuses to
 * be entered twice, as the real one does, and lets a test stand at any of its calls.
 */

const LETTERS = [..."aeionrst"];
export const DIMENSIONS = LETTERS.length;

export const FILES = { config: new Uint8Array([1]), tokenizer: new Uint8Array([2]), weights: new Uint8Array([3]) };

/** An error as the wasm module throws it. */
export function coded(code, message = code) {
  return Object.assign(new Error(message), { code });
}

/** A promise and what settles it. */
export function deferred() {
  let resolve, reject;
  const promise = new Promise((yes, no) => ([resolve, reject] = [yes, no]));
  return { promise, resolve, reject };
}

/** Lets the event loop turn until the condition holds; no clock, but an end, so that a failure is not a hang. */
export async function until(condition) {
  for (let turn = 0; !condition(); turn += 1) {
    if (turn === 20_000) throw new Error(`still waiting for ${condition}`);
    await new Promise(setImmediate);
  }
}

/**
 * @param {{ kind?: string, before?: (method: string, args: unknown[]) => unknown, create?: (files, options) => unknown,
 *   steps?: number, fault?: () => unknown }} script `before` and `create` may throw or return a promise to be waited for
 * @returns `seams` for `createHost`, and `engines`: those created so far
 */
export function fake(script = {}) {
  const engines = [];
  const loaded = [];
  const loadModule = async (build) => {
    loaded.push(build);
    return {
      default: async () => {},
      fault: script.fault,
      Engine: {
        async create(files, options) {
          await script.create?.(files, options, build);
          const engine = new FakeEngine(build, script);
          engines.push(engine);
          return engine;
        },
      },
    };
  };
  return { engines, loaded, seams: { loadModule, gpu: () => undefined } };
}

class FakeEngine {
  log = [];
  weights = "original";
  freed = false;
  #busy = false;
  #script;
  #kind;
  #documents = new Map();
  #judgments = new Map();
  #vectors = new Map();
  #job = null;

  constructor(kind, script) {
    this.#kind = kind;
    this.#script = script;
  }

  info() {
    const model = { dimensions: DIMENSIONS, layers: 1, parameters: 1, maxLength: 16, pooling: "mean", fingerprint: this.weights };
    return { device: { kind: this.#kind, name: "fake" }, model };
  }

  addDocuments(documents) {
    return this.#enter("addDocuments", [documents], () => {
      const known = (document) => this.#documents.has(document.id);
      const updated = documents.filter(known).length;
      for (const document of documents) this.#documents.set(document.id, document);
      return { added: documents.length - updated, updated, unchanged: 0, total: this.#documents.size };
    });
  }

  removeDocuments(ids) {
    return this.#enter("removeDocuments", [ids], () => {
      const removed = ids.filter((id) => this.#documents.delete(id)).length;
      return { removed, total: this.#documents.size };
    });
  }

  documents() {
    return [...this.#documents.values()];
  }

  unencoded() {
    return [...this.#documents.values()].map(textOf).filter((text) => !this.#vectors.has(text));
  }

  encode(texts, as) {
    return this.#enterAsync("encode", [texts, as], () => pack(texts.map(embed)));
  }

  encodeBase(texts, as) {
    return this.#enterAsync("encodeBase", [texts, as], () => pack(texts.map(embed)));
  }

  loadVectors(texts, as, vectors) {
    this.putVectors(texts, vectors);
  }

  vectors() {
    return { keys: [...this.#vectors.keys()], vectors: pack([...this.#vectors.values()]) };
  }

  putVectors(keys, vectors) {
    this.#enter("putVectors", [keys, vectors], () => {
      keys.forEach((key, row) => this.#vectors.set(key, vectors.slice(row * DIMENSIONS, (row + 1) * DIMENSIONS)));
    });
  }

  search(query, options) {
    return this.#enterAsync("search", [query, options], () => {
      const score = (document) => dot(embed(query), embed(textOf(document)));
      const ranked = [...this.#documents.values()].map((document) => ({ ...document, score: score(document) }));
      ranked.sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
      return ranked.slice(0, options.k ?? 10).map((hit, at) => ({ ...hit, rank: at + 1 }));
    });
  }

  addJudgments(judgments) {
    return this.#enter("addJudgments", [judgments], () => {
      const stranger = judgments.findIndex(({ document }) => !this.#documents.has(document));
      if (stranger >= 0) throw coded("INPUT_INVALID", `judgments[${stranger}].document: there is no such document`);
      for (const judgment of judgments) this.#judgments.set(`${judgment.query}\n${judgment.document}`, judgment);
      return { total: this.#judgments.size };
    });
  }

  removeJudgments(pairs) {
    return { removed: pairs.filter(({ query, document }) => this.#judgments.delete(`${query}\n${document}`)).length };
  }

  judgments() {
    return [...this.#judgments.values()];
  }

  start(job) {
    this.#enter("start", [job], () => {
      if (this.#job) throw coded("INTERNAL", "a job was started inside another");
      this.#job = { before: this.weights, events: this.#events(job) };
    });
  }

  next() {
    return this.#enterAsync("next", [], () => {
      const event = this.#job?.events.next().value ?? null;
      if (event === null) this.#job = null;
      return event;
    });
  }

  cancel() {
    this.#enter("cancel", [], () => {
      if (this.#job) this.weights = this.#job.before;
      this.#job = null;
    });
  }

  keep() {
    this.#enter("keep", [], () => (this.weights = "tuned"));
  }

  rollback() {
    this.#enter("rollback", [], () => (this.weights = "original"));
  }

  export(format) {
    return this.#enterAsync("export", [format], () => new TextEncoder().encode(this.weights));
  }

  import(bytes) {
    return this.#enterAsync("import", [bytes], () => {
      this.weights = new TextDecoder().decode(bytes);
    });
  }

  free() {
    if (this.#busy) throw new Error("freed while in use");
    this.freed = true;
  }

  *#events({ kind, options = {} }) {
    if (kind === "index") return yield* this.#indexing();
    if (kind === "mine") return yield { type: "mined", examples: this.#examples(), report: { pairs: 1, negatives: 1 }, elapsedMs: 1 };
    const queries = new Set(this.judgments().filter(({ split }) => split !== "train").map(({ query }) => query)).size;
    if (kind === "evaluate") return yield { type: "evaluated", before: METRICS, after: METRICS, queries, verdict: null, elapsedMs: 1 };
    const steps = this.#script.steps ?? 3;
    for (let step = 1; step <= steps; step += 1) {
      this.weights = `step ${step}`;
      yield { type: "step", epoch: 1, epochs: 1, step, steps, loss: 1 / step, elapsedMs: step };
    }
    this.weights = "tuned";
    yield { type: "verdict", ...VERDICT, kept: options.seed !== 13, queries, steps, elapsedMs: steps };
  }

  *#indexing() {
    const texts = this.unencoded();
    for (const [at, text] of texts.entries()) {
      this.#vectors.set(text, embed(text));
      yield { type: "encode", stage: "documents", done: at + 1, total: texts.length, elapsedMs: at };
    }
    yield { type: "indexed", documents: this.#documents.size, elapsedMs: 1 };
  }

  #examples() {
    const positives = this.judgments().filter(({ relevant }) => relevant);
    return positives.map(({ query, document }) => ({ query, positive: document, positiveScore: 1, negatives: [] }));
  }

  #enter(method, args, work) {
    if (this.freed) throw new Error(`${method} after free`);
    if (this.#busy) throw coded("INTERNAL", `${method}: a call came while another was still running`);
    this.log.push(method);
    const gate = this.#script.before?.(method, args);
    if (gate instanceof Promise) throw new Error(`${method} cannot wait`);
    return work();
  }

  async #enterAsync(method, args, work) {
    if (this.freed) throw new Error(`${method} after free`);
    if (this.#busy) throw coded("INTERNAL", `${method}: a call came while another was still running`);
    this.#busy = true;
    this.log.push(method);
    try {
      await this.#script.before?.(method, args);
      return work();
    } finally {
      this.#busy = false;
    }
  }
}

export const METRICS = { "ndcg@10": 0.5, "mrr@10": 0.4, "recall@10": 0.8, "recall@100": 0.9, "precision@1": 0.3 };

const VERDICT = {
  outcome: "better", metric: "ndcg@10", before: METRICS, after: { ...METRICS, "ndcg@10": 0.6 }, difference: 0.1,
  interval: [0.05, 0.15], won: 1, lost: 0, tied: 0, perQuery: [], summary: "Better.", examples: 2,
};

/** Counts of letters, length 1. */
export function embed(text) {
  const counts = LETTERS.map((letter) => text.toLowerCase().split(letter).length - 1);
  const length = Math.hypot(...counts) || 1;
  return Float32Array.from(counts, (count) => count / length);
}

function textOf({ title, text }) {
  return title ? `${title} ${text}` : text;
}

function dot(a, b) {
  return a.reduce((sum, value, at) => sum + value * b[at], 0);
}

function pack(rows) {
  const packed = new Float32Array(rows.length * DIMENSIONS);
  rows.forEach((row, at) => packed.set(row, at * DIMENSIONS));
  return packed;
}
