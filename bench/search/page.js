/** Runs one engine on one size, and says what it took. Queries are timed one by one after some to warm up; the same for all. */
import { TEXTS, VECTORS } from "./engines.js";
import { clustered, row, texts } from "./vectors.js";

const WARM = 20;

class TooLong extends Error {}

async function timed(engine, data, queries, limitMs, check) {
  const build = await engine.prepare(data);
  const started = performance.now();
  const over = () => {
    if (performance.now() - started > limitMs) throw new TooLong();
  };
  let search;
  try {
    search = await build(over);
  } catch (error) {
    if (error instanceof TooLong) return { buildMs: null, limitMs, runs: [] };
    throw error;
  }
  const buildMs = performance.now() - started;
  const runs = [];
  for (const setting of engine.settings ?? [undefined]) {
    for (const query of queries.slice(0, WARM)) await search(query, setting);
    const times = [];
    const found = [];
    for (const query of queries) {
      const began = performance.now();
      const hits = await search(query, setting);
      times.push(performance.now() - began);
      found.push([...hits]);
    }
    times.sort((a, b) => a - b);
    runs.push({ setting, median: times[times.length >> 1], p95: times[Math.floor(times.length * 0.95)], ...check(found) });
  }
  return { buildMs, runs };
}

export async function vectors(name, count, queries, limitMs) {
  const rows = clustered(count, 1);
  const asked = clustered(queries, 2);
  const list = Array.from({ length: queries }, (_, at) => row(asked, at));
  const check = (found) => ({ found });
  return timed(VECTORS[name], rows, list, limitMs, check);
}

export async function words(name, count, queries, limitMs) {
  const { documents, queries: asked } = texts(count, queries);
  return timed(TEXTS[name], documents, asked, limitMs, (found) => ({ answered: found.filter((hits) => hits.length > 0).length }));
}

/** A real collection, so that quality stands beside speed. */
export async function collection(name, limitMs) {
  const { documents, queries } = await (await fetch("/collection.json")).json();
  return timed(TEXTS[name], documents, queries.map(({ text }) => text), limitMs, (found) => ({ found }));
}

export const names = { vectors: Object.keys(VECTORS), words: Object.keys(TEXTS) };
