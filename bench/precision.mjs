/**
 * What encoding with weights in eight bits (`precision: "int8"`) costs in quality, and what it saves: nDCG@10 with either on collections that
 * neither model was made from, and the time to encode, by turns. Writes bench/results/<date>-precision.md.
 *
 *     node bench/precision.mjs [--quick]     # needs ../shared/data and a built package
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { ensureModel, MODEL } from "../tools/model.mjs";
import { ROOT } from "../tools/shared.mjs";
import { QUICK, command } from "./speed/command.mjs";
import { head, NODE, row, rule, save } from "./speed/results.mjs";

const MODELS = [["compact", join(ROOT, "pkg/models/compact")], ...(QUICK ? [] : [["all-MiniLM-L6-v2", MODEL]])];
const COLLECTIONS = QUICK ? ["xquad_en"] : ["cacm", "cranfield", "pubmedqa", "xquad_en"];
const PRECISIONS = ["float32", "int8"];
const SEARCHES = [{ mode: "dense" }, { mode: "hybrid" }];
/** Texts a call, words of each: about 32 and 128 tokens. */
const SIZES = QUICK ? [[8, 22]] : [[8, 22], [8, 90], [32, 90]];
const ROUNDS = QUICK ? 2 : 9;

const table = (...header) => [row(...header), rule(header.length)];

if (!isMainThread) parentPort.postMessage(await evaluate(workerData));
else await command(import.meta.url, async () => {
  await ensureModel();
  await save("precision", [
    ...head("Encoding with weights in eight bits", { where: NODE, modules: ["cpu"] }),
    "", "## Quality", "", "nDCG@10 over all judged queries, without any training.", "",
    ...(await quality()), "", "## Time", "",
    `CPU build in Node, one thread; milliseconds a call, median (least) of ${ROUNDS} rounds by turns, each with other texts. Ratio of the medians: above 1, int8 is faster.`, "",
    ...(await speed()),
  ]);
});

/** Both precisions at once, each in a thread of its own. */
async function quality() {
  const lines = table("model", "collection", "queries", ...SEARCHES.flatMap(({ mode }) => [...PRECISIONS.map((precision) => `${mode}, ${precision}`), "lost"]));
  for (const [name, model] of MODELS) {
    for (const collection of COLLECTIONS) {
      const [floats, bytes] = await Promise.all(PRECISIONS.map((precision) => inThread({ model, precision, collection })));
      const cells = SEARCHES.flatMap((_, at) => [floats.found[at], bytes.found[at], floats.found[at] - bytes.found[at]].map((value) => value.toFixed(4)));
      lines.push(row(name, collection, floats.queries, ...cells));
      console.error(lines.at(-1));
    }
  }
  return lines;
}

function inThread(work) {
  return new Promise((done, fail) => {
    const thread = new Worker(new URL(import.meta.url), { workerData: work });
    thread.once("message", done);
    thread.once("error", fail);
  });
}

/** In a thread. @returns nDCG@10 of each search over all judged queries */
async function evaluate({ model, precision, collection }) {
  const { Nearmiss } = await import("../pkg/dist/index.js");
  const folder = join(ROOT, "../shared/data", collection);
  const rows = async (file) => (await readFile(join(folder, file), "utf8")).trimEnd().split("\n");
  const records = async (file) => (await rows(file)).map((line) => JSON.parse(line));
  const nm = await Nearmiss.create({ model, precision, device: "cpu", worker: false });
  await nm.documents.add((await records("corpus.jsonl")).map(({ _id, title, text }) => ({ id: _id, title: title ?? "", text })));
  const texts = new Map((await records("queries.jsonl")).map(({ _id, text }) => [_id, text]));
  const judged = (await rows("qrels.tsv")).slice(1).map((line) => line.split("\t"));
  await nm.judgments.add(judged.map(([query, document, score]) => ({ query: texts.get(query), document, relevant: Number(score) > 0, grade: Math.max(0, Number(score)), split: "held-out" })));
  const found = [];
  let queries = 0;
  for (const search of SEARCHES) {
    const measured = await nm.evaluate({ split: "held-out", ...search });
    found.push(measured.after["ndcg@10"]);
    queries = measured.queries;
  }
  await nm.dispose();
  return { found, queries };
}

async function speed() {
  const { Nearmiss } = await import("../pkg/dist/index.js");
  const notes = (await readFile(join(ROOT, "www/public/sample/corpus.jsonl"), "utf8")).trimEnd().split("\n").map((line) => JSON.parse(line).text);
  const words = notes.join(" ").split(/\s+/);
  const lines = table("model", "texts × words", ...PRECISIONS, "float32 / int8", "least cosine");
  for (const [name, model] of MODELS) {
    const both = await Promise.all(PRECISIONS.map((precision) => Nearmiss.create({ model, precision, device: "cpu", worker: false })));
    for (const [count, length] of SIZES) {
      const taken = PRECISIONS.map(() => []);
      let least = 1;
      for (let round = 0; round <= ROUNDS; round += 1) {
        const from = round * 37;
        const texts = Array.from({ length: count }, (_, at) => Array.from({ length }, (_, word) => words[(from + at * length + word) % words.length]).join(" "));
        const vectors = [];
        for (const [at, nm] of both.entries()) {
          const begun = performance.now();
          vectors.push(await nm.encode(texts));
          // The first round warms up.
          if (round > 0) taken[at].push(performance.now() - begun);
        }
        least = Math.min(least, ...cosines(vectors, both[0].model.dimensions));
      }
      const [floats, bytes] = taken.map((ms) => ms.sort((a, b) => a - b)).map((ms) => [ms[ms.length >> 1], ms[0]]);
      const time = ([median, smallest]) => `${median.toFixed(1)} (${smallest.toFixed(1)})`;
      lines.push(row(name, `${count} × ${length}`, time(floats), time(bytes), `**${(floats[0] / bytes[0]).toFixed(2)}**`, least.toFixed(5)));
      console.error(lines.at(-1));
    }
    await Promise.all(both.map((nm) => nm.dispose()));
  }
  return lines;
}

function cosines([a, b], dimensions) {
  return Array.from({ length: a.length / dimensions }, (_, at) => {
    let sum = 0;
    for (let i = at * dimensions; i < (at + 1) * dimensions; i += 1) sum += a[i] * b[i];
    return sum;
  });
}
