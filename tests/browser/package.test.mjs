/** The package as a page imports it, without the demo page: in its worker and in the page's own thread. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { launch, ROOT, serve } from "../harness.mjs";

const MAP = JSON.stringify({ imports: { nearmiss: "/pkg/dist/index.js" } });
const BLANK = `<!doctype html><link rel=icon href=data:,><title>test</title><script type="importmap">${MAP}</script>`;

/** Runs in the page: the life of one instance, and what was refused on the way. */
async function story(worker) {
  const { Nearmiss } = await import("nearmiss");
  const { refusal } = await import("/page.js");
  const nm = await Nearmiss.create({ model: "/tiny/", device: "cpu", worker });
  const empty = await refusal(() => nm.search("turn the key"));
  const words = ["key", "valve", "mast", "battery", "door", "branch"];
  await nm.documents.add(words.map((word) => ({ id: word, text: `to rotate the ${word} turn it to the last ${word}` })));
  const unknown = await refusal(() =>
    nm.judgments.add([
      { query: "turn", document: "key", relevant: true },
      { query: "turn", document: "nowhere", relevant: true },
    ]),
  );
  const afterRefusal = (await nm.judgments.list()).length;
  await nm.judgments.add(
    words.map((word, i) => ({ query: `how do i turn a ${word}`, document: word, relevant: true, split: i % 2 ? "held-out" : "train" })),
  );
  const hits = await nm.search("turn the valve", { k: 3 });
  const vector = async () => [...(await nm.encode(["turn the key"], { as: "query" }))];
  const before = await vector();
  let steps = 0;
  for await (const event of nm.train({ epochs: 5, learningRate: 0.01 })) {
    if (event.type === "step" && ++steps === 3) break;
  }
  const unchanged = JSON.stringify(await vector()) === JSON.stringify(before);
  const last = [];
  for await (const event of nm.train({ epochs: 5, learningRate: 0.01 })) last.push(event.type);
  await nm.keep();
  const changed = JSON.stringify(await vector()) !== JSON.stringify(before);
  const file = (await nm.export("safetensors")).length;
  await nm.dispose();
  const disposed = await refusal(() => nm.search("turn"));
  return { kind: nm.device.kind, empty, unknown, afterRefusal, hits: hits.map((hit) => hit.id), steps, unchanged, last: last.at(-1), changed, file, disposed };
}

describe("the package in a page", { timeout: 300_000 }, () => {
  let server, chromium;
  before(async () => {
    const blank = (_, response) => response.writeHead(200, { "content-type": "text/html" }).end(BLANK);
    server = await serve({ "/": "tests/browser", "/blank.html": blank, "/pkg/": "pkg", "/tiny/": "tests/fixtures/tiny-bert" });
    chromium = await launch({ webgpu: false });
  });
  after(async () => {
    await chromium?.close();
    await server?.close();
  });

  for (const worker of [true, false]) {
    it(`lives from create to dispose ${worker ? "in its worker" : "in the page's thread"}`, async () => {
      const page = await chromium.open(`${server.url}blank.html`);
      const found = await page.evaluate(story, worker);
      assert.equal(found.kind, "cpu");
      assert.equal(found.empty?.code, "INSUFFICIENT_DATA");
      assert.equal(found.unknown?.code, "INPUT_INVALID");
      assert.match(found.unknown.message, /nowhere/);
      assert.equal(found.afterRefusal, 0, "all or none");
      assert.equal(found.hits[0], "valve");
      assert.deepEqual([found.steps, found.unchanged], [3, true], "leaving the loop leaves the weights");
      assert.deepEqual([found.last, found.changed], ["verdict", true]);
      assert.ok(found.file > 32 * 32 * 4, `${found.file} bytes exported`);
      assert.equal(found.disposed?.code, "DISPOSED");
    });
  }

  it("in the page's thread, aborting one of two that load the same module leaves the other", async () => {
    let answer;
    const asked = new Promise((done) => (answer = done));
    const slow = (_, response) => {
      const bytes = readFileSync(join(ROOT, "pkg/wasm/cpu/nearmiss_bg.wasm"));
      response.writeHead(200, { "content-type": "application/wasm", "content-length": bytes.length }).write(bytes.subarray(0, 1000));
      answer(() => response.end(bytes.subarray(1000)));
    };
    const blank = (_, response) => response.writeHead(200, { "content-type": "text/html" }).end(BLANK);
    const own = await serve({ "/blank.html": blank, "/pkg/": "pkg", "/pkg/wasm/cpu/nearmiss_bg.wasm": slow, "/tiny/": "tests/fixtures/tiny-bert" });
    try {
      const page = await chromium.open(`${own.url}blank.html`);
      await page.evaluate(async () => {
        const { Nearmiss } = await import("nearmiss");
        const create = (signal) => Nearmiss.create({ model: "/tiny/", device: "cpu", worker: false, signal }).then(({ device }) => device.kind, ({ code }) => code);
        globalThis.first = new AbortController();
        globalThis.both = Promise.all([create(first.signal), create()]);
      });
      const finish = await asked;
      await page.evaluate(() => first.abort());
      finish();
      assert.deepEqual(await page.evaluate(() => both), ["ABORTED", "cpu"]);
    } finally {
      await own.close();
    }
  });

  it("tells of every request that its worker makes, and makes none after that", async () => {
    const page = await chromium.open(`${server.url}blank.html`);
    server.requests.length = 0;
    const told = await page.evaluate(async () => {
      const { Nearmiss } = await import("nearmiss");
      const told = [];
      const nm = await Nearmiss.create({ model: { url: "/tiny/", cache: false }, device: "cpu", onRequest: (request) => told.push(request) });
      await nm.documents.add([{ id: "key", text: "turn the key" }]);
      await nm.search("key");
      await nm.dispose();
      return told;
    });
    const paths = told.map(({ url }) => new URL(url).pathname);
    // What the page itself asked for are scripts of the facade, each once; the worker asks for most of them again.
    const own = server.requests.filter((path) => !path.endsWith(".js"));
    assert.deepEqual(paths.filter((path) => !path.endsWith(".js")).sort(), own.sort());
    assert.ok(paths.some((path) => path.endsWith("_bg.wasm")) && paths.includes("/tiny/model.safetensors"), paths.join());
    assert.ok(told.every(({ at, bytes }) => Math.abs(Date.now() - at) < 600_000 && bytes >= 0));
  });

  it("refuses WebGPU in words where there is none, and says why the CPU was chosen", async () => {
    const page = await chromium.open(`${server.url}blank.html`);
    const found = await page.evaluate(async () => {
      const { Nearmiss } = await import("nearmiss");
      const { refusal } = await import("/page.js");
      const refused = await refusal(() => Nearmiss.create({ model: "/tiny/", device: "webgpu" }));
      const nm = await Nearmiss.create({ model: "/tiny/" });
      return { refused, device: nm.device };
    });
    assert.equal(found.refused?.code, "WEBGPU_UNAVAILABLE");
    assert.equal(found.device.kind, "cpu");
    assert.match(found.device.reason, /WebGPU/);
  });
});
