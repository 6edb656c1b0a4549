/** Which device to use, and the one sentence that says why. */

import { invalid, NearmissError } from "./errors.js";
import type { DeviceChoice, DeviceLimits } from "./types.js";

/** The little of WebGPU that the choice needs. */
export interface Gpu {
  requestAdapter(options?: { powerPreference?: "high-performance" }): Promise<Adapter | null>;
}

export interface Adapter {
  features: { has(name: string): boolean };
  limits?: Partial<DeviceLimits>;
  info?: { vendor?: string; architecture?: string; device?: string; description?: string; isFallbackAdapter?: boolean };
  /** Where browsers had it before `info`. */
  isFallbackAdapter?: boolean;
}

export interface DevicePlan {
  kind: "webgpu" | "cpu";
  /** The adapter's own description; empty for the CPU. */
  name: string;
  reason: string;
  /** The adapter's, all of which are asked for; null for the CPU. */
  limits: DeviceLimits | null;
  /** Why WebGPU is not used; null when it is. */
  withoutWebgpu: string | null;
}

/** Those that decide which models and batches fit: the largest tensor, and how much of it a kernel can reach. */
const LIMITS = [
  "maxBufferSize", "maxStorageBufferBindingSize", "maxStorageBuffersPerShaderStage", "maxComputeWorkgroupStorageSize", "maxComputeInvocationsPerWorkgroup",
] as const satisfies readonly (keyof DeviceLimits)[];

/** Without it the GPU library stops the whole module when it opens a device. */
const NEEDED_FEATURE = "timestamp-query";

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|software|basic render/i;

/**
 * @param gpu `navigator.gpu` of the thread that will do the work
 * @throws {NearmissError} `WEBGPU_UNAVAILABLE`, only when WebGPU was asked for by name
 */
export async function chooseDevice(choice: DeviceChoice, gpu: Gpu | undefined): Promise<DevicePlan> {
  checkChoice(choice);
  if (choice === "cpu") return cpu("The CPU was asked for.");
  const found = await findAdapter(gpu);
  if (typeof found === "string") {
    if (choice === "webgpu") throw unavailable(found);
    return cpu(`The CPU is used because ${found}.`);
  }
  const name = describe(found);
  if (choice === "webgpu") return webgpu(found, "WebGPU was asked for.");
  if (isSoftware(found)) return cpu(`The CPU is used because this browser's WebGPU adapter (${name}) is software, which is slower.`);
  return webgpu(found, "A hardware WebGPU adapter passed its test.");
}

/**
 * A device that the page has already cannot be taken. The engine's GPU library, wgpu, makes devices from adapters that it requested
 * itself: version 30 hands out the browser's device (`Device::as_webgpu`) and has no way to take one. And no browser lets a
 * `GPUDevice` or `GPUAdapter` be sent to the worker in which the engine runs.
 *
 * @throws {NearmissError} `INPUT_INVALID`
 */
export function checkChoice(choice: unknown): asserts choice is DeviceChoice {
  if (choice === "auto" || choice === "webgpu" || choice === "cpu") return;
  if (typeof choice !== "object" || choice === null) throw invalid("device", `must be "auto", "webgpu" or "cpu", not ${JSON.stringify(choice)}`);
  throw invalid("device", 'must be "auto", "webgpu" or "cpu". An existing GPUDevice or GPUAdapter cannot be used: the engine opens a device of its own, beside yours');
}

function cpu(reason: string): DevicePlan {
  return { kind: "cpu", name: "", reason, limits: null, withoutWebgpu: reason };
}

function webgpu(adapter: Adapter, reason: string): DevicePlan {
  // A made-up or old adapter may lack some: 0 says that it did not say.
  const limits = Object.fromEntries(LIMITS.map((name) => [name, adapter.limits?.[name] ?? 0])) as unknown as DeviceLimits;
  return { kind: "webgpu", name: describe(adapter), reason, limits, withoutWebgpu: null };
}

/** The plan after WebGPU was tried and did not work. */
export function fallback(error: NearmissError): DevicePlan {
  return cpu(`The CPU is used because WebGPU failed its test: ${error.message.split("\n")[0]}`);
}

/** An adapter that can be used, or the reason why there is none. */
async function findAdapter(gpu: Gpu | undefined): Promise<Adapter | string> {
  if (!gpu) return "there is no WebGPU here";
  let adapter: Adapter | null;
  try {
    adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  } catch (error) {
    return `the request for a WebGPU adapter failed (${error instanceof Error ? error.message : String(error)})`;
  }
  if (!adapter) return "WebGPU offers no adapter on this machine";
  if (!adapter.features.has(NEEDED_FEATURE)) return `the WebGPU adapter lacks the feature ${NEEDED_FEATURE}`;
  return adapter;
}

function isSoftware({ info, isFallbackAdapter }: Adapter): boolean {
  const words = [info?.vendor, info?.architecture, info?.device, info?.description].join(" ");
  return (info?.isFallbackAdapter ?? isFallbackAdapter ?? false) || SOFTWARE.test(words);
}

function describe({ info }: Adapter): string {
  const parts = info?.description ? [info.description] : [info?.vendor, info?.architecture];
  return parts.filter(Boolean).join(" ") || "unnamed adapter";
}

function unavailable(reason: string): NearmissError {
  return new NearmissError("WEBGPU_UNAVAILABLE", `WebGPU cannot be used: ${reason}. Choose device "auto" or "cpu".`);
}
