/** What a GPU is asked for by some texts and some steps of training, counted one by one. */
import { countGpuWork, seededModel } from "/tests/gpu.js";
import { fill, pull } from "/tests/page.js";

const [TEXTS, STEPS] = [4, 8];
/** After so many steps everything that a step needs has been made. */
const SETTLED = 10;

/** @param {number} layers of the model @param {object} options of training @returns {Promise<{ forward: object[], steps: object[] }>} counts */
export async function count(layers, options) {
  const { engine, taken } = await opened(layers);
  const forward = [];
  for (let text = 0; text < TEXTS; text += 1) {
    await engine.encode(["a note"], "query");
    forward.push(taken());
  }
  const steps = [];
  // Only what the step itself asks for: laying out an epoch and mining come as events of their own.
  await pull(engine, { kind: "train", options: { ...options, batchSize: 4, epochs: STEPS } }, (event) => {
    const counts = taken();
    if (event.type === "step") steps.push(counts);
    return steps.length === STEPS;
  });
  engine.cancel();
  return { forward, steps };
}

/** @returns {Promise<{ steps: number, tensors: number, bytes: number }>} what the steps after the first few have made and not destroyed again */
export async function grow(layers, options, steps) {
  const { engine, taken } = await opened(layers);
  let done = 0;
  const later = { steps: 0, tensors: 0, bytes: 0 };
  await pull(engine, { kind: "train", options: { ...options, batchSize: 4, epochs: steps } }, (event) => {
    const { buffers, allocated, freed } = taken();
    if (event.type === "step") done += 1;
    if (done > SETTLED) {
      later.tensors += buffers;
      later.bytes += allocated - freed;
    }
    return done === steps;
  });
  engine.cancel();
  return { ...later, steps: done - SETTLED };
}

async function opened(layers) {
  const taken = countGpuWork();
  const module = await import("/wasm/webgpu/nearmiss.js");
  await module.default();
  // Parameters of a multiple of 64 numbers lie in the packed vector as they are, as those of real models do.
  const engine = await module.Engine.create(await seededModel({ hidden: 64, heads: 2, wide: 128, layers }), {});
  fill(engine);
  taken();
  return { engine, taken };
}
