/** How fast this device is: encoding, searching and a training step, each the median of several. */
import type { DeviceInfo, Document, Nearmiss } from "nearmiss";

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

/** @param onStep called before each part @throws {NearmissError} as the calls it makes */
export async function benchmark(
  nm: Nearmiss,
  documents: readonly Document[],
  judged: boolean,
  signal: AbortSignal,
  onStep: (name: Measured["name"]) => void,
): Promise<Measured[]> {
  const texts = documents.slice(0, TEXTS).map(({ text }) => text);
  onStep("encode");
  // Once without a clock: the first batch of a length may have to be prepared for.
  await nm.encode(texts, { as: "document", signal });
  const encode = await timed(ROUNDS, () => nm.encode(texts, { as: "document", signal }));
  onStep("search");
  // Other words each time, so that no query has its embedding already.
  const search = await timed(SEARCHES, (round) => nm.search(`${documents[round % documents.length]?.title ?? "note"} ${round}`, { k: 10, signal }));
  const measured: Measured[] = [
    { name: "encode", ms: median(encode), texts: texts.length, rounds: ROUNDS },
    { name: "search", ms: median(search), texts: null, rounds: SEARCHES },
  ];
  if (!judged) return measured;
  onStep("train");
  const steps = await trainSteps(nm, signal);
  return [...measured, { name: "train", ms: median(steps), texts: null, rounds: steps.length }];
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
  const lines = rows.map((row) => `| ${row.join(" | ")} |`);
  const title = `nearmiss, ${model}, ${device.kind === "webgpu" ? "WebGPU" : "CPU"} (${device.name})`;
  return [title, "", "| What | Median | Rounds |", "|---|---:|---:|", ...lines, ""].join("\n");
}
