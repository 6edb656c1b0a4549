/**
 * Which negatives help? Trains a head on one slice of SQuADShifts and on the sample notes, once for each setting, and
 * writes nDCG@10 on held-out queries to bench/results/<date>-negatives.md. All settings of a collection run on one cache of
 * embeddings, so the seconds are those of loading the model, mining and training.
 *
 *     node bench/negatives.mjs [--quick]     # needs ../shared/data, the built package and all-MiniLM-L6-v2 (npm run build)
 */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { MODEL } from "../tools/model.mjs";
import { ROOT } from "../tools/shared.mjs";
import { writeSlices } from "./slices.mjs";
import { QUICK, command } from "./speed/command.mjs";
import { head, NODE, save } from "./speed/results.mjs";

const ALL = [
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
const SETTINGS = QUICK ? ALL.slice(0, 2) : ALL;

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

/** One collection, all settings on one cache. */
async function tableOf(name, data, cache) {
  const first = await train(data, cache, []);
  const lines = ["", `## ${name}`, "", `${first.documents} documents, ${first.queries} held-out queries, nDCG@10 ${first.before["ndcg@10"].toFixed(4)} before.`, ""];
  lines.push("| negatives | examples | nDCG@10 after | difference | interval | verdict | seconds |", "|---|---|---|---|---|---|---|");
  for (const [setting, ...options] of SETTINGS) {
    lines.push(row(setting, await train(data, cache, options)));
    console.error(lines.at(-1));
  }
  return lines;
}

async function main() {
  const work = await mkdtemp(join(tmpdir(), "nearmiss-negatives-"));
  try {
    const sample = ["sample notes", join(ROOT, "www/public/sample")];
    const collections = QUICK ? [sample] : [["squadshifts_wiki, new questions on known passages", (await writeSlices(work))["by-query"]], sample];
    const lines = [];
    for (const [name, data] of collections) lines.push(...(await tableOf(name, data, join(work, "cache", name.replace(/\W+/g, "-")))));
    await save("negatives", [
      ...head("Negatives compared", { where: `${NODE}, CPU build, one thread`, modules: ["cpu"] },
        "", "A head, one setting changed from the defaults a row; all-MiniLM-L6-v2. Dense search; held-out queries that training never sees; the interval is",
        "the 95 % paired bootstrap of the difference to the model as it was loaded. `bench/slices.mjs` defines the slices. Differences between rows are",
        "mostly smaller than their intervals: no default was chosen from this table."),
      ...lines,
    ]);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

await command(import.meta.url, main);
