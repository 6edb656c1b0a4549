/** Which device is chosen, and why: every row of the decision with a made-up `navigator.gpu`. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createWorkerHost } from "../../pkg/dist/client.js";
import { chooseDevice } from "../../pkg/dist/device.js";
import { createHost } from "../../pkg/dist/host.js";
import { coded, fake, FILES } from "./fake-engine.mjs";

const HARDWARE = { vendor: "nvidia", architecture: "hopper", description: "" };

function gpu({ info = HARDWARE, features = ["timestamp-query"], ...rest } = {}) {
  return { requestAdapter: async () => ({ features: new Set(features), info, ...rest }) };
}

const NONE = { requestAdapter: async () => null };
const BROKEN = { requestAdapter: async () => { throw new TypeError("blocked"); } };
const SOFTWARE = gpu({ info: { vendor: "google", architecture: "swiftshader" } });
const LLVMPIPE = gpu({ info: { vendor: "mesa", description: "llvmpipe (LLVM 15.0.7, 256 bits)" } });

for (const [what, device, kind, reason] of [
  ["hardware", gpu(), "webgpu", /hardware/],
  ["no navigator.gpu", undefined, "cpu", /no WebGPU/],
  ["no adapter", NONE, "cpu", /no adapter/],
  ["a request that fails", BROKEN, "cpu", /blocked/],
  ["an adapter without timestamp-query", gpu({ features: ["shader-f16"] }), "cpu", /timestamp-query/],
  ["a fallback adapter (info)", gpu({ info: { ...HARDWARE, isFallbackAdapter: true } }), "cpu", /software/],
  ["a fallback adapter (older browsers)", gpu({ isFallbackAdapter: true }), "cpu", /software/],
  ["SwiftShader", SOFTWARE, "cpu", /swiftshader.*software/],
  ["llvmpipe", LLVMPIPE, "cpu", /llvmpipe.*software/],
  ["an adapter that says nothing", gpu({ info: undefined }), "webgpu", /hardware/],
]) {
  test(`"auto" with ${what} takes ${kind}`, async () => {
    const plan = await chooseDevice("auto", device);
    assert.equal(plan.kind, kind);
    assert.match(plan.reason, reason);
    assert.match(plan.reason, /^[A-Z].*\.$/, "one sentence");
  });
}

test('"webgpu" takes a software adapter, and refuses when there is none that can be used', async () => {
  assert.equal((await chooseDevice("webgpu", SOFTWARE)).kind, "webgpu");
  for (const device of [undefined, NONE, BROKEN, gpu({ features: [] })]) {
    await assert.rejects(chooseDevice("webgpu", device), { code: "WEBGPU_UNAVAILABLE", message: /"cpu"/ });
  }
});

test('"cpu" never asks for an adapter, and any other word is refused', async () => {
  const trap = { requestAdapter: () => assert.fail("asked for an adapter") };
  assert.equal((await chooseDevice("cpu", trap)).kind, "cpu");
  await assert.rejects(chooseDevice("gpu", trap), { code: "INPUT_INVALID", message: /device.*"gpu"/ });
});

for (const [what, thrown] of [
  ["its test rejects", coded("WEBGPU_UNAVAILABLE", "known answer missed by 0.3")],
  ["the device is lost", coded("DEVICE_LOST", "gone")],
  ["it panics", new WebAssembly.RuntimeError("unreachable")],
]) {
  test(`"auto" falls back to the CPU when ${what}; "webgpu" rejects`, async () => {
    const create = (files, options, build) => { if (build === "webgpu") throw thrown; };
    const { seams, loaded } = fake({ create });
    const host = await createHost({ model: FILES }, { ...seams, gpu: () => gpu() });
    assert.deepEqual(loaded, ["webgpu", "cpu"]);
    assert.equal(host.info.device.kind, "cpu");
    assert.match(host.info.device.reason, /WebGPU failed its test: /);
    await assert.rejects(createHost({ model: FILES, device: "webgpu" }, { ...seams, gpu: () => gpu() }), { name: "NearmissError" });
  });
}

test('"auto" does not hide a broken model behind a fallback', async () => {
  const { seams, loaded } = fake({ create: () => { throw coded("MODEL_INVALID", "config.json: no hidden_size"); } });
  await assert.rejects(createHost({ model: FILES }, { ...seams, gpu: () => gpu() }), { code: "MODEL_INVALID" });
  assert.deepEqual(loaded, ["webgpu"]);
});

test("only one build is loaded, and the adapter is named", async () => {
  const { seams, loaded } = fake();
  const { info } = await createHost({ model: FILES }, { ...seams, gpu: () => gpu() });
  assert.deepEqual(loaded, ["webgpu"]);
  assert.equal(info.device.name, "nvidia hopper", "the adapter's own name");
});

const LIMITS = {
  maxBufferSize: 2 ** 31, maxStorageBufferBindingSize: 2 ** 30, maxStorageBuffersPerShaderStage: 10,
  maxComputeWorkgroupStorageSize: 32768, maxComputeInvocationsPerWorkgroup: 1024,
};

test("the device tells its limits, and without WebGPU why there is none", async () => {
  const device = async (gpu, options = {}) => (await createHost({ model: FILES, ...options }, { ...fake().seams, gpu: () => gpu })).info.device;
  const reason = "A hardware WebGPU adapter passed its test.";
  const limits = { ...LIMITS, maxTextureDimension1D: 8192 };
  assert.deepEqual(await device(gpu({ limits })), { kind: "webgpu", name: "nvidia hopper", reason, limits: LIMITS, withoutWebgpu: null });
  assert.equal((await device(gpu())).limits.maxBufferSize, 0, "an adapter that does not say");
  for (const [found, options, why] of [[NONE, {}, /no adapter/], [SOFTWARE, {}, /software/], [gpu(), { device: "cpu" }, /CPU was asked for/]]) {
    const { kind, limits, withoutWebgpu } = await device(found, options);
    assert.deepEqual([kind, limits], ["cpu", null]);
    assert.match(withoutWebgpu, why);
  }
  const { seams } = fake({ create: (files, options, build) => { if (build === "webgpu") throw coded("DEVICE_LOST", "gone"); } });
  const failed = (await createHost({ model: FILES }, { ...seams, gpu: () => gpu({ limits }) })).info.device;
  assert.deepEqual([failed.kind, failed.limits], ["cpu", null]);
  assert.match(failed.withoutWebgpu, /failed its test: gone/);
});

test("a device that the page has already is refused with the reason, in this thread and before a worker starts", async () => {
  const existing = { queue: {}, limits: LIMITS, destroy: () => assert.fail("destroyed a device that is not ours") };
  const refused = { code: "INPUT_INVALID", message: /GPUDevice.*opens a device of its own/ };
  await assert.rejects(createHost({ model: FILES, device: existing }, fake().seams), refused);
  await assert.rejects(createWorkerHost({ model: FILES, device: existing }, () => assert.fail("started a worker")), refused);
});
