/** Workers that encode beside the engine's own. Each holds the model once more; documents are shared out batch by batch. */

import { defined } from "./checks.js";
import { createWorkerHost } from "./client.js";
import { batches } from "./encoding.js";
import { aborted, invalid, toNearmissError } from "./errors.js";
import type { Host } from "./host.js";
import { absolute } from "./model.js";
import type { OpenOptions } from "./open.js";
import type { ProgressEvent } from "./types.js";

/** Fewer texts are encoded sooner than another worker has read the model. */
const LEAST = 64;

export class Encoders {
  readonly #open: () => Promise<Host>;
  readonly #count: number;
  #helpers: Promise<Host[]> | null = null;
  #ended = false;

  /** @param count of helpers @param open makes one, over the model that the engine was opened with */
  constructor(count: number, open: () => Promise<Host>) {
    this.#count = count;
    this.#open = open;
  }

  /**
   * Encodes what has no embedding yet, together with the engine; its next index job then finds nothing left to encode. Does nothing
   * where that would not help: few texts, or weights that only the engine has.
   *
   * @throws {NearmissError} `ABORTED`; what was encoded until then is kept
   */
  async encode(host: Host, { signal, onProgress }: { signal?: AbortSignal | undefined; onProgress?: ((event: ProgressEvent) => void) | undefined } = {}): Promise<void> {
    const { model } = await host.call("info", []);
    if (this.#count === 0 || model.fingerprint !== model.loaded) return;
    const texts = await host.call("unencoded", []);
    if (texts.length < LEAST) return;
    const begun = performance.now();
    const waiting = batches(texts);
    let done = 0;
    const work = async (who: Host, mine: boolean): Promise<void> => {
      for (let batch = waiting.shift(); batch; batch = waiting.shift()) {
        if (signal?.aborted) throw aborted(signal);
        const some = batch.map((at) => texts[at] ?? "");
        try {
          await host.call("loadVectors", [some, "document", await who.call("encodeBase", [some, "document"], signal)]);
        } catch (error) {
          // A helper that fails hands its batch back, and the others do without it.
          if (mine || signal?.aborted) throw error;
          waiting.unshift(batch);
          return;
        }
        done += some.length;
        onProgress?.({ type: "encode", stage: "documents", done, total: texts.length, elapsedMs: performance.now() - begun });
      }
    };
    // The engine begins at once; helpers join in as soon as they have read the model.
    const joined = this.#ready().then((helpers) => Promise.all(helpers.map((helper) => work(helper, false)))).catch(() => {});
    await work(host, true);
    // A batch that a helper hands back while the engine has run out is left to the index job.
    await joined;
    if (signal?.aborted) throw aborted(signal);
  }

  /** Bytes that the helpers take. */
  async memory(): Promise<number> {
    const helpers = (await this.#helpers?.catch(() => [])) ?? [];
    const sizes = await Promise.all(helpers.map((helper) => helper.memory().then(({ wasm }) => wasm, () => 0)));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  async dispose(): Promise<void> {
    this.#ended = true;
    await this.#helpers?.then((helpers) => Promise.all(helpers.map((helper) => helper.dispose())), () => {});
  }

  #ready(): Promise<Host[]> {
    this.#helpers ??= this.#start();
    return this.#helpers;
  }

  /** Those that could be opened: where there is no room for another model, fewer do. */
  async #start(): Promise<Host[]> {
    const opened = await Promise.allSettled(Array.from({ length: this.#count }, () => this.#open()));
    const helpers = opened.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    if (this.#ended) await Promise.all(helpers.map((helper) => helper.dispose()));
    if (helpers.length === 0) throw toNearmissError(opened.find((one) => one.status === "rejected")?.reason);
    return helpers;
  }
}

/** Most workers: more than any browser's cores help. */
const MOST = 16;

/**
 * An engine in a worker, and its helpers if it is on the CPU.
 *
 * @throws {NearmissError} as `Nearmiss.create`
 */
export async function withEncoders(worker: boolean, count: number, options: OpenOptions): Promise<[Host, Encoders]> {
  if (!(Number.isInteger(count) && count >= 1 && count <= MOST)) throw invalid("encoders", `must be a whole number, 1 to ${MOST}, not ${String(count)}`);
  if (!worker) throw invalid("encoders", "must be 1 with worker: false, and where there are no workers, as in Node");
  // Files that a person picked can be listed only once.
  const model = absolute(options.model);
  const host = await createWorkerHost({ ...options, model });
  if (host.info.device.kind !== "cpu") return [host, NO_ENCODERS];
  const { maxLength, precision, onRequest } = options;
  return [host, new Encoders(count - 1, () => createWorkerHost({ model, device: "cpu", ...defined({ maxLength, precision, onRequest }) }))];
}

/** @internal For instances without helpers. */
export const NO_ENCODERS = new Encoders(0, () => Promise.reject(new Error("there are none")));
