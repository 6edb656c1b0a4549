/** The model cache in a real browser: used without a network, doubted when the server has another file, healed when damaged. */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { launch, serve } from "../harness.mjs";
import { serveModel, sha256, WEIGHTS } from "../package/loading-server.mjs";

const BLANK = "<!doctype html><link rel=icon href=data:,><title>test</title>";

/** Runs in the page. @returns how it ended, and a digest of the weights in place of them */
async function load(source) {
  const { loadModel } = await import("/dist/model.js");
  const { sha256 } = await import("/dist/loading/digest.js");
  const events = [];
  try {
    const { weights, ...others } = await loadModel(source, { pause: async () => {}, onProgress: (event) => events.push(event) });
    return { weights: await sha256(weights), files: Object.keys(others).sort(), overall: events.at(-1).overall };
  } catch ({ code, message }) {
    return { code, message };
  }
}

const list = async () => (await import("/dist/index.js")).models.list();

/** Changes a byte of what is kept of the weights, and leaves all else as it is. */
async function damage() {
  const cache = await caches.open("nearmiss-models");
  const request = (await cache.keys()).find(({ url }) => url.endsWith("model.safetensors"));
  const response = await cache.match(request);
  const bytes = new Uint8Array(await response.arrayBuffer());
  bytes[1000] ^= 1;
  await cache.put(request, new Response(bytes, { headers: response.headers }));
}

describe("the model cache", { timeout: 120_000 }, () => {
  let pages, chromium, page, server;
  before(async () => {
    const blank = (_, response) => response.writeHead(200, { "content-type": "text/html" }).end(BLANK);
    pages = await serve({ "/": "tests/browser", "/blank.html": blank, "/dist/": "pkg/dist", "/pkg/": "pkg", "/next/": "pkg" });
    chromium = await launch({ webgpu: false });
  });
  after(async () => {
    await chromium?.close();
    await pages?.close();
  });
  beforeEach(async () => {
    page = await chromium.open(`${pages.url}blank.html`);
    server = await serveModel();
  });
  afterEach(async () => {
    await page.context().close();
    await server.close();
  });

  const whole = { weights: sha256(WEIGHTS), files: ["config", "tokenizer"] };
  const gets = () => server.asked.filter(({ method }) => method === "GET").map(({ file }) => file);
  const ask = async (source = server.url) => page.evaluate(load, source);
  const same = async (found) => {
    const { overall, ...rest } = await found;
    assert.deepEqual(rest, whole);
    return overall;
  };

  it("keeps what was loaded, and asks only whether there is another version", async () => {
    await same(ask());
    assert.equal(gets().length, 6);
    server.asked.length = 0;
    assert.deepEqual(await same(ask()), { loaded: WEIGHTS.length + 4, total: WEIGHTS.length + 4 });
    assert.deepEqual(gets(), []);
    assert.equal(server.asked.length, 6, "one HEAD a file, absent ones included");
  });

  it("loads without a server, in a page that was opened since", async () => {
    await same(ask());
    await server.close();
    const context = page.context();
    await page.close();
    page = await context.newPage();
    await page.goto(`${pages.url}blank.html`);
    await same(ask());
  });

  it("fetches a file whose version changed, and only that", async () => {
    await same(ask());
    server.script.weights = WEIGHTS.slice(5);
    server.asked.length = 0;
    assert.equal((await ask()).weights, sha256(WEIGHTS.slice(5)));
    assert.deepEqual(gets(), ["model.safetensors"]);
  });

  it("notices a damaged entry, and fetches it anew; without a network it is no model", async () => {
    await same(ask());
    await page.evaluate(damage);
    server.asked.length = 0;
    await same(ask());
    assert.deepEqual(gets(), ["model.safetensors"]);
    await page.evaluate(damage);
    await server.close();
    const { code, message } = await ask();
    assert.equal(code, "NETWORK");
    assert.match(message, /model\.safetensors/);
  });

  it("asks nobody about a file whose SHA-256 is known", async () => {
    const source = { url: server.url, sha256: { "model.safetensors": sha256(WEIGHTS) } };
    await same(ask(source));
    server.script.weights = WEIGHTS.slice(5);
    server.asked.length = 0;
    await same(ask(source));
    assert.ok(!server.asked.some(({ file }) => file === "model.safetensors"));
    const other = { ...source, sha256: { "model.safetensors": sha256(WEIGHTS.slice(5)) } };
    assert.equal((await ask(other)).weights, sha256(WEIGHTS.slice(5)), "a kept file of another digest is fetched anew");
  });

  it("goes on in a later visit where a transfer was given up", async () => {
    const large = new Uint8Array(2_500_000).map((_, at) => at % 253);
    const gone = Date.UTC(2026, 0, 1);
    server.script.weights = large;
    server.script.etag = null;
    server.script.before = (_, response) => void response.setHeader("last-modified", new Date(gone).toUTCString());
    server.script.cut = [2_000_000, 0, 0, 0, 0, 0, 0];
    assert.equal((await ask()).code, "NETWORK");
    server.script.cut = [];
    server.asked.length = 0;
    assert.equal((await ask()).weights, sha256(large));
    const { range } = server.asked.find(({ method, file }) => method === "GET" && file === "model.safetensors");
    const from = Number(/^bytes=(\d+)-$/.exec(range)?.[1]);
    assert.ok(from >= 1 << 20 && from <= 2_000_000, `asked for ${range}`);
  });

  /** A server that sends two megabytes and a half of three, and then nothing. */
  const stalling = () => {
    const large = new Uint8Array(3_000_000).map((_, at) => at % 253);
    server.script.weights = large;
    server.script.before = (request, response, file) => {
      // Of the two names of a version, the one that a page of another origin may read.
      response.setHeader("last-modified", new Date(Date.UTC(2026, 0, 1)).toUTCString());
      if (file !== "model.safetensors" || request.method !== "GET" || request.headers.range) return false;
      response.writeHead(200, { "content-length": large.length }).write(large.subarray(0, 2_500_000));
      return true;
    };
    return large;
  };
  const resumed = async (large) => {
    server.asked.length = 0;
    assert.equal((await ask()).weights, sha256(large));
    const ranges = server.asked.filter(({ method, file }) => method === "GET" && file === "model.safetensors").map(({ range }) => range);
    assert.equal(ranges.length, 1);
    const from = Number(/^bytes=(\d+)-$/.exec(ranges[0])?.[1]);
    assert.ok(from >= 1 << 20 && from <= 2_500_000, `asked for ${ranges[0]}`);
    const [{ bytes }] = await page.evaluate(list);
    assert.equal(bytes, large.length + 4, "pieces are gone once the file is whole");
  };

  it("goes on after a transfer that was aborted", async () => {
    const large = stalling();
    const aborted = await page.evaluate(async (url) => {
      const { loadModel } = await import("/dist/model.js");
      const controller = new AbortController();
      const { models } = await import("/dist/index.js");
      const loading = loadModel(url, { signal: controller.signal }).catch((error) => error);
      while (!((await models.list())[0]?.bytes > 1 << 20)) await new Promise(requestAnimationFrame);
      controller.abort();
      return (await loading).code;
    }, server.url);
    assert.equal(aborted, "ABORTED");
    await resumed(large);
  });

  const begun = async () => {
    const { models } = await import("/dist/index.js");
    while (!((await models.list())[0]?.bytes > 1 << 20)) await new Promise(requestAnimationFrame);
  };

  it("goes on after a tab that was closed in the middle", async () => {
    const large = stalling();
    const context = page.context();
    void page.evaluate(load, server.url).catch(() => {});
    await page.evaluate(begun);
    await page.close();
    page = await context.newPage();
    await page.goto(`${pages.url}blank.html`);
    await resumed(large);
  });

  it("goes on after an instance that was aborted, and its worker with it", async () => {
    const large = stalling();
    await page.evaluate((model) => {
      globalThis.leaving = new AbortController();
      globalThis.left = import("/pkg/dist/index.js").then(({ Nearmiss }) => Nearmiss.create({ model, device: "cpu", signal: leaving.signal })).catch(({ code }) => code);
    }, server.url);
    await page.evaluate(begun);
    assert.equal(await page.evaluate(() => (leaving.abort(), left)), "ABORTED");
    await resumed(large);
  });

  it("begins anew where another version has come since", async () => {
    const large = stalling();
    server.script.cut = [0, 0, 0, 0, 0];
    const first = server.script.before;
    let asked = 0;
    server.script.before = (request, response, file) => {
      if (file !== "model.safetensors") return false;
      if (asked++ > 0) return response.destroy();
      const write = response.write.bind(response);
      response.write = (bytes) => write(bytes, () => response.destroy());
      return first(request, response, file);
    };
    assert.equal((await ask()).code, "NETWORK");
    server.script.cut = [];
    server.script.weights = large.slice(1);
    server.script.before = (_, response) => void response.setHeader("last-modified", new Date(Date.UTC(2026, 0, 2)).toUTCString());
    server.asked.length = 0;
    assert.equal((await ask()).weights, sha256(large.slice(1)));
    const ranges = server.asked.filter(({ method, file }) => method === "GET" && file === "model.safetensors").map(({ range }) => range);
    assert.match(ranges[0], /^bytes=\d+-$/, "it was asked for the rest, and answered with another file");
    assert.equal(ranges.length, 2);
    const [{ bytes }] = await page.evaluate(list);
    assert.equal(bytes, large.length - 1 + 4);
  });

  it("uses what it has where the answer says nothing of the file: a refusal, or the page of a network that wants a log-in", async () => {
    await same(ask());
    for (const answer of [
      (response) => response.writeHead(403).end(),
      (response) => response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Log in</title>"),
    ]) {
      server.script.before = (_, response) => answer(response);
      await same(ask());
    }
    // A server that refuses the question may still hand out the file, and then it is the file that counts.
    server.script.weights = WEIGHTS.slice(5);
    server.script.before = ({ method }, response) => method === "HEAD" && response.writeHead(403).end();
    assert.equal((await ask()).weights, sha256(WEIGHTS.slice(5)));
    // Damage is noticed all the same.
    await page.evaluate(damage);
    server.script.before = (_, response) => response.writeHead(403).end();
    assert.equal((await ask()).code, "NETWORK");
  });

  it("lists and deletes models, and keeps nothing of one that asks for it", async () => {
    await same(ask({ url: server.url, cache: false }));
    assert.deepEqual(await page.evaluate(list), []);
    await same(ask());
    const [entry, ...others] = await page.evaluate(list);
    assert.deepEqual([entry.url, entry.bytes, others.length], [server.url, WEIGHTS.length + 4, 0]);
    assert.ok(entry.savedAt > Date.UTC(2026, 0, 1) && entry.savedAt <= Date.now());
    const remove = async (url) => (await import("/dist/index.js")).models.delete(url);
    assert.equal(await page.evaluate(remove, server.url.slice(0, -1)), true);
    assert.equal(await page.evaluate(remove, server.url), false);
    assert.deepEqual(await page.evaluate(list), []);
    server.asked.length = 0;
    await same(ask());
    assert.equal(gets().length, 6);
  });

  it("keeps one copy of the encoder in the package, though its address is another one with each version of an application", async () => {
    const use = async (path) => {
      const { Nearmiss, models } = await import(`${path}dist/index.js`);
      await (await Nearmiss.create({ device: "cpu" })).dispose();
      return (await models.list()).map(({ url, bytes }) => [new URL(url).pathname, bytes]);
    };
    await same(ask());
    const other = [new URL(server.url).pathname, WEIGHTS.length + 4];
    const [, [, bytes]] = (await page.evaluate(use, "/pkg/")).sort();
    for (const path of ["/pkg/", "/next/"]) {
      const kept = await page.evaluate(use, path);
      assert.deepEqual(kept.sort(), [other, [`${path}models/compact/`, bytes]].sort(), "and leaves other models alone");
    }
    assert.ok(bytes > 8e6, `${bytes} bytes`);
  });

  it("a file that is gone from the server is gone", async () => {
    await same(ask());
    server.script.before = (_, response, file) => file === "tokenizer.json" && response.writeHead(404).end();
    const { code, message } = await ask();
    assert.equal(code, "MODEL_INVALID");
    assert.match(message, /tokenizer\.json.*404/);
  });

  it("carries the whole package without the model's server: create, add, search, in its worker", async () => {
    const models = await serve({ "/tiny/": "tests/fixtures/tiny-bert" }, { headers: { "access-control-allow-origin": "*" } });
    const use = async (model) => {
      const { Nearmiss } = await import("/pkg/dist/index.js");
      const nm = await Nearmiss.create({ model, device: "cpu" });
      await nm.documents.add([{ id: "key", text: "turn the key" }, { id: "mast", text: "raise the mast" }]);
      const [hit] = await nm.search("key");
      await nm.dispose();
      return hit.id;
    };
    try {
      assert.equal(await page.evaluate(use, `${models.url}tiny/`), "key");
    } finally {
      await models.close();
    }
    assert.equal(await page.evaluate(use, `${models.url}tiny/`), "key");
  });
});
