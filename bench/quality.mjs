/**
 * Does tuning help? Trains a head with the command's defaults on the two slices of SQuADShifts and on the sample notes, and
 * writes before and after, with seconds and memory, to bench/results/<date>-quality.md.
 *
 *     node bench/quality.mjs            # needs ../shared/data, the built package and all-MiniLM-L6-v2 (npm run build)
 */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { writeSlices } from "./slices.mjs";

const ROOT = resolve(fileURLToPath(new URL("..", import.meta.url)));
const MODEL = join(ROOT, "www/public/models/all-MiniLM-L6-v2");

/** One run of the command in a process of its own, so that its peak memory is its own. */
async function train(data) {
  const args = [join(ROOT, "pkg/dist/cli.js"), "train", "--model", MODEL, "--data", data, "--train-split", "train", "--split", "test"];
  const { stdout } = await promisify(execFile)(process.execPath, [...args, "--json"], { maxBuffer: 64 << 20 });
  return JSON.parse(stdout);
}

function row(name, run) {
  const { before, after, verdict } = run;
  const [low, high] = verdict.interval.map((value) => value.toFixed(4));
  const cells = [
    name,
    run.documents,
    run.examples,
    run.queries,
    before["ndcg@10"].toFixed(4),
    after["ndcg@10"].toFixed(4),
    `${low} … ${high}`,
    `${verdict.outcome}, ${verdict.kept ? "kept" : "rolled back"}`,
    (run.elapsedMs / 1000).toFixed(1),
    Math.round(run.peakMemoryBytes / 1e6),
  ];
  return `| ${cells.join(" | ")} |`;
}

const work = await mkdtemp(join(tmpdir(), "nearmiss-quality-"));
try {
  const slices = await writeSlices(work);
  const runs = [
    ["squadshifts_wiki, new questions on known passages", slices["by-query"]],
    ["squadshifts_wiki, new passages", slices["by-article"]],
    ["sample notes", join(ROOT, "www/public/sample")],
  ];
  const lines = [
    `# A head tuned with the defaults, ${new Date().toISOString().slice(0, 10)}`,
    "",
    `all-MiniLM-L6-v2, CPU build in Node ${process.version}, one thread of ${cpus().length} × ${cpus()[0]?.model ?? "unknown"}.`,
    "Dense search; held-out queries that training never sees; the interval is the 95 % paired bootstrap of the difference.",
    "Seconds are those of the whole command with nothing cached, model loading and encoding included. `bench/slices.mjs`",
    "defines the slices. The sample notes were written to hold near misses: a demonstration, not a benchmark.",
    "",
    "| collection | documents | examples | held out | nDCG@10 before | after | difference | verdict | seconds | peak MB |",
    "|---|---|---|---|---|---|---|---|---|---|",
  ];
  for (const [name, data] of runs) {
    lines.push(row(name, await train(data)));
    console.error(lines.at(-1));
  }
  const out = join(ROOT, "bench/results");
  await mkdir(out, { recursive: true });
  await writeFile(join(out, `${new Date().toISOString().slice(0, 10)}-quality.md`), `${lines.join("\n")}\n`);
} finally {
  await rm(work, { recursive: true, force: true });
}
