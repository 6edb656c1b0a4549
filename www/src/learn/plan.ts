/** How a setting of the lesson becomes a training: which notes and marks, and which options. */
import type { Document, Judgment, TrainOptions } from "nearmiss";
import { STEPS, type Lesson } from "./settings.ts";

/** Negatives for each pair of a question and its positive. */
export const NUM_NEGATIVES = 4;
/** Pairs a step: of the 39 of the sample, three steps see each once. */
const BATCH = 13;
const EPOCHS = STEPS / 3;
const RATE = 1e-3;

/** Practice questions that can be followed, by number: with the compact model, near misses stand above the answers of most at the start. */
export const FOLLOWED = [4, 0, 5, 2, 3];

/** The sample, or anything in its place. */
export interface Material {
  documents: Document[];
  judgments: Judgment[];
}

export interface Plan extends Material {
  options: TrainOptions;
  /** Notes that have a copy, in the order of the copies, which stand behind all notes. */
  copies: number[];
}

/** Only what answers is told: what does not must be found, and how is what the lesson is about. */
export function plan({ documents, judgments }: Material, { negatives, margin, trouble }: Pick<Lesson, "negatives" | "margin" | "trouble">): Plan {
  const right = judgments.filter(({ relevant }) => relevant);
  const usual: TrainOptions = {
    loss: "margin",
    margin,
    negatives,
    refreshEvery: 1,
    // Near misses that score above the answer are what the lesson is to show; the sample has few notes that answer unmarked.
    relativeMargin: null,
    numNegatives: NUM_NEGATIVES,
    batchSize: BATCH,
    epochs: EPOCHS,
    learningRate: RATE,
    devShare: 0,
    checkpointEvery: 1,
  };
  if (trouble === "collapse") return { documents, judgments: right, copies: [], options: { ...usual, ...COLLAPSE } };
  if (trouble === "overfitting") return { documents, judgments: few(right), copies: [], options: { ...usual, ...OVERFITTING } };
  if (trouble === "false-negatives") {
    const copied = new Set(right.filter(({ split }) => split === "train").map(({ document }) => document));
    const copies = documents.flatMap(({ id }, at) => (copied.has(id) ? [at] : []));
    const twins = documents.filter(({ id }) => copied.has(id)).map(twin);
    return { documents: [...documents, ...twins], judgments: right, copies, options: { ...usual, ...FALSE_NEGATIVES } };
  }
  return { documents, judgments: right, copies: [], options: usual };
}

/** Nothing is pushed: pairs of a question and its positive are pulled together, and negatives cost nothing at any distance. */
const COLLAPSE: TrainOptions = { loss: "contrastive", margin: 0, learningRate: 0.05, negatives: "random", weightDecay: 0 };

/** Much practice on very few questions. */
const OVERFITTING: TrainOptions = { learningRate: 0.02, negatives: "ance", batchSize: 2, weightDecay: 0 };
/** Among them those that are followed. */
const FEW = 6;

function few(judgments: Judgment[]): Judgment[] {
  const kept = new Set([...new Set(judgments.filter(({ split }) => split === "train").map(({ query }) => query))].slice(0, FEW));
  return judgments.filter(({ query, split }) => split !== "train" || kept.has(query));
}

/** No rule keeps out what says the same. */
const FALSE_NEGATIVES: TrainOptions = { negatives: "ance", mining: { nearDuplicates: null }, numNegatives: 1 };

/** The same note, without its title: it answers what the first one answers, and nobody has said so. */
function twin({ id, title, text }: Document): Document {
  return { id: `${id}-copy`, ...(title && { title }), text: text.replace(/\.[^.]*\.$/, ".") };
}
