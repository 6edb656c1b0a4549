/** Training steps of nearmiss and of TensorFlow.js, turn by turn in one page, from the same weights on the same batch. */
import { alternate } from "/speed/pairs.js";
import { BATCH, RATE, SCALE, data } from "./data.js";
import { tensorflow } from "./tensorflow.js";

/** An engine whose training has been started. */
async function nearmiss({ files, queries, positives, negatives }, steps) {
  const module = await import("/wasm/cpu/nearmiss.js");
  await module.default();
  const engine = await module.Engine.create(files, {});
  const documents = [...positives, ...negatives, "the key", "the valve"];
  engine.addDocuments(documents.map((text, at) => ({ id: String(at), text })));
  const judge = (query, document, relevant, split) => ({ query, document: String(document), relevant, split });
  engine.addJudgments([
    ...queries.flatMap((query, at) => [judge(query, at, true, "train"), judge(query, BATCH + at, false, "train")]),
    judge("which key", 2 * BATCH, true, "held-out"),
    judge("which valve", 2 * BATCH + 1, true, "held-out"),
  ]);
  // Every epoch is one batch of all questions. A rate that falls in a line, no decay and no clipping: plain Adam.
  const options = {
    trainable: "full", negatives: "labelled", batchSize: BATCH, epochs: steps, scale: SCALE, learningRate: RATE, warmup: 0, weightDecay: 0, maxGradNorm: null,
  };
  engine.start({ kind: "train", options });
  return engine;
}

/**
 * @param {{ backend: "wasm" | "cpu", threads?: number }} how of TensorFlow.js
 * @param {{ warm: number, rounds: number }} turns
 * @returns {Promise<{ losses, times }>} losses of all steps, warm ones included; milliseconds of those that count, with the laying out
 *   of the batch, tokenization and the read-back of the loss
 */
export async function beside(how, { warm, rounds }) {
  const given = await data();
  const steps = warm + rounds;
  const engine = await nearmiss(given, steps);
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
