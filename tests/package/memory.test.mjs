/** What an instance takes, and that disposing of it gives it back. The model is tiny: what would leak is not its weights alone. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createHost } from "../../pkg/dist/host.js";
import { Nearmiss } from "../../pkg/dist/index.js";
import { fake, FILES } from "./fake-engine.mjs";

const MODEL = fileURLToPath(new URL("../fixtures/tiny-bert", import.meta.url));
const NOTES = ["key", "valve", "mast", "battery"].map((id) => ({ id, text: `to rotate the ${id} turn it to the last ${id}` }));
const PAGE = 65_536;

async function use(options = {}) {
  const nm = await Nearmiss.create({ model: MODEL, device: "cpu", worker: false, ...options });
  await nm.documents.add(NOTES);
  await nm.search("turn the key", { rerank: "maxsim" });
  return nm;
}

test("figures: measured, or counted from what is there", async () => {
  const nm = await use();
  const { dimensions, parameters } = nm.model;
  const memory = await nm.memory();
  assert.ok(memory.wasm > 4 * parameters && memory.wasm % PAGE === 0, `${memory.wasm}`);
  assert.equal(memory.documents, 4);
  assert.equal(memory.weights, 4 * parameters);
  assert.equal(memory.embeddings, 4 * (2 * 4 * dimensions + 48), "before and after the adapter, in single precision");
  assert.deepEqual([memory.graph, memory.tokensAtMost, memory.gpu, memory.store], [0, 256 * 2 ** 20, null, null]);
  assert.deepEqual((await nm.documents.list()).map(({ id }) => id), NOTES.map(({ id }) => id), "asking changes nothing");
  await nm.dispose();
  await assert.rejects(nm.memory(), { code: "DISPOSED" });
});

test("a graph and a store are counted", async () => {
  const nm = await use({ graphFrom: 2, storage: "memory:counted" });
  const memory = await nm.memory();
  assert.ok(memory.graph > 0);
  assert.equal(memory.store, nm.storage.state.bytes);
  assert.ok(memory.store > 0);
  await nm.dispose();
});

test("on the GPU the weights are the GPU's", async () => {
  const adapter = { features: new Set(["timestamp-query"]), info: {} };
  const host = await createHost({ model: FILES }, { ...fake().seams, gpu: () => ({ requestAdapter: async () => adapter }) });
  const { gpu, weights } = await host.memory();
  assert.equal(gpu, weights);
});

test("twenty instances one after another take no more than the first three", async () => {
  const sizes = [];
  for (let round = 0; round < 20; round += 1) {
    const nm = await use();
    for await (const event of await train(nm)) void event;
    sizes.push((await nm.memory()).wasm);
    await nm.dispose();
  }
  assert.equal(sizes.at(-1), sizes[2], sizes.map((size) => size / PAGE).join(" "));
});

async function train(nm) {
  const pairs = NOTES.map(({ id }, at) => ({ query: `turn ${id}`, document: id, relevant: true, split: at % 2 ? "train" : "held-out" }));
  await nm.judgments.add(pairs);
  return nm.train({ epochs: 1 });
}
