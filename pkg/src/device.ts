/** Which device to use, and the one sentence that says why. */

import { NearmissError } from "./errors.js";
import type { DeviceChoice } from "./types.js";

/** The little of WebGPU that the choice needs. */
export interface Gpu {
  requestAdapter(options?: { powerPreference?: "high-performance" }): Promise<Adapter | null>;
}

export interface Adapter {
  features: { has(name: string): boolean };
  info?: { vendor?: string; architecture?: string; device?: string; description?: string; isFallbackAdapter?: boolean };
  /** Where browsers had it before `info`. */
  isFallbackAdapter?: boolean;
}

export interface DevicePlan {
  kind: "webgpu" | "cpu";
  /** The adapter's own description; empty for the CPU. */
  name: string;
  reason: string;
}

/** Without it the GPU library stops the whole module when it opens a device. */
const NEEDED_FEATURE = "timestamp-query";

const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|software|basic render/i;

/**
 * @param gpu `navigator.gpu` of the thread that will do the work
 * @throws {NearmissError} `WEBGPU_UNAVAILABLE`, only when WebGPU was asked for by name
 */
export async function chooseDevice(choice: DeviceChoice, gpu: Gpu | undefined): Promise<DevicePlan> {
  if (choice === "cpu") return { kind: "cpu", name: "", reason: "The CPU was asked for." };
  if (choice !== "auto" && choice !== "webgpu") {
    throw new NearmissError("INPUT_INVALID", `device: must be "auto", "webgpu" or "cpu", not ${JSON.stringify(choice)}`);
  }
  const found = await findAdapter(gpu);
  if (typeof found === "string") {
    if (choice === "webgpu") throw unavailable(found);
    return { kind: "cpu", name: "", reason: `The CPU is used because ${found}.` };
  }
  const name = describe(found);
  if (choice === "webgpu") return { kind: "webgpu", name, reason: "WebGPU was asked for." };
  if (isSoftware(found)) {
    const reason = `The CPU is used because this browser's WebGPU adapter (${name}) is software, which is slower.`;
    return { kind: "cpu", name: "", reason };
  }
  return { kind: "webgpu", name, reason: "A hardware WebGPU adapter passed its test." };
}

/** The plan after WebGPU was tried and did not work. */
export function fallback(error: NearmissError): DevicePlan {
  return { kind: "cpu", name: "", reason: `The CPU is used because WebGPU failed its test: ${error.message.split("\n")[0]}` };
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
