/**
 * Search beside what people would use instead, in headless Chromium: each engine on each size in a page of its own, index after index, then
 * queries in turns; recall or nDCG@10 beside every time. Writes bench/results/<date>-search.md.
 *
 *     node bench/search.mjs [--quick]     # needs the built package (npm run build); installs the others into its cache
 */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress } from "node:zlib";
import { MODEL } from "../tools/model.mjs";
import { ROOT } from "../tools/shared.mjs";
import { QUICK, command } from "./speed/command.mjs";
import { compare, median } from "./speed/pairs.js";
import { BESIDE, browser, head, inside, installPeers, ms, ratioCell, save, table, whole } from "./speed/results.mjs";

const SIZES = QUICK ? [1000] : [1000, 10_000, 100_000];
const QUERIES = QUICK ? 40 : 200;
/** Queries a turn, and before the first. */
const [BLOCK, WARM] = [20, 20];
/** Milliseconds that an index may take to be made. */
const LIMIT = QUICK ? 20_000 : 240_000;
const K = 10;

/**
 * Every engine's index, one after another; then blocks of queries, engine by engine, setting by setting.
 *
 * @returns {Promise<object[]>} of each engine and setting `{ name, setting, beside, buildMs, turns, times, found }`: milliseconds of each turn and of each
 *   query, and the hits of each; no turns where there is no index
 */
async function contest(page, kind, engines, given) {
  const open = [];
  try {
    for (const engine of engines) {
      const tab = await page.open();
      open.push({ ...engine, tab, ...(await made(page, tab, kind, engine.name, given)) });
    }
    const rows = open.flatMap(({ settings, ...engine }) => settings.map((setting) => ({ ...engine, setting, turns: [], times: [], found: [] })));
    const able = rows.filter(({ buildMs }) => Number.isFinite(buildMs));
    for (const { tab, setting } of able) await inside(tab, "/page.js", "ask", 0, WARM, setting);
    for (let from = 0; from < given.queries; from += BLOCK) {
      for (const row of able) {
        const { times, found } = await inside(row.tab, "/page.js", "ask", from, Math.min(from + BLOCK, given.queries), row.setting);
        row.turns.push(times.reduce((sum, time) => sum + time));
        row.times.push(...times);
        row.found.push(...found);
      }
    }
    return rows;
  } finally {
    await Promise.all(open.map(({ tab }) => tab.context().close()));
  }
}

/** @returns {Promise<{ buildMs: number | null, files: string[] }>} null: too long; NaN: it failed. `files`: what the page asked the server for */
async function made({ server }, tab, kind, name, given) {
  const first = server.requests.length;
  const buildMs = await inside(tab, "/page.js", "build", kind, name, { ...given, limit: LIMIT }).catch((error) => {
    console.error(`${name}: ${String(error.message).slice(0, 400)}`);
    return NaN;
  });
  console.error(`${kind}, ${given.count ?? "collection"}: ${name} made in ${buildMs} ms`);
  return { buildMs, files: server.requests.slice(first) };
}

/** Beside which row of nearmiss a row stands: at the same setting, if there is one. */
function base(rows, { beside: [name, setting = null] = [], setting: own }) {
  return rows.find((row) => row.name === name && (row.setting === null || row.setting === (own ?? setting)));
}

/** @param {(found: unknown[][]) => string} quality of the hits */
function cells(rows, row, quality) {
  const { name, setting, buildMs, turns, times } = row;
  if (turns.length === 0) return [name, setting ?? "", buildMs === null ? `not in ${LIMIT / 1000} s` : "failed", ...Array(6).fill("")];
  const own = base(rows, row);
  const p95 = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.95)];
  const ratios = own?.turns.length > 0 ? [own.name, (buildMs / own.buildMs).toFixed(2), ratioCell(compare(own.turns, turns))] : ["", "", ""];
  return [name, setting ?? "", ms(buildMs), ms(median(times)), ms(p95), quality(row.found), ...ratios];
}

const heads = (quality) => ["engine", "ef", "build, ms", "query, ms (median)", "p95", quality, "beside", "build: peer / nearmiss", "query: peer / nearmiss"];

/** Of words: there is no `ef`. */
const plain = ([name, , ...rest]) => [name, ...rest];

async function vectorTable(page, engines, count) {
  const rows = await contest(page, "vectors", engines, { count, queries: QUERIES });
  const exact = rows[0].found.map((hits) => new Set(hits));
  const recall = (found) => (found.reduce((sum, hits, at) => sum + hits.filter((hit) => exact[at].has(hit)).length, 0) / (K * found.length)).toFixed(4);
  return { rows, lines: [`## ${whole(count)} vectors`, ...table(heads("recall@10"), rows.map((row) => cells(rows, row, recall)))] };
}

async function wordTable(page, engines, count) {
  const rows = await contest(page, "words", engines, { count, queries: QUERIES });
  const answered = (found) => `${found.filter((hits) => hits.length > 0).length} of ${found.length}`;
  return { rows, lines: [`## ${whole(count)} texts of 60 made-up words, queries of 3`, ...table(plain(heads("answered")), rows.map((row) => plain(cells(rows, row, answered))))] };
}

async function collectionTable(page, engines, { documents, queries }) {
  const rows = await contest(page, "collection", engines, { queries: QUICK ? QUERIES : queries.length });
  const mean = (found) => (found.reduce((sum, hits, at) => sum + ndcg(hits, queries[at].relevant), 0) / found.length).toFixed(4);
  return [`## SciFact: ${whole(documents.length)} abstracts, ${rows[0].found.length} claims`, ...table(plain(heads("nDCG@10")), rows.map((row) => plain(cells(rows, row, mean))))];
}

/** Binary gains, as everywhere in this project. */
function ndcg(hits, relevant) {
  const gain = (rank) => 1 / Math.log2(rank + 2);
  const got = hits.slice(0, K).reduce((sum, id, rank) => sum + (relevant.includes(id) ? gain(rank) : 0), 0);
  return got / relevant.slice(0, K).reduce((sum, _, rank) => sum + gain(rank), 0);
}

/** @returns null where the collection is not there */
async function readCollection(folder) {
  if (!existsSync(folder)) return null;
  const lines = async (name) => (await readFile(join(folder, name), "utf8")).split("\n").filter(Boolean);
  const documents = (await lines("corpus.jsonl")).map((line) => JSON.parse(line)).map(({ _id, title, text }) => ({ id: _id, text: `${title} ${text}` }));
  const relevant = new Map();
  for (const line of (await lines("qrels.tsv")).slice(1)) {
    const [query, document, score] = line.split("\t");
    if (Number(score) > 0) relevant.set(query, [...(relevant.get(query) ?? []), document]);
  }
  const queries = (await lines("queries.jsonl")).map((line) => JSON.parse(line)).filter(({ _id }) => relevant.has(_id));
  return { documents, queries: queries.map(({ _id, text }) => ({ text, relevant: relevant.get(_id) })) };
}

/** What each engine's page asked for, as brotli: scripts and wasm, all of them, whatever loads them. */
async function downloadTable({ server }, rows) {
  const sizes = new Map();
  for (const { name, files } of rows) {
    if (sizes.has(name)) continue;
    const code = [...new Set(files)].filter((path) => /^\/(peers|pkg\/wasm)\/.*\.(m?js|wasm)$/.test(path));
    const each = code.map(async (path) => (await promisify(brotliCompress)(Buffer.from(await (await fetch(new URL(path, server.url))).arrayBuffer()))).length);
    if (code.length > 0) sizes.set(name, (await Promise.all(each)).reduce((sum, size) => sum + size, 0));
  }
  const own = [...sizes.values()][0];
  return [
    "## Download", "", "Scripts and wasm that an engine's page asked for, as published, brotli 11. That of nearmiss holds the encoder, training and all, but no model.",
    ...table(["engine", "kB", "of nearmiss"], [...sizes].map(([name, size]) => [name, whole(size / 1000), (size / own).toFixed(2)])),
  ];
}

async function main() {
  const peers = await installPeers("search");
  const scifact = await readCollection(join(ROOT, "../shared/data/scifact"));
  const answer = (_, response) => response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(scifact));
  const page = await browser(
    { "/": "bench/search", "/pkg/": "pkg", "/model/": MODEL, "/peers/": join(peers, "node_modules"), "/collection.json": answer },
    { imports: { "@orama/orama": "/peers/@orama/orama/dist/browser/index.js" } },
  );
  try {
    const names = await page.call("/page.js", "names");
    const [lines, small] = [[], []];
    for (const [make, engines] of [[vectorTable, names.vectors], [wordTable, names.words]]) {
      for (const size of SIZES) {
        const made = await make(page, engines, size);
        lines.push(...made.lines);
        if (size === SIZES[0]) small.push(...made.rows);
      }
    }
    if (scifact) lines.push(...(await collectionTable(page, names.words, scifact)));
    lines.push(...(await downloadTable(page, small)));
    await save("search", [
      ...head("Search beside others", { where: `${page.version}, one thread each`, modules: ["cpu"] }, ...BESIDE,
        "nearmiss is its CPU build, called in the page's own thread as the others are; each engine in a page of its own, all of a table open at once. Indexes are",
        `made one after another; then ${QUERIES} queries, the same for all, are timed one by one in turns of ${BLOCK}, after ${WARM} to warm up. A graph stands beside`,
        "the graph of nearmiss at the same `ef` (edgevec's is 128), what scores every row beside the exact search. Vectors: 384 numbers, length 1,",
        "around 500 centres (`bench/search/vectors.js`), k = 10; graphs with 16 links, 128 candidates when they are made. Recall is measured against",
        "scoring every row. No query is encoded here. Loading a library, and the copy of the vectors that a test needs, are not timed.",
        `An index that lets itself be interrupted is given ${LIMIT / 1000} s.`, ""),
      ...lines,
    ]);
  } finally {
    await page.close();
  }
}

await command(import.meta.url, main);
