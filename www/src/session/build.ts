/** The view "Build": calls on the engine of this page, a log of what was called, and how fast it goes. */
import { NearmissError, type DocumentInput, type Nearmiss, type TrainOptions } from "nearmiss";
import { benchmark } from "../build/benchmark.ts";
import { readArgs, type Offer } from "../build/calls.ts";
import { display } from "../build/code.ts";
import { untold, type Listener } from "../build/recorder.ts";
import type { Job } from "../jobs.ts";
import { readiness } from "../marks.ts";
import type { Store } from "../state.ts";
import { strings } from "../strings.ts";
import type { Desk } from "./desk.ts";
import type { Notes } from "./notes.ts";
import type { Training } from "./training.ts";

/** Newest are kept. */
const MOST_CALLS = 40;
const MOST_EVENTS = 100;

/** What came of a call in the playground. */
export interface Outcome {
  ok: boolean;
  text: string;
  ms: number;
}

/** Writes calls and events of an engine into the state. */
export function listenerFor(store: Store): Listener {
  return {
    call: (id, call) => {
      const others = store.state.calls.filter((one) => one.id !== id);
      const at = store.state.calls.findIndex((one) => one.id === id);
      const calls = at < 0 ? [...others, { id, ...call }] : store.state.calls.with(at, { id, ...call });
      store.update({ calls: calls.slice(-MOST_CALLS) });
    },
    event: (event) => store.update({ events: [...store.state.events, line(event)].slice(-MOST_EVENTS) }),
  };
}

/** An event as one line of JSON. */
function line(event: object): string {
  return display(event, 400).replace(/\s*\n\s*/g, " ");
}

export class Build {
  readonly #desk: Desk;
  readonly #notes: Notes;
  readonly #training: Training;

  constructor(desk: Desk, notes: Notes, training: Training) {
    this.#desk = desk;
    this.#notes = notes;
    this.#training = training;
  }

  /** Makes the call; whatever comes of it is an outcome. Null when something else is under way. */
  async run(offer: Offer, text: string): Promise<Outcome | null> {
    const { engine, store } = this.#desk;
    if (!engine || store.state.busy) return null;
    const started = performance.now();
    const outcome = (ok: boolean, text: string): Outcome => ({ ok, text, ms: performance.now() - started });
    let args: unknown[] | null;
    try {
      args = readArgs(text);
    } catch (error) {
      return outcome(false, strings.build.noJson(error instanceof Error ? error.message : String(error)));
    }
    if (!args) return outcome(false, strings.build.noList);
    const given = args;
    let result: Outcome | null = null;
    // A training is one, wherever it was asked for: meanwhile nothing may be marked.
    const ended = await this.#desk.run(offer.path === "train" ? "training" : "build", strings.build.running(offer.path), async (job) => {
      try {
        result = outcome(true, display(await this.#call(engine, offer, given, job)));
      } catch (error) {
        if (!(error instanceof NearmissError) || job.signal.aborted) throw error;
        result = outcome(false, strings.detail(error.code, error.message));
      }
    });
    return result ?? (ended === "cancelled" ? outcome(false, strings.build.cancelled) : null);
  }

  /** How fast encoding, search and training are here; the results stand in the state. */
  async measure(): Promise<void> {
    const { engine, store } = this.#desk;
    if (!engine) return;
    const { documents, judgments, sides } = store.state;
    const ready = readiness(judgments, sides.size);
    const judged = ready.missingPractice === 0 && ready.missingTest === 0;
    const { bench } = strings.build;
    store.update({ measured: [], measureNote: "" });
    await this.#desk.run("build", bench.running.encode, async ({ signal, report }) => {
      await benchmark(untold(engine), documents, judged, signal, {
        begins: (name) => report({ label: bench.running[name] }),
        gives: (one) => store.update({ measured: [...store.state.measured, one] }),
      });
      if (!judged) store.update({ measureNote: bench.noTraining(strings.training.missing(ready)) });
    });
    await this.look();
  }

  /** Asks what the engine takes. */
  async look(): Promise<void> {
    const { engine, store } = this.#desk;
    if (!engine) return store.update({ memory: null });
    try {
      store.update({ memory: await engine.memory() });
    } catch (error) {
      this.#desk.fail("build", error);
    }
  }

  async #call(engine: Nearmiss, { path, takes }: Offer, args: unknown[], job: Job): Promise<unknown> {
    // Through the page, which has to know what is searched, and with which weights. The package checks what it is given.
    if (path === "train") return this.#training.with((args[0] ?? {}) as TrainOptions, job);
    if (path === "documents.add") return this.#notes.put(args[0] as DocumentInput);
    const [name = "", method = ""] = path.split(".");
    const [owner, called] = path.includes(".") ? [Reflect.get(engine, name) as object, method] : [engine, name];
    const call = Reflect.get(owner, called) as (...args: unknown[]) => Promise<unknown>;
    const last = args.at(-1);
    if (takes === "nothing" || typeof last !== "object" || last === null || Array.isArray(last)) return call(...args);
    // The listener hears of progress by the way.
    const progress = takes === "signal and progress" && { onProgress: () => undefined };
    return call(...args.slice(0, -1), { ...last, signal: job.signal, ...progress });
  }
}
