/** What the engine reports while it loads and reads, as a label, a bar and the time left. */
import type { ProgressEvent } from "nearmiss";
import type { Job } from "./jobs.ts";
import { strings } from "./strings.ts";

/** Milliseconds of work before its pace foretells the end. */
const STEADY_AFTER = 1000;

/** The time left of one stage at a time, from the pace since it was first heard of. */
export class Pace {
  #stage = "";
  #from = { done: 0, elapsedMs: 0 };

  /** @returns seconds to the end of the stage; null until that can be known */
  secondsLeft(stage: string, done: number, total: number | null, elapsedMs: number): number | null {
    if (stage !== this.#stage || done < this.#from.done) {
      this.#stage = stage;
      this.#from = { done, elapsedMs };
    }
    const [taken, gone] = [elapsedMs - this.#from.elapsedMs, done - this.#from.done];
    return total === null || gone <= 0 || taken < STEADY_AFTER ? null : ((taken / gone) * (total - done)) / 1000;
  }
}

export function showReading(job: Job): (event: ProgressEvent) => void {
  const pace = new Pace();
  return (event) => {
    if (event.type !== "encode") return;
    const { done, total, elapsedMs } = event;
    job.report({ label: strings.documents.reading, done, total, secondsLeft: pace.secondsLeft("", done, total, elapsedMs) });
  };
}

/** Milliseconds between two looks at an import; small files are read by the hundred in that time. */
const GLANCE = 100;

export function showImport(job: Job): (event: ProgressEvent) => void {
  const pace = new Pace();
  let shown = -GLANCE;
  return (event) => {
    if (event.type !== "import" || (event.elapsedMs - shown < GLANCE && event.done !== event.total)) return;
    const { done, total, elapsedMs } = event;
    shown = elapsedMs;
    job.report({ label: strings.documents.importing(done, total), done, total, secondsLeft: pace.secondsLeft("", done, total, elapsedMs) });
  };
}

/** Questions are read first; then candidates are looked up, and read where a rule looks into them word by word. */
export function showMining(job: Job): (event: ProgressEvent) => void {
  const pace = new Pace();
  return (event) => {
    if (event.type !== "encode" && event.type !== "search") return;
    const { done, total, elapsedMs } = event;
    const secondsLeft = pace.secondsLeft(event.type === "encode" ? event.stage : event.type, done, total, elapsedMs);
    if (event.type === "search") job.report({ label: strings.mining.looking, done, total, secondsLeft });
    else if (done < total) job.report({ label: strings.training.encode[event.stage], done, total, secondsLeft });
    else job.report({ label: strings.mining.looking, done: 0, total: null, secondsLeft: null });
  };
}

/** Sums over the model's files. The engine's module loads beside them, so its stages show only while no file is under way. */
export function showLoading(job: Job): (event: ProgressEvent) => void {
  const pace = new Pace();
  const files = new Map<string, { loaded: number; total: number | null }>();
  let label: string = strings.model.starting;
  const show = (label: string, stage: string, done: number, total: number | null, elapsedMs: number) =>
    job.report({ label, done, total, secondsLeft: pace.secondsLeft(stage, done, total, elapsedMs) });
  return (event) => {
    if (event.type === "encode" || event.type === "search" || event.type === "import") return;
    if (event.type === "graph") return show(strings.model.linking, event.type, event.done, event.total, event.elapsedMs);
    if (event.type === "restore") return show(strings.model.restoring, event.type, event.loaded, event.total, event.elapsedMs);
    if (event.type === "load") label = strings.model.after[event.stage];
    else files.set(event.file, event);
    const parts = [...files.values()];
    if (parts.every((part) => part.loaded === part.total)) return job.report({ label, done: 0, total: null, secondsLeft: null });
    const loaded = parts.reduce((sum, part) => sum + part.loaded, 0);
    const total = parts.reduce<number | null>((sum, part) => (sum === null || part.total === null ? null : sum + part.total), 0);
    show(strings.model.fetching(loaded, total), "download", loaded, total, event.elapsedMs);
  };
}
