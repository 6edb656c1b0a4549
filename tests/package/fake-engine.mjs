/**
 * The engine's contract in memory, without a model: texts become counts of their letters, jobs a few steps. It refuses to
 * be entered twice, as the real one does, and lets a test stand at any of its calls.
 */

import { FakeJudgments } from "./fake-judgments.mjs";
import { mining } from "./fake-mining.mjs";
import { coded, DIMENSIONS, dot, embed, folder, METRICS, pack, STEP, textOf, VERDICT } from "./fake-values.mjs";

export { coded, deferred, DIMENSIONS, embed, FILES, METRICS, safetensors, until } from "./fake-values.mjs";

/**
 * @param {{ kind?: string, before?: (method: string, args: unknown[]) => unknown, create?: (files, options) => unknown,
 *   steps?: number, fault?: () => unknown, mined?: (result) => object, exported?: Uint8Array, verdict?: object,
 *   looks?: Record<number, { ndcg: number, best: boolean }>, stop?: number }} script `before` and `create` may throw or return a
 *   promise to be waited for; `mined` changes what a mining gives, `verdict` a verdict; `looks` are those at the dev queries, by
 *   step, and `stop` is the step after which training stops early
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
  #judgments = new FakeJudgments(this.#documents);
  #vectors = new Map();
  #job = null;
  #scores = null;

  constructor(kind, script) {
    this.#kind = kind;
    this.#script = script;
  }

  info() {
    const model = { dimensions: DIMENSIONS, layers: 1, parameters: 1, maxLength: 16, pooling: "mean", fingerprint: this.weights, loaded: "original" };
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
      this.#judgments.forget(ids);
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
    return this.#enter("addJudgments", [judgments], () => this.#judgments.add(judgments));
  }

  removeJudgments(pairs) {
    return this.#enter("removeJudgments", [pairs], () => this.#judgments.remove(pairs));
  }

  judgments() {
    return this.#judgments.all();
  }

  undo() {
    return this.#enter("undo", [], () => this.#judgments.undo());
  }

  redo() {
    return this.#enter("redo", [], () => this.#judgments.redo());
  }

  history() {
    return this.#judgments.history();
  }

  conflicts() {
    return this.#judgments.conflicts();
  }

  exportJudgments(format, split) {
    return this.#enter("exportJudgments", [format, split], () => this.#judgments.export(format, split));
  }

  importJudgments(input, split) {
    return this.#enter("importJudgments", [input, split], () => this.#judgments.import(input, split));
  }

  pseudoQueries(options) {
    return this.#enter("pseudoQueries", [options], () => this.#judgments.fromDocuments(options));
  }

  feedback(impressions, options) {
    return this.#enter("feedback", [impressions, options], () => this.#judgments.fromClicks(impressions));
  }

  why(query, document, options) {
    return this.#enterAsync("why", [query, document, options], () => {
      const found = this.#documents.get(document);
      if (!found) throw coded("INPUT_INVALID", `document: no document has the id "${document}"`);
      const score = dot(embed(query), embed(textOf(found)));
      const judgment = this.judgments().find((one) => one.query === query && one.document === document) ?? null;
      const check = { rule: "maxScore", value: score, limit: options.maxScore ?? null, passed: score <= (options.maxScore ?? 1) };
      return {
        query, document, judgment, dense: { rank: 1, score }, lexical: { rank: null, score: 0 }, positives: [], checks: [check],
        eligible: check.passed, terms: { description: "no words in common", value: 0 }, alignment: [],
      };
    });
  }

  putScores(scores) {
    this.#enter("putScores", [scores], () => (this.#scores = scores));
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
    return this.#enterAsync("export", [format], () => this.#script.exported ?? new TextEncoder().encode(this.weights));
  }

  exportFolder(format) {
    return this.#enterAsync("exportFolder", [format], () => folder(format, this.weights));
  }

  importFolder(files) {
    return this.#enterAsync("importFolder", [files], () => {
      this.weights = new TextDecoder().decode(files.find(({ path }) => path.endsWith(".safetensors")).bytes);
    });
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
    if (kind === "mine") {
      const result = yield* this.#mining(options);
      return yield { type: "mined", ...(this.#script.mined?.(result) ?? result), elapsedMs: 1 };
    }
    const queries = new Set(this.judgments().filter(({ split }) => split !== "train").map(({ query }) => query)).size;
    if (kind === "evaluate") return yield { type: "evaluated", before: METRICS, after: METRICS, queries, verdict: null, elapsedMs: 1 };
    yield* this.#training(options.resume ? JSON.parse(new TextDecoder().decode(options.resume)) : { step: 0, options }, queries);
  }

  /** @param begun where a checkpoint was made, and with which options */
  *#training({ step: done, options }, queries) {
    if (options.mining) {
      const { report } = yield* this.#mining({ ...options.mining, strategy: options.negatives });
      yield { type: "mining", epoch: 1, step: 0, staleness: null, report, elapsedMs: 1 };
    }
    const steps = this.#script.steps ?? 3;
    const last = Math.min(steps, this.#script.stop ?? steps);
    for (let step = done + 1; step <= last; step += 1) {
      this.weights = `step ${step}`;
      yield { type: "step", run: 1, epoch: 1, epochs: 1, step, steps, loss: 1 / step, ...STEP, elapsedMs: step };
      const look = this.#script.looks?.[step];
      if (look) yield { type: "evaluation", stage: "dev", step, metrics: { ...METRICS, "ndcg@10": look.ndcg }, best: look.best, elapsedMs: step };
      const bytes = () => new TextEncoder().encode(JSON.stringify({ step, options }));
      if (step % options.checkpointEvery === 0) yield { type: "checkpoint", step, bytes: bytes(), elapsedMs: step };
    }
    this.weights = "tuned";
    yield { type: "verdict", ...VERDICT, ...this.#script.verdict, kept: options.seed !== 13, queries, steps: last, elapsedMs: last };
  }

  *#indexing() {
    const texts = this.unencoded();
    for (const [at, text] of texts.entries()) {
      this.#vectors.set(text, embed(text));
      yield { type: "encode", stage: "documents", done: at + 1, total: texts.length, elapsedMs: at };
    }
    yield { type: "indexed", documents: this.#documents.size, elapsedMs: 1 };
  }

  #mining(options) {
    const takeScores = () => {
      const scores = this.#scores;
      this.#scores = null;
      return scores;
    };
    return mining({ documents: this.documents(), judgments: this.#judgments.effective(), options, takeScores });
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
