/** Step 6, and whether there is enough to begin. */
import type { Readiness } from "../marks.ts";
import { count, number } from "./numbers.ts";

export const training = {
  start: "Train",
  again: "Train again",
  needModel: "Load the model and add notes first.",
  unread: "Let the page finish reading your notes first.",
  ready: (ready: Readiness) => `Ready: learns from ${count(ready.practice, "question")}, is measured on ${count(ready.test, "question")} that it never sees.`,
  missing: (ready: Readiness) => {
    const practice = ready.missingPractice > 0 && count(ready.missingPractice, "more practice question");
    const test = ready.missingTest > 0 && count(ready.missingTest, "more test question");
    const missing = [practice, test].filter(Boolean).join(" and ");
    const rule = `Every third question you judge becomes a test question: ${count(ready.questionsToGo, "more question")} will do.`;
    return `Training still needs ${missing}, each with a result marked Right. ${rule}`;
  },
  begin: "Getting ready",
  encode: {
    documents: "Reading your notes",
    queries: "Reading your questions",
    "near-misses": "Reading the near misses",
    tokens: "Comparing word by word",
  },
  mining: "Looking for near misses",
  measuring: { before: "Measuring search as it is", after: "Measuring search after training" },
  step: (step: number, steps: number, epoch: number, epochs: number) => `Step ${step} of ${steps}, epoch ${epoch} of ${epochs}`,
  loss: (first: number, last: number) => `${first.toFixed(3)} at the start, ${last.toFixed(3)} now`,
  chart: (first: number, last: number, steps: number) => `Loss over ${steps} steps, from ${first.toFixed(3)} to ${last.toFixed(3)}`,
  similarity: (positive: number, negative: number) =>
    `Mean similarity of a question to its right answer: ${positive.toFixed(2)}; to near misses: ${negative.toFixed(2)}.`,
  rate: (gradNorm: number, examples: number) =>
    `Gradient norm ${gradNorm.toPrecision(2)}: how strongly the last step pulled, before it is limited. ${number(Math.round(examples))} examples a second.`,
  dev: (last: number, best: number) => `${last.toFixed(3)} now, ${best.toFixed(3)} at best`,
  devChart: (looks: number, best: number) => `nDCG@10 at ${count(looks, "look")} at practice questions set aside, at best ${best.toFixed(3)}`,
  axes: { step: "step", loss: "loss", dev: "nDCG@10" },
  stopped: (looks: number) => `Stopped early: no gain for ${count(looks, "look")}.`,
  cancelled: "Training stopped. The model is as it was.",
  goOn: (step: number) => `Go on where it stopped (step ${step})`,
};
