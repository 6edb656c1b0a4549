/** Twenty lives of an instance, from create to dispose: no worker stays, nor its memory, nor its GPU device. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { launch, serve } from "../harness.mjs";

const BLANK = "<!doctype html><link rel=icon href=data:,><title>test</title>";
const LIVES = 20;
/** Growth of the page's process between the fifth life and the twentieth. Measured: 0 MB; with every worker left alive, 385 MB. */
const BOUND = 60e6;

/** Runs in the page. @returns the memory of the instance while it lived */
async function life(model) {
  const { Nearmiss } = await import("/pkg/dist/index.js");
  const nm = await Nearmiss.create({ model, device: "cpu" });
  await nm.documents.add([{ id: "key", text: "turn the key" }, { id: "mast", text: "raise the mast" }]);
  await nm.search("key");
  const { wasm } = await nm.memory();
  await nm.dispose();
  return wasm;
}

/** Of the process that runs the page and its workers ("renderer"), or of the one that holds their devices ("GPU"). */
async function processOf(browser, kind) {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  await session.detach();
  const found = processInfo.filter(({ type }) => type === kind).map(({ id }) => {
    const status = readFileSync(`/proc/${id}/status`, "utf8");
    const [resident, threads] = [/VmRSS:\s+(\d+) kB/, /Threads:\s+(\d+)/].map((line) => Number(line.exec(status)[1]));
    return { resident: 1024 * resident, threads };
  });
  return found.sort((a, b) => b.resident - a.resident)[0];
}

const resident = async (browser) => (await processOf(browser, "renderer")).resident;

/** Runs in the page, with a device each life that is made in a worker. @returns how many this thread has asked for and lost */
async function gpuLife(worker) {
  if (!globalThis.devices) {
    globalThis.devices = { asked: 0, lost: 0 };
    const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (...args) {
      const device = await request.apply(this, args);
      devices.asked += 1;
      device.lost.then(() => (devices.lost += 1));
      return device;
    };
  }
  const { Nearmiss } = await import("/pkg/dist/index.js");
  const nm = await Nearmiss.create({ model: "/tiny/", device: "webgpu", worker });
  const [vector, { gpu }] = [await nm.encode(["turn the key"]), await nm.memory()];
  await nm.dispose();
  return { ...devices, numbers: vector.length, gpu };
}

describe("dispose", { timeout: 240_000 }, () => {
  let server, chromium;
  before(async () => {
    const blank = (_, response) => response.writeHead(200, { "content-type": "text/html" }).end(BLANK);
    server = await serve({ "/blank.html": blank, "/pkg/": "pkg", "/tiny/": "tests/fixtures/tiny-bert" });
    chromium = await launch({ webgpu: false });
  });
  after(async () => {
    await chromium?.close();
    await server?.close();
  });

  it(`ends the worker and frees its memory, ${LIVES} times`, async () => {
    const page = await chromium.open(`${server.url}blank.html`);
    const ended = [];
    page.on("worker", (worker) => ended.push(new Promise((done) => worker.once("close", done))));
    const collect = await page.context().newCDPSession(page);
    const sizes = [];
    for (let round = 0; round < LIVES; round += 1) {
      assert.ok((await page.evaluate(life, "/tiny/")) > 0);
      await Promise.all(ended);
      await collect.send("HeapProfiler.collectGarbage");
      sizes.push(await resident(chromium.browser));
    }
    assert.equal(ended.length, LIVES, "each life had a worker of its own, and each has ended");
    assert.deepEqual(page.workers(), []);
    const locks = await page.evaluate(async () => (await navigator.locks.query()).held.map(({ name }) => name));
    assert.deepEqual(locks, [], "a worker that has ended holds nothing");
    const growth = sizes.at(-1) - sizes[4];
    assert.ok(growth < BOUND, `${growth} bytes more; after each life: ${sizes.map((size) => Math.round(size / 1e6)).join(" ")} MB`);
    console.log(`# resident after each life, in MB: ${sizes.map((size) => Math.round(size / 1e6)).join(" ")}`);
    assert.deepEqual(chromium.errors, []);
  });

  it("leaves its store free: it can be opened to write, or deleted, at once", async () => {
    const page = await chromium.open(`${server.url}blank.html`);
    const found = await page.evaluate(async () => {
      const { Nearmiss, stores } = await import("/pkg/dist/index.js");
      const [roles, held] = [[], []];
      for (let round = 0; round < 5; round += 1) {
        const nm = await Nearmiss.create({ model: "/tiny/", device: "cpu", storage: "opfs:notes" });
        roles.push(nm.storage.state.role);
        await nm.documents.add({ id: `${round}`, text: "turn the key" });
        await nm.dispose();
        held.push(...(await navigator.locks.query()).held.map(({ name }) => name).filter((name) => name.startsWith("nearmiss:")));
        if (round % 2) await stores.delete("opfs:notes");
      }
      return { roles, held, left: (await stores.list()).length };
    });
    assert.deepEqual(found, { roles: Array(5).fill("writer"), held: [], left: 1 });
  });
});

/** Measured: each device that stays is a thread of the GPU process and 25 MB of it; with every life disposed of, 0 and 3 MB after twenty. */
describe("dispose, on the GPU", { timeout: 900_000 }, () => {
  let server, chromium;
  before(async () => {
    const blank = (_, response) => response.writeHead(200, { "content-type": "text/html" }).end(BLANK);
    server = await serve({ "/blank.html": blank, "/pkg/": "pkg", "/tiny/": "tests/fixtures/tiny-bert" });
    chromium = await launch({ webgpu: true });
  });
  after(async () => {
    await chromium?.close();
    await server?.close();
  });

  it(`ends the worker's device with the worker, ${LIVES} times`, async () => {
    const page = await chromium.open(`${server.url}blank.html`);
    page.setDefaultTimeout(0);
    const ended = [];
    page.on("worker", (worker) => ended.push(new Promise((done) => worker.once("close", done))));
    const sizes = [];
    for (let round = 0; round < LIVES; round += 1) {
      const { numbers, gpu } = await page.evaluate(gpuLife, true);
      assert.ok(numbers > 0 && gpu > 0, "it ran on the GPU");
      await Promise.all(ended);
      sizes.push(await processOf(chromium.browser, "GPU"));
    }
    assert.equal(ended.length, LIVES);
    assert.deepEqual(page.workers(), []);
    const told = `after each life: ${sizes.map(({ resident, threads }) => `${Math.round(resident / 1e6)} MB in ${threads} threads`).join(", ")}`;
    const growth = sizes.at(-1).resident - sizes[4].resident;
    assert.ok(growth < BOUND, `${growth} bytes more; ${told}`);
    assert.ok(sizes.at(-1).threads - sizes[4].threads < LIVES / 4, told);
    console.log(`# the GPU process ${told}`);
  });

  it(`in the page's thread all ${LIVES} share one device, which stays`, async () => {
    const page = await chromium.open(`${server.url}blank.html`);
    page.setDefaultTimeout(0);
    const sizes = [];
    for (let round = 0; round < LIVES; round += 1) {
      const { asked, lost } = await page.evaluate(gpuLife, false);
      assert.deepEqual([asked, lost], [1, 0]);
      sizes.push((await processOf(chromium.browser, "GPU")).resident);
    }
    const growth = sizes.at(-1) - sizes[4];
    assert.ok(growth < BOUND, `${growth} bytes more; after each life: ${sizes.map((size) => Math.round(size / 1e6)).join(" ")} MB`);
  });
});
