/** One engine with its index, in a page of its own: made once, then asked block by block, so that engines can take turns. */
import { TEXTS, VECTORS } from "./engines.js";
import { clustered, row, texts } from "./vectors.js";

class TooLong extends Error {}

/** What an engine is given, and what it is then asked. The same for all. */
const DATA = {
  vectors: async ({ count, queries }) => {
    const asked = clustered(queries, 2);
    return { engines: VECTORS, data: clustered(count, 1), queries: Array.from({ length: queries }, (_, at) => row(asked, at)) };
  },
  words: async ({ count, queries }) => {
    const { documents, queries: asked } = texts(count, queries);
    return { engines: TEXTS, data: documents, queries: asked };
  },
  /** A real collection, so that quality stands beside speed. */
  collection: async ({ queries }) => {
    const found = await (await fetch("/collection.json")).json();
    return { engines: TEXTS, data: found.documents, queries: found.queries.slice(0, queries).map(({ text }) => text) };
  },
};

let search;
let asked;

/**
 * @param {"vectors" | "words" | "collection"} kind @param {string} name of the engine
 * @param {{ count?: number, queries: number, limit: number }} given `limit`: milliseconds that it may take, if it lets itself be interrupted
 * @returns {Promise<number | null>} milliseconds; null for one that took too long
 */
export async function build(kind, name, { limit, ...given }) {
  const { engines, data, queries } = await DATA[kind](given);
  asked = queries;
  const make = await engines[name].prepare(data);
  const started = performance.now();
  const over = () => {
    if (performance.now() - started > limit) throw new TooLong();
  };
  try {
    search = await make(over);
  } catch (error) {
    if (error instanceof TooLong) return null;
    throw error;
  }
  return performance.now() - started;
}

/** Queries `from` to `to`, one by one. @returns {Promise<{ times: number[], found: unknown[][] }>} milliseconds, and the hits of each */
export async function ask(from, to, setting) {
  const [times, found] = [[], []];
  for (const query of asked.slice(from, to)) {
    const began = performance.now();
    const hits = await search(query, setting);
    times.push(performance.now() - began);
    found.push([...hits]);
  }
  return { times, found };
}

const listed = (engines) => Object.entries(engines).map(([name, { settings = [null], beside }]) => ({ name, settings, beside }));
/** By their names: the values of `ef` they are asked with, and what of nearmiss each stands beside. */
export const names = () => ({ vectors: listed(VECTORS), words: listed(TEXTS) });
