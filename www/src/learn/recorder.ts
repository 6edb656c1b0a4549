/** What tools/lesson.mjs needs of the page to record its trainings. */
import type { Nearmiss, Verdict } from "nearmiss";
import type { Run } from "./frames.ts";
import type { Material } from "./plan.ts";
import { record, type Choice, type Recorded } from "./record.ts";
import { MARGINS, NEGATIVES, STEPS, TROUBLES } from "./settings.ts";

export { readSample } from "../sample-files.ts";
export { measure } from "./measure.ts";
export { nameOf } from "./names.ts";
export { pack, unpack } from "./packing.ts";

/** Everything that can be chosen; trouble brings its own negatives and margin. */
export function choices(): Choice[] {
  const usual = NEGATIVES.flatMap((negatives) => MARGINS.map((margin): Choice => ({ negatives, margin, trouble: "none" })));
  return [...usual, ...TROUBLES.filter((trouble) => trouble !== "none").map((trouble): Choice => ({ negatives: "ance", margin: 0.2, trouble }))];
}

/** A whole training, or its first steps, and the engine's own verdict at its end. */
export async function runOf(nm: Nearmiss, material: Material, choice: Choice, steps = STEPS): Promise<{ run: Run; verdict: Verdict | null }> {
  const recording = record(nm, material, choice);
  const all: Recorded[] = [];
  let verdict: Verdict | null = null;
  for (;;) {
    const { done, value } = await recording.next();
    if (done) verdict = value;
    else all.push(value);
    if (done || (all.length > steps && steps < STEPS)) break;
  }
  await recording.return(null);
  const [first] = all;
  if (!first) throw new Error("the training took no step");
  return { run: { ...first.about, frames: all.map(({ frame }) => frame) }, verdict };
}
