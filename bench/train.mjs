/**
 * A training step: nearmiss on the CPU beside TensorFlow.js, which has no encoder, so that the same one is written by hand. The same
 * weights, texts and update; the losses must agree step by step. Headless Chromium, one thread each, by turns in one page. Writes
 * bench/results/<date>-train.md.
 *
 *     node bench/train.mjs [--quick]     # needs the built package (npm run build); installs TensorFlow.js into its cache
 */
import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { launch, ROOT, serve } from "../tests/harness.mjs";
import { script, SetupError } from "../tools/shared.mjs";
import { bundle, install, roots } from "./peers/setup.mjs";
import { makeModel, SIZES } from "./train/model.mjs";

/** Pairs of texts, tokens of each text, TensorFlow's backend. */
const CASES = [[16, 32, "wasm"], [4, 32, "wasm"], [16, 32, "cpu"]];
const TOLERANCE = 1e-3;
const [LEARNING_RATE, SCALE] = [1e-4, 20];

/** @returns texts of words of one token each, and their numbers with [CLS] and [SEP] */
function texts(words, count, length, seed) {
  const rows = Array.from({ length: count }, (_, text) => Array.from({ length: length - 2 }, (_, at) => words[(seed + text * 7919 + at * 104_729) % words.length]));
  return { texts: rows.map((row) => row.map(([word]) => word).join(" ")), pieces: rows.map((row) => [101, ...row.map(([, id]) => id), 102]) };
}

const median = (times) => [...times].sort((a, b) => a - b)[times.length >> 1];
const row = (...cells) => `| ${cells.join(" | ")} |`;

async function measure(chromium, server, { words }, [pairs, length, backend], steps) {
  const [queries, documents] = [texts(words, pairs, length, 1), texts(words, pairs, length, 500_009)];
  const page = await (await chromium.browser.newContext()).newPage();
  await page.goto(server.url);
  const given = {
    steps,
    nearmiss: { scale: SCALE, learningRate: LEARNING_RATE, model: "/model/", device: "cpu", steps, queries: queries.texts, documents: documents.texts },
    tensorflow: { scale: SCALE, backend, weights: "/model/model.safetensors", sizes: SIZES, pieces: { queries: queries.pieces, documents: documents.pieces } },
  };
  const [ours, theirs] = await page.evaluate(async (asked) => (await import("/bench/page.js")).measure(asked), given);
  await page.context().close();
  const apart = Math.max(...ours.losses.map((loss, at) => Math.abs(loss - theirs.losses[at]) / theirs.losses[at]));
  if (!(apart < TOLERANCE)) throw new SetupError(`the losses are ${apart} apart: ${ours.losses} and ${theirs.losses}`);
  // The first step of each compiles what it needs.
  const [mine, other] = [ours.times.slice(1), theirs.times.slice(1)];
  const cell = (times) => `${median(times).toFixed(1)} (${Math.min(...times).toFixed(1)}–${Math.max(...times).toFixed(1)})`;
  return row(`${pairs} × 2 × ${length}`, backend, cell(mine), cell(other), `**${(median(other) / median(mine)).toFixed(1)}**`, (Math.min(...other) / Math.min(...mine)).toFixed(1), `${ours.losses[0].toFixed(4)} → ${ours.losses.at(-1).toFixed(4)}`, apart.toExponential(0));
}

await script(import.meta.url, async () => {
  const { values } = parseArgs({ options: { quick: { type: "boolean" } } });
  await install();
  const { outdir } = await bundle("bench/train/nearmiss.js");
  const made = await makeModel();
  const model = (request, response) => {
    const file = made.files[new URL(request.url, "http://localhost").pathname.slice("/model/".length)];
    if (file) response.writeHead(200, { "content-length": file.length }).end(file);
    else response.writeHead(404).end();
  };
  const server = await serve({ ...roots(outdir), "/bench/": "bench/train", "/model/": model });
  const chromium = await launch({ webgpu: false });
  const date = new Date().toISOString().slice(0, 10);
  const lines = [
    `# A training step beside TensorFlow.js, ${date}`, "",
    `A BERT of ${SIZES.layers} layers of ${SIZES.hidden}, ${SIZES.heads} heads, inner ${SIZES.wide}; all but the word embeddings trains. Two forward passes, InfoNCE over the batch, backward, Adam.`,
    `nearmiss on its CPU build, TensorFlow.js 4.22.0 without threads; headless Chromium ${chromium.browser.version()} on ${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, by turns in one page.`,
    "Milliseconds a step, without the first of each; the time of nearmiss includes its worker, tokenizer and sampling. A ratio above 1: nearmiss is faster. Losses are",
    "those of the first and last step, and how far, relatively, the two engines ever are apart. `bench/train.mjs`.", "",
    row("pairs × texts × tokens", "TensorFlow's backend", "nearmiss, ms: median (least–most)", "TensorFlow.js, ms", "ratio of the medians", "of the least", "loss", "apart"), row(...Array(8).fill("---")),
  ];
  try {
    for (const one of values.quick ? CASES.slice(1, 2) : CASES) {
      lines.push(await measure(chromium, server, made, one, values.quick ? 4 : 8));
      console.error(lines.at(-1));
    }
  } finally {
    await chromium.close();
    await server.close();
  }
  if (values.quick) return;
  const out = join(ROOT, `bench/results/${date}-train.md`);
  await mkdir(join(ROOT, "bench/results"), { recursive: true });
  await writeFile(out, `${lines.join("\n")}\n`);
  console.log(out);
});
