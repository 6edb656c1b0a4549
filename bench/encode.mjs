/**
 * Encoding with all-MiniLM-L6-v2: nearmiss on the CPU beside onnxruntime-web and transformers.js, on one thread and on two, in
 * headless Chromium. Every engine encodes the same texts by turns in one page; embeddings must agree. Writes
 * bench/results/<date>-encode.md.
 *
 *     node bench/encode.mjs [--quick]     # needs the built package (npm run build), Python 3.11; installs the others into its cache
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ISOLATED, launch, ROOT, serve } from "../tests/harness.mjs";
import { MODEL } from "../tools/model.mjs";
import { script, SetupError } from "../tools/shared.mjs";
import { bundle, install, roots } from "./peers/setup.mjs";

/** Texts, tokens of each. */
const SHAPES = [[8, 32], [8, 128], [32, 128]];
/** In the order of a round; the first is what the others are compared with. */
const ENGINES = [
  { name: "onnxruntime-web 1.30.0, 1 thread", call: "onnxRuntime", asked: { threads: 1 }, base: true },
  { name: "nearmiss", call: "nearmiss", asked: {} },
  { name: "transformers.js 4.3.1, 1 thread", call: "transformersJs", asked: { threads: 1 } },
];
const TWO = [
  { name: "onnxruntime-web 1.30.0, 2 threads", call: "onnxRuntime", asked: { threads: 2 }, base: true },
  { name: "nearmiss, one instance", call: "nearmiss", asked: {} },
  { name: "nearmiss, two instances", call: "nearmiss", asked: { instances: 2 } },
];
const AGREE = 1e-5;

/** Texts of words that are one piece each, so that every engine sees the same tokens. */
async function texts(count, length) {
  const { model } = JSON.parse(await readFile(join(MODEL, "tokenizer.json"), "utf8"));
  const words = Object.entries(model.vocab).filter(([piece]) => /^[a-z]{4,9}$/.test(piece));
  const chosen = Array.from({ length: count }, (_, text) => Array.from({ length: length - 2 }, (_, at) => words[(text * 7919 + at * 104_729) % words.length]));
  const ids = (row) => [model.vocab["[CLS]"], ...row.map(([, id]) => id), model.vocab["[SEP]"]];
  return { texts: chosen.map((row) => row.map(([word]) => word).join(" ")), pieces: chosen.map(ids) };
}

const median = (times) => [...times].sort((a, b) => a - b)[times.length >> 1];
const row = (...cells) => `| ${cells.join(" | ")} |`;

/** @returns the lines of one table */
async function table(chromium, server, engines, shapes, rounds) {
  const lines = [row("texts × tokens", "engine", "ms: median (least–most)", "tokens/s", "ratio of the medians", "of the least", "furthest from the first", "memory, MB"), row(...Array(8).fill("---"))];
  for (const [count, length] of shapes) {
    const page = await (await chromium.browser.newContext()).newPage();
    await page.goto(server.url);
    const given = { engines: engines.map(({ call, asked }) => ({ call, asked })), ...(await texts(count, length)), rounds };
    const results = await page.evaluate(async (asked) => (await import("/bench/page.js")).measure(asked), given);
    await page.context().close();
    for (const [at, { times, apart, memory }] of results.entries()) {
      if (!(apart < AGREE)) throw new SetupError(`${engines[at].name} is ${apart} from ${engines[0].name}`);
      const [middle, least, most] = [median(times), Math.min(...times), Math.max(...times)];
      const ratio = (of) => (engines[at].base ? "1" : `**${(of(results[0].times) / of(times)).toFixed(2)}**`);
      lines.push(row(`${count} × ${length}`, engines[at].name, `${middle.toFixed(0)} (${least.toFixed(0)}–${most.toFixed(0)})`, Math.round((count * length) / middle * 1000), ratio(median), ratio((all) => Math.min(...all)), apart.toExponential(0), memory ? (memory / 1e6).toFixed(0) : ""));
      console.error(lines.at(-1));
    }
  }
  return lines;
}

await script(import.meta.url, async () => {
  const { values } = parseArgs({ options: { quick: { type: "boolean" } } });
  await install();
  const { outdir } = await bundle("bench/encode/nearmiss.js");
  const server = await serve({ ...roots(outdir), "/bench/": "bench/encode" }, { headers: ISOLATED });
  const chromium = await launch({ webgpu: false });
  const date = new Date().toISOString().slice(0, 10);
  const [shapes, rounds] = values.quick ? [SHAPES.slice(0, 1), 2] : [SHAPES, 7];
  const lines = [
    `# Encoding beside onnxruntime-web and transformers.js, ${date}`, "",
    `all-MiniLM-L6-v2, f32, in headless Chromium ${chromium.browser.version()} on ${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, no GPU. Milliseconds a call, ${rounds} rounds by turns in one`,
    "page. A ratio above 1 is faster than onnxruntime-web. nearmiss works in a worker and its time includes the tokenizer and the way there and",
    "back; transformers.js includes its tokenizer; onnxruntime-web is given numbers. `bench/encode.mjs`.", "", "## One thread", "",
  ];
  try {
    lines.push(...(await table(chromium, server, ENGINES, shapes, rounds)), "", "## Two threads", "", "The page is isolated (COOP, COEP). An instance of nearmiss is one thread; two share the texts and hold the model twice.", "");
    lines.push(...(await table(chromium, server, TWO, shapes, rounds)));
  } finally {
    await chromium.close();
    await server.close();
  }
  if (values.quick) return console.log(lines.join("\n"));
  const out = join(ROOT, `bench/results/${date}-encode.md`);
  await mkdir(join(ROOT, "bench/results"), { recursive: true });
  await writeFile(out, `${lines.join("\n")}\n`);
  console.log(out);
});
