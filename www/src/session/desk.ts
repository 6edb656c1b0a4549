/** What the parts of a session share: the state, the engine while one is open, and the ways to run work. */
import type { Nearmiss } from "nearmiss";
import { endsEngine, runJob, toProblem, type Job, type Outcome } from "../jobs.ts";
import type { Place, Store } from "../state.ts";

export class Desk {
  readonly store: Store;
  engine: Nearmiss | null = null;
  /** Until the engine before has left its storage. */
  closing: Promise<void> = Promise.resolve();

  constructor(store: Store) {
    this.store = store;
  }

  /** Long work: one piece at a time, with progress and a way to stop it. Never throws. */
  async run(place: Place, label: string, work: (job: Job) => Promise<void>): Promise<Outcome> {
    const outcome = await runJob(this.store, place, label, work);
    if (outcome === "failed") this.#leaveLostEngine();
    return outcome;
  }

  fail(place: Place, error: unknown): void {
    this.store.update({ problem: toProblem(place, error) });
    this.#leaveLostEngine();
  }

  /** Frees the engine; notes and marks stay. */
  async close(): Promise<void> {
    this.closing = dispose(this.engine);
    this.engine = null;
    this.store.update({ phase: "none", model: null, storage: null, canUndo: false, canRedo: false, removed: null, allRead: this.store.state.documents.length === 0 });
    await this.closing;
  }

  #leaveLostEngine(): void {
    const problem = this.store.state.problem;
    if (problem && endsEngine(problem.code)) void this.close();
  }
}

async function dispose(engine: Nearmiss | null): Promise<void> {
  try {
    await engine?.dispose();
  } catch {
    // It is gone already: a lost device cannot be closed in an orderly way.
  }
}
