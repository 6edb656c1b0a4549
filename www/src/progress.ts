/** What the engine reports while it loads and reads, as a label and a bar. */
import type { ProgressEvent } from "nearmiss";
import type { Job } from "./jobs.ts";
import { strings } from "./strings.ts";

/** Milliseconds of reading before its pace foretells the end. */
const STEADY_AFTER = 1000;

export function showReading(job: Job): (event: ProgressEvent) => void {
  return (event) => {
    if (event.type !== "encode") return;
    const { done, total, elapsedMs } = event;
    const secondsLeft = done > 0 && elapsedMs > STEADY_AFTER ? ((elapsedMs / done) * (total - done)) / 1000 : null;
    job.report({ label: strings.documents.reading, done, total, secondsLeft });
  };
}

/** Milliseconds between two looks at an import; small files are read by the hundred in that time. */
const GLANCE = 100;

export function showImport(job: Job): (event: ProgressEvent) => void {
  let shown = -GLANCE;
  return (event) => {
    if (event.type !== "import" || (event.elapsedMs - shown < GLANCE && event.done !== event.total)) return;
    const { done, total, elapsedMs } = event;
    shown = elapsedMs;
    const secondsLeft = total !== null && done > 0 && elapsedMs > STEADY_AFTER ? ((elapsedMs / done) * (total - done)) / 1000 : null;
    job.report({ label: strings.documents.importing(done, total), done, total, secondsLeft });
  };
}

/** Questions are read first; then candidates are looked up, and read where a rule looks into them word by word. */
export function showMining(job: Job): (event: ProgressEvent) => void {
  return (event) => {
    if (event.type !== "encode" && event.type !== "search") return;
    const { done, total } = event;
    if (event.type === "search") job.report({ label: strings.mining.looking, done, total });
    else job.report(done < total ? { label: strings.training.encode[event.stage], done, total } : { label: strings.mining.looking, done: 0, total: null });
  };
}

/** Sums over the model's files. The engine's module loads beside them, so its stages show only while no file is under way. */
export function showLoading(job: Job): (event: ProgressEvent) => void {
  const files = new Map<string, { loaded: number; total: number | null }>();
  let label: string = strings.model.starting;
  return (event) => {
    if (event.type === "encode" || event.type === "search" || event.type === "import") return;
    if (event.type === "graph") return job.report({ label: strings.model.linking, done: event.done, total: event.total });
    if (event.type === "restore") return job.report({ label: strings.model.restoring, done: event.loaded, total: event.total });
    if (event.type === "load") label = strings.model.after[event.stage];
    else files.set(event.file, event);
    const parts = [...files.values()];
    if (parts.every((part) => part.loaded === part.total)) return job.report({ label, done: 0, total: null });
    const loaded = parts.reduce((sum, part) => sum + part.loaded, 0);
    const total = parts.reduce<number | null>((sum, part) => (sum === null || part.total === null ? null : sum + part.total), 0);
    job.report({ label: strings.model.fetching(loaded, total), done: loaded, total });
  };
}
