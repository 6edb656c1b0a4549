/**
 * What does each stage of search add? Measures all-MiniLM-L6-v2 as it is, without any training, on whole collections: lexical,
 * dense, hybrid, hybrid with MaxSim; and writes bench/results/<date>-stages.md. With `--choose` it measures more settings on
 * queries that the tables leave out: what the defaults were chosen by. `--weights` does so for the weights of hybrid search alone,
 * with the compact model as well.
 *
 *     node bench/stages.mjs [--quick] [--choose | --weights]      # needs ../shared/data and cargo; encodes each collection once, then keeps it
 */
import { join } from "node:path";
import { MODEL } from "../tools/model.mjs";
import { ROOT, SetupError } from "../tools/shared.mjs";
import { buildWorker, Worker } from "./quality/worker.mjs";
import { QUICK, command } from "./speed/command.mjs";
import { head, save } from "./speed/results.mjs";

const DATA = "../shared/data";
const stage = { lexical: { stage: "lexical" }, dense: { stage: "dense" }, fusion: { stage: "fusion" } };
const rerank = (weight, depth = 20) => ({ stage: "rerank", scorer: "maxsim", weight, depth });
const ranks = [stage.dense, stage.lexical, { ...stage.fusion, method: "rrf" }];
const weighted = (dense) => [stage.dense, stage.lexical, { ...stage.fusion, method: "weighted", weights: [dense, 1 - dense] }];

/** The search of each row, by the names of the JavaScript interface. */
const ROWS = {
  lexical: { mode: "lexical" },
  dense: { mode: "dense" },
  hybrid: { mode: "hybrid" },
  "hybrid by reciprocal ranks": { stages: ranks },
  "hybrid + MaxSim": { mode: "hybrid", rerank: "maxsim" },
  "hybrid + MaxSim alone (weight 1)": { stages: [...weighted(0.4), rerank(1)] },
  "dense + MaxSim": { mode: "dense", rerank: "maxsim" },
};

/** All judged queries of the test side. Cranfield has one set of queries; its source documents count as not relevant. */
const COLLECTIONS = [
  { name: "scifact", data: `${DATA}/scifact`, train: "qrels.train.tsv", test: "qrels.tsv" },
  { name: "cranfield", data: `${DATA}/cranfield`, train: "qrels.tsv", test: "qrels.tsv" },
  { name: "squadshifts_wiki, 1,000 questions on articles of the test side", data: `${DATA}/squadshifts_wiki`, train: "qrels.train.tsv", test: "qrels.test1k.tsv" },
];

const CHOICES = {
  lexical: { mode: "lexical" },
  dense: { mode: "dense" },
  "reciprocal ranks, constant 10": { stages: [stage.dense, stage.lexical, { ...stage.fusion, method: "rrf", constant: 10 }] },
  "reciprocal ranks, constant 60": { stages: ranks },
  ...Object.fromEntries([0.3, 0.5, 0.7].map((dense) => [`weighted scores, dense ${dense}`, { stages: weighted(dense) }])),
  ...Object.fromEntries([0.25, 0.5, 0.75, 1].map((weight) => [`reciprocal ranks + MaxSim, weight ${weight}`, { stages: [...ranks, rerank(weight)] }])),
  ...Object.fromEntries([0.25, 0.5, 0.75, 1].map((weight) => [`weighted scores, dense 0.5 + MaxSim, weight ${weight}`, { stages: [...weighted(0.5), rerank(weight)] }])),
  "weighted scores, dense 0.5 + MaxSim, weight 0.75, best 50": { stages: [...weighted(0.5), rerank(0.75, 50)] },
};

const WEIGHTS = {
  lexical: { mode: "lexical" },
  dense: { mode: "dense" },
  ...Object.fromEntries([0.2, 0.3, 0.4, 0.5, 0.6].map((dense) => [`dense ${dense}`, { stages: weighted(dense) }])),
};

const MORE_QUERIES = [
  { name: "scifact, 300 training queries", data: `${DATA}/scifact`, train: "qrels.tsv", test: "qrels.train.tsv", mostQueries: 300 },
  { name: "squadshifts_wiki, 500 questions on articles of the dev side", data: `${DATA}/squadshifts_wiki`, train: "qrels.train.tsv", test: "qrels.dev.tsv", mostQueries: 500 },
];

const TRAINING_SIDES = [
  { name: "scifact, 100 training queries", data: `${DATA}/scifact`, train: "qrels.tsv", test: "qrels.train.tsv", mostQueries: 100 },
  { name: "squadshifts_wiki, 300 questions on articles of the dev side", data: `${DATA}/squadshifts_wiki`, train: "qrels.train.tsv", test: "qrels.dev.tsv", mostQueries: 300 },
];

/** A quick run encodes the smallest collection alone. */
const SMALLEST = { name: "xquad_en, 20 questions", data: `${DATA}/xquad_en`, train: "qrels.tsv", test: "qrels.tsv", mostQueries: 20 };
const few = (collections) => (QUICK ? [SMALLEST] : collections);

async function main({ choose, weights: byWeight }) {
  const path = await buildWorker();
  if (byWeight) return weights(path);
  const [searches, collections] = choose ? [CHOICES, TRAINING_SIDES] : [ROWS, COLLECTIONS];
  const worker = new Worker(path);
  const lines = [
    ...head(`What each stage of search adds, ${choose ? "on queries set aside for choosing" : "measured"}`, { where: "Native CPU build, one thread" }),
    "",
    "all-MiniLM-L6-v2 as it is. BM25 with k1 0.9, b 0.4, Snowball English; dense search is exact; hybrid adds scores, 0.4 of meaning and 0.6 of words, each list's brought to 0 … 1; MaxSim reorders the best 20 with half of the weight, and what stood below them stays there. Seconds are those",
    "of all queries together, embeddings of documents and queries being at hand. The first row with MaxSim",
    "encodes what is compared, those below it find most of that done.",
  ];
  try {
    for (const { name, ...request } of few(collections)) {
      const { row, error } = await worker.ask({ ...request, searches: Object.values(searches) });
      if (error) throw new SetupError(`${name}: ${error}`);
      lines.push("", `## ${name}`, "", `${row.documents} documents, ${row.heldOutQueries} queries.`, "");
      lines.push("| stages | nDCG@10 | MRR@10 | recall@100 | P@1 | seconds |", "|---|---|---|---|---|---|");
      for (const [at, label] of Object.keys(searches).entries()) {
        const { metrics, seconds } = row.searches[at];
        const cells = ["ndcg@10", "mrr@10", "recall@100", "precision@1"].map((metric) => metrics[metric].toFixed(4));
        lines.push(`| ${[label, ...cells, seconds.toFixed(1)].join(" | ")} |`);
        console.error(lines.at(-1));
      }
    }
  } finally {
    worker.close();
  }
  await save(choose ? "stages-choice" : "stages", lines);
}

/** nDCG@10 of hybrid search by the weight of meaning, with either model. */
async function weights(path) {
  const names = Object.keys(WEIGHTS);
  const lines = [...head("How much should meaning count in hybrid search? On queries set aside for choosing", { where: "Native CPU build" }), "", "nDCG@10; the rest of the weight is that of BM25 (k1 0.9, b 0.4, Snowball English).", ""];
  lines.push(`| model | queries | ${names.join(" | ")} |`, `|---|---|${names.map(() => "---|").join("")}`);
  for (const [label, model] of [["compact", join(ROOT, "pkg/models/compact")], ["all-MiniLM-L6-v2", MODEL]]) {
    const worker = new Worker(path, model);
    try {
      for (const { name, ...request } of few(MORE_QUERIES)) {
        const { row, error } = await worker.ask({ ...request, searches: Object.values(WEIGHTS) });
        if (error) throw new SetupError(`${name}: ${error}`);
        lines.push(`| ${[label, `${name} (${row.heldOutQueries})`, ...row.searches.map(({ metrics }) => metrics["ndcg@10"].toFixed(4))].join(" | ")} |`);
        console.error(lines.at(-1));
      }
    } finally {
      worker.close();
    }
  }
  await save("weights", lines);
}

await command(import.meta.url, main, { choose: { type: "boolean" }, weights: { type: "boolean" } });
