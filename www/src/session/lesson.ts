/** The view "Learn": which training is shown, recorded or live, and how far. */
import { NearmissError, type CreateOptions, type DeviceChoice, type ModelSource } from "nearmiss";
import { runJob, toProblem } from "../jobs.ts";
import type { Run } from "../learn/frames.ts";
import { ends, recording } from "../learn/library.ts";
import { Live } from "../learn/live.ts";
import { nameOf } from "../learn/names.ts";
import type { Choice } from "../learn/record.ts";
import { STEPS, type Lesson } from "../learn/settings.ts";
import { note } from "../network.ts";
import { showLoading } from "../progress.ts";
import { loadSample } from "../sample.ts";
import type { Store } from "../state.ts";
import { strings } from "../strings.ts";

/** Milliseconds from one step to the next. */
const PACE = { usual: 800, slow: 2500 };

export class LessonSession {
  readonly #store: Store;
  readonly #device: DeviceChoice;
  /** Undefined for the model in the package, null where the person's choice is not complete. */
  readonly #model: () => ModelSource | null | undefined;
  #live: Live | null = null;
  #timer = 0;
  /** Of the guided lesson, when live training began. */
  #guide = 0;
  /** A step of a live training is under way. */
  #pulling: Promise<boolean> | null = null;

  constructor(store: Store, device: DeviceChoice, model: () => ModelSource | null | undefined) {
    this.#store = store;
    this.#device = device;
    this.#model = model;
    store.watch(
      ({ door, lesson }) => [door === "learn", nameOf(choiceOf(lesson))],
      ({ door }) => {
        if (door !== "learn") this.pause();
        else void (store.state.live === "on" ? this.#follow() : this.#show());
      },
    );
  }

  change(change: Partial<Lesson>): void {
    this.#store.update({ lesson: { ...this.#store.state.lesson, ...change } });
  }

  goTo(step: number): void {
    this.pause();
    this.#setStep(step);
  }

  /** One step on, which a live training may have to take first. @returns whether there was one */
  async forward(): Promise<boolean> {
    const { run, lesson } = this.#store.state;
    if (!run) return false;
    if (lesson.step < run.frames.length - 1) {
      this.#setStep(lesson.step + 1);
      return true;
    }
    this.#pulling ??= this.#pull().finally(() => (this.#pulling = null));
    return this.#pulling;
  }

  /** At its end, a training plays from its start again. */
  play(): void {
    const { lesson, playing } = this.#store.state;
    if (playing) return;
    if (lesson.step >= STEPS) this.#setStep(0);
    this.#store.update({ playing: true });
    void this.#tick();
  }

  pause(): void {
    window.clearTimeout(this.#timer);
    if (this.#store.state.playing) this.#store.update({ playing: false });
  }

  /** Loads a model and begins a training with the present settings. */
  async goLive(): Promise<void> {
    const model = this.#model();
    if (this.#store.state.busy) return;
    if (model === null) return this.#store.update({ liveNote: strings.learn.live.another });
    this.pause();
    await this.endLive();
    this.#guide = this.#store.state.lesson.guide;
    this.#store.update({ live: "opening", liveNote: null });
    await runJob(this.#store, "live", strings.model.starting, async (job) => {
      const material = await loadSample();
      const options: CreateOptions = {
        ...(model && { model }), device: this.#device, signal: job.signal, onProgress: showLoading(job), onRequest: (request) => note(this.#store, [request]),
      };
      // The settings may be others by the time it is open: then once more, with those.
      while (!this.#ledOn) {
        const choice = choiceOf(this.#store.state.lesson);
        const { live, run } = await Live.open(options, material, choice);
        if (nameOf(choiceOf(this.#store.state.lesson)) !== nameOf(choice)) {
          await live.close();
          continue;
        }
        this.#live = live;
        this.#store.update({ live: "on", run, lesson: { ...this.#store.state.lesson, step: 0 } });
        return;
      }
    });
    if (this.#store.state.live === "opening") this.#store.update({ live: "off", liveNote: this.#ledOn ? strings.learn.live.led : null });
  }

  /** A live training has settings of its own. With others it begins anew, unless the guided lesson set them, which shows recordings. */
  async #follow(): Promise<void> {
    const { run, lesson } = this.#store.state;
    if (run && nameOf(run) === nameOf(choiceOf(lesson))) return;
    const { led, stopped } = strings.learn.live;
    const ledOn = this.#ledOn;
    await this.endLive();
    if (!ledOn) await this.goLive();
    if (this.#store.state.live === "off") this.#store.update({ liveNote: ledOn ? led : stopped });
  }

  /** Has the guided lesson gone to another of its steps since live training began? */
  get #ledOn(): boolean {
    return this.#store.state.lesson.guide !== this.#guide;
  }

  /** Back to the recording. */
  async endLive(): Promise<void> {
    const live = this.#live;
    this.#live = null;
    if (this.#store.state.live === "off") return;
    this.pause();
    this.#store.update({ live: "off", liveNote: null });
    await live?.close().catch(() => undefined);
    await this.#show();
  }

  async #show(): Promise<void> {
    const name = nameOf(choiceOf(this.#store.state.lesson));
    try {
      const [run, all, sample] = await Promise.all([recording(name), ends(), loadSample()]);
      if (this.#store.state.live === "on" || nameOf(choiceOf(this.#store.state.lesson)) !== name) return;
      this.#store.update({ run, ends: all, titles: titlesOf(sample.documents, run) });
    } catch (error) {
      this.#store.update({ problem: toProblem("learn", error) });
    }
  }

  async #tick(): Promise<void> {
    const started = performance.now();
    const moved = await this.forward();
    const { playing, lesson } = this.#store.state;
    if (!playing) return;
    if (!moved || lesson.step >= STEPS) return this.pause();
    const pace = lesson.slow ? PACE.slow : PACE.usual;
    this.#timer = window.setTimeout(() => void this.#tick(), Math.max(0, pace - (performance.now() - started)));
  }

  async #pull(): Promise<boolean> {
    const live = this.#live;
    if (!live) return false;
    try {
      const next = await live.next();
      const { run } = this.#store.state;
      if (this.#live !== live || !run) return false;
      if ("frame" in next) {
        this.#store.update({ run: { ...run, frames: [...run.frames, next.frame] } });
        this.#setStep(run.frames.length);
        if (run.frames.length < STEPS) return true;
        // The last step is followed by what the engine makes of all of them.
        const end = await live.next();
        if ("verdict" in end && this.#live === live) this.#store.update({ liveNote: end.verdict?.summary ?? null });
      }
      await live.close();
      return "frame" in next;
    } catch (error) {
      if (this.#live !== live || (error instanceof NearmissError && error.code === "ABORTED")) return false;
      this.#store.update({ problem: toProblem("learn", error) });
      await this.endLive();
      return false;
    }
  }

  #setStep(step: number): void {
    const { lesson, live, run } = this.#store.state;
    // A live training goes only as far as it was taken.
    const last = live === "on" && run ? run.frames.length - 1 : STEPS;
    this.#store.update({ lesson: { ...lesson, step: Math.min(Math.max(step, 0), last) } });
  }
}

/** Trouble brings its own negatives, and keeps the usual margin to be measured by. */
export function choiceOf({ negatives, margin, trouble }: Lesson): Choice {
  return trouble === "none" ? { negatives, margin, trouble } : { negatives: "ance", margin: 0.2, trouble };
}

/** Of every note, then of every copy. */
function titlesOf(documents: readonly { id: string; title?: string }[], run: Run): string[] {
  const titles = documents.map(({ id, title }) => title ?? id);
  return [...titles, ...run.copies.map((number) => strings.learn.copyOf(titles[number] ?? ""))];
}
