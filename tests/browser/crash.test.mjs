/** Workers that really die: by a trap, for want of memory, by an error nobody caught, silently from inside and from outside. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { launch, ROOT, serve } from "../harness.mjs";

const BLANK = "<!doctype html><link rel=icon href=data:,><title>test</title>";

/** Behind the module's own script: searches for these words end the worker in as many ways. */
const DEATHS = `
const search = Engine.prototype.search;
/** (module (func (export "trap") unreachable)) */
const TRAP = new Uint8Array([0,97,115,109,1,0,0,0,1,4,1,96,0,0,3,2,1,0,7,8,1,4,116,114,97,112,0,0,10,5,1,3,0,0,11]);
const devices = [];
const request = globalThis.GPUAdapter?.prototype.requestDevice;
if (request) GPUAdapter.prototype.requestDevice = async function (...args) {
  const device = await request.apply(this, args);
  devices.push(device);
  return device;
};
Engine.prototype.search = function (query, options) {
  if (query === "lose") for (const device of devices) device.destroy();
  if (query === "trap") new WebAssembly.Instance(new WebAssembly.Module(TRAP)).exports.trap();
  if (query === "full") {
    for (let pages = 16384; pages >= 1; pages >>= 1) { try { for (;;) wasm.memory.grow(pages); } catch {} }
    this.addDocuments(Array.from({ length: 2000 }, (_, id) => ({ id: "more" + id, text: ("word" + id + " ").repeat(2000) })));
  }
  if (query === "throw") { setTimeout(() => { throw new TypeError("nobody caught this"); }); return new Promise(() => {}); }
  if (query === "reject") { Promise.reject(new TypeError("nobody handled this")); return new Promise(() => {}); }
  if (query === "close") { self.close(); return new Promise(() => {}); }
  return search.call(this, query, options);
};`;

/** Runs in the page: adds two notes, lets the worker die of `death`, and goes on. */
async function live({ storage, death, device = "cpu" }) {
  const workers = [];
  const Original = globalThis.Worker;
  globalThis.Worker = class extends Original {
    constructor(...args) {
      super(...args);
      workers.push(this);
    }
  };
  const { Nearmiss } = await import("/pkg/dist/index.js");
  const nm = await Nearmiss.create({ model: "/tiny/", device, ...(storage && { storage }) });
  const plain = ({ code, message, name }) => ({ code, message, name });
  const refusal = (promise) => promise.then(() => null, plain);
  await nm.documents.add([{ id: "key", text: "turn the key" }, { id: "mast", text: "raise the mast" }]);
  await nm.judgments.add({ query: "turn", document: "key", relevant: true });
  const words = ["valve", "battery", "door", "branch"];
  await nm.judgments.add(words.flatMap((word, at) => [{ query: word, document: at % 2 ? "key" : "mast", relevant: true, split: at < 2 ? "train" : "held-out" }]));
  const run = death === "paused" ? nm.train({ epochs: 500 }) : null;
  await run?.next();
  if (death === "trap" && storage) for await (const _ of nm.train({ epochs: 2, learningRate: 0.02, trainable: "full", devShare: 0 }));
  if (death === "trap" && storage) await nm.keep();
  const tuned = nm.model;
  const dying = death === "terminate" || death === "paused" ? nm.search("never answered").then(() => null, plain) : nm.search(death).then(() => null, plain);
  const beside = refusal(nm.encode(Array(500).fill("one of many texts that take a while")));
  if (death === "terminate" || death === "paused") workers[0].terminate();
  const died = await dying;
  const result = { died, beside: await beside };
  try {
    result.hits = (await nm.search("key", { k: 1 })).map(({ id }) => id);
    if (run) result.pulled = await refusal(run.next());
    result.documents = (await nm.documents.list()).length;
    result.judgments = (await nm.judgments.list()).length;
    result.added = (await nm.documents.add([{ id: "door", text: "open the door" }])).total;
    result.role = nm.storage?.state.role;
  } catch (error) {
    result.next = plain(error);
  }
  result.followed = [nm.model.fingerprint === tuned.fingerprint, nm.model.fingerprint === nm.model.loaded];
  result.workers = workers.length;
  result.device = nm.device.kind;
  await nm.dispose();
  return result;
}

describe("a worker that dies", { timeout: 240_000 }, () => {
  let server, chromium, page;
  before(async () => {
    const send = (type, body) => (_, response) => response.writeHead(200, { "content-type": type }).end(body);
    const glue = (build) => send("text/javascript", readFileSync(join(ROOT, `pkg/wasm/${build}/nearmiss.js`), "utf8") + DEATHS);
    const builds = Object.fromEntries(["cpu", "webgpu"].map((build) => [`/pkg/wasm/${build}/nearmiss.js`, glue(build)]));
    const none = (_, response) => response.writeHead(404).end();
    const policy = BLANK.replace("<title>", `<meta http-equiv="Content-Security-Policy" content="default-src 'self' 'unsafe-inline'; worker-src 'none'"><title>`);
    const beginnings = { "/policy.html": send("text/html", policy), "/no-worker/": send("text/html", BLANK), "/no-worker/pkg/": "pkg", "/no-worker/pkg/dist/worker.js": none };
    server = await serve({ ...beginnings, "/blank.html": send("text/html", BLANK), "/pkg/": "pkg", ...builds, "/tiny/": "tests/fixtures/tiny-bert" });
    chromium = await launch({ webgpu: false });
  });
  after(async () => {
    await chromium?.close();
    await server?.close();
  });
  beforeEach(async () => (page = await chromium.open(`${server.url}blank.html`)));
  afterEach(() => page.context().close());

  for (const [death, code, reason] of [
    ["trap", "INTERNAL", /^the engine stopped: unreachable\. .*[\s\S]*wasm/],
    ["full", "OUT_OF_MEMORY", /memory/],
    ["throw", "INTERNAL", /nobody caught this\.[^\n]*\n[^]*^ +at \S*.*nearmiss\.js:\d+/m],
    ["reject", "INTERNAL", /nobody handled this\.[^\n]*\n[^]*^ +at \S*.*nearmiss\.js:\d+/m],
    ["close", "INTERNAL", /stopped without a word/],
    ["terminate", "INTERNAL", /stopped without a word/],
  ]) {
    it(`of "${death}", with a store: what is stored is there for the next call`, async () => {
      const found = await page.evaluate(live, { storage: "opfs:notes", death });
      assert.equal(found.died.code, code, found.died.message);
      assert.match(found.died.message, reason);
      assert.match(found.died.message, /The next call starts another worker with what is stored in "opfs:notes"/);
      assert.equal(found.beside.code, code);
      assert.deepEqual([found.next, found.hits, found.documents, found.judgments, found.added, found.role], [undefined, ["key"], 2, 5, 3, "writer"]);
      assert.equal(found.workers, 2);
      assert.deepEqual(found.followed, [true, death !== "trap"], "nm.model is that of the weights in the store");
    });

    it(`of "${death}", without a store: that all is lost is said, then and at the next call`, async () => {
      const { died, next, workers } = await page.evaluate(live, { death });
      assert.equal(died.code, code, died.message);
      assert.match(died.message, reason);
      assert.match(died.message, /are lost.*option storage.*Create a new instance/);
      assert.deepEqual([next.code, next.message, workers], [code, died.message, 1]);
    });
  }

  for (const [what, path] of [["is not served", "no-worker/blank.html"], ["the page's policy forbids", "policy.html"]]) {
    it(`before it has begun, as its script ${what}: what to do, and nothing of losses`, async () => {
      page = await chromium.open(`${server.url}${path}`);
      const { code, message } = await page.evaluate(async () => {
        const { Nearmiss } = await import(new URL("pkg/dist/index.js", location.href).href);
        return Nearmiss.create({ model: "/tiny/", device: "cpu" }).then(() => ({}), ({ code, message }) => ({ code, message }));
      });
      assert.equal(code, "NETWORK", message);
      assert.match(message, /the worker could not be started: .*bundlers.*Content-Security-Policy.*worker: false/);
      assert.doesNotMatch(message, /lost/);
    });
  }

  it("in the middle of a training: the next worker knows of no such run, and the run says so", async () => {
    const found = await page.evaluate(live, { storage: "opfs:notes", death: "paused" });
    assert.deepEqual([found.next, found.hits, found.documents], [undefined, ["key"], 2]);
    assert.equal(found.pulled.code, "INTERNAL");
    assert.match(found.pulled.message, /stopped without a word.*last checkpoint/);
    assert.equal(found.added, 3, "the run is over, so documents may be added");
  });

  it("with its GPU: the next worker opens another one, where there is a store; else its documents are worth more than a GPU", async () => {
    const gpu = await launch({ webgpu: true });
    try {
      const lose = async (storage) => {
        const tab = await gpu.open(`${server.url}blank.html`);
        tab.setDefaultTimeout(0);
        return tab.evaluate(live, { storage, death: "lose", device: "webgpu" });
      };
      const found = await lose("opfs:notes");
      assert.equal(found.died.code, "DEVICE_LOST", found.died.message);
      assert.match(found.died.message, /The next call starts another worker/);
      assert.deepEqual([found.next, found.hits, found.documents, found.added, found.workers, found.device], [undefined, ["key"], 2, 3, 2, "webgpu"]);
      const unstored = await lose();
      assert.deepEqual([unstored.died.code, unstored.workers], ["DEVICE_LOST", 1]);
      assert.equal(unstored.next.code, "DEVICE_LOST");
      assert.match(unstored.next.message, /Documents and judgments are intact/);
    } finally {
      await gpu.close();
    }
  });
});
