/** An application that trains with nearmiss, one step a call. */
import { Nearmiss } from "nearmiss";

/**
 * All pairs in every batch, each query against the documents of the others: the loss does not depend on their order. What the peer
 * does not do is off: warm-up, decay, clipping, dropout, dev queries.
 *
 * @returns one step a call: its loss, and its learning rate, which falls
 */
export async function trainer({ model, device, queries, documents, steps, learningRate, scale }) {
  const nm = await Nearmiss.create({ model, device });
  const id = (at) => `d${at}`;
  await nm.documents.add(documents.map((text, at) => ({ id: id(at), text })));
  // Training asks for two held-out questions.
  const asked = queries.map((query, at) => ({ query, document: id(at), relevant: true, split: "train" }));
  const held = [0, 1].map((at) => ({ query: `held out ${at}`, document: id(at), relevant: true, split: "held-out" }));
  await nm.judgments.add([...asked, ...held]);
  const run = nm.train({
    trainable: "full", loss: "info-nce", negatives: "in-batch", scale, learningRate, epochs: steps, batchSize: queries.length,
    warmup: 0, weightDecay: 0, maxGradNorm: null, anchor: 0, dropout: 0, devShare: 0,
  })[Symbol.asyncIterator]();
  const step = async () => {
    for (;;) {
      const { done, value } = await run.next();
      if (done) throw new Error("the run is over");
      if (value.type === "step") return { loss: value.loss, rate: value.learningRate };
    }
  };
  return { step, memory: async () => (await nm.memory()).wasm };
}
