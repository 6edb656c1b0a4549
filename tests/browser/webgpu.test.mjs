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

  it("computes the same at sizes that are no power of two, gradients and five steps, and with dropout runs", async () => {
    const found = await (await page()).evaluate(async (texts) => {
      const { fill, pull, tensor } = await import("/page.js");
      const { seededModel } = await import("/gpu.js");
      const model = await seededModel({ hidden: 75, heads: 3, wide: 110, layers: 1 });
      const rows = {};
      for (const build of ["cpu", "webgpu"]) {
        const module = await import(`/wasm/${build}/nearmiss.js`);
        await module.default();
        const engine = await module.Engine.create(model, {});
        fill(engine);
        const vectors = [...(await engine.encode(texts, "document"))];
        // Rate, decay and pull so large that each of them moves the loss.
        const train = {
          trainable: "full", batchSize: 4, epochs: 3, learningRate: 5e-3, warmup: 0, weightDecay: 1, anchor: 40, maxGradNorm: 1, checkpointEvery: 1,
        };
        const events = await pull(engine, { kind: "train", options: train }, (event) => event.type === "checkpoint" && event.step === 5);
        engine.cancel();
        const first = tensor(events.find((event) => event.type === "checkpoint").bytes, "first");
        rows[build] = { vectors, first: [...first], losses: events.filter((event) => event.type === "step").map((event) => event.loss) };
        const left = await pull(engine, { kind: "train", options: { ...train, dropout: 0.1 } }, (event) => event.type === "step");
        engine.cancel();
        rows[build].dropped = left.at(-1).loss;
      }
      return rows;
    }, TEXTS);
    const { cpu, webgpu } = found;
    const worst = (name) => Math.max(...cpu[name].map((value, i) => Math.abs(value - webgpu[name][i])));
    assert.equal(webgpu.vectors.length, TEXTS.length * 75);
    assert.ok(worst("vectors") < 1e-4, `vectors off by ${worst("vectors")}`);
    const largest = Math.max(...cpu.first.map(Math.abs));
    assert.ok(worst("first") <= 1e-3 * largest, `gradients off by ${worst("first")} of ${largest}`);
    assert.equal(webgpu.losses.length, 5);
    assert.ok(worst("losses") <= 1e-3 * cpu.losses[0], `${cpu.losses} and ${webgpu.losses}`);
    assert.ok(Number.isFinite(webgpu.dropped) && Number.isFinite(cpu.dropped));
  });

  it("asks the GPU for few kernels a layer, one read-back a step, and no more buffers as it goes on", async () => {
    const counts = {};
    for (const layers of [1, 2]) {
      const open = await page();
      counts[layers] = await open.evaluate(async (layers) => {
        const { fill, pull } = await import("/page.js");
        const { countGpuWork, seededModel } = await import("/gpu.js");
        const taken = countGpuWork();
        const module = await import("/wasm/webgpu/nearmiss.js");
        await module.default();
        // Parameters of a multiple of 64 numbers lie in the packed vector as they are, as those of real models do.
        const engine = await module.Engine.create(await seededModel({ hidden: 64, heads: 2, wide: 128, layers }), {});
        fill(engine);
        taken();
        await engine.encode(["a note"], "query");
        const encode = taken();
        const steps = {};
        for (const trainable of ["full", "lora", "head"]) {
          const of = (steps[trainable] = []);
          const enough = trainable === "full" && layers === 2 ? 8 : 3;
          await pull(engine, { kind: "train", options: { trainable, batchSize: 4, epochs: 4 } }, (event) => {
            if (event.type === "step") of.push(taken());
            return of.length === enough;
          });
          engine.cancel();
          taken();
        }
        return { encode, steps };
      }, layers);
      await open.close();
    }
    const layer = (of) => of(counts[2]).dispatches - of(counts[1]).dispatches;
    assert.equal(layer(({ encode }) => encode), 10);
    // Forward and backward for queries and for documents, then the update; and what a step does whatever the number of layers.
    const gates = { full: { layer: 66, rest: 230 }, lora: { layer: 94, rest: 208 }, head: { layer: 0, rest: 197 } };
    for (const [trainable, most] of Object.entries(gates)) {
      const kernels = layer(({ steps }) => steps[trainable].at(-1));
      const rest = counts[1].steps[trainable].at(-1).dispatches - kernels;
      assert.ok(kernels <= most.layer, `${trainable}: ${kernels} kernels a layer and step`);
      assert.ok(rest <= most.rest, `${trainable}: ${rest} kernels a step besides`);
    }
    const steps = counts[2].steps.full;
    assert.deepEqual(steps.slice(1).map((step) => step.readBacks), steps.slice(1).map(() => 1));
    const made = steps.slice(4).reduce((sum, step) => sum + step.buffers, 0);
    assert.equal(made, 0, `buffers a step: ${steps.map((step) => step.buffers)}`);
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
