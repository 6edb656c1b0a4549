/**
 * The job of mining.mjs with the package, in a process of its own: `node bench/mining-engine.mjs FOLDER same|defaults`.
 * Nothing is encoded: the vectors are given. Speaks as mining_reference.py does.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createHost } from "../pkg/dist/host.js";
import { Nearmiss } from "../pkg/dist/index.js";
import { MODEL } from "../tools/model.mjs";

const [folder, rules] = process.argv.slice(2);
const job = JSON.parse(await readFile(join(folder, "job.json"), "utf8"));
const table = async (name) => {
  const bytes = await readFile(join(folder, `${name}.f32`));
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
};

/** "same": the rules of `mine_hard_negatives` and no others. "defaults": what `nm.mine()` does unasked. */
const OPTIONS = {
  same: {
    rangeMax: job.rangeMax, relativeMargin: job.relativeMargin, numNegatives: job.numNegatives, sampling: "top",
    topUp: false, nearDuplicates: null, siblings: false,
  },
  defaults: {},
};

const host = await createHost({ model: MODEL, device: "cpu" });
const id = (position) => `d${position}`;
await host.call("addDocuments", [job.documents.map((text, position) => ({ id: id(position), title: "", text }))]);
await host.call("loadVectors", [await host.call("unencoded", []), "document", await table("documents")]);
await host.call("loadVectors", [job.queries, "query", await table("queries")]);
const nm = Nearmiss.over(host);
await nm.judgments.add(
  job.queries.map((query, number) => ({ query, document: id(job.positives[number]), relevant: true, split: "train" })),
);
say({ versions: `Node ${process.version}, the CPU build` });

let first = true;
for await (const _ of createInterface({ input: process.stdin })) {
  const started = performance.now();
  const { examples } = await nm.mine(OPTIONS[rules]);
  const ms = performance.now() - started;
  if (first) await writeFile(join(folder, `${rules}.json`), JSON.stringify(byQuery(examples)));
  first = false;
  say({ ms, searchMs: null, peakBytes: process.resourceUsage().maxRSS * 1024 });
}
await nm.dispose();

function byQuery(examples) {
  const mined = job.queries.map(() => []);
  const numbers = new Map(job.queries.map((query, number) => [query, number]));
  for (const { query, negatives } of examples) {
    mined[numbers.get(query)] = negatives.map(({ document, score }) => [Number(document.slice(1)), score]);
  }
  return mined;
}

function say(message) {
  console.log(JSON.stringify(message));
}
