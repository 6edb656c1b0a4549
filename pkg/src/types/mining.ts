/** Which wrong documents are worth learning from. */

import type { Document } from "./documents.js";
import type { Judgment } from "./judgments.js";
import type { ProgressEvent } from "./training.js";

/**
 * Where negatives come from.
 * - `"dense"`: hits of the encoder as it is now (ANCE). `"ance"`: the same, mined anew every `refreshEvery` steps of a training.
 * - `"bm25"`: hits by words. `"random"`: any document. `"in-batch"`: answers to other queries.
 * - `"hybrid"`: a `mixture` of these.
 * - `"labelled"`: only what people marked. `"synthetic"`: the answer with one thing changed, see `NearMiss`.
 *
 * What people marked wrong comes first under every strategy.
 */
export type MiningStrategy = "dense" | "ance" | "bm25" | "random" | "in-batch" | "hybrid" | "labelled" | "synthetic";

/** Scores documents for a query; higher is better. The numbers of one query must compare with each other. */
export type Teacher = (query: string, documents: Document[]) => ArrayLike<number> | Promise<ArrayLike<number>>;

/** Which candidates become negatives. Scores are cosines of the encoder in use, whatever the strategy. */
export interface SelectionOptions {
  /** For strategy "hybrid": the weight of each source. Default: dense and bm25, half each. */
  mixture?: Partial<Record<"dense" | "bm25" | "random" | "in-batch" | "synthetic", number>>;
  /** This many of the best candidates that passed the filters are skipped. Default 0. */
  rangeMin?: number;
  /** Candidates from this place on, counted likewise, are skipped. Default grows with the corpus. */
  rangeMax?: number;
  /** Drop a candidate that scores above this. */
  maxScore?: number;
  /** Drop a candidate that scores below this. */
  minScore?: number;
  /** Drop a candidate that scores above positive − this. */
  absoluteMargin?: number;
  /** `"top"` takes the hardest that remain, `"random"` draws among them, `"simans"` prefers those that score near the positive. Default "top". */
  sampling?: "top" | "random" | "simans";
  /** SimANS draws with probability ∝ exp(−sharpness · (score − positive − offset)²). Default 100 and 0. */
  simansSharpness?: number;
  /** See `simansSharpness`, in cosine above the positive. Default 0. */
  simansOffset?: number;
  /** Fill places that stay empty with random documents that pass the filters. Default true. */
  topUp?: boolean;
  /** Drop a candidate whose words (3-shingles) overlap so much (Jaccard, 0..1) with a positive's; null turns the rule off. Default 0.8. */
  nearDuplicates?: number | null;
  /** Drop other chunks of a positive's document (`parent`). Default true. */
  siblings?: boolean;
  /** Drop documents with a positive's title. Default false: in many collections these are the best negatives. */
  sameTitle?: boolean;
  /** Drop a candidate that this scorer holds to be as good as a positive: `"maxsim"` (token by token, same encoder) or your own function.
   * A training asks before its first step, and later chooses among the candidates that were scored then; it asks again where
   * others come up: drawn at random, or by another strategy or stage of the curriculum. */
  teacher?: "maxsim" | Teacher;
  /** A candidate is as good when its teacher score is above positive − |positive| × this. Default 0. */
  teacherMargin?: number;
  /** Largest share of a result's mined negatives that may be synthetic. Default 0.5. */
  maxSynthetic?: number;
}

/** Of `mine`: where candidates come from, which become negatives, and how many. */
export interface MineOptions extends SelectionOptions {
  /** Default "dense". */
  strategy?: MiningStrategy;
  /** Drop a candidate that scores above positive − |positive| × this; null turns the rule off. Default 0.05. */
  relativeMargin?: number | null;
  /** Negatives a (query, positive) pair. Default 3. Judged ones are never left out, even if there are more. */
  numNegatives?: number;
  /** At most so many positives of one query, so that none dominates; which ones, the seed decides. Default: all. */
  maxPositives?: number;
  /** Of everything drawn at random. Default 0. */
  seed?: number;
  /** Aborting rejects with `ABORTED`. */
  signal?: AbortSignal;
  /** Gets `encode` and `search` events. */
  onProgress?: (event: ProgressEvent) => void;
}

/** A text made from a document by changing one thing: close in form, different in meaning. */
export interface NearMiss {
  /** The whole changed text. */
  text: string;
  /** What was changed. */
  kind: "number" | "date" | "unit" | "negation" | "term-swap";
  /** What stood there. */
  from: string;
  /** What stands there now. */
  to: string;
  /** Id of the document that was changed. */
  source: string;
  /** Id of the document that lent the term, for a term swap. */
  donor: string | null;
}

/** Who gave a negative: a person, their clicks, or one of the strategies. */
export type NegativeSource = "labelled" | "click" | "mined" | "dense" | "bm25" | "random" | "in-batch" | "synthetic";

/** One wrong answer to learn from. */
export interface Negative {
  /** Id; null for a synthetic text, which is no document. */
  document: string | null;
  /** Of a synthetic text: how it was made. */
  synthetic?: NearMiss;
  /** Cosine with the query when it was mined; null when it has none. */
  score: number | null;
  /** Rank, from 1, among the candidates of its source; null when it was not among them. */
  rank: number | null;
  /** Who says that it is one. */
  source: NegativeSource;
  /** Of a judgment; 1 for everything else. */
  weight: number;
}

/** One training example: ids of documents and the scores they had when they were mined. */
export interface Example {
  /** The query's text. */
  query: string;
  /** Id of a relevant document. */
  positive: string;
  /** Judged ones first, then hardest first. */
  negatives: Negative[];
  /** Its cosine with the query when it was mined. */
  positiveScore: number;
  /** Of the positive's judgment. */
  weight: number;
}

/** A document that was not taken as a negative because it may well answer the query. For a person to decide. */
export interface Suspect {
  /** The query's text. */
  query: string;
  /** Its id. */
  document: string;
  /** The positive that it resembles. */
  positive: string;
  /** `"margin"`: it scores too near to the positive, or above it. */
  reason: "near-duplicate" | "sibling" | "same-title" | "margin" | "teacher";
  /** Its cosine with the query. */
  score: number;
  /** That of the positive. */
  positiveScore: number;
  /** Jaccard overlap for "near-duplicate", the teacher's score for "teacher". */
  similarity: number | null;
}

/** What mining looked at, took and dropped. */
export interface MiningReport {
  /** As it was asked for. */
  strategy: MiningStrategy;
  /** Pairs of a query and a positive. */
  pairs: number;
  /** Negatives of all pairs. */
  negatives: number;
  /** Hits looked at, before any filter. */
  candidates: number;
  /** How many candidates each rule dropped; one that breaks several counts for the first, in this order. */
  dropped: {
    /** Relevant to the query. */
    positive: number;
    /** Copies of a relevant document, word for word. */
    copy: number;
    /** Taken already, because somebody judged them. */
    labelled: number;
    nearDuplicate: number;
    sibling: number;
    sameTitle: number;
    absoluteMargin: number;
    relativeMargin: number;
    maxScore: number;
    minScore: number;
    teacher: number;
  };
  /** Negatives by source; absent sources gave none. */
  sources: Partial<Record<NegativeSource, number>>;
  /** Random documents that filled places which would have stayed empty. */
  toppedUp: number;
  /** Queries with negatives alone: without an answer there is no pair, and they teach nothing. */
  unanswered: number;
  /** Pairs that got fewer negatives than asked for all the same. */
  shortPairs: number;
  /** Negatives that are missing in them, all together. */
  shortfall: number;
  /** Documents for a person to look at; `MiningResult.suspects` lists the likeliest. */
  suspects: number;
  /** As it was used, defaults filled in. */
  rangeMin: number;
  /** Likewise. */
  rangeMax: number;
  /** Cosines of the pairs. Null without pairs. */
  positiveScores: Quantiles | null;
  /** Null when no negative has a score. */
  negativeScores: Quantiles | null;
  /** Both distributions in equal bins from `min` to `max`. Null without pairs. */
  histogram: { min: number; max: number; positives: number[]; negatives: number[] } | null;
  /** Share of the negatives that the mining before this one had found for the same pair; null for the first. */
  overlap: number | null;
  /** Spent in mining, without encoding. */
  miningMs: number;
}

/** What `mine` found. */
export interface MiningResult {
  /** One for each pair of a query and a positive. */
  examples: Example[];
  /** Likeliest first, at most 3 a query and 500 in all. */
  suspects: Suspect[];
  /** In numbers. */
  report: MiningReport;
}

/** Why a document is, or is not, a negative for a query. */
export interface Why {
  /** The query's text. */
  query: string;
  /** Its id. */
  document: string;
  /** What was said about it; null when nothing was. */
  judgment: Judgment | null;
  /** Place in dense search. */
  dense: { rank: number | null; score: number } | null;
  /** Place in lexical search. */
  lexical: { rank: number | null; score: number };
  /** What is relevant to the query, with cosine and dense rank. */
  positives: { document: string; score: number; rank: number | null }[];
  /** Every rule of the options, in order: what it looked at, what it allows, and whether the document passed. */
  checks: { rule: keyof MiningReport["dropped"]; value: number | null; limit: number | null; passed: boolean }[];
  /** Did it pass all of them? */
  eligible: boolean;
  /** BM25, term by term: the words that made it look right. */
  terms: Explanation;
  /** For each word piece of the query the one of the document that is nearest to it (MaxSim). */
  alignment: Alignment[];
}

/** A number and what it was made from. */
export interface Explanation {
  /** What the number is. */
  description: string;
  /** The number. */
  value: number;
  /** What it was made from. */
  details?: Explanation[];
}

/** Two word pieces, with their places in the query and in title + space + text (UTF-16, end exclusive), and their cosine. */
export interface Alignment {
  /** The query's, and where it stands there. */
  query: { text: string; start: number; end: number };
  /** The document's, and where it stands there. */
  document: { text: string; start: number; end: number };
  /** Their cosine. */
  similarity: number;
}

/** A distribution in five numbers. */
export interface Quantiles {
  /** The smallest. */
  min: number;
  /** A quarter is below it. */
  p25: number;
  /** Half is below it. */
  median: number;
  /** Three quarters are below it. */
  p75: number;
  /** The largest. */
  max: number;
}
