/** Long work: one piece at a time, visible, cancellable, and with every failure turned into a calm message. */
import { NearmissError, type ErrorCode } from "nearmiss";
import { SampleError } from "./sample-files.ts";
import type { Busy, Place, Problem, Store } from "./state.ts";

export interface Job {
  signal: AbortSignal;
  report(change: Partial<Pick<Busy, "label" | "done" | "total" | "secondsLeft">>): void;
}

export type Outcome = "done" | "cancelled" | "failed" | "refused";

/** Runs the work unless something else is running; never throws. A failure stands in `state.problem` afterwards. */
export async function runJob(store: Store, place: Place, label: string, work: (job: Job) => Promise<void>): Promise<Outcome> {
  if (store.state.busy) return "refused";
  const controller = new AbortController();
  const cancel = () => controller.abort();
  store.update({ busy: { place, label, done: 0, total: null, secondsLeft: null, cancel }, problem: null });
  const report: Job["report"] = (change) => {
    const busy = store.state.busy;
    if (busy) store.update({ busy: { ...busy, ...change } });
  };
  try {
    await work({ signal: controller.signal, report });
    return controller.signal.aborted ? "cancelled" : "done";
  } catch (error) {
    if (controller.signal.aborted) return "cancelled";
    store.update({ problem: toProblem(place, error) });
    return "failed";
  } finally {
    store.update({ busy: null });
  }
}

/** Anything that is not a `NearmissError` is a fault of ours, and is also written to the console for whoever mends it. */
export function toProblem(place: Place, error: unknown): Problem {
  if (error instanceof NearmissError) return { place, code: error.code, message: error.message };
  if (error instanceof SampleError) return { place, code: "NETWORK", message: error.message };
  console.error(error);
  return { place, code: "INTERNAL", message: error instanceof Error ? error.message : String(error) };
}

/** The engine is gone and a new one must be opened. */
export function endsEngine(code: ErrorCode): boolean {
  return code === "DEVICE_LOST" || code === "DISPOSED";
}
