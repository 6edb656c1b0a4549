/**
 * What a GPU is asked to do: kernels, pipelines, bind groups, buffers, bytes and submissions, of a forward pass and of a step of training.
 * Counted in headless Chromium by the counter that the WebGPU test gates with, twice each; no times are taken, so that a software
 * adapter is as good as any. Writes bench/results/<date>-counts.md.
 *
 *     node bench/counts.mjs [--quick]     # needs the built package (npm run build)
 */
import { QUICK, command } from "./speed/command.mjs";
import { browser, head, save, table, whole } from "./speed/results.mjs";

const COLUMNS = {
  dispatches: "kernels", pipelines: "new pipelines", bindGroups: "bind groups", submits: "submits", readBacks: "read-backs", allocations: "buffers made",
  buffers: "of these, tensors", allocated: "bytes of them", writes: "writeBuffer", written: "bytes written",
};
const TRAININGS = [
  { name: "every layer", options: { trainable: "full" } },
  ...(QUICK ? [] : [{ name: "LoRA", options: { trainable: "lora" } }, { name: "a head", options: { trainable: "head" } }]),
];
const sums = (counts) => Object.fromEntries(Object.keys(COLUMNS).map((key) => [key, counts[key]]));
const cells = (counts) => Object.keys(COLUMNS).map((key) => whole(counts[key]));
const same = (a, b) => JSON.stringify(sums(a)) === JSON.stringify(sums(b));

/** Once everything is compiled and pooled: the last of several. @throws where two countings differ in what must not vary */
async function counted(page, layers, { name, options }) {
  const once = () => page.call("/page.js", "count", layers, options);
  const [first, second] = [await once(), await once()];
  const agrees = (of) => same(of(first), of(second));
  for (const key of ["dispatches", "readBacks", "submits"]) {
    const [a, b] = [first, second].map(({ forward, steps }) => [forward.at(-1)[key], steps.at(-1)[key]]);
    if (a.join() !== b.join()) throw new Error(`${name}, ${layers} layers: ${key} are ${a} and then ${b}`);
  }
  return { ...second, agreed: { forward: agrees(({ forward }) => forward.at(-1)), step: agrees(({ steps }) => steps.at(-1)) } };
}

const word = (agreed) => (agreed ? "the same" : "but for buffers");

async function main() {
  const page = await browser({ "/": "bench/counts" }, { webgpu: true });
  try {
    const adapter = (await page.adapter())?.name;
    const [forward, steps, each] = [[], [], []];
    for (const training of TRAININGS) {
      const byLayers = {};
      for (const layers of [1, 2]) {
        const found = await counted(page, layers, training);
        byLayers[layers] = found;
        if (training === TRAININGS[0]) forward.push([layers, "first", ...cells(found.forward[0]), ""], [layers, "later", ...cells(found.forward.at(-1)), word(found.agreed.forward)]);
        steps.push([training.name, layers, "first", ...cells(found.steps[0]), ""], [training.name, layers, "later", ...cells(found.steps.at(-1)), word(found.agreed.step)]);
        console.error(steps.at(-1).join("  "));
      }
      for (const [what, of] of [["forward", ({ forward }) => forward.at(-1)], ["step, both sides", ({ steps }) => steps.at(-1)]]) {
        const [one, two] = [of(byLayers[1]).dispatches, of(byLayers[2]).dispatches];
        each.push([training.name, what, two - one, 2 * one - two]);
      }
    }
    const [growth, grew] = [[], []];
    for (const { name, options } of TRAININGS) {
      const { steps, tensors, others, bytes, last } = await page.call("/page.js", "grow", 1, options, QUICK ? 20 : 500);
      if (tensors > 0) grew.push(`${name}: ${tensors} tensors were made after the first steps`);
      if (!QUICK && last > 0) grew.push(`${name}: the last 100 steps still made ${last} buffers`);
      growth.push([name, whole(steps), whole(tensors), whole(others), whole(bytes), QUICK ? "" : whole(last)]);
      console.error(growth.at(-1).join("  "));
    }
    const heads = [...Object.values(COLUMNS), "second time"];
    await save("counts", [
      ...head("What a GPU is asked to do", { where: `${page.version}, WebGPU on a software adapter (counts do not depend on it)`, modules: ["webgpu"], adapter },
        "", "A seeded BERT of 64 numbers, 2 heads, 128 in the middle. Forward: one text, with its read-back. Step: 4 questions, their answers and a wrong answer",
        "each, forward and backward for both sides, the update, the loss read back. first: right after what came before; later: the last of 4 texts, of",
        "8 steps. Everything is counted twice, each time in a fresh page; kernels, submits and read-backs must be the same. `tests/browser/gpu.js` counts."),
      "", "## A forward pass", ...table(["layers", "", ...heads], forward),
      "## A step of training", ...table(["trains", "layers", "", ...heads], steps),
      "## Kernels of a layer, and of everything else", ...table(["trains", "", "a layer adds", "without any layer"], each),
      "## Growth", "",
      "Of a training of one layer, after its first ten steps. No tensor should be made then; where one was, this command says so and fails, and the cause",
      "is not known. The other buffers are one small one a step for the arguments of a kernel, sizes and scalars: those of the update hold the step's rate, so",
      "that each step has new ones, and CubeCL keeps the last 512 of all kernels to use them again (cubecl-wgpu, `info_cache`).",
      ...table(["trains", "steps", "tensors made", "other buffers made", "bytes of all", "buffers made in the last 100 steps"], growth),
    ]);
    if (grew.length > 0) throw new Error(grew.join("; "));
  } finally {
    await page.close();
  }
}

await command(import.meta.url, main);
