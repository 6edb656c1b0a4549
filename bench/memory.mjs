/**
 * What does an instance take? Measures the engine's wasm memory in Node: a model alone, then a document more, then each way to train;
 * and writes bench/results/<date>-memory.md. The memory never shrinks, so its size after a piece of work is the most that the work
 * needed. Each measurement is a process of its own. Embeddings are made up where their number is all that counts.
 *
 *     node bench/memory.mjs [--quick]      # needs pkg/dist, pkg/wasm and the model of tools/model.mjs; a few minutes
 */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createHost } from "../pkg/dist/host.js";
import { Nearmiss } from "../pkg/dist/index.js";
import { MODEL } from "../tools/model.mjs";
import { QUICK, command } from "./speed/command.mjs";
import { head, mega, NODE, save } from "./speed/results.mjs";

const MODELS = { compact: undefined, "all-MiniLM-L6-v2": MODEL };
const NAMES = QUICK ? ["compact"] : Object.keys(MODELS);
const COUNTS = QUICK ? [0, 100, 300] : [0, 5000, 20_000];
const WORDS = 100;
const TRAININGS = [
  { trainable: "head" },
  { trainable: "lora" },
  { trainable: "layers:1" },
  { trainable: "full" },
  { trainable: "full", memoryBudget: 64 << 20 },
  { trainable: "full", batchSize: 4, numNegatives: 1 },
];
const run = promisify(execFile);

/** The same numbers each time: 0 up to 1. */
function random(seed) {
  let state = seed;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

/** Words as frequent as in a language: the n-th of 20,000 with probability ∝ 1/n. */
function texts(count) {
  const next = random(1);
  const word = () => `w${Math.floor(20_000 ** next())}`;
  return Array.from({ length: count }, (_, at) => `${at} ${Array.from({ length: WORDS }, word).join(" ")}`);
}

async function open(model) {
  const host = await createHost({ model: MODELS[model], device: "cpu" });
  return { host, nm: Nearmiss.over(host) };
}

async function filled(model, count) {
  const { host, nm } = await open(model);
  const all = texts(count);
  const next = random(2);
  for (let from = 0; from < count; from += 1000) {
    const some = all.slice(from, from + 1000);
    const vectors = new Float32Array(some.length * nm.model.dimensions).map(() => next() - 0.5);
    await host.call("loadVectors", [some, "document", vectors]);
    await nm.documents.add(some.map((text, at) => ({ id: `${from + at}`, text })));
  }
  return nm;
}

/** Each is one process, named by its first argument, and prints what it found. */
const MEASURES = {
  documents: async (model, count) => {
    const nm = await filled(model, Number(count));
    const added = await nm.memory();
    if (Number(count) > 0) await nm.search("w1 w20", { mode: "hybrid" });
    return { added, searched: await nm.memory(), model: nm.model };
  },
  /** The best twenty of twenty queries: so many documents have their tokens' embeddings kept. */
  maxsim: async (model) => {
    const nm = await filled(model, 500);
    await nm.search("w1", { mode: "hybrid" });
    const before = await nm.memory();
    for (let at = 0; at < 20; at += 1) await nm.search(`w${1 + at * 37} w${2 + at}`, { mode: "hybrid", rerank: "maxsim" });
    return { before, after: await nm.memory() };
  },
  training: async (model, options) => {
    const nm = await filled(model, 200);
    const listed = await nm.documents.list();
    const ask = ({ text, id }, at) => ({ query: text.split(" ").slice(1, 12).join(" "), document: id, relevant: true, split: at % 4 ? "train" : "held-out" });
    await nm.judgments.add(listed.slice(0, 64).map(ask));
    const before = await nm.memory();
    let steps = 0;
    for await (const { type } of nm.train({ epochs: 1, ...JSON.parse(options) })) if (type === "step" && ++steps === 3) break;
    return { before, after: await nm.memory(), steps };
  },
};

async function measure(...args) {
  const { stdout } = await run(process.execPath, ["--max-old-space-size=4096", fileURLToPath(import.meta.url), ...args.map(String)], { maxBuffer: 1 << 24 });
  return JSON.parse(stdout);
}

async function documentRows(name) {
  const found = [];
  for (const count of COUNTS) found.push(await measure("documents", name, count));
  const { dimensions, parameters } = found[0].model;
  const ratio = ({ searched }) => (searched.wasm / found[0].searched.wasm).toFixed(2);
  const lines = found.map((one, at) => `| ${COUNTS[at].toLocaleString("en")} | ${mega(one.added.wasm)} | ${mega(one.searched.wasm)} | ${ratio(one)} | ${mega(one.searched.embeddings)} |`);
  const [, some, most] = found;
  const each = Math.round((most.searched.wasm - some.searched.wasm) / (COUNTS[2] - COUNTS[1]));
  const { before, after } = await measure("maxsim", name);
  return [
    `## ${name}`, "",
    `${(parameters / 1e6).toFixed(1)} million parameters, ${dimensions} dimensions; ${mega(found[0].added.weights)} MB of weights.`, "",
    "| documents | MB when added | MB after a hybrid search | × | of these, embeddings by `nm.memory()` |", "|---|---|---|---|---|", ...lines, "",
    `A further document takes ${each.toLocaleString("en")} bytes. Twenty searches with \`rerank: "maxsim"\` over 500 documents: ${mega(after.wasm - before.wasm)} MB more.`, "",
  ];
}

async function trainingRows(name) {
  const lines = [];
  let first;
  for (const options of QUICK ? TRAININGS.slice(0, 1) : TRAININGS) {
    const { before, after, steps } = await measure("training", name, JSON.stringify(options));
    console.log(name, JSON.stringify(options), mega(after.wasm));
    first ??= after.wasm;
    lines.push(`| \`${JSON.stringify(options)}\` | ${mega(before.wasm)} | ${mega(after.wasm)} | ${(after.wasm / first).toFixed(2)} | ${steps} |`);
  }
  return ["| training | MB before | MB at its most | × | steps |", "|---|---|---|---|---|", ...lines, ""];
}

async function main() {
  const lines = [];
  for (const name of NAMES) lines.push(...(await documentRows(name)), ...(await trainingRows(name)));
  await save("memory", [
    ...head("What an instance takes", { where: `${NODE}, CPU build`, modules: ["cpu"] },
      "", `The engine's wasm memory (\`nm.memory().wasm\`). Documents are of ${WORDS} words, their embeddings made up.`,
      "Training is on 200 documents with 48 judged queries, cut off after three steps; what is not said is the default. The memory grows in",
      "steps and never shrinks, so a figure is what the work needed at its most, and small differences are none. Ratios are to the first row of a table."),
    "", ...lines,
  ]);
}

const [what, ...args] = process.argv.slice(2);
if (Object.hasOwn(MEASURES, what ?? "")) console.log(JSON.stringify(await MEASURES[what](...args)));
else await command(import.meta.url, main);
