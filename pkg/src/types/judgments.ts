/** What was said about documents, by whom, and what was done about it. */

/** Who says so. The earlier in this list, the more it counts: a click never overrules a label. Default "labelled". */
export type Source = "labelled" | "click" | "mined" | "synthetic";

/** How a synthetic query was made from the document that answers it. */
export type PseudoKind = "title" | "heading" | "cloze" | "crop" | "key-phrases";

/** One word on one document for one query. */
export interface Judgment {
  /** The query's text. Spellings that differ only in case or white space are one query. */
  query: string;
  /** A document's id. */
  document: string;
  /** Does the document answer the query? */
  relevant: boolean;
  /** Graded relevance, 0 or more; default 1 when relevant and 0 when not. */
  grade?: number;
  /** How much training heeds it, above 0; default 1, what one person's label weighs. */
  weight?: number;
  /** Default "labelled". */
  source?: Source;
  /** For source "synthetic": how the query was made. */
  kind?: PseudoKind;
  /** For source "click": how many impressions stand behind it. */
  impressions?: number;
  /** Fixes the side on which the query stands. Without it a fifth of the queries is held out, by seed. */
  split?: "train" | "dev" | "held-out";
}

/** One entry of the history of judgments. */
export interface Change {
  /** Counts up. */
  number: number;
  /** Milliseconds since 1970. */
  at: number;
  /** What made the change. */
  action: "added" | "removed" | "documents-removed" | "imported" | "feedback";
  /** The judgments concerned, as they were and as they are. */
  before: Judgment[];
  /** As they were made. */
  after: Judgment[];
}

/** What `undo` and `redo` did; `skipped` judgments could not be put back: their document is gone, or their query now has another side. */
export interface Undone {
  /** The entry that was undone or done again. */
  change: Change;
  /** Judgments that could not be put back. */
  skipped: number;
  /** Judgments afterwards. */
  total: number;
}

/** Two words on one query that cannot both be meant. */
export interface Conflict {
  /** `"sources"`: one document, judged oppositely by two sources. `"copies"`: two documents with the same content, judged oppositely. */
  kind: "sources" | "copies";
  /** The query's text. */
  query: string;
  /** Ids. */
  documents: string[];
  /** Those that contradict each other. */
  judgments: Judgment[];
  /** Numbers, in `judgments`, of those that training follows. */
  counts: number[];
}

/** Judgments as BEIR files. Qrels cannot carry weight, source or split. */
export interface BeirJudgments {
  /** `queries.jsonl` */
  queries: string;
  /** `qrels.tsv` */
  qrels: string;
}

/** One list of results that a person saw, and what they clicked. */
export interface Impression {
  /** What was searched for. */
  query: string;
  /** Ids in the order in which they were shown. */
  shown: string[];
  /** Rank of the first of them, from 1. Default 1. */
  firstRank?: number;
  /** In any order; none is a list that nobody clicked on. */
  clicks: { document: string; /** Milliseconds spent there, if known. */ dwellMs?: number }[];
}

/** How clicks become judgments: inverse propensity weighting against position bias. */
export interface FeedbackOptions {
  /** A result at rank r is looked at with probability r^−eta. Default 1. */
  eta?: number;
  /** Or that probability rank by rank, each in 0..1; the last one counts for all deeper ranks. */
  propensities?: number[];
  /** Most that one click may count, as a multiple of a click at rank 1. Default 10. */
  cap?: number;
  /** A click with a shorter stay counts as passed over. Default 0: stays do not count. */
  minDwellMs?: number;
  /** Do results above a click that were not clicked count as not relevant? Default true. */
  skips?: boolean;
}

/** What clicks said. */
export interface FeedbackResult {
  /** As they stand now, one for each pair that the impressions said something about. */
  judgments: Judgment[];
  /** How many times a document was shown that is no longer there. */
  leftOut: number;
  /** Judgments afterwards. */
  total: number;
}

/** How to make queries out of documents, where nobody has judged any yet. */
export interface PseudoOptions {
  /** Default: all. */
  kinds?: PseudoKind[];
  /** At most so many of each document. Default 1. */
  perDocument?: number;
  /** Of everything drawn at random. Default 0. */
  seed?: number;
}

/** Queries that were made, and from what. */
export interface PseudoResult {
  /** Each with the document that answers it. */
  queries: { query: string; document: string; kind: PseudoKind }[];
  /** Judgments afterwards. */
  total: number;
}
