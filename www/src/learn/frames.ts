/** What is shown of one moment of a training, recorded or live. */
import type { LessonNegatives, Margin, Trouble } from "./settings.ts";

/** The bars of both distributions: so many, from the least cosine to 1. */
export const BARS = 20;
export const LEAST_COSINE = -0.2;

/** A document by number, and its cosine with a question. */
export type Scored = [document: number, cosine: number];

export interface Frame {
  /** Margin loss over all triplets: a question, its positive, one of its negatives. */
  loss: number;
  /** Triplets that still violate the margin, and all. */
  active: number;
  triplets: number;
  /** Mean cosine of questions with their positives, and with their negatives. */
  positive: number;
  negative: number;
  /** How many directions the notes use, and the mean cosine of two notes. */
  rank: number;
  alike: number;
  /** nDCG@10 on questions that training never sees, and on those that it learns from. */
  heldOut: number;
  practice: number;
  /** How many pairs of either kind have their cosine in each bar. */
  bars: { positives: number[]; negatives: number[] };
  /** Were the negatives looked for again before the step? Share of them that are the same, 0..1; null when they were not. */
  same: number | null;
  /** Places on the map: of each note, then of each question that can be followed. */
  places: [number, number][];
  /** Of each of these questions. */
  followed: { positive: Scored; negatives: Scored[] }[];
}

/** A training from before its first step to its last. */
export interface Run {
  negatives: LessonNegatives;
  margin: Margin;
  trouble: Trouble;
  /** Fingerprint of the model. */
  model: string;
  /** Share of the variance that the map shows, 0..1. */
  share: number;
  /** Notes of which there is a second one that answers the same, for the trouble "false-negatives"; numbered behind the others. */
  copies: number[];
  /** Those that can be followed. */
  questions: string[];
  frames: Frame[];
}
