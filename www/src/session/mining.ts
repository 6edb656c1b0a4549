/** Looking for near misses, and asking why a note is one. */
import { NearmissError, type Document, type MiningReport, type Why } from "nearmiss";
import { documentOf, titleOf } from "../catalogue.ts";
import type { Outcome } from "../jobs.ts";
import { normalise, type Side } from "../marks.ts";
import { showMining } from "../progress.ts";
import { miningOptions } from "../settings.ts";
import type { Mined } from "../state.ts";
import { strings } from "../strings.ts";
import type { Desk } from "./desk.ts";

/** An explanation, and what it takes to show it to a person. */
export interface Explained {
  why: Why;
  document: Document | undefined;
  title: (id: string) => string;
  /** Of the question, if it has one yet. */
  side: Side | undefined;
}

export class Mining {
  readonly #desk: Desk;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  async find(): Promise<Outcome> {
    const { engine, store } = this.#desk;
    if (!engine) return "refused";
    return this.#desk.run("mining", strings.mining.looking, async (job) => {
      const options = { ...miningOptions(store.state), signal: job.signal, onProgress: showMining(job) };
      const { examples, suspects, report } = await engine.mine(options);
      const mined: Mined = { report, gapBefore: gap(store.state.mined?.report ?? null), step: null };
      store.update({ mined, nearMisses: examples, suspects, minedWithThis: true });
    });
  }

  /** @throws {NearmissError} when the engine cannot say; to be shown where it was asked */
  async why(query: string, document: string): Promise<Explained> {
    const { engine, store } = this.#desk;
    if (!engine) throw new NearmissError("DISPOSED", strings.training.needModel);
    const why = await engine.why(query, document, miningOptions(store.state));
    const { documents, sides } = store.state;
    return { why, document: documentOf(documents, document), title: (id) => titleOf(documents, id), side: sides.get(normalise(query)) };
  }
}

/** How far the median right answer scores above the median near miss. */
export function gap(report: MiningReport | null): number | null {
  if (!report?.positiveScores || !report.negativeScores) return null;
  return report.positiveScores.median - report.negativeScores.median;
}
