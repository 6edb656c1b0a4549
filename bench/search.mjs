/**
 * Search beside what people would use instead: index build and query times in headless Chromium, each engine on each size in a page of its own,
 * all in one run, recall or nDCG@10 beside every time. Writes bench/results/<date>-search.md.
 *
 *     node bench/search.mjs [--quick]     # needs the built package (npm run build); installs the others into its cache
 */
import { existsSync } from "node:fs";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { brotliCompress } from "node:zlib";
import { launch, serve } from "../tests/harness.mjs";
import { MODEL } from "../tools/model.mjs";
import { CACHE, ROOT, run, script } from "../tools/shared.mjs";

const PEERS = join(CACHE, "bench-search");
const QUERIES = 200;
/** Milliseconds that an index may take to be made. */
const LIMIT = 240_000;
const BLANK = "<!doctype html><link rel=icon href=data:,><title>bench</title>";
const IMPORTS = JSON.stringify({ imports: { "@orama/orama": "/peers/@orama/orama/dist/browser/index.js" } });

async function install() {
  await mkdir(PEERS, { recursive: true });
  await copyFile(join(ROOT, "bench/search/package.json"), join(PEERS, "package.json"));
  await run("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts"], { cwd: PEERS });
}

function head(version) {
  return [
    `# Search beside others, ${new Date().toISOString().slice(0, 10)}`,
    "",
    `Headless Chromium ${version}, one thread of ${cpus().length} × ${cpus()[0]?.model ?? "unknown"}; nearmiss is its CPU build, called in the page's own thread as the`,
    `others are. Each engine in a fresh page. ${QUERIES} queries, the same for all, timed one by one after 20 to warm up. Vectors: 384 numbers, length 1,`,
    "around 500 centres (`bench/search/vectors.js`), k = 10; graphs with 16 links, 128 candidates when they are made. Recall is measured against",
    "scoring every row. No query is encoded here. Loading a library, and the copy of the vectors that a test needs, are not timed.",
    `An index that lets itself be interrupted is given ${LIMIT / 1000} s.`,
  ];
}

const ms = (value) => (value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : String(Math.round(value)));
const whole = (value) => value.toLocaleString("en");

async function vectorTable(names, size, measure) {
  const lines = ["", `## ${whole(size)} vectors`, "", "| engine | build, ms | ef | query, ms (median) | p95 | recall@10 |", "|---|---|---|---|---|---|"];
  let exact = null;
  for (const name of names) {
    const { buildMs, runs } = await measure("vectors", name, size, QUERIES, LIMIT).catch(failed);
    if (runs.length === 0) lines.push(`| ${name} | ${buildMs === null ? `not finished in ${LIMIT / 1000} s` : "failed"} | | | | |`);
    for (const { setting, median, p95, found } of runs) {
      exact ??= found.map((hits) => new Set(hits));
      const right = found.reduce((sum, hits, at) => sum + hits.filter((hit) => exact[at].has(hit)).length, 0);
      lines.push(`| ${name} | ${ms(buildMs)} | ${setting ?? ""} | ${ms(median)} | ${ms(p95)} | ${(right / (10 * QUERIES)).toFixed(4)} |`);
    }
    console.error(lines.at(-1));
  }
  return lines;
}

async function wordTable(names, size, measure) {
  const lines = ["", `## ${whole(size)} texts of 60 made-up words, queries of 3`, "", "| engine | build, ms | query, ms (median) | p95 | answered |", "|---|---|---|---|---|"];
  for (const name of names) {
    const { buildMs, runs } = await measure("words", name, size, QUERIES, LIMIT).catch(failed);
    for (const { median, p95, answered } of runs) lines.push(`| ${name} | ${ms(buildMs)} | ${ms(median)} | ${ms(p95)} | ${answered} of ${QUERIES} |`);
    if (runs.length === 0) lines.push(`| ${name} | failed | | | |`);
    console.error(lines.at(-1));
  }
  return lines;
}

async function collectionTable(names, { documents, queries }, measure) {
  const lines = ["", `## SciFact: ${whole(documents.length)} abstracts, ${queries.length} claims`, "", "| engine | build, ms | query, ms (median) | p95 | nDCG@10 |", "|---|---|---|---|---|"];
  for (const name of names) {
    const { buildMs, runs } = await measure("collection", name, LIMIT).catch(failed);
    for (const { median, p95, found } of runs) {
      const mean = found.reduce((sum, hits, at) => sum + ndcg(hits, queries[at].relevant), 0) / queries.length;
      lines.push(`| ${name} | ${ms(buildMs)} | ${ms(median)} | ${ms(p95)} | ${mean.toFixed(4)} |`);
    }
    console.error(lines.at(-1));
  }
  return lines;
}

function failed(error) {
  console.error(String(error.message).slice(0, 400));
  return { buildMs: NaN, runs: [] };
}

/** Binary gains, as everywhere in this project. */
function ndcg(hits, relevant) {
  const gain = (rank) => 1 / Math.log2(rank + 2);
  const got = hits.slice(0, 10).reduce((sum, id, rank) => sum + (relevant.includes(id) ? gain(rank) : 0), 0);
  return got / relevant.slice(0, 10).reduce((sum, _, rank) => sum + gain(rank), 0);
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

/** What a page downloads for each. */
async function downloads() {
  const files = {
    "nearmiss, CPU build (encoder, training and all)": [join(ROOT, "pkg/wasm/cpu/nearmiss_bg.wasm"), join(ROOT, "pkg/wasm/cpu/nearmiss.js")],
    "hnswlib-wasm": [join(PEERS, "node_modules/hnswlib-wasm/dist/hnswlib.js")],
    edgevec: [join(PEERS, "node_modules/edgevec/edgevec_bg.wasm"), join(PEERS, "node_modules/edgevec/edgevec.js")],
    MiniSearch: [join(PEERS, "node_modules/minisearch/dist/es/index.js")],
  };
  const lines = ["", "## Download, brotli", "", "| library | kB |", "|---|---|"];
  for (const [name, paths] of Object.entries(files)) {
    const there = paths.filter((path) => existsSync(path));
    const sizes = await Promise.all(there.map(async (path) => (await promisify(brotliCompress)(await readFile(path))).length));
    lines.push(`| ${name} | ${Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1000)} |`);
  }
  return lines;
}

await script(import.meta.url, async () => {
  const { values } = parseArgs({ options: { quick: { type: "boolean" } } });
  const sizes = values.quick ? [1000] : [1000, 10_000, 100_000];
  await install();
  const scifact = await readCollection(join(ROOT, "../shared/data/scifact"));
  const page = (_, response) => response.writeHead(200, { "content-type": "text/html" }).end(`${BLANK}<script type=importmap>${IMPORTS}</script>`);
  const answer = (_, response) => response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(scifact));
  const server = await serve(
    { "/": "bench/search", "/page.html": page, "/pkg/": "pkg", "/model/": MODEL, "/peers/": join(PEERS, "node_modules"), "/collection.json": answer },
    // A clock that is not made coarse.
    { headers: { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" } },
  );
  const chromium = await launch({ webgpu: false });
  const version = chromium.browser.version();
  const measure = async (method, ...args) => {
    const tab = await chromium.open(`${server.url}page.html`);
    try {
      return await tab.evaluate(async ([method, args]) => (await import("/page.js"))[method](...args), [method, args]);
    } finally {
      await tab.context().close();
    }
  };
  const lines = head(version);
  try {
    const tab = await chromium.open(`${server.url}page.html`);
    const names = await tab.evaluate(async () => (await import("/page.js")).names);
    await tab.context().close();
    for (const size of sizes) lines.push(...(await vectorTable(names.vectors, size, measure)));
    for (const size of sizes) lines.push(...(await wordTable(names.words, size, measure)));
    if (scifact) lines.push(...(await collectionTable(names.words, scifact, measure)));
    lines.push(...(await downloads()));
  } finally {
    await chromium.close();
    await server.close();
  }
  const out = join(ROOT, "bench/results");
  await mkdir(out, { recursive: true });
  await writeFile(join(out, `${new Date().toISOString().slice(0, 10)}-search${values.quick ? "-quick" : ""}.md`), `${lines.join("\n")}\n`);
});
