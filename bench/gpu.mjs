/**
 * On a machine with a GPU: encoding with all-MiniLM-L6-v2 over batches and lengths beside onnxruntime-web, a step of training beside
 * TensorFlow.js, all on WebGPU in headless Chromium, turn by turn in one page; and beside PyTorch on CUDA, where Python has it. Embeddings
 * and losses must agree, or there is no table. Writes bench/results/<date>-gpu.md.
 *
 *     node bench/gpu.mjs [--quick] [--peak TFLOPS]     # needs the built package and the model (npm run build), Python 3; installs the others into its cache
 *
 * --peak TFLOPS    of the GPU in single precision, as its maker states it: a column then says which share of it is reached
 * --quick          the tests' tiny model through the same code, on a software adapter: does it run?
 *
 * CHROMIUM is the browser, CHROMIUM_FLAGS the flags that give it the adapter (those of Linux with Vulkan unless set), PYTHON the interpreter with
 * torch and transformers (python3). On a software adapter there is no table: it says nothing about a GPU.
 */
import { join } from "node:path";
import { SOFTWARE } from "../tests/harness.mjs";
import { MODEL } from "../tools/model.mjs";
import { ROOT, SetupError } from "../tools/shared.mjs";
import { exportOnnx } from "./encode/export.mjs";
import { torch } from "./gpu/torch.mjs";
import { QUICK, command } from "./speed/command.mjs";
import { apart, compare, least, median } from "./speed/pairs.js";
import { BESIDE, browser, head, installPeers, ms, ratioCell, save, table, whole } from "./speed/results.mjs";

/** What Chromium on Linux wants before it shows a headless page the real adapter. */
const HARDWARE = ["--enable-unsafe-webgpu", "--use-angle=vulkan", "--enable-features=Vulkan", "--disable-vulkan-surface", "--ignore-gpu-blocklist"];
const FLAGS = process.env.CHROMIUM_FLAGS?.split(/\s+/).filter(Boolean) ?? (QUICK ? SOFTWARE : HARDWARE);

const TINY = join(ROOT, "tests/fixtures/tiny-bert");
/** `layers`, `hidden` and `wide` (what lies in the middle) are for counting operations. */
const ENCODER = QUICK
  ? { name: "the tests' model", folder: TINY, at: "/tiny/", layers: 2, hidden: 32, wide: 64 }
  : { name: "all-MiniLM-L6-v2", folder: MODEL, at: "/model/", layers: 6, hidden: 384, wide: 1536 };
/** Texts a batch × tokens a text; the first is the one that is aimed at. */
const SHAPES = QUICK ? [[2, 16], [4, 32]] : [[32, 128], ...[16, 32, 64, 128, 256].flatMap((length) => [1, 8, 32, 128].map((count) => [count, length]))];
const STEPS = QUICK
  ? [{ layers: 1, hidden: 32, heads: 2, wide: 64, batch: 4, length: 8 }]
  : [
      { layers: 2, hidden: 128, heads: 4, wide: 512, batch: 16, length: 32 },
      { layers: 6, hidden: 384, heads: 12, wide: 1536, batch: 16, length: 32 },
      { layers: 6, hidden: 384, heads: 12, wide: 1536, batch: 32, length: 64 },
    ];
const TURNS = { warm: QUICK ? 1 : 3, rounds: QUICK ? 2 : 11 };
/** Of a number of an embedding, and of the losses of the first steps. */
const [CLOSE, AGREE, LOSS] = [1e-4, 3, 1e-3];

/** Multiplications and additions of all matrix products of a forward pass; the rest is small beside them. */
const operations = ({ layers, hidden, wide }, [count, length]) => layers * count * length * (8 * hidden ** 2 + 4 * hidden * wide + 4 * length * hidden);
/** A step: its three sides forward, and backward twice that. */
const stepOperations = (shape) => 3 * operations(shape, [3 * shape.batch, shape.length]);
const share = (count, milliseconds, peak) => (peak ? [`${((100 * count) / (milliseconds / 1000) / (peak * 1e12)).toFixed(1)} %`] : []);
const gigas = (count, milliseconds) => whole(count / milliseconds / 1e6);
const time = (values) => `${ms(median(values))} (${ms(least(values))})`;
const beside = (own, other) => (other ? [time(other), (median(other) / median(own)).toFixed(2)] : ["", ""]);

async function encoding({ call }, python, peak) {
  const engines = {
    nearmiss: { engine: "nearmiss", options: { build: "webgpu", folder: ENCODER.at } },
    peer: { engine: "onnxRuntime", options: { provider: "webgpu", folder: "/onnx/" } },
  };
  const { shapes } = await call("/encode/page.js", "beside", engines, SHAPES, TURNS, { folder: ENCODER.at });
  const peers = await python?.encode(ENCODER.folder, shapes.map(({ ids }) => ids), TURNS);
  return shapes.map(({ times, agreement, rows }, at) => {
    const [shape, other] = [SHAPES[at], peers?.[at]];
    const differences = [agreement.peer.difference, ...(other ? [apart(rows, other.rows)] : [])];
    if (Math.max(...differences) > CLOSE) throw new Error(`${shape.join(" × ")}: embeddings apart by ${differences.join(" and ")}`);
    const own = median(times.nearmiss);
    const cells = [
      shape.join(" × "), time(times.nearmiss), time(times.peer), ratioCell(compare(times.nearmiss, times.peer)), ...beside(times.nearmiss, other?.times),
      whole((1000 * shape[0] * shape[1]) / own), gigas(operations(ENCODER, shape), own), ...share(operations(ENCODER, shape), own, peak),
      differences.map((value) => value.toExponential(1)).join(", "),
    ];
    console.error(cells.join("  "));
    return cells;
  });
}

async function training({ call }, python, peak) {
  const rows = [];
  for (const shape of STEPS) {
    const { losses, times } = await call("/train/page.js", "beside", { backend: "webgpu" }, TURNS, { build: "webgpu", shape });
    const other = await python?.train({ ...(await call("/train/page.js", "given", shape)), shape }, TURNS);
    const first = (values) => values.slice(0, AGREE);
    const differences = [losses.tensorflow, ...(other ? [other.losses] : [])].map((values) => apart(first(losses.nearmiss), first(values)));
    if (Math.max(...differences) > LOSS) throw new Error(`losses apart by ${differences.join(" and ")}`);
    const own = median(times.nearmiss);
    rows.push([
      `${shape.layers} layers of ${shape.hidden}, ${3 * shape.batch} × ${shape.length}`, time(times.nearmiss), time(times.tensorflow), ratioCell(compare(times.nearmiss, times.tensorflow)),
      ...beside(times.nearmiss, other?.times), gigas(stepOperations(shape), own), ...share(stepOperations(shape), own, peak), differences.map((value) => value.toExponential(1)).join(", "),
    ]);
    console.error(rows.at(-1).join("  "));
  }
  return rows;
}

async function main({ peak }) {
  if (peak !== undefined && !(Number(peak) > 0)) throw new SetupError("--peak must be a number of TFLOP/s above 0");
  const [onnx, tensorflow] = [await installPeers("encode"), await installPeers("train")];
  const graphs = await exportOnnx(onnx, ENCODER.folder, QUICK ? "tiny" : "minilm");
  const python = torch({ cpu: QUICK });
  const roots = {
    "/encode/": "bench/encode", "/train/": "bench/train", "/model/": MODEL, "/onnx/": graphs,
    "/peers/onnxruntime-web/": join(onnx, "node_modules/onnxruntime-web"), "/peers/@tensorflow/": join(tensorflow, "node_modules/@tensorflow"),
  };
  const page = await browser(roots, { webgpu: true, flags: FLAGS });
  try {
    const adapter = await page.adapter();
    if (!adapter) throw new SetupError("the browser has no WebGPU adapter: set CHROMIUM to one that has, and CHROMIUM_FLAGS to what it needs");
    if (adapter.software && !QUICK) throw new SetupError(`the adapter is software (${adapter.name}): it says nothing about a GPU. --quick runs on it`);
    const encoded = await encoding(page, python, Number(peak));
    const trained = await training(page, python, Number(peak));
    const theirs = python ? `PyTorch: ${python.version}, eager, single precision, right after in a process of its own.` : "PyTorch: not there.";
    const ratio = ["PyTorch, ms", "PyTorch / nearmiss"];
    const of = peak ? [`of ${peak} TFLOP/s`] : [];
    await save("gpu", [
      ...head("On a GPU", { where: page.version, modules: ["webgpu"], adapter: adapter.name }, ...BESIDE,
        `Times: median (least) of ${TURNS.rounds} turns in ms, with the read-back of the result; other texts each turn of encoding. ${theirs}`,
        `Chromium's flags: ${FLAGS.join(" ")}. GFLOP/s: matrix products alone, over the whole time.`,
        `Embeddings must agree within ${CLOSE} in every number, losses of the first ${AGREE} steps within ${LOSS}, or there is no table.`),
      "", `## Encoding, ${ENCODER.name}`, "",
      "nearmiss works from text; the others are given token ids. No padding. onnxruntime-web: WebGPU, rows pooled outside.",
      ...table(["texts × tokens", "nearmiss, ms", "onnxruntime-web, ms", "peer / nearmiss", ...ratio, "tokens/s", "GFLOP/s", ...of, "numbers apart"], encoded),
      "## A step of training", "",
      "As in `bench/train.mjs`: questions, answers and wrong answers, InfoNCE, all layers train, word embeddings do not; Adam. TensorFlow.js: WebGPU.",
      ...table(["model, texts × tokens", "nearmiss, ms", "TensorFlow.js, ms", "peer / nearmiss", ...ratio, "GFLOP/s", ...of, "losses apart"], trained),
    ]);
  } finally {
    await page.close();
  }
}

await command(import.meta.url, main, { peak: { type: "string" } });
