/**
 * How fast are hard negatives mined? 1,000 queries against 10,000 documents of 384 numbers, all vectors given, one thread:
 * nearmiss (the CPU build in Node), NumPy, and sentence-transformers' `mine_hard_negatives`. All three must find the same.
 * Writes bench/results/<date>-mining.md.
 *
 *     node bench/mining.mjs [--quick]     # needs the built package and all-MiniLM-L6-v2 (npm run build), and Python 3.11 or newer
 */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { CACHE, ROOT, run } from "../tools/shared.mjs";
import { makeVectors, SIZES } from "./mining-vectors.mjs";
import { QUICK, command } from "./speed/command.mjs";
import { median } from "./speed/pairs.js";
import { head, NODE, save, table } from "./speed/results.mjs";

const REPETITIONS = QUICK ? 1 : 9;
/** 100: what nearmiss chooses by itself for 10,000 documents. */
const JOB = { dim: SIZES.dim, rangeMax: 100, relativeMargin: 0.05, numNegatives: 3 };
/** Scores closer than this may stand in either order: they are sums of 384 products in float32, and rounding decides. */
const TIE = 2e-6;

const PYTHON = join(CACHE, "bench-python");
const INTERPRETER = join(PYTHON, "bin", "python");
const NUMPY = ["numpy==2.4.6"];
const PEERS = [...NUMPY, "torch==2.15.0", "sentence-transformers==6.2.0", "datasets==5.2.0"];

await command(import.meta.url, async () => {
  const work = await mkdtemp(join(tmpdir(), "nearmiss-mining-"));
  const contenders = [];
  try {
    await writeJob(work);
    for (const command of await commands(work)) contenders.push(await start(command));
    const runs = await measure(contenders);
    await report(contenders, runs, work);
  } finally {
    contenders.forEach(({ child }) => child.kill());
    await rm(work, { recursive: true, force: true });
  }
});

/** Vectors, and texts of 40 words, each different: what is no copy has no copy. */
async function writeJob(folder) {
  const { documents, queries, positives } = makeVectors();
  await writeFile(join(folder, "documents.f32"), documents);
  await writeFile(join(folder, "queries.f32"), queries);
  const words = (seed) => Array.from({ length: 40 }, (_, at) => `w${(seed * 7919 + at * at * 104_729) % 5003}`).join(" ");
  const texts = positives.map((_, number) => `query ${number}`);
  const corpus = Array.from({ length: SIZES.documents }, (_, number) => `document ${number} ${words(number)}`);
  await writeFile(join(folder, "job.json"), JSON.stringify({ ...JOB, documents: corpus, queries: texts, positives }));
}

/** Who takes part: nearmiss always, the others as far as they can be installed. `kind` names the file of its results. */
async function commands(folder) {
  const engine = (kind) => ({ kind, command: [process.execPath, join(ROOT, "bench/mining-engine.mjs"), folder, kind] });
  const python = (kind) => ({ kind, command: [INTERPRETER, join(ROOT, "bench/mining_reference.py"), folder, kind] });
  const all = [
    { name: "nearmiss, the same rules", ...engine("same") },
    { name: "nearmiss, its defaults", ...engine("defaults") },
  ];
  if (await install("NumPy", NUMPY)) all.push({ name: "NumPy", ...python("numpy") });
  if (QUICK) return all;
  const size = ", some 6 GB on Linux, where PyPI's PyTorch brings the libraries of GPUs";
  if (await install("sentence-transformers", PEERS, size)) all.push({ name: "sentence-transformers", ...python("sentence-transformers") });
  return all;
}

/** @returns {Promise<boolean>} whether the packages are there */
async function install(name, packages, size = "") {
  console.error(`installing ${packages.join(", ")} in ${PYTHON}${size}`);
  try {
    if (!existsSync(INTERPRETER)) await run("python3", ["-m", "venv", PYTHON]);
    await run(INTERPRETER, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages]);
    return true;
  } catch (error) {
    console.error(`${name} is left out, because it cannot be installed: ${error.message}`);
    return false;
  }
}

/** A process that runs the job once for each line it is sent. */
async function start({ name, kind, command: [program, ...args] }) {
  const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"] });
  let errors = "";
  child.on("error", (error) => (errors += error.message));
  child.stderr.setEncoding("utf8").on("data", (text) => (errors += text));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${name} ended early:\n${errors.slice(-2000)}`);
    return JSON.parse(value);
  };
  const { versions } = await next();
  console.error(`ready: ${name} (${versions})`);
  const once = () => {
    child.stdin.write("again\n");
    return next();
  };
  return { name, kind, versions, child, once };
}

/** In turns, so that a busy minute of the machine falls on all alike. The first round is for warming up. */
async function measure(contenders) {
  const runs = new Map(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round <= REPETITIONS; round++) {
    for (const { name, once } of contenders) {
      const outcome = await once();
      if (round > 0) runs.get(name).push(outcome);
      console.error(`${round === 0 ? "warm-up" : `round ${round}`}: ${name} ${outcome.ms.toFixed(0)} ms`);
    }
  }
  return runs;
}

async function report(contenders, runs, folder) {
  const mined = async ({ kind }) => JSON.parse(await readFile(join(folder, `${kind}.json`), "utf8"));
  const [ours] = contenders;
  const own = await mined(ours);
  const rows = [];
  for (const contender of contenders) {
    const agreement = contender === ours ? "" : describe(compare(own, await mined(contender)));
    rows.push(row(contender, runs, ours, agreement));
  }
  await save("mining", [
    ...head("Mining hard negatives", { where: `${NODE}, CPU build, one thread each`, modules: ["cpu"] },
      "", `${SIZES.queries} queries, ${SIZES.documents} documents, ${SIZES.dim} numbers each, given (\`bench/mining-vectors.mjs\`); the best`,
      `${JOB.rangeMax}, relative margin ${JOB.relativeMargin}, ${JOB.numNegatives} negatives a query.`,
      `${REPETITIONS} rounds in turns after one for warming up; the median, and the fastest and slowest in brackets. A ratio above 1 is in favour of nearmiss, below`,
      "1 of the other. Peak memory is that of the whole process since it began: with nearmiss the model and Node, with the others Python and its libraries.",
      `"Its defaults" adds to the same search the rules that \`nm.mine()\` follows unasked (near duplicates, chunks of one text).`),
    ...table(["", "milliseconds", "of which search", "ratio to nearmiss", "peak MB", "negatives as nearmiss, the same rules"], rows),
    ...contenders.map(({ name, versions }) => `${name}: ${versions}.  `),
  ]);
}

function row({ name }, runs, ours, agreement) {
  const [times, base] = [runs.get(name), runs.get(ours.name)].map((list) => list.map(({ ms }) => ms));
  const searches = runs.get(name).map(({ searchMs }) => searchMs).filter((ms) => ms !== null);
  const cells = [
    name,
    spread(times),
    searches.length > 0 ? spread(searches) : "",
    (median(times) / median(base)).toFixed(2),
    Math.round(Math.max(...runs.get(name).map(({ peakBytes }) => peakBytes)) / 1e6),
    agreement,
  ];
  return cells;
}

/** Queries with the same negatives in the same order, those that differ only in the order of ties, and others. */
function compare(ours, theirs) {
  const counts = { same: 0, ties: 0, other: 0 };
  for (const [query, mine] of ours.entries()) {
    const other = theirs[query];
    const all = (agree) => mine.length === other.length && mine.every((negative, at) => agree(negative, other[at]));
    const same = all(([document], [theirs]) => document === theirs);
    const tied = all(([, score], [, theirs]) => Math.abs(score - theirs) < TIE);
    counts[same ? "same" : tied ? "ties" : "other"]++;
  }
  return counts;
}

function describe({ same, ties, other }) {
  return `${same} of ${same + ties + other}${ties > 0 ? `, ${ties} with ties in another order` : ""}${other > 0 ? `, ${other} others` : ""}`;
}

function spread(numbers) {
  return `${median(numbers).toFixed(0)} (${Math.min(...numbers).toFixed(0)}–${Math.max(...numbers).toFixed(0)})`;
}
