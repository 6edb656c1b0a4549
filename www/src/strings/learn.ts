/** The view "Learn": what a step did, in sentences, and what the pictures show. */
import type { Frame, Scored } from "../learn/frames.ts";
import { STEPS } from "../learn/settings.ts";
import { cosine, count, percent } from "./numbers.ts";

const three = (value: number) => value.toFixed(3).replace("-", "−");
const signed = (value: number) => (Math.abs(value) < 0.005 ? "0.00" : `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(2)}`);

/** Below this a move is not worth a direction. */
const STILL = 0.0005;

function moved(change: number, what: string, them: string): string {
  if (Math.abs(change) < STILL) return `${what} stayed where ${them}`;
  return change > 0 ? `${what} came ${three(change)} closer` : `${what} moved ${three(-change)} away`;
}

function inside(within: number, all: number, still: string): string {
  if (within === 0) return "None of its negatives lies inside the ring.";
  if (all === 1) return `Its negative ${still}lies inside the ring.`;
  return within === all ? `All ${all} of its negatives ${still}lie inside the ring.` : `${within} of its ${all} negatives ${still}${within === 1 ? "lies" : "lie"} inside the ring.`;
}

const violate = ({ active, triplets }: Frame, margin: number) => `In all, ${active} of ${count(triplets, "triplet")} violate the margin of ${margin}.`;

export const learn = {
  play: "Play",
  pause: "Pause",
  again: "Replay",
  step: (step: number) => `Step ${step} of ${STEPS}`,
  copyOf: (title: string) => `${title} (second copy)`,
  question: "The question",
  positive: "Answer",
  negative: (place: number) => `Negative ${place}`,
  /** Where nothing happened yet. */
  before: (frame: Frame, within: number, all: number, margin: number) =>
    `Before the first step. ${inside(within, all, "")} ${violate(frame, margin)}`,
  /** @param closer change in similarity of question and answer, and of question and its negatives on average */
  told: (step: number, frame: Frame, closer: number, negatives: number, within: number, all: number, margin: number) =>
    `Step ${step}: ${moved(closer, "the answer", "it was")}, ${moved(negatives, "its negatives on average", "they were")}. ${inside(within, all, "still ")} ${violate(frame, margin)}`,
  renewed: (same: number) => ` Before this step negatives were looked for again: ${percent(1 - same, 0)} are new.`,
  caption: (question: string) => `Notes of the question “${question}”`,
  roles: { positive: "positive", negative: (place: number) => `negative ${place}` },
  similarity: ([, value]: Scored) => cosine(value),
  change: (value: number | null) => (value === null ? "new" : signed(value)),
  by: (gap: number) => (gap > 0 ? `inside by ${gap.toFixed(2)}` : `outside by ${(-gap).toFixed(2)}`),
  ring: "Margin",
  ringValue: (margin: number, within: number) => `${margin}: ${within === 0 ? "no negative" : count(within, "negative")} inside the ring`,
  dial: (question: string) => `The question “${question}” with its answer and its negatives, by similarity`,
  map: (share: number) => `Map of all notes in two directions that show ${percent(share, 0)} of how they differ`,
  mapNote: (share: number) => `Two directions of many, with ${percent(share, 0)} of how notes differ: distances are rough. Lines: the way since the start. Names: point, tap or use the arrow keys.`,
  bars: ({ positive, negative }: Frame) => `${cosine(positive)} with positives, ${cosine(negative)} with negatives on average: ${cosine(positive - negative)} apart`,
  quality: ({ heldOut, practice }: Frame, start: Frame) => `nDCG@10 ${three(heldOut)} on test questions (${three(start.heldOut)} at the start), ${three(practice)} on practice questions`,
  loss: ({ loss, active, triplets }: Frame) => `${three(loss)}; ${active} of ${triplets} triplets are active`,
  rank: ({ rank, alike }: Frame, start: Frame) => `${rank.toFixed(0)} (${start.rank.toFixed(0)} at the start); two notes look ${cosine(alike)} alike on average`,
  curves: { quality: "nDCG@10 over the steps", loss: "Loss over the steps", rank: "Directions in use over the steps", step: "step" },
  signs: {
    collapse: "Sign of collapse: notes crowd together and use fewer and fewer directions. The loss falls all the same, so watch the spread and the test questions.",
    "false-negatives": "Sign of false negatives: no triplet comes to rest however long one trains. Perhaps some negatives do answer. Look at what lies inside the ring.",
    overfitting: "Sign of overfitting: practice questions are answered ever better, test questions worse. More questions, fewer steps or a smaller rate would help.",
  },
  ends: (margin: number, all: [name: string, end: number][], start: number) =>
    `nDCG@10 on test questions after ${STEPS} steps with margin ${margin}: ${all.map(([name, end]) => `${name} ${three(end)}`).join(", ")}; ${three(start)} before. One run each, on 24 questions: small differences mean little.`,
  names: { random: "random", bm25: "by words", dense: "by meaning", ance: "always fresh" },
  fixed: "What goes wrong here brings its own negatives and margin.",
  live: {
    go: "Train live",
    again: "Begin anew",
    off: "",
    opening: "Getting ready, with the settings as they are now.",
    on: "Live: each step is computed when you press Step or Play.",
    led: "The lesson shows recordings, so the live training ended. Press Train live to train with these settings.",
    stopped: "The live training ended, as its settings were changed. Press Train live to train with the new ones.",
    another: "Load the chosen model under Tune first, or choose another there.",
  },
};
