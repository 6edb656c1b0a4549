/** From options to an engine: choose the device, load module and model side by side, fall back once if WebGPU fails. */

import { defined, oneOf } from "./checks.js";
import { chooseDevice, fallback, type DevicePlan, type Gpu } from "./device.js";
import type { Engine, EngineModule, ModelFiles } from "./engine.js";
import { aborted, engineError, invalid, toNearmissError } from "./errors.js";
import { loadModel } from "./model.js";
import { loadModule, type Build } from "./modules.js";
import { guarded } from "./panics.js";
import { abortable } from "./platform.js";
import type { openStore } from "./storage/index.js";
import type { CreateOptions, DeviceInfo, ModelInfo, ProgressEvent } from "./types.js";

export type OpenOptions = Pick<CreateOptions, "model" | "device" | "maxLength" | "precision" | "language" | "graphFrom" | "storage" | "onProgress" | "onRequest" | "signal">;

export interface Info {
  device: DeviceInfo;
  model: ModelInfo;
}

/** What tests put in the place of the wasm modules and of the browser. */
export interface Seams {
  loadModule: (build: Build, signal?: AbortSignal) => Promise<EngineModule>;
  gpu: () => Gpu | undefined;
  openStore?: typeof openStore;
}

export const SEAMS: Seams = {
  loadModule,
  gpu: () => (globalThis.navigator as { gpu?: Gpu } | undefined)?.gpu,
};

/** Failures of the GPU rather than of the model: with "auto" they lead to the CPU. */
const GPU_FAILURES = new Set(["WEBGPU_UNAVAILABLE", "DEVICE_LOST", "OUT_OF_MEMORY", "INTERNAL"]);

/** @throws {NearmissError} any code but `DISPOSED` */
export async function openEngine(options: OpenOptions, seams: Seams = SEAMS): Promise<Opened & { info: Info }> {
  check(options);
  const opening = new Opening(options, seams);
  try {
    const { engine, module, plan } = await opening.run();
    if (options.signal?.aborted) {
      engine.free();
      throw aborted(options.signal);
    }
    const { device, model } = engine.info();
    return { engine, module, info: { device: { ...plan, kind: device.kind, name: plan.name || device.name }, model } };
  } catch (error) {
    throw options.signal?.aborted ? aborted(options.signal) : toNearmissError(error);
  } finally {
    opening.stop();
  }
}

function check({ maxLength, precision, graphFrom }: OpenOptions): void {
  if (precision !== undefined) oneOf(precision, ["float32", "int8"], "precision");
  if (graphFrom !== undefined && !(Number.isSafeInteger(graphFrom) && graphFrom >= 1)) {
    throw invalid("graphFrom", `must be a whole number of documents, 1 or more, not ${String(graphFrom)}`);
  }
  if (maxLength === undefined || (Number.isInteger(maxLength) && maxLength >= 1)) return;
  throw invalid("maxLength", `must be a whole number of tokens, 1 or more, not ${String(maxLength)}`);
}

interface Opened {
  engine: Engine;
  module: EngineModule;
}

class Opening {
  readonly #options: OpenOptions;
  readonly #seams: Seams;
  readonly #started = performance.now();
  /** Ends downloads that are under way when another part has failed. */
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal;
  #weights: ModelFiles["weights"] | null = null;

  constructor(options: OpenOptions, seams: Seams) {
    this.#options = options;
    this.#seams = seams;
    this.#signal = options.signal ? AbortSignal.any([options.signal, this.#stop.signal]) : this.#stop.signal;
  }

  stop(): void {
    this.#stop.abort();
    if (this.#weights && "close" in this.#weights) this.#weights.close();
  }

  async run(): Promise<Opened & { plan: DevicePlan }> {
    const { device = "auto", model, onProgress, signal } = this.#options;
    const plan = await abortable(chooseDevice(device, this.#seams.gpu()), signal);
    this.#loaded("device");
    const files = loadModel(model, { signal: this.#signal, onProgress, inPlace: true });
    // Awaited below; a failing module must not leave it unhandled meanwhile.
    files.then(({ weights }) => (this.#weights = weights)).catch(() => {});
    try {
      return { ...(await this.#create(plan.kind, files)), plan };
    } catch (thrown) {
      const error = toNearmissError(thrown);
      if (plan.kind === "cpu" || device !== "auto" || !GPU_FAILURES.has(error.code)) throw error;
      return { ...(await this.#create("cpu", files)), plan: fallback(error) };
    }
  }

  async #create(build: Build, files: Promise<ModelFiles>): Promise<Opened> {
    const { maxLength, precision, language, graphFrom, signal } = this.#options;
    const options = defined({ maxLength, precision, language, graphFrom });
    const module = await abortable(this.#seams.loadModule(build, this.#signal), signal);
    this.#loaded("module");
    const inMemory = await files;
    try {
      const engine = await guarded(() => module.Engine.create(inMemory, options));
      this.#loaded("model");
      return { engine, module };
    } catch (thrown) {
      throw engineError(thrown, module);
    }
  }

  /** A stage is reported when it is done. */
  #loaded(stage: Extract<ProgressEvent, { type: "load" }>["stage"]): void {
    this.#options.onProgress?.({ type: "load", stage, elapsedMs: performance.now() - this.#started });
  }
}
