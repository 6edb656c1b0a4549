/** An instance with a store, closed and opened again: everything is as it was. With the real engine on a model of random weights. */
import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Nearmiss, stores } from "../../pkg/dist/index.js";
import { decode, encode, openStore } from "../../pkg/dist/storage/index.js";

const MODEL = fileURLToPath(new URL("../fixtures/tiny-bert", import.meta.url));

const WORDS = ["key", "valve", "mast", "battery", "door", "branch", "leave", "note", "station", "team", "pay", "ring"];
const DOCUMENTS = WORDS.map((id, at) => ({ id, title: `The ${id}`, text: `To rotate the ${id} turn it ${at} times, to the last ${id}.`, metadata: { at } }));
const asks = (id) => `how do i turn a ${id}?`;
const JUDGMENTS = WORDS.map((id, at) => ({ query: asks(id), document: id, relevant: true, split: at % 3 === 0 ? "held-out" : "train" }));
const TRAINING = { epochs: 4, learningRate: 0.02, devShare: 0 };

const opened = [];
async function open(storage, options = {}) {
  const nm = await Nearmiss.create({ model: MODEL, device: "cpu", worker: false, storage, ...options });
  opened.push(nm);
  return nm;
}
after(() => Promise.all(opened.map((nm) => nm.dispose())));

async function records(spec) {
  const store = await openStore(spec);
  const found = [];
  for await (const record of store.read()) found.push(decode(record));
  await store.close();
  return found;
}

/** As a store is whose tab was closed while documents were added. */
async function withoutVectors(spec) {
  const kept = (await records(spec)).filter(({ type }) => type !== "vectors");
  const store = await openStore(spec);
  for await (const _ of store.read());
  await store.replace(kept.map(encode));
  await store.close();
}

const vectors = (nm) => nm.encode(WORDS.map(asks), { as: "query" });

async function encoded(work) {
  let count = 0;
  await work((event) => event.type === "encode" && (count = Math.max(count, event.total)));
  return count;
}

describe("a store", { timeout: 300_000 }, () => {
  test("documents, judgments and what can be undone are there again, and nothing is encoded twice", async () => {
    const first = await open("memory:story");
    assert.deepEqual(first.storage.state.kind, "memory");
    await first.documents.add(DOCUMENTS);
    await first.documents.remove("ring");
    await first.documents.add({ ...DOCUMENTS[0], text: "Turn the key twice." });
    await first.judgments.add(JUDGMENTS.slice(0, 11));
    await first.judgments.add({ query: asks("valve"), document: "mast", relevant: false });
    await first.judgments.undo();
    const before = { documents: await first.documents.list(), judgments: await first.judgments.list(), history: (await first.judgments.history()).length };
    const hits = await first.search(asks("valve"), { k: 12 });
    await first.dispose();

    const events = [];
    const again = await open("memory:story", { onProgress: (event) => events.push(event.type) });
    assert.ok(events.includes("restore"));
    assert.deepEqual(await again.documents.list(), before.documents);
    assert.deepEqual(await again.judgments.list(), before.judgments);
    assert.equal((await again.judgments.history()).length, before.history);
    assert.deepEqual(await again.search(asks("valve"), { k: 12 }), hits);
    const { change } = await again.judgments.redo();
    assert.equal(change.action, "added");
    assert.equal(await encoded((onProgress) => again.documents.add(before.documents, { onProgress })), 0);
  });

  test("trained weights of every rung are in use again, and a rollback is remembered too", async () => {
    for (const trainable of ["head", "lora", "full"]) {
      const spec = `memory:trained-${trainable}`;
      const first = await open(spec);
      await first.documents.add(DOCUMENTS);
      await first.judgments.add(JUDGMENTS);
      const plain = await vectors(first);
      for await (const _ of first.train({ ...TRAINING, trainable }));
      await first.keep();
      const tuned = await vectors(first);
      assert.notDeepEqual(tuned, plain);
      assert.equal(first.storage.state.trained, true);
      const hits = await first.search(asks("valve"), { k: 12 });
      await first.dispose();

      const again = await open(spec);
      assert.equal(again.storage.state.trained, true, trainable);
      assert.equal(again.model.fingerprint !== again.model.loaded, trainable !== "head", "what caches of embeddings go by");
      assert.deepEqual(again.model, first.model);
      assert.deepEqual(await vectors(again), tuned, trainable);
      assert.deepEqual(await again.search(asks("valve"), { k: 12 }), hits, trainable);
      await again.rollback();
      await again.dispose();

      const third = await open(spec);
      assert.deepEqual(await vectors(third), plain, trainable);
      assert.equal(third.storage.state.trained, false);
      await third.dispose();
    }
  });

  test("documents whose embeddings were not made any more get them when the store is opened again", async () => {
    const spec = "memory:interrupted";
    const first = await open(spec);
    await first.documents.add(DOCUMENTS);
    const dense = (nm) => nm.search(asks("valve"), { mode: "dense", k: DOCUMENTS.length });
    const before = await dense(first);
    await first.dispose();
    await withoutVectors(spec);

    const enough = new AbortController();
    const stop = ({ type }) => type === "encode" && enough.abort();
    await assert.rejects(open(spec, { onProgress: stop, signal: enough.signal }), { code: "ABORTED" });
    await withoutVectors(spec);

    const events = [];
    const again = await open(spec, { onProgress: (event) => events.push(event) });
    assert.equal(events.find(({ type }) => type === "encode").total, DOCUMENTS.length);
    assert.equal(again.storage.state.unsaved, null);
    assert.deepEqual(await dense(again), before);
    await again.dispose();
    await open(spec, { onProgress: ({ type }) => assert.notEqual(type, "encode", "they were kept") });
  });

  test("a reader that becomes the writer makes the embeddings that the writer before it left out", async () => {
    const spec = "memory:left";
    const store = await openStore(spec);
    for await (const _ of store.read());
    await store.append([{ type: "nearmiss", data: { format: 1 } }, { type: "call", data: { method: "addDocuments", args: [DOCUMENTS] } }].map(encode));
    const reader = await open(spec, { onProgress: ({ type }) => assert.notEqual(type, "encode", "a reader leaves it to the writer") });
    assert.equal(reader.storage.state.role, "reader");
    const risen = new Promise((done) => reader.storage.onChange(({ role }) => role === "writer" && done()));
    await store.close();
    await risen;
    // This waits for its turn, and finds nothing left to do.
    assert.equal(await encoded((onProgress) => reader.documents.add(DOCUMENTS[0], { onProgress })), 0);
    assert.equal((await reader.search(asks("valve"), { mode: "dense", k: 99 })).length, DOCUMENTS.length);
  });

  test("the model of another tab's weights is this tab's model", async () => {
    const spec = "memory:followed";
    const first = await open(spec);
    const second = await open(spec);
    const { fingerprint } = first.model;
    const followed = new Promise((done) => second.storage.onChange(() => second.model.fingerprint !== fingerprint && done()));
    await first.documents.add(DOCUMENTS);
    await first.judgments.add(JUDGMENTS);
    for await (const _ of first.train({ ...TRAINING, trainable: "full" }));
    await first.keep();
    await followed;
    assert.deepEqual(second.model, first.model);
  });

  test("a training that broke off goes on from its last checkpoint, and comes to the same", async () => {
    const run = async (nm, options) => {
      const losses = [];
      let verdict;
      for await (const event of nm.train(options)) {
        if (event.type === "step") losses.push([event.step, event.loss]);
        if (event.type === "verdict") verdict = event;
      }
      return { losses, verdict };
    };
    const whole = await open("memory:whole");
    await whole.documents.add(DOCUMENTS);
    await whole.judgments.add(JUDGMENTS);
    const expected = await run(whole, { ...TRAINING, checkpointEvery: 2 });
    assert.equal(whole.storage.state.checkpoint, null, "a finished training needs none");

    const broken = await open("memory:broken");
    await broken.documents.add(DOCUMENTS);
    await broken.judgments.add(JUDGMENTS);
    for await (const event of broken.train({ ...TRAINING, checkpointEvery: 2 })) if (event.type === "checkpoint" && event.step >= 4) break;
    await broken.dispose();
    const again = await open("memory:broken");
    const from = again.storage.state.checkpoint;
    assert.ok(from >= 4);
    const rest = await run(again, { resume: await again.storage.checkpoint() });
    assert.deepEqual(rest.losses, expected.losses.filter(([step]) => step > from));
    assert.equal(rest.verdict.difference, expected.verdict.difference);
  });

  test("weights of another model are left out and said so; documents and judgments stay", async () => {
    const first = await open("memory:other");
    await first.documents.add(DOCUMENTS);
    await first.judgments.add(JUDGMENTS);
    for await (const _ of first.train(TRAINING));
    await first.keep();
    await first.dispose();
    const other = await open("memory:other", { maxLength: 9 });
    assert.match(other.storage.state.leftOut, /do not fit this model/);
    assert.equal((await other.documents.list()).length, DOCUMENTS.length);
    assert.equal((await other.judgments.list()).length, JUDGMENTS.length);
    // They are found by their words until somebody has them read with this model.
    assert.equal((await other.search("valve"))[0].id, "valve");
  });

  test("everything goes into one file and comes back under another name", async () => {
    const first = await open("memory:export");
    await first.documents.add(DOCUMENTS);
    await first.judgments.add(JUDGMENTS);
    const file = await first.storage.export();
    await stores.import("memory:import", file);
    const other = await open("memory:import");
    assert.deepEqual(await other.documents.list(), await first.documents.list());
    assert.deepEqual(await other.search(asks("key")), await first.search(asks("key")));
  });

  test("what is written for a change that is refused changes nothing the next time either", async () => {
    const first = await open("memory:refused");
    await first.documents.add(DOCUMENTS);
    await assert.rejects(first.judgments.add([JUDGMENTS[0], { query: "q", document: "nobody", relevant: true }]), { code: "INPUT_INVALID" });
    await first.judgments.add(JUDGMENTS[1]);
    const before = await first.judgments.list();
    await first.dispose();
    const again = await open("memory:refused");
    assert.deepEqual(await again.judgments.list(), before);
  });

  test("a store that is mostly out of date is written anew when it is opened, with nothing lost", async () => {
    const spec = "memory:rewritten";
    const first = await open(spec);
    await first.documents.add([...DOCUMENTS, { id: "secret", text: "something to be forgotten" }]);
    await first.judgments.add(JUDGMENTS);
    await first.documents.remove(["secret"]);
    await first.dispose();
    // Checkpoints of 5 MB, each in the place of the one before.
    const store = await openStore(spec);
    for await (const _ of store.read());
    for (let step = 1; step <= 4; step += 1) await store.append([encode({ type: "checkpoint", data: { step }, parts: [new Uint8Array(5 << 20).fill(step)] })]);
    const bytes = store.bytes;
    await store.close();
    const again = await open(spec);
    assert.ok(again.storage.state.bytes < bytes / 3);
    assert.equal(again.storage.state.checkpoint, 4);
    assert.deepEqual((await again.storage.checkpoint()).slice(0, 2), new Uint8Array([4, 4]));
    const kept = { documents: await again.documents.list(), judgments: await again.judgments.list() };
    await again.dispose();
    const written = await records(spec);
    assert.deepEqual(written.map(({ type }) => type), ["nearmiss", "call", "call", "vectors", "weights", "checkpoint"]);
    assert.equal(written[3].data.keys.length, DOCUMENTS.length, "no embedding of what was removed");
    const third = await open(spec);
    assert.deepEqual({ documents: await third.documents.list(), judgments: await third.judgments.list() }, kept);
    assert.equal(await encoded((onProgress) => third.documents.add(kept.documents, { onProgress })), 0);
  });

  test("records of a later version are refused, and nothing is changed", async () => {
    for (const record of [{ type: "nearmiss", data: { format: 99 } }, { type: "call", data: { method: "explode", args: [] } }, { type: "hologram" }]) {
      const store = await openStore("memory:later");
      await store.replace([encode(record)]);
      await store.close();
      await assert.rejects(open("memory:later"), { code: "STORAGE_CORRUPT", message: /update nearmiss/ });
      assert.equal((await records("memory:later")).length, 1);
    }
  });

  test("without the option there is no storage, and a wrong one is refused before a model is loaded", async () => {
    const nm = await open(undefined);
    assert.equal(nm.storage, null);
    await assert.rejects(open("cloud:notes"), { code: "INPUT_INVALID", message: /storage/ });
  });
});
