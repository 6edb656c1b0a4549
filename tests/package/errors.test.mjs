/** Every code that an error can have, brought about as far as possible by the real engine, and what its message tells people to do. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createHost } from "../../pkg/dist/host.js";
import { Nearmiss, NearmissError, stores } from "../../pkg/dist/index.js";
import { storageError } from "../../pkg/dist/storage/quota.js";
import { openStore } from "../../pkg/dist/storage/index.js";
import { coded, fake, FILES } from "./fake-engine.mjs";
import { serveModel } from "./loading-server.mjs";

const MODEL = fileURLToPath(new URL("../fixtures/tiny-bert", import.meta.url));
const part = (name) => readFileSync(`${MODEL}/${name}`);
const PARTS = { config: part("config.json"), tokenizer: part("tokenizer.json"), weights: part("model.safetensors") };

const create = (options = {}) => Nearmiss.create({ model: MODEL, device: "cpu", worker: false, ...options });

async function using(options, work) {
  const nm = await create(options);
  try {
    await work(nm);
  } finally {
    await nm.dispose();
  }
}

/** A facade over the fake engine, for what the real one does only in a browser. There it is done for real: crash and webgpu tests. */
const over = async (script, seams = {}) => Nearmiss.over(await createHost({ model: FILES, storage: seams.openStore && "opfs:full" }, { ...fake(script).seams, ...seams }));

async function trainedHead(nm) {
  await nm.documents.add(["key", "mast", "door", "ring"].map((id) => ({ id, text: `turn the ${id}` })));
  await nm.judgments.add(["key", "mast", "door", "ring"].map((id, at) => ({ query: `how to turn a ${id}`, document: id, relevant: true, split: at % 2 ? "train" : "held-out" })));
  for await (const event of nm.train({ epochs: 1 })) void event;
  await nm.keep();
  return nm.export();
}

/** Each way to a code: what is done, and what the message says to do about it. */
const ROWS = {
  WEBGPU_UNAVAILABLE: [[() => create({ device: "webgpu" }), /Choose device "auto" or "cpu"/]],
  DEVICE_LOST: [[async () => {
    const lost = coded("DEVICE_LOST", "the GPU device was lost: gone. Documents and judgments are intact; start again in a fresh page or worker, or use the CPU device.");
    await (await over({ before: (method) => { if (method === "search") throw lost; } })).search("x");
  }, /start again in a fresh page or worker, or use the CPU/]],
  OUT_OF_MEMORY: [
    [async () => {
      const { seams } = fake({ before: (method) => { if (method === "search") throw new WebAssembly.RuntimeError("unreachable"); } });
      const loadModule = async (build) => ({ ...(await seams.loadModule(build)), memory: () => 2 ** 32 - 65_536 });
      await Nearmiss.over(await createHost({ model: FILES }, { ...seams, loadModule })).search("x");
    }, /Use fewer documents, a smaller model, or a smaller batchSize/],
    [async () => over({ create: () => { throw new RangeError("Array buffer allocation failed"); } }), /Use fewer documents, or a smaller model/],
  ],
  MODEL_INVALID: [
    [() => create({ model: "no/such/folder" }), /no such file\. A model is a folder with config\.json, tokenizer\.json and model\.safetensors/],
    [() => create({ model: { ...PARTS, config: new TextEncoder().encode("{}") } }), /config.*Use the whole folder/],
    [() => create({ model: { ...PARTS, weights: PARTS.weights.subarray(0, 1000) } }), /model\.safetensors.*Use the whole folder/],
    [() => create({ model: { url: MODEL, sha256: { "config.json": "0".repeat(64) } } }), /Serve that file, or correct model\.sha256/],
  ],
  MODEL_MISMATCH: [[async () => {
    let head;
    await using({}, async (nm) => (head = await trainedHead(nm)));
    await using({ maxLength: 8 }, (nm) => nm.import(head));
  }, /Create the instance with the model that it was made for/]],
  TOKENIZER_INVALID: [[() => create({ model: { ...PARTS, tokenizer: new TextEncoder().encode("{}") } }), /Use the tokenizer\.json that was published with the model/]],
  INPUT_INVALID: [
    [() => using({}, (nm) => nm.search("")), /query: must not be empty/],
    [() => create({ divice: "cpu" }), /options\.divice: there is no such option; there are .*device/],
  ],
  INSUFFICIENT_DATA: [[() => using({}, (nm) => nm.search("key")), /documents.*needs at least 1, has 0.*Add what is missing/]],
  STORAGE_QUOTA: [[async () => {
    const full = async () => {
      const store = await openStore("memory:full");
      store.append = async () => { throw await storageError(new DOMException("full", "QuotaExceededError")); };
      return store;
    };
    await over({}, { openStore: full });
  }, /Nothing was written; remove documents or stores/]],
  STORAGE_CORRUPT: [[() => stores.import("memory:junk", new Blob(["junk"])), /choose one that is/]],
  NETWORK: [
    [async () => {
      const server = await serveModel({ before: (_, response) => response.writeHead(401).end() });
      after(server.close);
      await create({ model: server.url });
    }, /Check the address and what the server asks for/],
  ],
  ABORTED: [
    [() => create({ signal: AbortSignal.abort() }), /call again/],
    [() => using({}, (nm) => nm.encode(["x"], { signal: AbortSignal.abort() })), /call again/],
  ],
  DISPOSED: [[async () => {
    const nm = await create();
    await nm.dispose();
    await nm.search("x");
  }, /create a new one/]],
  INTERNAL: [
    [async () => (await over({ before: (method) => { if (method === "search") throw new WebAssembly.RuntimeError("unreachable"); } })).search("x"), /create a new instance\.\n.*RuntimeError/i],
    [async () => (await over({ before: (method) => { if (method === "search") throw new TypeError("x is undefined"); } })).search("x"), /please report/],
  ],
};

test("every code of the contract has a row here, and no other", () => {
  const declared = readFileSync(new URL("../../pkg/dist/types/model.d.ts", import.meta.url), "utf8").match(/type ErrorCode = ([^;]+);/)[1];
  assert.deepEqual(Object.keys(ROWS).sort(), [...declared.matchAll(/"([A-Z_]+)"/g)].map(([, name]) => name).sort());
});

describe("errors", { timeout: 120_000 }, () => {
  for (const [name, ways] of Object.entries(ROWS)) {
    for (const [at, [provoke, advice]] of ways.entries()) {
      test(`${name}${ways.length > 1 ? `, ${at + 1}` : ""}: it can happen, and says what to do`, async () => {
        await assert.rejects(async () => provoke(), (error) => {
          assert.ok(error instanceof NearmissError, `${error}`);
          assert.equal(error.code, name, error.message);
          assert.match(error.message, advice);
          assert.equal(error.name, name === "ABORTED" ? "AbortError" : "NearmissError");
          return true;
        });
      });
    }
  }
});
