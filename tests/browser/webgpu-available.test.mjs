/** The ground under every browser test: WebGPU is really there when asked for, really gone when not, errors are seen. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { ISOLATED, launch, serve } from "../harness.mjs";

/** Asks for an adapter and lets it square four numbers. Runs in the page and, unchanged, in a worker. */
const PROBE = `
  export async function probe() {
    const adapter = await navigator.gpu?.requestAdapter();
    if (!adapter) return null;
    const device = await adapter.requestDevice();
    const code = "@group(0) @binding(0) var<storage, read_write> x: array<f32>; @compute @workgroup_size(4)" +
      "fn main(@builtin(global_invocation_id) id: vec3u) { x[id.x] = x[id.x] * x[id.x]; }";
    const pipeline = device.createComputePipeline({
      layout: "auto", compute: { module: device.createShaderModule({ code }) } });
    const data = device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
    const read = device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    device.queue.writeBuffer(data, 0, new Float32Array([1, 2, 3, 4]));
    const commands = device.createCommandEncoder();
    const pass = commands.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer: data } }] }));
    pass.dispatchWorkgroups(1);
    pass.end();
    commands.copyBufferToBuffer(data, 0, read, 0, 16);
    device.queue.submit([commands.finish()]);
    await read.mapAsync(GPUMapMode.READ);
    const squares = [...new Float32Array(read.getMappedRange())];
    const { architecture, isFallbackAdapter } = adapter.info;
    device.destroy();
    return { squares, architecture, isFallbackAdapter, features: [...adapter.features] };
  }`;

const FILES = {
  "/": ["text/html", "<!doctype html><link rel=icon href=data:,><title>probe</title>"],
  "/probe.js": ["text/javascript", PROBE],
  "/worker.js": ["text/javascript", 'import { probe } from "/probe.js"; postMessage(await probe());'],
  "/broken.js": ["text/javascript", 'console.error("said in a worker"); throw new Error("thrown in a worker");'],
};

const inPage = async () => (await import("/probe.js")).probe();
const inWorker = () =>
  new Promise((done, fail) => {
    const worker = new Worker("/worker.js", { type: "module" });
    worker.onmessage = (event) => done(event.data);
    worker.onerror = (event) => fail(new Error(event.message));
  });

for (const webgpu of [true, false]) {
  describe(`Chromium ${webgpu ? "with" : "without"} WebGPU`, () => {
    let server, chromium, page;
    before(async () => {
      server = await serve({ "/": handler }, { headers: ISOLATED });
      chromium = await launch({ webgpu });
      page = await chromium.open(server.url);
    });
    after(async () => {
      await chromium?.close();
      await server?.close();
    });

    for (const [where, probe] of [["page", inPage], ["worker", inWorker]]) {
      it(webgpu ? `computes in a ${where}` : `has no adapter in a ${where}`, async () => {
        const found = await page.evaluate(probe);
        if (!webgpu) return assert.equal(found, null);
        assert.deepEqual(found.squares, [1, 4, 9, 16]);
        assert.equal(found.architecture, "swiftshader");
        assert.equal(found.isFallbackAdapter, true);
        assert.ok(found.features.includes("timestamp-query"), `no timestamp-query among ${found.features}`);
        assert.deepEqual(chromium.errors, []);
      });
    }
  });
}

describe("the harness", () => {
  let server, chromium;
  before(async () => {
    server = await serve({ "/": handler, "/tests/": "tests" }, { headers: ISOLATED });
    chromium = await launch({ webgpu: false });
  });
  after(async () => {
    await chromium?.close();
    await server?.close();
  });

  it("hears errors of pages and workers", async () => {
    const page = await chromium.open(server.url);
    const thrown = ["a page", "a worker"].map((where) =>
      page.context().waitForEvent("weberror", (event) => event.error().message.includes(`thrown in ${where}`)));
    await page.evaluate(() => {
      console.error("said in a page");
      setTimeout(() => { throw new Error("thrown in a page"); });
      new Worker("/broken.js", { type: "module" });
    });
    await Promise.all(thrown);
    for (const text of ["said in a page", "thrown in a page", "said in a worker", "thrown in a worker"]) {
      assert.ok(chromium.errors.some((error) => error.includes(text)), `${text}: not among ${JSON.stringify(chromium.errors)}`);
    }
  });

  it("serves files with their type, and nothing outside its folders", async () => {
    const own = await fetch(`${server.url}tests/harness.mjs`);
    assert.equal(own.status, 200);
    assert.equal(own.headers.get("content-type"), "text/javascript; charset=utf-8");
    assert.equal(own.headers.get("cross-origin-embedder-policy"), "require-corp");
    assert.match(await own.text(), /export async function serve/);
    for (const path of ["tests/..%2fpackage.json", "tests/missing.js", "tests/browser"]) {
      assert.equal((await fetch(server.url + path)).status, 404, path);
    }
    assert.ok(server.requests.includes("/tests/harness.mjs"));
  });
});

function handler(request, response) {
  const [type, body] = FILES[request.url] ?? ["text/plain", null];
  response.writeHead(body === null ? 404 : 200, { "content-type": type }).end(body);
}
