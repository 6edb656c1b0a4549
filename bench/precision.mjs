/**
 * What encoding with weights in eight bits (`precision: "int8"`) costs in quality, and what it saves: nDCG@10 with either on collections that
 * neither model was made from, and the time to encode, by turns. Writes bench/results/<date>-precision.md.
 *
 *     node bench/precision.mjs     # needs ../shared/data, cargo and a built package
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { ensureModel, MODEL } from "../tools/model.mjs";
import { ROOT, script, SetupError } from "../tools/shared.mjs";
import { buildWorker, Worker } from "./quality/worker.mjs";

const MODELS = [["compact", join(ROOT, "pkg/models/compact")], ["all-MiniLM-L6-v2", MODEL]];
const COLLECTIONS = ["cacm", "cranfield", "pubmedqa", "xquad_en"];
const PRECISIONS = ["float32", "int8"];
const SEARCHES = [{ mode: "dense" }, { mode: "hybrid" }];
/** Texts a call, words of each: about 32 and 128 tokens. */
const SIZES = [[8, 22], [8, 90], [32, 90]];
const ROUNDS = 9;

const row = (...cells) => `| ${cells.join(" | ")} |`;
const table = (...header) => [row(...header), row(...header.map(() => "---"))];

await script(import.meta.url, async () => {
  await ensureModel();
  const date = new Date().toISOString().slice(0, 10);
  const lines = [
    `# Encoding with weights in eight bits, ${date}`, "", `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, Node ${process.versions.node}.`,
    "", "## Quality", "", "nDCG@10 over all judged queries, without any training, natively (the same arithmetic as in wasm).", "",
    ...(await quality()), "", "## Time", "",
    `CPU build in Node, one thread; milliseconds a call, median (least) of ${ROUNDS} rounds by turns, each with other texts. Ratio of the medians: above 1, int8 is faster.`, "",
    ...(await speed()),
  ];
  await mkdir(join(ROOT, "bench/results"), { recursive: true });
  const file = join(ROOT, `bench/results/${date}-precision.md`);
  await writeFile(file, `${lines.join("\n")}\n`);
  console.log(`${lines.join("\n")}\n${file}`);
});

async function quality() {
  const path = await buildWorker();
  const lines = table("model", "collection", "queries", ...SEARCHES.flatMap(({ mode }) => [...PRECISIONS.map((precision) => `${mode}, ${precision}`), "lost"]));
  for (const [name, model] of MODELS) {
    const rows = {};
    for (const precision of PRECISIONS) {
      const worker = new Worker(path, model, ...(precision === "int8" ? ["int8"] : []));
      try {
        for (const collection of COLLECTIONS) {
          const request = { data: `../shared/data/${collection}`, train: "qrels.tsv", test: "qrels.tsv", searches: SEARCHES };
          const { row: found, error } = await worker.ask(request);
          if (error) throw new SetupError(`${collection}: ${error}`);
          const own = (rows[collection] ??= { queries: found.heldOutQueries });
          own[precision] = found.searches.map(({ metrics }) => metrics["ndcg@10"]);
          console.error(name, precision, collection, ...own[precision]);
        }
      } finally {
        worker.close();
      }
    }
    for (const [collection, { queries, float32, int8 }] of Object.entries(rows)) {
      const cells = SEARCHES.flatMap((_, at) => [float32[at].toFixed(4), int8[at].toFixed(4), (float32[at] - int8[at]).toFixed(4)]);
      lines.push(row(name, collection, queries, ...cells));
    }
  }
  return lines;
}

async function speed() {
  const { Nearmiss } = await import("../pkg/dist/index.js");
  const notes = (await readFile(join(ROOT, "www/public/sample/corpus.jsonl"), "utf8")).trimEnd().split("\n").map((line) => JSON.parse(line).text);
  const words = notes.join(" ").split(/\s+/);
  const lines = table("model", "texts × words", ...PRECISIONS, "float32 / int8", "least cosine", "wasm memory, MB");
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
      const memory = await Promise.all(both.map((nm) => nm.memory()));
      lines.push(row(name, `${count} × ${length}`, time(floats), time(bytes), `**${(floats[0] / bytes[0]).toFixed(2)}**`, least.toFixed(5), memory.map(({ wasm }) => (wasm / 1e6).toFixed(0)).join(", ")));
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
