/** Loading over a network that fails: what is asked again, from where, how often, and what is refused. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { loadModel } from "../../pkg/dist/model.js";
import { alike, strong } from "../../pkg/dist/loading/validators.js";
import { delay, pause, retryAfter, TRIES } from "../../pkg/dist/loading/retry.js";
import { models } from "../../pkg/dist/index.js";
import { deferred } from "./fake-engine.mjs";
import { serveModel, sha256, WEIGHTS } from "./loading-server.mjs";

async function open(script) {
  const server = await serveModel(script);
  after(server.close);
  const waits = [];
  const load = (options = {}, source = server.url) => loadModel(source, { pause: async (ms) => void waits.push(ms), ...options });
  const weights = () => server.asked.filter(({ file }) => file === "model.safetensors");
  return { ...server, waits, load, weights };
}

test("a transfer that breaks off goes on where it stopped, under the condition that the file is the same", async () => {
  const { load, weights, waits } = await open({ cut: [100_000, 50_000] });
  const seen = [];
  const files = await load({ onProgress: (event) => event.file === "model.safetensors" && seen.push(event.loaded) });
  assert.deepEqual(files.weights, WEIGHTS);
  const [first, second, third] = weights();
  assert.equal(first.range, null);
  assert.equal(second.range, "bytes=100000-");
  assert.equal(third.range, "bytes=150000-");
  assert.match(third.ifRange, /^"[0-9a-f]{16}"$/);
  assert.deepEqual(waits, [250, 250], "a try that got further starts the count anew");
  seen.reduce((before, loaded) => (assert.ok(loaded >= before, `${loaded} after ${before}`), loaded), 0);
});

test("a connection that falls silent is broken, before the answer and within it, and is taken up again", async () => {
  let silent = 2;
  const before = (request, response, file) => {
    if (file !== "model.safetensors" || silent === 0) return false;
    silent -= 1;
    if (silent === 1) return true; // no answer at all
    response.writeHead(200, { etag: `"${sha256(WEIGHTS).slice(0, 16)}"`, "content-length": WEIGHTS.length }).write(WEIGHTS.subarray(0, 100_000));
    return true;
  };
  const { load, weights, waits } = await open({ before });
  assert.deepEqual((await load({ stallMs: 300 })).weights, WEIGHTS);
  const ranges = weights().map(({ range }) => range);
  assert.deepEqual(ranges, [null, null, "bytes=100000-"]);
  assert.deepEqual(waits, [250, 250]);
  const never = await open({ before: () => true });
  await assert.rejects(never.load({ stallMs: 20 }), { code: "NETWORK", message: /config\.json.*nothing came for 0\.02 seconds/ });
  assert.equal(never.asked.length, TRIES);
});

test("a server without ranges, or without a name for its version, is asked for the whole file again", async () => {
  for (const script of [{ ranges: false, cut: [100_000] }, { etag: null, cut: [100_000] }, { etag: 'W/"weak"', cut: [100_000] }]) {
    const { load, weights } = await open(script);
    assert.deepEqual((await load()).weights, WEIGHTS);
    assert.equal(weights().length, 2);
  }
});

test("a file that changed in between is never put together from two halves", async () => {
  const other = WEIGHTS.map((value) => 250 - value);
  const { load, script, weights } = await open({ cut: [100_000] });
  script.before = (request) => {
    if (request.headers.range) script.weights = other;
  };
  assert.deepEqual((await load()).weights, other);
  assert.equal(weights().length, 2);
  // One that ignores the condition answers with the rest of another file: its ETag gives it away.
  const lying = await open({ cut: [100_000] });
  lying.script.before = (request, response) => {
    if (!request.headers.range) return false;
    lying.script.weights = other;
    const rest = other.subarray(100_000);
    response.writeHead(206, { etag: '"other"', "content-length": rest.length, "content-range": `bytes 100000-${other.length - 1}/${other.length}` }).end(rest);
    return true;
  };
  assert.deepEqual((await lying.load()).weights, other);
  assert.deepEqual(lying.weights().map(({ range }) => range), [null, "bytes=100000-", null]);
});

test("failures that may pass are waited for, twice as long each time, and not for ever", async () => {
  let failing = 2;
  const { load, waits, script } = await open({ before: (_, response, file) => file === "tokenizer.json" && failing-- > 0 && response.writeHead(503).end() });
  await load();
  assert.deepEqual(waits, [250, 500]);
  waits.length = 0;
  script.before = (_, response) => response.writeHead(429, { "retry-after": "7" }).end();
  await assert.rejects(load(), { code: "NETWORK", message: /config\.json.*429.*Try again/ });
  assert.deepEqual(waits, Array(TRIES - 1).fill(7000));
});

test("what will not pass is not asked again", async () => {
  const { load, asked } = await open({ before: (_, response) => response.writeHead(401).end() });
  await assert.rejects(load(), { code: "NETWORK", message: /401/ });
  assert.equal(asked.length, 1);
});

test("aborting ends a wait between two tries", async () => {
  const { load } = await open({ before: (_, response) => response.writeHead(503).end() });
  const controller = new AbortController();
  const waiting = deferred();
  const patient = (_, signal) => (waiting.resolve(), pause(3_600_000, signal));
  const loading = load({ signal: controller.signal, pause: patient });
  await waiting.promise;
  controller.abort();
  await assert.rejects(loading, { code: "ABORTED" });
});

test("waits: doubled, as long as the server asks, at most half a minute", () => {
  assert.deepEqual([1, 2, 3, 4].map((failed) => delay(failed, null)), [250, 500, 1000, 2000]);
  assert.equal(delay(1, 3000), 3000);
  assert.equal(delay(1, 86_400_000), 30_000);
  assert.equal(retryAfter("120"), 120_000);
  assert.equal(retryAfter("Wed, 21 Oct 2015 07:28:00 GMT", Date.parse("2015-10-21T07:27:50Z")), 10_000);
  assert.equal(retryAfter("Wed, 21 Oct 2015 07:28:00 GMT", Date.parse("2015-10-21T07:29:00Z")), 0);
  assert.deepEqual([retryAfter(null), retryAfter(""), retryAfter("soon")], [null, null, null]);
});

test("versions differ only by what both sides say", () => {
  const none = { etag: null, modified: null, length: null };
  assert.ok(alike(none, { etag: '"a"', modified: "x", length: 3 }));
  assert.ok(alike({ ...none, etag: 'W/"a"' }, { ...none, etag: '"a"' }));
  assert.ok(!alike({ ...none, etag: '"a"' }, { ...none, etag: '"b"' }));
  assert.ok(!alike({ ...none, length: 3 }, { ...none, length: 4 }));
  assert.equal(strong({ ...none, etag: 'W/"a"', modified: "then" }), "then");
  assert.equal(strong({ ...none, etag: '"a"', modified: "then" }), '"a"');
});

test("files are loaded side by side, counted for each and together", async () => {
  const contents = { "tokenizer.json": Buffer.from("[]"), "model.safetensors": WEIGHTS };
  const asked = [];
  // None of the files behind the first is answered until all of them have been asked for.
  const before = (_, response, file) => {
    if (file === "config.json") return false;
    asked.push(() => (contents[file] ? response.writeHead(200, { "content-length": contents[file].length }).end(contents[file]) : response.writeHead(404).end()));
    if (asked.length === 5) for (const answer of asked) answer();
    return true;
  };
  const { load } = await open({ before });
  const events = [];
  assert.deepEqual((await load({ onProgress: (event) => events.push(event) })).weights, WEIGHTS);
  const { overall } = events.at(-1);
  assert.equal(overall.loaded, WEIGHTS.length + 4);
  assert.equal(events[0].overall.total, null, "others are not known yet");
  for (const { loaded, total, overall: all } of events) assert.ok(loaded <= all.loaded && (total === null || loaded <= total));
});

test("SHA-256: another file is refused by name, whatever its source, and a digest of nothing is a mistake", async () => {
  const { load, url } = await open();
  const digest = sha256(WEIGHTS);
  const where = (sha256) => ({ url, sha256 });
  assert.deepEqual((await load({}, where({ "model.safetensors": digest.toUpperCase() }))).weights, WEIGHTS);
  const wrong = { "model.safetensors": "0".repeat(64) };
  await assert.rejects(load({}, where(wrong)), { code: "MODEL_INVALID", message: new RegExp(`model\\.safetensors.*SHA-256 is ${digest}, not 0000.*Serve`) });
  await assert.rejects(load({}, where({ "model.safetensors": "abc" })), { code: "INPUT_INVALID", message: /model\.sha256\["model\.safetensors"\]/ });
  await assert.rejects(load({}, where({ "pytorch_model.bin": digest })), { code: "INPUT_INVALID", message: /no file of a model/ });
});

test("a folder that a person picked, and files picked one by one", async () => {
  const named = (path, bytes) => Object.defineProperty(new File([bytes], path.split("/").at(-1)), "webkitRelativePath", { value: path });
  const folder = [
    named("mini/config.json", "{}"), named("mini/tokenizer.json", "[]"), named("mini/model.safetensors", WEIGHTS),
    named("mini/1_Pooling/config.json", '{"pool":1}'), named("mini/onnx/model.safetensors", "other"), named("mini/README.md", "#"),
  ];
  const files = await loadModel(folder);
  assert.deepEqual(Object.keys(files).sort(), ["config", "pooling", "tokenizer", "weights"]);
  assert.equal(new TextDecoder().decode(files.pooling), '{"pool":1}');
  assert.deepEqual(files.weights, WEIGHTS);
  const flat = ["config.json", "tokenizer.json", "model.safetensors"].map((name) => new File(["{}"], name));
  assert.deepEqual(Object.keys(await loadModel(new Set(flat))).sort(), ["config", "tokenizer", "weights"]);
  await assert.rejects(loadModel(flat.slice(0, 2)), { code: "INPUT_INVALID", message: /none of these files is model\.safetensors/ });
  await assert.rejects(loadModel(flat.slice(1)), { code: "INPUT_INVALID", message: /config/ });
  await assert.rejects(loadModel([named("a/model.safetensors", ""), named("b/model.safetensors", "")]), { code: "INPUT_INVALID", message: /two models/ });
});

test("where nothing is cached, there is nothing to list or delete", async () => {
  assert.deepEqual(await models.list(), []);
  assert.equal(await models.delete("https://example.org/m"), false);
  await assert.rejects(models.delete(7), { code: "INPUT_INVALID", message: /url/ });
});
