/**
 * Does training make search better, and which claims hold? Trains natively with every setting of bench/quality/grid.mjs on
 * every collection, a few runs through the WebAssembly build, and writes bench/results/<date>-quality.md from the rows.
 *
 *     node bench/quality.mjs [--quick]                      # needs ../shared/data, Rust, and for the last table npm run build
 *     node bench/quality.mjs --only "scifact,head, info" --budget 30
 *     node bench/quality.mjs --grid defaults                # chooses defaults: never reads a test side
 *
 * --only COLLECTION,SETTING   parts of names; either may be left empty
 * --budget MINUTES            starts no run after so long; the next call goes on where this one ended
 * --rows FILE                 where rows are kept, one a run; default bench/results/<date>-<grid>.jsonl
 * --workers N                 processes, each with collections of its own; default 1
 * --reference FILE            rows of bench/quality_reference.py, to be set beside ours
 *
 * Embeddings are kept in $NEARMISS_CACHE (~/.cache/nearmiss): the first run on a collection encodes it, which takes minutes.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { ask, duration, ROOT, SetupError } from "../tools/shared.mjs";
import { COLLECTIONS, GRIDS } from "./quality/grid.mjs";
import { plan } from "./quality/plan.mjs";
import { report, wasmTable } from "./quality/report.mjs";
import { addRow, readRows, rowsOf } from "./quality/rows.mjs";
import { groupBy } from "./quality/summary.mjs";
import { built, trainWithCommand } from "./quality/wasm.mjs";
import { buildWorker, VECTORS, Worker } from "./quality/worker.mjs";
import { available, writeSlices } from "./slices.mjs";
import { QUICK, command } from "./speed/command.mjs";
import { machine, stamp } from "./speed/stamp.mjs";

const QUICKEST = "sample notes";
const RESULTS = join(ROOT, "bench/results");

const text = (value) => ({ type: "string", default: value });
const OPTIONS = { grid: text("quality"), only: text(""), budget: text("Infinity"), rows: text(""), workers: text("1"), reference: text("") };

async function main(values) {
  if (!QUICK) return measure(read(values));
  const folder = await mkdtemp(join(tmpdir(), "nearmiss-quality-"));
  try {
    await measure(read({ ...values, rows: join(folder, "rows.jsonl") }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function measure(options) {
  const grid = GRIDS[options.grid];
  const planned = plan(grid, COLLECTIONS, options.only);
  // The first of the sample notes is over in seconds.
  const runs = QUICK ? planned.filter(({ collection }) => collection === QUICKEST).slice(0, 1) : planned;
  if (runs.length === 0) throw new SetupError(`nothing is called "${options.only}"; see bench/quality/grid.mjs`);
  if (!(await available())) throw new SetupError("the collections are not there: ../shared/data");
  const folders = await place();
  const before = await readRows(options.rows);
  const done = new Set(rowsOf(runs, before).map((row) => JSON.stringify([row.collection, row.request])));
  const open = runs.filter(({ key }) => !done.has(key));
  console.log(`${runs.length} runs, ${runs.length - open.length} of them done already`);
  const failed = open.length > 0 ? await runAll(open, folders, options) : [];

  if (!QUICK) await compareWasm(runs, folders, options.rows);

  // Of the whole grid, so that a call with --only adds to the file.
  const kept = await readRows(options.rows);
  const all = plan(grid, COLLECTIONS);
  const rows = rowsOf(all, kept);
  const peers = options.reference ? await readRows(resolve(options.reference)) : [];
  const wasm = kept.filter((row) => row.wasm);
  const lines = report(grid, [...rows, ...peers], head(rows, all.length, peers)) + (wasm.length > 0 ? `\n${wasmTable(wasm, rows)}` : "");
  if (failed.length > 0 && QUICK) throw new SetupError(failed[0]);
  if (QUICK) return console.log(`${lines}\nA quick run: nothing was written.`);
  const file = options.rows.replace(/(\.jsonl)?$/, ".md");
  await writeFile(file, lines);
  console.log(`${relative(ROOT, file)}: ${rows.length} of ${all.length} runs`);
  if (failed.length > 0) throw new SetupError(`${failed.length} runs failed, the first with: ${failed[0]}`);
}

function read(values) {
  if (!Object.hasOwn(GRIDS, values.grid)) throw new SetupError(`--grid must be ${Object.keys(GRIDS).join(" or ")}`);
  const [budget, workers] = [Number(values.budget), Number(values.workers)];
  if (!(budget > 0)) throw new SetupError("--budget must be a number of minutes above 0");
  if (!(Number.isInteger(workers) && workers > 0)) throw new SetupError("--workers must be a whole number above 0");
  const today = new Date().toISOString().slice(0, 10);
  const rows = values.rows ? resolve(values.rows) : join(RESULTS, `${today}-${values.grid}.jsonl`);
  return { ...values, budget, workers, rows };
}

/** Where each collection lies. */
async function place() {
  const slices = await writeSlices(join(VECTORS, "slices"));
  return Object.fromEntries(Object.entries(COLLECTIONS).map(([name, { data, slice }]) => [name, slice ? slices[slice] : data]));
}

/** Runs what is open, collection by collection, and keeps each row as it comes. @returns {Promise<string[]>} what failed */
async function runAll(open, folders, { rows, budget, workers }) {
  const path = await buildWorker();
  const build = version();
  const until = performance.now() + budget * 60_000;
  const queue = [...groupBy(open, ({ collection }) => collection).values()];
  const failed = [];
  let finished = 0;
  async function work() {
    for (let own = queue.shift(); own !== undefined; own = queue.shift()) {
      let worker = new Worker(path);
      try {
        for (const { collection, setting, seed, fold, request } of own) {
          if (performance.now() > until) return;
          const { row, error } = await worker.ask({ ...request, data: folders[collection] }).catch(({ message }) => {
            // What one run needs too much of, memory for one, the next may have enough of.
            worker = new Worker(path);
            return { error: message };
          });
          const name = `${collection}, ${setting}, seed ${seed}${fold === null ? "" : `, fold ${fold}`}`;
          finished += 1;
          if (row === undefined) failed.push(`${name}: ${error}`);
          else await addRow(rows, { collection, setting, seed, fold, request, build, ...row });
          console.log(`${finished}/${open.length} ${name}: ${row ? line(row) : error}`);
        }
      } finally {
        worker.close();
      }
    }
  }
  await Promise.all(Array.from({ length: workers }, work));
  return failed;
}

function line({ before, after, outcome, steps, seconds }) {
  return `${before["ndcg@10"].toFixed(4)} → ${after["ndcg@10"].toFixed(4)} ${outcome}, ${steps} steps, ${duration(seconds * 1000)}`;
}

/** The commit; with a mark when the tree has changes that are not in it. */
function version() {
  const commit = ask("git", ["rev-parse", "--short", "HEAD"]) ?? "unknown";
  return ask("git", ["status", "--porcelain", "--", "src", "Cargo.toml", "Cargo.lock"]) ? `${commit}+` : commit;
}

function head(rows, planned, peers) {
  const [builds, others] = [rows, peers].map((own) => [...new Set(own.map(({ build }) => build))].join(", "));
  const missing = rows.length < planned ? [`**Not complete: ${rows.length} of ${planned} runs.**`, ""] : [];
  return [
    ...missing,
    `all-MiniLM-L6-v2, native CPU build, one thread; ${machine()}. Rows were measured on ${builds || "nothing yet"}.`,
    stamp({ modules: built() ? ["cpu"] : [] }),
    ...(others ? [`Beside it, by bench/quality_reference.py: ${others}.`] : []),
  ];
}

/** What runs with defaults is run through the command too, once. */
async function compareWasm(runs, folders, file) {
  const done = (await readRows(file)).filter((row) => row.wasm).map(({ collection }) => collection);
  const names = new Set(runs.filter(({ setting, request }) => setting === "defaults" && request.evaluate === "test").map(({ collection }) => collection));
  const open = [...names].filter((name) => !done.includes(name));
  if (open.length > 0 && !built()) return console.log("the WebAssembly build is not there to be compared: npm run build");
  for (const collection of open) {
    const wasm = await trainWithCommand(resolve(ROOT, folders[collection]));
    await addRow(file, { collection, wasm });
    console.log(`wasm, ${collection}: ${line({ ...wasm.verdict, seconds: wasm.elapsedMs / 1000 })}`);
  }
}

await command(import.meta.url, main, OPTIONS);
