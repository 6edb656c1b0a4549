/**
 * Engines behind one shape: `build(data)` makes an index, and gives `search(query)`: the positions of the ten best. A vector engine is
 * given rows of 384 numbers one after another and searches with one row, a text engine is given `{ id, text }`.
 */
import { DIM, row } from "./vectors.js";

const K = 10;
const COUNT = (rows) => rows.length / DIM;

/** One engine over given vectors, so that nothing is encoded. The texts are as many as the rows, and each is another. */
async function nearmiss(rows, index) {
  const module = await import("/pkg/wasm/cpu/nearmiss.js");
  await module.default();
  const bytes = async (name) => new Uint8Array(await (await fetch(`/model/${name}`)).arrayBuffer());
  const [config, tokenizer, weights] = await Promise.all(["config.json", "tokenizer.json", "model.safetensors"].map(bytes));
  const engine = await module.Engine.create({ config, tokenizer, weights }, { graphFrom: index === "hnsw" ? 1 : 10_000_000 });
  return async () => {
    for (let from = 0; from < COUNT(rows); from += 5000) {
      const ids = Array.from({ length: Math.min(5000, COUNT(rows) - from) }, (_, at) => from + at);
      engine.addDocuments(ids.map((id) => ({ id: String(id), text: `t${id}` })));
      engine.loadVectors(ids.map((id) => `t${id}`), "document", rows.slice(from * DIM, (from + ids.length) * DIM));
    }
    engine.start({ kind: "index" });
    while (await engine.next());
    return async (query, ef) => (await engine.searchVector(query, { k: K, index, ...(ef && { ef }) })).map(({ id }) => Number(id));
  };
}

/**
 * What it costs to begin is not counted: `prepare` is waited for, then what it gives is timed. `beside`: what of nearmiss it is compared with, and
 * at which setting where it has none of its own.
 */
export const VECTORS = {
  "nearmiss, exact": { prepare: (rows) => nearmiss(rows, "exact") },
  "nearmiss, HNSW": { prepare: (rows) => nearmiss(rows, "hnsw"), settings: [64, 128, 256] },
  "hnswlib-wasm": {
    beside: ["nearmiss, HNSW"],
    settings: [64, 128, 256],
    async prepare(rows) {
      const { loadHnswlib } = await import("/peers/hnswlib-wasm/dist/hnswlib.js");
      const library = await loadHnswlib();
      return async () => {
        const index = new library.HierarchicalNSW("ip", DIM, "");
        index.initIndex(COUNT(rows), 16, 128, 100);
        for (let from = 0; from < COUNT(rows); from += 1000) {
          const part = Array.from({ length: Math.min(1000, COUNT(rows) - from) }, (_, at) => row(rows, from + at));
          index.addItems(part, false);
        }
        return (query, ef) => {
          index.setEfSearch(ef);
          return index.searchKnn(query, K, undefined).neighbors;
        };
      };
    },
  },
  edgevec: {
    beside: ["nearmiss, HNSW", 128],
    async prepare(rows) {
      const library = await import("/peers/edgevec/edgevec.js");
      await library.default();
      return async (over) => {
        const config = new library.EdgeVecConfig(DIM);
        // By distance, which orders unit vectors as the cosine does: with "cosine" this version puts the farthest first.
        Object.assign(config, { metric: "l2", m: 16, m0: 32, ef_construction: 128, ef_search: 128 });
        const index = new library.EdgeVec(config);
        let first;
        for (let from = 0; from < COUNT(rows); from += 250) {
          const count = Math.min(250, COUNT(rows) - from);
          const ids = index.insertBatchFlat(rows.subarray(from * DIM, (from + count) * DIM), count);
          first ??= Number(ids[0]);
          over();
        }
        return (query) => index.search(query, K).map(({ id }) => Number(id) - first);
      };
    },
  },
  "Orama, vectors": {
    beside: ["nearmiss, exact"],
    async prepare(rows) {
      const { create, insertMultiple, search } = await import("/peers/@orama/orama/dist/browser/index.js");
      return async () => {
        const database = create({ schema: { embedding: `vector[${DIM}]` } });
        const documents = Array.from({ length: COUNT(rows) }, (_, at) => ({ id: String(at), embedding: Array.from(row(rows, at)) }));
        await insertMultiple(database, documents, 1000);
        return async (query) => {
          const found = await search(database, { mode: "vector", vector: { value: query, property: "embedding" }, similarity: 0, limit: K, includeVectors: false });
          return found.hits.map(({ id }) => Number(id));
        };
      };
    },
  },
  "plain JavaScript, every row": {
    beside: ["nearmiss, exact"],
    prepare: async (rows) => async () => (query) => {
      const best = [];
      for (let at = 0; at < COUNT(rows); at += 1) {
        let score = 0;
        for (let i = 0; i < DIM; i += 1) score += query[i] * rows[at * DIM + i];
        if (best.length < K || score > best[K - 1][1]) {
          best.push([at, score]);
          best.sort((a, b) => b[1] - a[1]);
          best.length = Math.min(best.length, K);
        }
      }
      return best.map(([at]) => at);
    },
  },
};

export const TEXTS = {
  "nearmiss, BM25": {
    async prepare(documents) {
      const module = await import("/pkg/wasm/cpu/nearmiss.js");
      await module.default();
      const bytes = async (name) => new Uint8Array(await (await fetch(`/model/${name}`)).arrayBuffer());
      const [config, tokenizer, weights] = await Promise.all(["config.json", "tokenizer.json", "model.safetensors"].map(bytes));
      const engine = await module.Engine.create({ config, tokenizer, weights }, {});
      return async () => {
        engine.addDocuments(documents);
        const search = async (query) => (await engine.search(query, { k: K, mode: "lexical" })).map(({ id }) => id);
        // The index is made with the first search.
        await search("a");
        return search;
      };
    },
  },
  MiniSearch: {
    beside: ["nearmiss, BM25"],
    async prepare(documents) {
      const { default: MiniSearch } = await import("/peers/minisearch/dist/es/index.js");
      return async () => {
        const index = new MiniSearch({ fields: ["text"] });
        index.addAll(documents);
        return (query) => index.search(query).slice(0, K).map(({ id }) => id);
      };
    },
  },
  "Orama, text": {
    beside: ["nearmiss, BM25"],
    async prepare(documents) {
      const { create, insertMultiple, search } = await import("/peers/@orama/orama/dist/browser/index.js");
      return async () => {
        const database = create({ schema: { text: "string" } });
        await insertMultiple(database, documents, 1000);
        return async (query) => (await search(database, { term: query, limit: K })).hits.map(({ id }) => id);
      };
    },
  },
};
