/** What a GPU is asked for by some texts and some steps of training, counted one by one. */
import { countGpuWork, seededModel } from "/tests/gpu.js";
import { fill, pull } from "/tests/page.js";

const [TEXTS, STEPS] = [4, 8];
/** After so many steps everything that a step needs has been made. */
const SETTLED = 10;
/** Steps at the end, in which nothing at all may be made. */
const LAST = 100;

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

/**
 * What the steps after the first few have made: buffers for tensors, others, and bytes of both. `last`: buffers that the last `LAST` steps made.
 *
 * @returns {Promise<{ steps, tensors, others, bytes, last }>}
 */
export async function grow(layers, options, steps) {
  const { engine, taken } = await opened(layers);
  const made = { tensors: 0, others: 0, bytes: 0, last: 0 };
  let done = 0;
  await pull(engine, { kind: "train", options: { ...options, batchSize: 4, epochs: steps } }, (event) => {
    const { buffers, allocations, allocated, freed } = taken();
    if (event.type === "step") done += 1;
    if (done > SETTLED) {
      made.tensors += buffers;
      made.others += allocations - buffers;
      made.bytes += allocated - freed;
    }
    if (done > steps - LAST) made.last += allocations;
    return done === steps;
  });
  engine.cancel();
  return { ...made, steps: done - SETTLED };
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
