/** What a GPU is asked for by some texts and some steps of training, counted one by one. */
import { countGpuWork, seededModel } from "/tests/gpu.js";
import { fill, pull } from "/tests/page.js";

const [TEXTS, STEPS] = [4, 8];

/** @param {number} layers of the model @param {object} options of training @returns {Promise<{ forward: object[], steps: object[] }>} counts */
export async function count(layers, options) {
  const taken = countGpuWork();
  const module = await import("/wasm/webgpu/nearmiss.js");
  await module.default();
  // Parameters of a multiple of 64 numbers lie in the packed vector as they are, as those of real models do.
  const engine = await module.Engine.create(await seededModel({ hidden: 64, heads: 2, wide: 128, layers }), {});
  fill(engine);
  taken();
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
