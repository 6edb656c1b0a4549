/**
 * How long does a search wait while a training runs, and how soon does aborting end it? On the page's sample with the compact model, CPU
 * build in Node, everything in one thread as in a page's worker. Writes bench/results/<date>-delay.md.
 *
 *     node bench/delay.mjs [--quick]     # needs a built package (npm run build)
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { ROOT } from "../tools/shared.mjs";
import { QUICK, command } from "./speed/command.mjs";
import { head, NODE, save, table } from "./speed/results.mjs";

const SAMPLE = join(ROOT, "www/public/sample");
const TRAININGS = QUICK ? ["head"] : ["head", "layers:1", "full"];
const QUERY = "Which batteries have to come back to the workshop?";
const lines = async (file) => (await readFile(join(SAMPLE, file), "utf8")).trimEnd().split("\n");

async function filled() {
  const { Nearmiss } = await import("../pkg/dist/index.js");
  const nm = await Nearmiss.create({ device: "cpu", worker: false });
  const documents = (await lines("corpus.jsonl")).map((line) => JSON.parse(line));
  await nm.documents.add(documents.map(({ _id, title, text }) => ({ id: _id, title, text })));
  const texts = new Map((await lines("queries.jsonl")).map((line) => JSON.parse(line)).map(({ _id, text }) => [_id, text]));
  for (const [split, side] of [["train", "train"], ["test", "held-out"]]) {
    const rows = (await lines(`qrels.${split}.tsv`)).slice(1).map((row) => row.split("\t"));
    await nm.judgments.add(rows.map(([query, document, score]) => ({ query: texts.get(query), document, relevant: Number(score) > 0, split: side })));
  }
  return nm;
}

async function timed(work) {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/** @returns times of searches during a run, those of its steps, and how long after abort() it was over */
async function during(nm, trainable) {
  const stop = new AbortController();
  const [steps, searches] = [[], []];
  let running = true;
  const train = (async () => {
    let last = performance.now();
    for await (const { type } of nm.train({ trainable, epochs: 4, signal: stop.signal })) {
      const now = performance.now();
      if (type === "step") steps.push(now - last);
      last = now;
    }
  })().catch((error) => {
    if (error.code !== "ABORTED") throw error;
  }).finally(() => (running = false));
  while (running && searches.length < 20) {
    await wait(37);
    if (running) searches.push(await timed(() => nm.search(QUERY)));
  }
  const aborted = await timed(() => (stop.abort(), train));
  return { steps, searches, aborted };
}

const middle = (values) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
const ms = (value) => value.toFixed(1);

async function main() {
  const nm = await filled();
  const idle = [];
  for (let at = 0; at < 20; at++) idle.push(await timed(() => nm.search(QUERY)));
  const rows = [];
  for (const trainable of TRAININGS) {
    const { steps, searches, aborted } = await during(nm, trainable);
    const [step, search] = [Math.max(...steps), Math.max(...searches)];
    rows.push([`\`${trainable}\``, ms(middle(steps)), ms(step), searches.length, ms(middle(searches)), ms(search), (search / step).toFixed(2), ms(aborted)]);
    console.error(rows.at(-1).join("  "));
  }
  await nm.dispose();
  await save("delay", [
    ...head("How long a search waits while a training runs", { where: `${NODE}, CPU build, compact model`, modules: ["cpu"] },
      "", `83 notes. A search takes its turn between two steps. Milliseconds; with nothing else to do a search takes ${ms(middle(idle))} (at most ${ms(Math.max(...idle))}).`),
    ...table(["trains", "a step: median", "longest", "searches", "a search: median", "longest", "longest search / longest step", "from abort() to the end"], rows),
  ]);
}

await command(import.meta.url, main);
