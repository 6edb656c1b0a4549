/** Finding documents: stages, filters, what comes back, and why. */

import type { Document } from "./documents.js";
import type { Alignment, Explanation } from "./mining.js";
import type { ProgressEvent } from "./training.js";

/** "dense": by meaning, through embeddings. "lexical": by words, with BM25. "hybrid": both, fused. */
export type SearchMode = "dense" | "lexical" | "hybrid";

/** Scores documents for a query: one finite number each, in their order, higher is better. May be asynchronous. */
export type Reranker = (query: string, documents: Document[]) => ArrayLike<number> | Promise<ArrayLike<number>>;

/** BM25 over words: Unicode words, stemmed in the language of the instance. Scores are sums over the query's terms, from 0 up. */
export interface LexicalStage {
  stage: "lexical";
  /** How soon a repeated word stops adding to the score, 0 or more. Default 0.9. */
  k1?: number;
  /** How much long documents are discounted, 0 to 1. Default 0.4. */
  b?: number;
  /** Longest list. Default 100. */
  depth?: number;
}

/** Cosine of the encoder's embeddings, -1 to 1. Documents not encoded yet are not found here. */
export interface DenseStage {
  stage: "dense";
  /** "auto": by the graph (HNSW) where there is one and no filter, else exactly. */
  index?: "auto" | "exact" | "hnsw";
  /** Candidates that the search of the graph keeps: more find more of what exact search finds, and take longer. Default 128, at least `depth`. */
  ef?: number;
  /** Longest list. Default 100. */
  depth?: number;
}

/**
 * One list out of all before it. "weighted": Σ weight × score, each list's scores brought to 0 (its lowest) … 1 (its best) first (Bruch et al.
 * 2023). "rrf": Σ weight / (constant + rank), reciprocal rank fusion (Cormack et al. 2009).
 */
export interface FusionStage {
  stage: "fusion";
  /** Default "weighted". */
  method?: "rrf" | "weighted";
  /** Of "rrf". Default 60. */
  constant?: number;
  /** One for each list before, in order. Default: equal ones, which sum to 1 for scores and are 1 for ranks. */
  weights?: number[];
  /** Longest list. Default 100. */
  depth?: number;
}

/**
 * Orders the best anew; the rest follow in their order. "maxsim": late interaction, the mean over the query's tokens of the cosine with the nearest
 * token of the document, -1 to 1; each document is encoded once more, which takes a CPU about as long as indexing it did, and is
 * remembered. A function is asked in this thread.
 */
export interface RerankStage {
  stage: "rerank";
  /** "maxsim", or a function of yours such as a cross-encoder. */
  scorer: "maxsim" | Reranker;
  /**
   * 1 orders by the scorer alone; below it, (1 − weight) × the score before + weight × the scorer's, each brought to 0 … 1. Default 0.5 for
   * "maxsim", as encoders are seldom trained for it, and 1 for a function.
   */
  weight?: number;
  /** How many of the best. Default 20. */
  depth?: number;
}

/** One step of a search; they run in the order of the list, the last one ranks. */
export type SearchStage = LexicalStage | DenseStage | FusionStage | RerankStage;

type Scalar = string | number | boolean | null;

/** What must hold of a field's value; of any of its items where the value is a list. */
export interface FieldCondition {
  /** Equal to. */
  eq?: Scalar;
  /** Also true where the field is not there. */
  ne?: Scalar;
  /** Equal to one of these. */
  in?: Scalar[];
  /** Equal to none of these; also true where the field is not there. */
  nin?: Scalar[];
  /** Numbers compare with numbers, texts with texts (by code point, so ISO dates by time). */
  lt?: number | string;
  /** At most. */
  lte?: number | string;
  /** Above. */
  gt?: number | string;
  /** At least. */
  gte?: number | string;
  /** A text that begins so. */
  prefix?: string;
  /** Is it there, and not null? */
  exists?: boolean;
}

/**
 * Which documents may be found: conditions on metadata by field, all of which must hold, such as `{ year: { gte: 2020 }, "author.name": "Ada" }`.
 * A dot goes into nested metadata; `$id`, `$title` and `$parent` are the document's own. `and`, `or` and `not` combine filters.
 */
export interface Filter {
  /** All of these must hold. */
  and?: Filter[];
  /** One of these must hold. */
  or?: Filter[];
  /** This must not hold. */
  not?: Filter;
  /** A value that the field has, a list of which it has one, or conditions on it. */
  [field: string]: Scalar | Scalar[] | FieldCondition | Filter | Filter[] | undefined;
}

/** What ranks, and what may be found. */
export interface RankingOptions {
  /** Short for the usual stages. Default "hybrid": dense and lexical, their scores fused with weights 0.4 and 0.6. */
  mode?: SearchMode;
  /** Short for a rerank stage behind those of the mode. */
  rerank?: "maxsim" | Reranker;
  /** All stages, in place of mode and rerank. */
  stages?: SearchStage[];
  /** Default: every document may be found. */
  filter?: Filter;
}

/** Of `search`. */
export interface SearchOptions extends RankingOptions {
  /** Number of hits; with `perDocument`, of documents. Default 10, at most 1000 with the offset. */
  k?: number;
  /** Hits to skip. Default 0. */
  offset?: number;
  /** Puts chunks of one document (`parent`) together: at most so many of each, the best first and the others in its `more`. */
  perDocument?: number;
  /** Adds the best part of each text with marks: `true` for about 240 characters, or their number. Default false. */
  snippets?: boolean | number;
  /** Adds to each hit how its score came about, and the token alignment. Default false. */
  explain?: boolean;
  /** Aborting rejects with `ABORTED`. */
  signal?: AbortSignal;
}

/** Rank (from 1) and score in one stage. */
export interface Place {
  /** From 1. */
  rank: number;
  /** In the unit of the stage: cosine, BM25, or what it is fused to. */
  score: number;
}

/** The best part of a text for a query. */
export interface Snippet {
  /** As it stands in the document. */
  text: string;
  /** Where in the document's text it begins, in UTF-16 units. */
  start: number;
  /** Beginnings and ends (UTF-16, end exclusive, in this text) of words that the query has too. */
  highlights: [number, number][];
}

/** One document that was found, and how. */
export interface Hit {
  /** Of the document. */
  id: string;
  /** Empty where it has none. */
  title: string;
  /** The whole text. */
  text: string;
  /** Of a chunk: the document it is from. */
  parent?: string;
  /** As it was added. */
  metadata?: unknown;
  /** That of the last stage; comparable within one result list only. */
  score: number;
  /** From 1, over all pages. */
  rank: number;
  /** By the cosine of embeddings, where that stage found the document; so with the others. */
  dense?: Place;
  /** By BM25. */
  lexical?: Place;
  /** By the lists before it, taken together. */
  fusion?: Place;
  /** By MaxSim, or your function. */
  rerank?: Place;
  /** With `snippets`. */
  snippet?: Snippet;
  /** With `explain`. */
  explanation?: Explanation;
  /** With `explain`: for each word piece of the query the one of the document that is nearest to it. */
  alignment?: Alignment[];
  /** With `perDocument`: the document it is a chunk of, and how many of its chunks were found. */
  group?: { id: string; hits: number };
  /** With `perDocument`: further chunks of the same document, best first. */
  more?: Hit[];
}

/** Of `context`: how passages are chosen, and how much room there is. */
export interface ContextOptions extends RankingOptions {
  /** Of the text, as the encoder's tokenizer counts them; another model counts a little differently. Default 1024. */
  maxTokens?: number;
  /** How many of the best are chosen from. Default 30. */
  candidates?: number;
  /** 1 takes the most relevant, less prefers what says something else (maximal marginal relevance). Default 0.7. */
  lambda?: number;
  /** Aborting rejects with `ABORTED`. */
  signal?: AbortSignal;
}

/** What an answer may rest on. */
export interface Context {
  /** As it was asked. */
  query: string;
  /** In the order of their numbers. */
  passages: Passage[];
  /** Each passage behind its number, "[1] Title", a line below it the text: ready to be read by a model. */
  text: string;
  /** Of `text`, as the encoder counts them. */
  tokens: number;
}

/** A document, or the part of it that had room. */
export interface Passage {
  /** From 1. */
  citation: number;
  /** Of the document. */
  id: string;
  /** Empty where it has none. */
  title: string;
  /** The part that had room. */
  text: string;
  /** Where in the document's text it begins, in UTF-16 units. */
  start: number;
  /** Of a chunk: the document it is from. */
  parent?: string;
  /** Of the document, as it was added. */
  metadata?: unknown;
  /** As in a hit: comparable within one context only. */
  score: number;
  /** Of this passage, as the encoder counts them. */
  tokens: number;
}

/** Of `compare`. */
export interface CompareOptions {
  /** Default 10: those among the best before, and those now. */
  k?: number;
  /** Default "hybrid". */
  mode?: SearchMode;
  /** Aborting rejects with `ABORTED`. */
  signal?: AbortSignal;
  /** Gets `encode` events where documents must be encoded anew. */
  onProgress?: (event: ProgressEvent) => void;
}

/** One query with the model as it was loaded, and as it is now. */
export interface Comparison {
  /** As it was asked. */
  query: string;
  /** False where nothing that was trained is in use. */
  changed: boolean;
  /** Those among the best now, in order; then those that were. */
  hits: Moved[];
}

/** One document, where it stood and where it stands. */
export interface Moved {
  /** Its id. */
  document: string;
  /** Empty where it has none. */
  title: string;
  /** Null where it was not among the first 100. */
  before: Place | null;
  /** Null where it is not among the first 100. */
  after: Place | null;
  /** What explains the move: its own cosine first. */
  because: Reason[];
}

/** What moved a document. Documents that were passed stand there with their own cosines before and now. */
export type Reason =
  | { kind: "cosine"; before: number; after: number }
  | { kind: "passed" | "passedBy"; documents: { document: string; title: string; before: number; after: number }[] }
  /** What was said about it, for this query or for one about the same (cosine). */
  | { kind: "judged"; query: string; relevant: boolean; similarity: number };
