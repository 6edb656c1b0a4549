/** Training steps of nearmiss and of TensorFlow.js, turn by turn in one page, from the same weights on the same batch. */
import { alternate } from "/speed/pairs.js";
import { RATE, SCALE, data } from "./data.js";
import { tensorflow } from "./tensorflow.js";

/** An engine whose training has been started. */
async function nearmiss(build, { shape: { batch }, files, queries, positives, negatives }, steps) {
  const module = await import(`/wasm/${build}/nearmiss.js`);
  await module.default();
  const engine = await module.Engine.create(files, {});
  const documents = [...positives, ...negatives, "the key", "the valve"];
  engine.addDocuments(documents.map((text, at) => ({ id: String(at), text })));
  const judge = (query, document, relevant, split) => ({ query, document: String(document), relevant, split });
  engine.addJudgments([
    ...queries.flatMap((query, at) => [judge(query, at, true, "train"), judge(query, batch + at, false, "train")]),
    judge("which key", 2 * batch, true, "held-out"),
    judge("which valve", 2 * batch + 1, true, "held-out"),
  ]);
  // Every epoch is one batch of all questions. A rate that falls in a line, no decay and no clipping: plain Adam.
  const options = {
    trainable: "full", negatives: "labelled", batchSize: batch, epochs: steps, scale: SCALE, learningRate: RATE, warmup: 0, weightDecay: 0, maxGradNorm: null,
  };
  engine.start({ kind: "train", options });
  return engine;
}

/**
 * @param {{ backend: "wasm" | "cpu" | "webgpu", threads?: number }} how of TensorFlow.js
 * @param {{ warm: number, rounds: number }} turns
 * @param {{ build?: "cpu" | "webgpu", shape?: object }} what of nearmiss, and the shape of the step
 * @returns {Promise<{ losses, times }>} losses of all steps, warm ones included; milliseconds of those that count, with the laying out
 *   of the batch, tokenization and the read-back of the loss
 */
export async function beside(how, { warm, rounds }, { build = "cpu", shape } = {}) {
  const given = await data(shape);
  const steps = warm + rounds;
  const engine = await nearmiss(build, given, steps);
  const step = await tensorflow(how, given, steps);
  const losses = { nearmiss: [], tensorflow: [] };
  const works = {
    nearmiss: async () => losses.nearmiss.push(await nextLoss(engine)),
    tensorflow: async () => losses.tensorflow.push(await step()),
  };
  // What comes before the first step of nearmiss (it measures where it stands) is no step, and must not be timed where none is warm.
  if (warm < 1) throw new Error("needs a turn to warm up");
  const times = await alternate(works, { rounds, warm });
  engine.cancel();
  engine.free();
  return { losses, times };
}

async function nextLoss(engine) {
  for (let event = await engine.next(); event !== null; event = await engine.next()) {
    if (event.type === "step") return event.loss;
  }
  throw new Error("training ended early");
}

/** What PyTorch is given to take the same steps: the weights' file in base64, and token ids of all three sides. */
export async function given(shape) {
  const { files, queries, positives, negatives, ids } = await data(shape);
  const reader = new FileReader();
  const read = new Promise((done) => reader.addEventListener("load", done));
  reader.readAsDataURL(new Blob([files.weights]));
  await read;
  return { weights: reader.result.split(",")[1], queries: queries.map(ids), positives: positives.map(ids), negatives: negatives.map(ids), rate: RATE, scale: SCALE };
}
