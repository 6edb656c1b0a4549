/** Loading a model: from a server that behaves and from one that does not, from disk, from bytes. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, mkdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { createHost } from "../../pkg/dist/host.js";
import { loadModel } from "../../pkg/dist/model.js";
import { deferred, fake, FILES } from "./fake-engine.mjs";

const WEIGHTS = new Uint8Array(300_000).map((_, at) => at % 251);
const MODEL = { "config.json": "{}", "tokenizer.json": "[]", "model.safetensors": WEIGHTS, "1_Pooling/config.json": "{}", "sentence_bert_config.json": "{}", "modules.json": "[]" };

/** Serves the model below /m/; `answers` replaces files by handlers. */
async function serve(answers = {}) {
  const server = createServer((request, response) => {
    const name = request.url.replace(/^\/m\//, "");
    if (answers[name]) return answers[name](response, request);
    if (!(name in MODEL)) return response.writeHead(404).end("no");
    response.writeHead(200, { "content-length": MODEL[name].length }).end(MODEL[name]);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  after(() => (server.closeAllConnections(), server.close()));
  return `http://127.0.0.1:${server.address().port}/m`;
}

const status = (number) => (response) => response.writeHead(number).end("no");

test("a folder on a server, with or without its closing slash, with progress by file", async () => {
  const url = await serve();
  const events = [];
  const files = await loadModel(url, { onProgress: (event) => events.push(event) });
  assert.deepEqual(files.weights, WEIGHTS);
  assert.deepEqual(Object.keys(files).sort(), ["config", "modules", "pooling", "sentenceBert", "tokenizer", "weights"]);
  assert.equal(events[0].file, "config.json");
  const weights = events.filter(({ file }) => file === "model.safetensors");
  assert.deepEqual([weights[0].loaded, weights[0].total], [0, WEIGHTS.length]);
  assert.deepEqual([weights.at(-1).loaded, weights.at(-1).total], [WEIGHTS.length, WEIGHTS.length]);
  weights.reduce((before, { loaded }) => (assert.ok(loaded >= before), loaded), 0);
  assert.deepEqual((await loadModel(new URL(`${url}/`))).weights, WEIGHTS);
});

test("files that are optional may be missing, however the server says so", async () => {
  const page = (response) => response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html>");
  const url = await serve({ "1_Pooling/config.json": status(403), "sentence_bert_config.json": page, "modules.json": status(404) });
  const files = await loadModel(url);
  assert.deepEqual(Object.keys(files).sort(), ["config", "tokenizer", "weights"]);
});

for (const [what, answers, code, message] of [
  ["a required file that is missing", { "tokenizer.json": status(404) }, "MODEL_INVALID", /m\/tokenizer\.json.*404.*folder with config\.json/],
  ["a web page in the place of a file", { "config.json": (r) => r.writeHead(200, { "content-type": "text/html" }).end("<p>") }, "MODEL_INVALID", /config\.json.*web page/],
  ["a server that fails", { "model.safetensors": status(503) }, "NETWORK", /model\.safetensors.*503/],
  ["an optional file that a failing server withholds", { "1_Pooling/config.json": status(500) }, "NETWORK", /1_Pooling\/config\.json.*500/],
  ["a transfer that breaks off", { "model.safetensors": (r) => (r.writeHead(200, { "content-length": 9000 }).write("x".repeat(500)), setImmediate(() => r.destroy())) }, "NETWORK", /model\.safetensors/],
]) {
  test(`${what} is ${code}`, async () => {
    await assert.rejects(loadModel(await serve(answers), { pause: async () => {} }), (error) => {
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      return true;
    });
  });
}

test("no server at all is NETWORK with its cause", async () => {
  await assert.rejects(loadModel("http://127.0.0.1:9/m", { pause: async () => {} }), (error) => error.code === "NETWORK" && error.cause instanceof Error);
});

test("a compressed file is read whole, though its stated length is another", async () => {
  const zipped = (response) => response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(WEIGHTS));
  const events = [];
  const files = await loadModel(await serve({ "model.safetensors": zipped }), { onProgress: (event) => events.push(event) });
  assert.deepEqual(files.weights, WEIGHTS);
  assert.equal(events.filter(({ file }) => file === "model.safetensors")[0].total, null);
});

test("aborting in the middle of a file rejects with ABORTED and closes the connection", async () => {
  const controller = new AbortController();
  let closed;
  const url = await serve({
    "model.safetensors": (response) => {
      closed = new Promise((done) => response.on("close", done));
      response.writeHead(200, { "content-length": 9000 }).write("x".repeat(500));
      controller.abort();
    },
  });
  await assert.rejects(loadModel(url, { signal: controller.signal }), { code: "ABORTED", name: "AbortError" });
  await closed;
});

test("in Node: a path, a file: URL, and a clear error for what is not there", async () => {
  const folder = await mkdtemp(join(tmpdir(), "nearmiss-model-"));
  after(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, "1_Pooling"));
  for (const [name, content] of Object.entries(MODEL)) if (name !== "sentence_bert_config.json") await writeFile(join(folder, name), content);
  assert.deepEqual((await loadModel(folder)).weights, WEIGHTS);
  assert.equal("sentenceBert" in (await loadModel(new URL(`file://${folder}`))), false);
  await rm(join(folder, "config.json"));
  await assert.rejects(loadModel(folder), { code: "MODEL_INVALID", message: /config\.json.*no such file/ });
});

test("parts: bytes, buffers and files mixed; what is missing or of another kind is named", async () => {
  const files = await loadModel({ config: new Blob(["{}"]), tokenizer: new Uint8Array([1]).buffer, weights: WEIGHTS });
  assert.equal(new TextDecoder().decode(files.config), "{}");
  assert.equal(files.weights, WEIGHTS);
  await assert.rejects(loadModel({ config: WEIGHTS, tokenizer: WEIGHTS }), { code: "INPUT_INVALID", message: /model\.weights.*model\.safetensors/ });
  await assert.rejects(loadModel({ ...FILES, weights: 3 }), { code: "INPUT_INVALID", message: /model\.safetensors/ });
  await assert.rejects(loadModel(7), { code: "INPUT_INVALID", message: /model/ });
  const url = await serve();
  await assert.rejects(loadModel({ ...FILES, pooling: `${url}/none.json` }), { code: "MODEL_INVALID" }, "a part that was named must exist");
});

test("a module that cannot be loaded stops the model's download", async () => {
  const asked = deferred();
  const closed = deferred();
  const url = await serve({
    "config.json": (response) => {
      response.on("close", closed.resolve);
      response.writeHead(200).write("{");
      asked.resolve();
    },
  });
  const loadModule = async () => {
    await asked.promise;
    throw new TypeError("no module");
  };
  await assert.rejects(createHost({ model: url }, { ...fake().seams, loadModule }), { code: "INTERNAL", message: /no module/ });
  await closed.promise;
});

test("weights on a disk are read where they lie, and let go of", async () => {
  const folder = await mkdtemp(join(tmpdir(), "nearmiss-"));
  after(() => rm(folder, { recursive: true }));
  for (const name of ["config.json", "tokenizer.json", "model.safetensors"]) await writeFile(join(folder, name), MODEL[name]);
  const events = [];
  const { config, weights } = await loadModel(folder, { inPlace: true, onProgress: (event) => events.push(event) });
  assert.ok(config instanceof Uint8Array);
  assert.equal(weights.length, WEIGHTS.length);
  assert.deepEqual(weights.read(1000, 70_000), WEIGHTS.slice(1000, 71_000));
  assert.equal(weights.read(WEIGHTS.length - 10, 20).length, 10, "no more than there is");
  weights.close();
  assert.throws(() => weights.read(0, 1), { code: "EBADF" });
  const last = events.filter(({ file }) => file === "model.safetensors").at(-1);
  assert.deepEqual([last.loaded, last.total], [WEIGHTS.length, WEIGHTS.length]);

  // Where a digest is to be checked every byte must be seen first.
  const digest = createHash("sha256").update(WEIGHTS).digest("hex");
  const checked = await loadModel({ url: folder, sha256: { "model.safetensors": digest } }, { inPlace: true });
  assert.deepEqual(checked.weights, WEIGHTS);
  await rm(join(folder, "model.safetensors"));
  await assert.rejects(loadModel(folder, { inPlace: true }), { code: "MODEL_INVALID", message: /model\.safetensors.*no such file/ });
  await mkdir(join(folder, "model.safetensors"));
  await assert.rejects(loadModel(folder, { inPlace: true }), { code: "MODEL_INVALID", message: /EISDIR/ });
});

test("an engine's weights are closed whether it opens or not", async () => {
  const folder = await mkdtemp(join(tmpdir(), "nearmiss-"));
  after(() => rm(folder, { recursive: true }));
  for (const name of ["config.json", "tokenizer.json", "model.safetensors"]) await writeFile(join(folder, name), MODEL[name]);
  for (const refuse of [false, true]) {
    const seen = [];
    const { seams } = fake({
      create: (files) => {
        seen.push(files.weights);
        if (refuse) throw Object.assign(new Error("no"), { code: "MODEL_INVALID" });
      },
    });
    const host = await createHost({ model: folder, device: "cpu" }, seams).catch((error) => error);
    assert.equal(host.code, refuse ? "MODEL_INVALID" : undefined);
    assert.throws(() => seen[0].read(0, 1), { code: "EBADF" });
    await host.dispose?.();
  }
});
