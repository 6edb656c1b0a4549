/** How fast this device is: encoding, searching and a training step, each the median of several. */
import type { DeviceInfo, Document, Nearmiss } from "nearmiss";
import { strings } from "../strings.ts";

export interface Measured {
  name: "encode" | "search" | "train";
  /** Milliseconds, the median of `rounds`. */
  ms: number;
  /** Texts in a round of encoding, else null. */
  texts: number | null;
  rounds: number;
}

const TEXTS = 16;
const ROUNDS = 5;
const SEARCHES = 20;
const STEPS = 8;

/** Whoever waits for it: told before each part, and what came of it. */
export interface Watch {
  begins(name: Measured["name"]): void;
  gives(measured: Measured): void;
}

/** @param judged is there enough to train with? @throws {NearmissError} as the calls it makes; what was measured before has been given */
export async function benchmark(nm: Nearmiss, documents: readonly Document[], judged: boolean, signal: AbortSignal, { begins, gives }: Watch): Promise<void> {
  const texts = documents.slice(0, TEXTS).map(({ text }) => text);
  begins("encode");
  // Once without a clock: the first batch of a length may have to be prepared for.
  await nm.encode(texts, { as: "document", signal });
  const encode = await timed(ROUNDS, () => nm.encode(texts, { as: "document", signal }));
  gives({ name: "encode", ms: median(encode), texts: texts.length, rounds: ROUNDS });
  begins("search");
  // Other words each time, so that no query has its embedding already.
  const search = await timed(SEARCHES, (round) => nm.search(`${documents[round % documents.length]?.title ?? "note"} ${round}`, { k: 10, signal }));
  gives({ name: "search", ms: median(search), texts: null, rounds: SEARCHES });
  if (!judged) return;
  begins("train");
  const steps = await trainSteps(nm, signal);
  gives({ name: "train", ms: median(steps), texts: null, rounds: steps.length });
}

async function timed(rounds: number, work: (round: number) => Promise<unknown>): Promise<number[]> {
  const all: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const started = performance.now();
    await work(round);
    all.push(performance.now() - started);
  }
  return all;
}

/** Steps of a head on batches of 16. The run is left before its end, which leaves the weights as they were. */
async function trainSteps(nm: Nearmiss, signal: AbortSignal): Promise<number[]> {
  const all: number[] = [];
  let started = performance.now();
  for await (const event of nm.train({ trainable: "head", batchSize: 16, epochs: 20, devShare: 0, signal })) {
    if (event.type === "step") all.push(performance.now() - started);
    if (all.length > STEPS) break;
    started = performance.now();
  }
  // The first one also prepares.
  return all.slice(1);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** A table for an issue or a mail. */
export function markdown(rows: readonly (readonly [string, string, string])[], device: DeviceInfo, model: string): string {
  const { bench } = strings.build;
  const lines = [bench.columns, ...rows].map((row) => `| ${row.join(" | ")} |`);
  const title = bench.title(model, strings.device.named(strings.device.kind[device.kind], device.name));
  return [title, "", lines[0], "|---|---:|---:|", ...lines.slice(1), ""].join("\n");
}
