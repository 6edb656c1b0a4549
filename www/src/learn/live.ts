/** A training of the lesson in this page: an engine of its own, so that nothing of a person's notes and marks is touched. */
import { Nearmiss, type CreateOptions, type Verdict } from "nearmiss";
import type { Frame, Run } from "./frames.ts";
import type { Measurer } from "./measurer.ts";
import { inWorker } from "./measurer-worker.ts";
import type { Material } from "./plan.ts";
import { record, type Choice, type Recorded } from "./record.ts";

export class Live {
  readonly #engine: Nearmiss;
  readonly #controller: AbortController;
  readonly #measurer: Measurer;
  readonly #recording: AsyncGenerator<Recorded, Verdict | null, void>;

  private constructor(engine: Nearmiss, material: Material, choice: Choice) {
    this.#engine = engine;
    this.#controller = new AbortController();
    this.#measurer = inWorker();
    this.#recording = record(engine, material, choice, this.#controller.signal, this.#measurer);
  }

  /**
   * Loads a model, reads the notes, and takes the first step.
   *
   * @returns the training, and what it was like before that step
   * @throws {NearmissError} as `Nearmiss.create` and `train`; then nothing is left open
   */
  static async open(options: CreateOptions, material: Material, choice: Choice): Promise<{ live: Live; run: Run }> {
    const live = new Live(await Nearmiss.create(options), material, choice);
    const close = () => void live.close();
    options.signal?.addEventListener("abort", close, { once: true });
    try {
      const { value } = await live.#recording.next();
      options.signal?.throwIfAborted();
      if (!value || !("frame" in value)) throw new Error("the training took no step");
      return { live, run: { ...value.about, frames: [value.frame] } };
    } catch (error) {
      await live.close();
      throw error;
    } finally {
      options.signal?.removeEventListener("abort", close);
    }
  }

  /** The frame after the next step, or at the end the engine's verdict. */
  async next(): Promise<{ frame: Frame } | { verdict: Verdict | null }> {
    const { done, value } = await this.#recording.next();
    return done ? { verdict: value } : { frame: value.frame };
  }

  /** Ends the training and frees the engine; calling it again does nothing. */
  async close(): Promise<void> {
    this.#controller.abort();
    this.#measurer.close();
    await this.#engine.dispose();
  }
}
