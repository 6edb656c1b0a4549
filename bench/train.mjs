/**
 * One step of training in headless Chromium, nearmiss beside TensorFlow.js with the same model written by hand, turn by turn in one
 * page, from the same weights on the same batch: do their losses agree, and how long does each take? Writes
 * bench/results/<date>-train.md.
 *
 *     node bench/train.mjs [--quick]      # needs the built package (npm run build); installs TensorFlow.js into its cache
 */
import { join } from "node:path";
import { QUICK, command } from "./speed/command.mjs";
import { apart, compare, median } from "./speed/pairs.js";
import { BESIDE, browser, head, installPeers, ms, ratioCell, save, table } from "./speed/results.mjs";

/** Steps whose losses must agree; later ones compare as well, but a small difference grows with every step. */
const AGREE = 5;
/** Largest difference of the losses, which begin at log 32 ≈ 3.5. The two sum in another order, and erf is another approximation. */
const TOLERANCE = 1e-3;

const ROWS = [
  { name: "TensorFlow.js, wasm, 1 thread", how: { backend: "wasm", threads: 1 }, rounds: 12 },
  { name: "TensorFlow.js, wasm, 2 threads", how: { backend: "wasm", threads: 2 }, rounds: 12 },
  { name: "TensorFlow.js, cpu (plain JavaScript)", how: { backend: "cpu" }, rounds: 5 },
];

async function measured({ call }, { name, how, rounds }) {
  const { losses, times } = await call("/page.js", "beside", how, { warm: 1, rounds: QUICK ? AGREE : rounds });
  const difference = apart(losses.nearmiss.slice(0, AGREE), losses.tensorflow.slice(0, AGREE));
  if (difference > TOLERANCE) throw new Error(`${name}: losses apart by ${difference}: ${losses.nearmiss} and ${losses.tensorflow}`);
  const cells = [
    name, ms(median(times.nearmiss)), ms(median(times.tensorflow)), ratioCell(compare(times.nearmiss, times.tensorflow)),
    compare(times.nearmiss, times.tensorflow).best.toFixed(2), times.nearmiss.length, difference.toExponential(1),
  ];
  console.error(cells.join("  "));
  return { cells, losses };
}

async function main() {
  const peers = await installPeers("train");
  const page = await browser({ "/": "bench/train", "/peers/": join(peers, "node_modules") });
  try {
    const rows = [];
    for (const row of QUICK ? ROWS.slice(0, 1) : ROWS) rows.push(await measured(page, row));
    const curve = (name) => rows[0].losses[name].slice(0, AGREE).map((loss) => loss.toFixed(5)).join(", ");
    await save("train", [
      ...head("A step of training beside TensorFlow.js", { where: page.version, modules: ["cpu"] }, ...BESIDE,
        "BERT of 2 layers, 128 numbers, 4 heads, 512 in the middle, seeded; 16 questions, 16 answers and 16 wrong ones of 32 tokens each",
        "(48 texts, 1536 tokens); InfoNCE over the 32 documents, scale 20; all layers, positions and norms train, word embeddings do not;",
        "Adam with a rate that falls from 1e-3, no decay, no clipping. nearmiss is its CPU build, one thread. Its step includes tokenization,",
        "the norm of the gradient and the cosines that it reports; TensorFlow.js is given token ids. Both read the loss back each step.",
        `Losses of the first ${AGREE} steps must agree within ${TOLERANCE}, or there is no table.`),
      ...table(["beside", "nearmiss, ms a step", "peer, ms a step", "peer / nearmiss", "of the best times", "turns", "losses apart"], rows.map(({ cells }) => cells)),
      `Losses, nearmiss: ${curve("nearmiss")}.`, "", `Losses, TensorFlow.js: ${curve("tensorflow")}.`,
    ]);
  } finally {
    await page.close();
  }
}

await command(import.meta.url, main);
