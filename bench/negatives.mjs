/**
 * Which negatives help? Trains a head on one slice of SQuADShifts and on the sample notes, once for each setting, and
 * writes nDCG@10 on held-out queries to bench/results/<date>-negatives.md. All settings of a collection run on one cache of
 * embeddings, so the seconds are those of loading the model, mining and training.
 *
 *     node bench/negatives.mjs          # needs ../shared/data, the built package and all-MiniLM-L6-v2 (npm run build)
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

const SETTINGS = [
  ["dense (default)"],
  ["in-batch alone", "--negatives", "in-batch"],
  ["random", "--negatives", "random"],
  ["bm25", "--negatives", "bm25"],
  ["hybrid: dense and bm25", "--negatives", "hybrid"],
  ["hybrid: dense and random", "--negatives", "hybrid", "--mixture", "dense=0.5,random=0.5"],
  ["ance, every step", "--negatives", "ance", "--refresh-every", "1"],
  ["bm25 for 30 % of the steps, then dense", "--bm25-warmup", "0.3"],
  ["synthetic, half of them", "--negatives", "synthetic"],
  ["dense, SimANS", "--sampling", "simans"],
  ["dense, curriculum by rank", "--curriculum", "rank"],
  ["dense, curriculum by score", "--curriculum", "score"],
  ["dense, no margin", "--relative-margin", "none"],
  ["dense, same titles dropped", "--same-title"],
  ["dense, MaxSim as teacher", "--teacher", "maxsim"],
  ["dense, 4 negatives", "--num-negatives", "4"],
  ["no judgments: made queries", "--pseudo-queries"],
];

/** One run of the command in a process of its own. */
async function train(data, cache, options) {
  const splits = options.includes("--pseudo-queries") ? [] : ["--train-split", "train"];
  const args = [join(ROOT, "pkg/dist/cli.js"), "train", "--model", MODEL, "--data", data, ...splits, "--split", "test"];
  const { stdout } = await promisify(execFile)(process.execPath, [...args, "--json", "--cache", cache, ...options], { maxBuffer: 64 << 20 });
  return JSON.parse(stdout);
}

function row(name, { examples, after, verdict, elapsedMs }) {
  const [low, high] = verdict.interval.map((value) => value.toFixed(4));
  const cells = [name, examples, after["ndcg@10"].toFixed(4), verdict.difference.toFixed(4), `${low} … ${high}`, verdict.outcome, (elapsedMs / 1000).toFixed(1)];
  return `| ${cells.join(" | ")} |`;
}

const work = await mkdtemp(join(tmpdir(), "nearmiss-negatives-"));
try {
  const slices = await writeSlices(work);
  const collections = [
    ["squadshifts_wiki, new questions on known passages", slices["by-query"]],
    ["sample notes", join(ROOT, "www/public/sample")],
  ];
  const lines = [
    `# Negatives compared, ${new Date().toISOString().slice(0, 10)}`,
    "",
    `A head, one setting changed from the defaults a row; all-MiniLM-L6-v2, CPU build in Node ${process.version}, one thread of`,
    `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}. Dense search; held-out queries that training never sees; the interval is the 95 %`,
    "paired bootstrap of the difference to the model as it was loaded. `bench/slices.mjs` defines the slices. Differences",
    "between rows are mostly smaller than their intervals: no default was chosen from this table.",
  ];
  for (const [name, data] of collections) {
    const cache = join(work, "cache", name.replace(/\W+/g, "-"));
    const first = await train(data, cache, []);
    lines.push("", `## ${name}`, "", `${first.documents} documents, ${first.queries} held-out queries, nDCG@10 ${first.before["ndcg@10"].toFixed(4)} before.`, "");
    lines.push("| negatives | examples | nDCG@10 after | difference | interval | verdict | seconds |", "|---|---|---|---|---|---|---|");
    for (const [setting, ...options] of SETTINGS) {
      lines.push(row(setting, await train(data, cache, options)));
      console.error(lines.at(-1));
    }
  }
  const out = join(ROOT, "bench/results");
  await mkdir(out, { recursive: true });
  await writeFile(join(out, `${new Date().toISOString().slice(0, 10)}-negatives.md`), `${lines.join("\n")}\n`);
} finally {
  await rm(work, { recursive: true, force: true });
}
