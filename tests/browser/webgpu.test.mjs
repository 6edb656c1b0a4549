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

  it("gives every loss, and every rung, the value and the gradient of the CPU build", async () => {
    const found = await (await page()).evaluate(async () => {
      const { open, fill, pull, tensor } = await import("/page.js");
      const rows = {};
      const losses = [
        { loss: "info-nce", additiveMargin: 0.1, falseNegativeMargin: 0.05 },
        { loss: "margin", margin: 0.5 },
        { loss: "triplet", distance: "euclidean", margin: 0.5 },
        { loss: "margin-mse", mining: { teacher: "maxsim" } },
        { loss: "contrastive", margin: 0.8 },
        { trainable: "lora", loss: "info-nce" },
        { trainable: "layers:1", loss: "info-nce" },
      ];
      for (const build of ["cpu", "webgpu"]) {
        const { engine } = await open(build, "/tiny/");
        fill(engine);
        rows[build] = [];
        for (const options of losses) {
          const job = { kind: "train", options: { ...options, batchSize: 4, epochs: 1, maxGradNorm: null, checkpointEvery: 1 } };
          const events = await pull(engine, job, (event) => event.type === "checkpoint");
          const step = events.find((event) => event.type === "step");
          // The optimiser's first moment after one step: a tenth of the gradient.
          rows[build].push({ options, loss: step.loss, gradNorm: step.gradNorm, gradient: [...tensor(events.at(-1).bytes, "first")] });
          engine.cancel();
        }
      }
      return rows;
    });
    found.cpu.forEach((cpu, at) => {
      const gpu = found.webgpu[at];
      const name = JSON.stringify(cpu.options);
      assert.ok(cpu.gradNorm > 0 && cpu.gradient.length > 0, name);
      assert.ok(Math.abs(gpu.loss - cpu.loss) <= 1e-3 * Math.abs(cpu.loss), `${name}: ${gpu.loss} for ${cpu.loss}`);
      assert.ok(Math.abs(gpu.gradNorm - cpu.gradNorm) <= 1e-3 * cpu.gradNorm, `${name}: ${gpu.gradNorm} for ${cpu.gradNorm}`);
      const largest = Math.max(...cpu.gradient.map(Math.abs));
      const worst = Math.max(...cpu.gradient.map((value, i) => Math.abs(value - gpu.gradient[i])));
      assert.ok(worst <= 1e-3 * largest, `${name}: off by ${worst} of ${largest}`);
    });
  });

  it("goes on from the last checkpoint after the GPU went away, where there is none", async () => {
    const found = await (await page()).evaluate(async () => {
      const { open, fill, pull, refusal, watchDevices } = await import("/page.js");
      const devices = watchDevices();
      const { engine } = await open("webgpu", "/tiny/");
      fill(engine);
      let last;
      const options = { epochs: 5, batchSize: 4, checkpointEvery: 3 };
      const lost = await refusal(() =>
        pull(engine, { kind: "train", options }, (event) => {
          if (event.type === "checkpoint") last = event;
          if (event.type === "step" && event.step === 5) for (const device of devices) device.destroy();
          return false;
        }),
      );
      const { engine: other } = await open("cpu", "/tiny/");
      fill(other);
      const events = await pull(other, { kind: "train", options: { resume: last.bytes } });
      const steps = events.filter((event) => event.type === "step").map((event) => event.step);
      return { lost: lost?.code, from: last.step, steps, verdict: events.at(-1).type };
    });
    assert.deepEqual(found, { lost: "DEVICE_LOST", from: 3, steps: [4, 5, 6, 7, 8, 9, 10], verdict: "verdict" });
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
