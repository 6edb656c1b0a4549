/** Helpers that encode beside the engine: the same embeddings, whoever made them, and nothing lost when one fails. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Encoders } from "../../pkg/dist/encoders.js";
import { createHost } from "../../pkg/dist/host.js";
import { Nearmiss, NearmissError } from "../../pkg/dist/index.js";

const MODEL = fileURLToPath(new URL("../fixtures/tiny-bert", import.meta.url));
const DOCUMENTS = Array.from({ length: 200 }, (_, at) => ({ id: `${at}`, text: `turn the ${["key", "valve", "mast", "door"][at % 4]} ${at} times ${"and again ".repeat(at % 7)}` }));

const open = () => createHost({ model: MODEL, device: "cpu" });

/** A helper that counts what it encodes, and may refuse. */
async function helper(log, refuse = () => false) {
  const host = await open();
  const call = host.call.bind(host);
  host.call = (method, args, signal) => {
    if (method === "encodeBase") {
      log.push(args[0].length);
      if (refuse(log.length)) return Promise.reject(new NearmissError("OUT_OF_MEMORY", "no room"));
    }
    return call(method, args, signal);
  };
  return host;
}

async function filled(documents = DOCUMENTS) {
  const host = await open();
  await host.call("addDocuments", [documents]);
  return host;
}

/** By key, since the order is that in which they were made. */
async function embeddings(host) {
  const { keys, vectors } = await host.call("vectors", []);
  const width = vectors.length / keys.length;
  return new Map(keys.map((key, at) => [key, vectors.subarray(at * width, (at + 1) * width)]));
}

async function alone() {
  const nm = await Nearmiss.create({ model: MODEL, device: "cpu", worker: false });
  await nm.documents.add(DOCUMENTS);
  await nm.dispose();
  const host = await filled();
  await host.call("start", [{ kind: "index" }]);
  while ((await host.call("next", [])) !== null);
  return embeddings(host);
}

test("two make the embeddings that one makes, and both have a part in it", async () => {
  const [host, log, events] = [await filled(), [], []];
  const ready = await helper(log);
  const encoders = new Encoders(1, async () => ready);
  await encoders.encode(host, { onProgress: (event) => events.push(event) });
  const [got, expected] = [await embeddings(host), await alone()];
  assert.deepEqual([...got.keys()].sort(), [...expected.keys()].sort());
  for (const [key, row] of got) for (const [at, value] of row.entries()) assert.ok(Math.abs(value - expected.get(key)[at]) < 1e-5);
  assert.deepEqual(await host.call("unencoded", []), []);
  const helped = log.reduce((sum, count) => sum + count, 0);
  assert.ok(helped > 0 && helped < DOCUMENTS.length, `${helped} of ${DOCUMENTS.length}`);
  assert.deepEqual(events.map(({ type, stage, total }) => [type, stage, total]), events.map(() => ["encode", "documents", DOCUMENTS.length]));
  assert.equal(events.at(-1).done, DOCUMENTS.length);
  assert.ok((await encoders.memory()) > 0);
  await encoders.dispose();
});

test("a helper that fails, or cannot be opened, costs nothing but its help", async () => {
  const log = [];
  const ready = await helper(log, () => true);
  for (const start of [async () => ready, () => Promise.reject(new NearmissError("NETWORK", "gone"))]) {
    const host = await filled();
    const encoders = new Encoders(1, start);
    await encoders.encode(host);
    await host.call("start", [{ kind: "index" }]);
    while ((await host.call("next", [])) !== null);
    assert.deepEqual(await host.call("unencoded", []), []);
    await encoders.dispose();
  }
  assert.equal(log.length, 1, "it is asked no more");
});

test("aborting ends it with the batch under way, and keeps what there is", async () => {
  const [host, stop] = [await filled(), new AbortController()];
  const encoders = new Encoders(1, () => helper([]));
  await assert.rejects(encoders.encode(host, { signal: stop.signal, onProgress: () => stop.abort() }), { code: "ABORTED" });
  const left = (await host.call("unencoded", [])).length;
  assert.ok(left > 0 && left < DOCUMENTS.length, `${left}`);
  await encoders.dispose();
});

test("few documents start no helper, and nor do weights that only the engine has", async () => {
  let started = 0;
  const encoders = new Encoders(1, () => ((started += 1), open()));
  await encoders.encode(await filled(DOCUMENTS.slice(0, 20)));
  const host = await filled();
  const call = host.call.bind(host);
  host.call = async (method, args) => (method === "info" ? { model: { fingerprint: "a", loaded: "b" } } : call(method, args));
  await encoders.encode(host);
  assert.equal(started, 0);
  assert.equal((await host.call("unencoded", [])).length, DOCUMENTS.length);
});

test("the number is checked, and there are none without workers", async () => {
  for (const encoders of [0, 1.5, 17, "2"]) {
    await assert.rejects(Nearmiss.create({ model: MODEL, worker: true, encoders }), { code: "INPUT_INVALID", message: /encoders: must be a whole number/ });
  }
  await assert.rejects(Nearmiss.create({ model: MODEL, encoders: 2 }), { code: "INPUT_INVALID", message: /worker: false/ });
});
