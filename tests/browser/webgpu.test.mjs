/** The WebGPU build in a browser: it computes what the CPU build computes, learns, and fails in words. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { launch, serve } from "../harness.mjs";

const STEPS = 20;
const TEXTS = ["how do i rotate the signing key?", "release the valve", "a note", "the battery of the station does not last"];

describe("the WebGPU build", { timeout: 300_000 }, () => {
  let server, chromium;
  const page = async () => {
    const page = await chromium.open(`${server.url}blank.html`);
    page.setDefaultTimeout(0);
    return page;
  };
  before(async () => {
    const blank = (_, response) =>
      response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><link rel=icon href=data:,><title>test</title>");
    server = await serve({ "/": "tests/browser", "/blank.html": blank, "/wasm/": "pkg/wasm", "/tiny/": "tests/fixtures/tiny-bert" });
    chromium = await launch({ webgpu: true });
  });
  after(async () => {
    await chromium?.close();
    await server?.close();
  });

  it("gives the vectors of the CPU build", async () => {
    const found = await (await page()).evaluate(async (texts) => {
      const { open } = await import("/page.js");
      const rows = {};
      for (const build of ["cpu", "webgpu"]) {
        const { engine } = await open(build, "/tiny/");
        rows[build] = { kind: engine.info().device.kind, vectors: [...(await engine.encode(texts, "query"))] };
      }
      return rows;
    }, TEXTS);
    assert.deepEqual([found.cpu.kind, found.webgpu.kind], ["cpu", "webgpu"]);
    assert.equal(found.cpu.vectors.length, TEXTS.length * 32);
    const worst = Math.max(...found.cpu.vectors.map((value, i) => Math.abs(value - found.webgpu.vectors[i])));
    assert.ok(worst < 1e-3, `off by ${worst}`);
  });

  it(`trains every layer for ${STEPS} steps and the loss falls as on the CPU`, async () => {
    const curves = await (await page()).evaluate(async (steps) => {
      const { open, fill, pull } = await import("/page.js");
      const options = { trainable: "full", batchSize: 4, epochs: steps / 2, learningRate: 1e-3 };
      const curves = {};
      for (const build of ["cpu", "webgpu"]) {
        const { engine } = await open(build, "/tiny/");
        fill(engine);
        const events = await pull(engine, { kind: "train", options });
        curves[build] = { loss: events.filter((e) => e.type === "step").map((e) => e.loss), last: events.at(-1) };
      }
      return curves;
    }, STEPS);
    for (const { loss, last } of Object.values(curves)) {
      assert.equal(loss.length, STEPS);
      const mean = (part) => part.reduce((a, b) => a + b) / part.length;
      assert.ok(mean(loss.slice(-4)) < mean(loss.slice(0, 4)), `the loss went ${loss}`);
      assert.equal(last.type, "verdict");
    }
    const apart = curves.cpu.loss.map((value, i) => Math.abs(value - curves.webgpu.loss[i]));
    assert.ok(Math.max(...apart) < 1e-2, `curves apart by ${Math.max(...apart)}`);
  });

  it("ends in DEVICE_LOST when the GPU goes away, with documents and judgments at hand", async () => {
    const found = await (await page()).evaluate(async () => {
      const { open, fill, pull, refusal, watchDevices } = await import("/page.js");
      const devices = watchDevices();
      const { engine, module } = await open("webgpu", "/tiny/");
      fill(engine);
      const training = await refusal(() =>
        pull(engine, { kind: "train", options: { epochs: 5, batchSize: 4 } }, (event) => {
          if (event.type === "step") for (const device of devices) device.destroy();
          return false;
        }),
      );
      const search = await refusal(() => engine.search("turn the key", { mode: "dense" }));
      const lexical = await engine.search("turn the valve", { mode: "lexical" });
      return {
        opened: devices.length, training, search, lexical: lexical[0].id, fault: module.fault()?.code,
        documents: engine.documents().length, judgments: engine.judgments().length,
      };
    });
    assert.equal(found.opened, 1);
    assert.equal(found.training?.code, "DEVICE_LOST", JSON.stringify(found));
    assert.equal(found.search?.code, "DEVICE_LOST");
    assert.equal(found.fault, "DEVICE_LOST");
    assert.deepEqual([found.lexical, found.documents, found.judgments], ["valve", 12, 24]);
  });

  it("fails the job when the GPU reports an error that nobody caught", async () => {
    const found = await (await page()).evaluate(async () => {
      const { open, refusal, watchDevices } = await import("/page.js");
      const devices = watchDevices();
      const { engine } = await open("webgpu", "/tiny/");
      const before = (await engine.encode(["a note"], "query")).length;
      // A shader that does not compile: what a kernel the driver refuses looks like. The report comes with the next work.
      devices[0].createShaderModule({ code: "this is no shader" });
      return { before, after: await refusal(() => engine.encode(["a note"], "query")) };
    });
    assert.equal(found.before, 32);
    assert.equal(found.after?.code, "DEVICE_LOST", JSON.stringify(found));
  });
});
