/** Jobs are pulled: each `next` does one bounded piece of work. Here they are pulled to their end, or cancelled. */

import type { Job, JobEvent } from "./engine.js";
import { aborted, NearmissError } from "./errors.js";
import type { Host } from "./host.js";
import type { Scorer, Scoring } from "./teacher.js";
import type { ProgressEvent, TrainEvent } from "./types.js";

/** The event that closes each kind of job. */
export interface Closing {
  index: "indexed";
  mine: "mined";
  evaluate: "evaluated";
  compare: "compared";
}

const CLOSING = { index: "indexed", mine: "mined", evaluate: "evaluated", compare: "compared", train: "verdict" } as const;

export type Closed<K extends keyof Closing> = Extract<JobEvent, { type: Closing[K] }>;

export interface RunOptions {
  signal?: AbortSignal | undefined;
  onProgress?: ((event: ProgressEvent) => void) | undefined;
  /** Needed by a job whose teacher is `"given"`. */
  scorer?: Scorer | undefined;
}

/** Runs a job to its closing event. */
export async function runJob<K extends keyof Closing>(
  host: Host,
  job: Job & { kind: K },
  { signal, onProgress, scorer }: RunOptions = {},
): Promise<Closed<K>> {
  const { kind }: Job = job;
  for await (const event of pull(host, job, { signal, scorer })) {
    if (event.type === "encode" || event.type === "search") onProgress?.(event);
    if (event.type === CLOSING[kind]) return event as Closed<K>;
  }
  throw new NearmissError("INTERNAL", `the ${kind} job ended without a result`);
}

type Told = Exclude<JobEvent, Scoring>;

export interface PullOptions extends Pick<RunOptions, "signal" | "scorer"> {
  /** Called once the engine is free for another job: also when aborting ends a job that nobody pulls. */
  onEnd?: (() => void) | undefined;
}

/** Runs a training job as it is pulled; leaving early cancels it, and the engine goes back to its last good weights. */
export function trainEvents(host: Host, options: Record<string, unknown>, pulling: PullOptions): AsyncGenerator<TrainEvent, void, void> {
  return pull(host, { kind: "train", options }, pulling) as AsyncGenerator<TrainEvent, void, void>;
}

/** What happens, but for questions to a teacher: those are answered here. */
async function* pull(host: Host, job: Job, { signal, scorer, onEnd }: PullOptions): AsyncGenerator<Told, void, void> {
  if (signal?.aborted) throw aborted(signal);
  await host.call("start", [job]);
  let end: Promise<void> | null = null;
  // A host that has ended can do neither, and has nothing to end; why it ended is already on its way.
  const finish = (last: "next" | "cancel") => (end ??= host.call(last, []).then(() => {}, () => {}).then(onEnd));
  const abort = () => void finish("cancel");
  signal?.addEventListener("abort", abort, { once: true });
  try {
    for (let closed = false; !closed; ) {
      if (signal?.aborted) throw aborted(signal);
      const event = await host.call("next", []);
      // The job is over with its closing event: who aborts or stops listening there must not be told that it was cancelled.
      closed = event?.type === CLOSING[job.kind];
      if (!closed && signal?.aborted) throw aborted(signal);
      if (event === null) return;
      if (event.type === "scoring") {
        if (!scorer) throw new NearmissError("INTERNAL", "the engine asks for a teacher's scores, and there is no teacher");
        await host.call("putScores", [await scorer(event, signal)]);
        continue;
      }
      if (closed) await finish("next");
      yield event;
    }
  } finally {
    signal?.removeEventListener("abort", abort);
    await finish("cancel");
  }
}
