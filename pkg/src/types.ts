/** The public vocabulary of nearmiss: what goes in, what comes out, what is reported on the way. */

/** Where the arithmetic runs. `"auto"` takes WebGPU when a hardware adapter passes a known-answer test, else the CPU. */
export type DeviceChoice = "auto" | "webgpu" | "cpu";

/** What was chosen, and why. */
export interface DeviceInfo {
  kind: "webgpu" | "cpu";
  /** The adapter's own description, or the CPU build's. */
  name: string;
  /** One sentence: why this device and not the other. */
  reason: string;
}

export interface ModelInfo {
  /** Length of one embedding. */
  dimensions: number;
  layers: number;
  parameters: number;
  /** Longest input in tokens; the rest of a text is cut. */
  maxLength: number;
  pooling: "mean" | "cls";
  /** Changes with the transformer's weights, tokenizer, pooling and length, not with a head. Keys the embedding cache. */
  fingerprint: string;
}

/** A sentence encoder in its Hugging Face layout. */
export type ModelSource =
  | string
  | URL
  | { config: BinaryInput; tokenizer: BinaryInput; weights: BinaryInput; pooling?: BinaryInput; sentenceBert?: BinaryInput };

export type BinaryInput = Uint8Array | ArrayBuffer | Blob | string | URL;

export interface Document {
  id: string;
  title?: string;
  text: string;
  /** Id of the document that this one is a chunk of, if it is one: chunks of one document are no negatives for each other's queries. */
  parent?: string;
  /** Anything JSON can hold; returned with each hit, never read. */
  metadata?: unknown;
}

/** A document, or a text or Markdown file: its id is its path, its title its first heading or its name. */
export type DocumentInput = Document | Blob | FileSystemDirectoryHandle;

export interface AddOptions {
  /** Aborting leaves the documents added; those not encoded yet are found by their words alone. */
  signal?: AbortSignal;
  onProgress?: (event: ProgressEvent) => void;
}

/** What adding documents did; `total` is the number of documents afterwards. */
export interface AddResult {
  added: number;
  updated: number;
  unchanged: number;
  total: number;
}

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
  relevant: boolean;
  /** Graded relevance, 0 or more; default 1 when relevant and 0 when not. */
  grade?: number;
  /** How much training heeds it, above 0; default 1, what one person's label weighs. */
  weight?: number;
  source?: Source;
  /** For source "synthetic": how the query was made. */
  kind?: PseudoKind;
  /** For source "click": how many impressions stand behind it. */
  impressions?: number;
  /** Fixes the side on which the query stands. Without it a fifth of the queries is held out, by seed. */
  split?: "train" | "held-out";
}

/** One entry of the history of judgments. */
export interface Change {
  /** Counts up. */
  number: number;
  /** Milliseconds since 1970. */
  at: number;
  action: "added" | "removed" | "documents-removed" | "imported" | "feedback";
  /** The judgments concerned, as they were and as they are. */
  before: Judgment[];
  after: Judgment[];
}

/** What `undo` and `redo` did; `skipped` judgments are about documents that are gone. */
export interface Undone {
  change: Change;
  skipped: number;
  total: number;
}

/** Two words on one query that cannot both be meant. */
export interface Conflict {
  /** `"sources"`: one document, judged oppositely by two sources. `"copies"`: two documents with the same content, judged oppositely. */
  kind: "sources" | "copies";
  query: string;
  /** Ids. */
  documents: string[];
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
  query: string;
  /** Ids in the order in which they were shown. */
  shown: string[];
  /** Rank of the first of them, from 1. Default 1. */
  firstRank?: number;
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

export interface FeedbackResult {
  /** As they stand now, one for each pair that the impressions said something about. */
  judgments: Judgment[];
  /** How many times a document was shown that is no longer there. */
  leftOut: number;
  total: number;
}

/** How to make queries out of documents, where nobody has judged any yet. */
export interface PseudoOptions {
  /** Default: all. */
  kinds?: PseudoKind[];
  /** At most so many of each document. Default 1. */
  perDocument?: number;
  seed?: number;
}

export interface PseudoResult {
  queries: { query: string; document: string; kind: PseudoKind }[];
  total: number;
}

export interface EncodeOptions {
  /** Which tower. Default "document"; the two differ only when the query side was trained alone. */
  as?: "query" | "document";
  signal?: AbortSignal;
}

export type SearchMode = "dense" | "lexical" | "hybrid";

export interface SearchOptions {
  /** Number of hits (documents). Default 10. */
  k?: number;
  /** Default "hybrid": reciprocal rank fusion of both. */
  mode?: SearchMode;
  signal?: AbortSignal;
}

export interface Hit {
  id: string;
  title: string;
  text: string;
  metadata?: unknown;
  /** Comparable within one result list only: cosine (dense), BM25 (lexical) or summed reciprocal ranks (hybrid). */
  score: number;
  /** From 1. */
  rank: number;
  /** Rank and score in each stage that found the document. */
  dense?: { rank: number; score: number };
  lexical?: { rank: number; score: number };
}

/** Averages over the judged queries of one split, each 0..1. */
export interface Metrics {
  "ndcg@10": number;
  "mrr@10": number;
  "recall@10": number;
  "recall@100": number;
  "precision@1": number;
}

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
  simansOffset?: number;
  /** Fill places that stay empty with random documents that pass the filters. Default true. */
  topUp?: boolean;
  /** Drop a candidate whose words (3-shingles) overlap so much (Jaccard, 0..1) with a positive's; null turns the rule off. Default 0.8. */
  nearDuplicates?: number | null;
  /** Drop other chunks of a positive's document (`parent`). Default true. */
  siblings?: boolean;
  /** Drop documents with a positive's title. Default false: in many collections these are the best negatives. */
  sameTitle?: boolean;
  /** Drop a candidate that this scorer holds to be as good as a positive: `"maxsim"` (token by token, same encoder) or your own function. */
  teacher?: "maxsim" | Teacher;
  /** A candidate is as good when its teacher score is above positive − |positive| × this. Default 0. */
  teacherMargin?: number;
  /** Largest share of a result's mined negatives that may be synthetic. Default 0.5. */
  maxSynthetic?: number;
}

export interface MineOptions extends SelectionOptions {
  /** Default "dense". */
  strategy?: MiningStrategy;
  /** Drop a candidate that scores above positive − |positive| × this; null turns the rule off. Default 0.05. */
  relativeMargin?: number | null;
  /** Negatives a (query, positive) pair. Default 3. Judged ones are never left out, even if there are more. */
  numNegatives?: number;
  /** At most so many positives of one query, so that none dominates; which ones, the seed decides. Default: all. */
  maxPositives?: number;
  seed?: number;
  signal?: AbortSignal;
  onProgress?: (event: ProgressEvent) => void;
}

/** A text made from a document by changing one thing: close in form, different in meaning. */
export interface NearMiss {
  text: string;
  kind: "number" | "date" | "unit" | "negation" | "term-swap";
  /** What stood there, and what stands there now. */
  from: string;
  to: string;
  /** Id of the document that was changed. */
  source: string;
  /** Id of the document that lent the term, for a term swap. */
  donor: string | null;
}

export type NegativeSource = "labelled" | "click" | "mined" | "dense" | "bm25" | "random" | "in-batch" | "synthetic";

export interface Negative {
  /** Id; null for a synthetic text, which is no document. */
  document: string | null;
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
  query: string;
  positive: string;
  /** Judged ones first, then hardest first. */
  negatives: Negative[];
  positiveScore: number;
  /** Of the positive's judgment. */
  weight: number;
}

/** A document that was not taken as a negative because it may well answer the query. For a person to decide. */
export interface Suspect {
  query: string;
  document: string;
  /** The positive that it resembles. */
  positive: string;
  /** `"margin"`: it scores too near to the positive, or above it. */
  reason: "near-duplicate" | "sibling" | "same-title" | "margin" | "teacher";
  /** Cosines. */
  score: number;
  positiveScore: number;
  /** Jaccard overlap for "near-duplicate", the teacher's score for "teacher". */
  similarity: number | null;
}

export interface MiningReport {
  strategy: MiningStrategy;
  pairs: number;
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
  /** Pairs that got fewer negatives than asked for all the same, and how many negatives are missing in all. */
  shortPairs: number;
  shortfall: number;
  /** Documents for a person to look at; `MiningResult.suspects` lists the likeliest. */
  suspects: number;
  rangeMin: number;
  rangeMax: number;
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

export interface MiningResult {
  examples: Example[];
  /** Likeliest first, at most 3 a query and 500 in all. */
  suspects: Suspect[];
  report: MiningReport;
}

/** Why a document is, or is not, a negative for a query. */
export interface Why {
  query: string;
  document: string;
  /** What was said about it; null when nothing was. */
  judgment: Judgment | null;
  /** Place in dense and in lexical search. */
  dense: { rank: number | null; score: number } | null;
  lexical: { rank: number | null; score: number };
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
  description: string;
  value: number;
  details?: Explanation[];
}

/** Two word pieces, with their places in the query and in title + space + text (UTF-16, end exclusive), and their cosine. */
export interface Alignment {
  query: { text: string; start: number; end: number };
  document: { text: string; start: number; end: number };
  similarity: number;
}

export interface Quantiles {
  min: number;
  p25: number;
  median: number;
  p75: number;
  max: number;
}

export interface TrainOptions {
  /** Default "info-nce" (in-batch negatives plus mined ones); "margin" is a margin ranking loss on cosine. */
  loss?: "info-nce" | "margin";
  /** Default "head": a residual linear map on frozen embeddings. "full" trains every layer, word embeddings frozen. */
  trainable?: "head" | "full";
  /** "query" trains the query side alone, so that document embeddings stay valid (head only). Default "shared". */
  towers?: "shared" | "query";
  /** Where negatives come from. Mined for a head anew each epoch, for full training once; "ance" every `refreshEvery` steps for both.
   * Default "dense". */
  negatives?: MiningStrategy;
  /** Which candidates become negatives; what is not given is as in `mine`. */
  mining?: SelectionOptions;
  /** For negatives "ance": steps between two minings. Default 16. */
  refreshEvery?: number;
  /** Share of all steps, 0..1, that begin with BM25 negatives before `negatives` takes over. Default 0. */
  bm25Warmup?: number;
  /** Easy negatives first: "rank" moves the range of places up towards `rangeMin` as training goes on, "score" moves the
   * relative margin from 0.5 down to its value. Default "none". */
  curriculum?: "none" | "rank" | "score";
  /** Positives of one query in one epoch, so that none dominates; each epoch takes others. Default 4. */
  maxPositives?: number;
  /** Passes over the examples. Default: as many as make about 64 steps. */
  epochs?: number;
  /** Queries a step. Default for a head: half of the examples, at most 256; for full training 8. */
  batchSize?: number;
  /** Peak learning rate, reached after the warm-up. Default 3e-4 for a head, 2e-5 for full training. */
  learningRate?: number;
  /** Share of all steps over which the rate rises linearly from 0; it then falls linearly to 0. Default 0.1. */
  warmup?: number;
  /** Margin of the margin loss, in cosine (0..2). Default 0.1. */
  margin?: number;
  /** 1/temperature of InfoNCE. Default 30. */
  scale?: number;
  /** Negatives a (query, positive) pair, labelled ones first. Default 1. */
  numNegatives?: number;
  /** A mined negative may score at most positive − |positive| × this. Default 0.05. */
  relativeMargin?: number | null;
  /** Decoupled decay of what trains; pulls a head towards the identity. Default 0.01. */
  weightDecay?: number;
  /** Of everything random. Default 0. */
  seed?: number;
  signal?: AbortSignal;
}

export type ProgressEvent =
  | { type: "download"; file: string; loaded: number; total: number | null; elapsedMs: number }
  | { type: "load"; stage: "module" | "device" | "model"; elapsedMs: number }
  | EncodeEvent
  | SearchEvent;

/** While mining: so many queries have had their candidates looked up. Only where there are many. */
export interface SearchEvent {
  type: "search";
  done: number;
  total: number;
  elapsedMs: number;
}

/** "tokens": for a MaxSim teacher. "near-misses": synthetic negatives. */
export interface EncodeEvent {
  type: "encode";
  stage: "documents" | "queries" | "near-misses" | "tokens";
  done: number;
  total: number;
  elapsedMs: number;
}

export type TrainEvent =
  | EncodeEvent
  | SearchEvent
  | {
      type: "mining";
      epoch: number;
      /** Steps taken before it. */
      step: number;
      /** How many steps old the negatives were that it replaces; null for the first. */
      staleness: number | null;
      report: MiningReport;
      elapsedMs: number;
    }
  | { type: "evaluation"; stage: "before" | "after"; epoch: number; metrics: Metrics; queries: number; elapsedMs: number }
  | {
      type: "step";
      epoch: number;
      epochs: number;
      /** From 1, over the whole run. */
      step: number;
      steps: number;
      loss: number;
      learningRate: number;
      /** Mean cosine of the batch's (query, positive) pairs and of its (query, negative) pairs, before the update. */
      positiveScore: number;
      negativeScore: number;
      /** Share of triplets that still violate the margin. */
      activeTriplets: number;
      elapsedMs: number;
    }
  | ({ type: "verdict"; elapsedMs: number } & Verdict);

/** Did held-out search get better? Measured on queries that training never saw. */
export interface Verdict {
  outcome: "better" | "no-difference" | "worse";
  /** True when the tuned weights are in use now; anything but "better" is rolled back. */
  kept: boolean;
  metric: "ndcg@10";
  before: Metrics;
  after: Metrics;
  /** Mean per-query difference in the metric, with its 95 % paired-bootstrap interval. */
  difference: number;
  interval: [number, number];
  queries: number;
  won: number;
  lost: number;
  tied: number;
  perQuery: { query: string; before: number; after: number; rankBefore: number | null; rankAfter: number | null }[];
  /** The verdict in one plain sentence. */
  summary: string;
  /** "pseudo-queries" when no judgment by a person says what is relevant: then the numbers say little about real questions. */
  measuredOn: "judgments" | "pseudo-queries";
  /** Examples trained on, steps taken. */
  examples: number;
  steps: number;
}

export interface EvaluateOptions {
  /** Which side of the judgments. Default "held-out". */
  split?: "train" | "held-out";
  /** Default "dense": what training moves. */
  mode?: SearchMode;
  signal?: AbortSignal;
  onProgress?: (event: ProgressEvent) => void;
}

export interface Evaluation {
  /** The model as it was loaded. */
  before: Metrics;
  /** The model as it is now. */
  after: Metrics;
  queries: number;
  /** Of the last training, if there was one. */
  verdict: Verdict | null;
}

export interface CreateOptions {
  model: ModelSource;
  device?: DeviceChoice;
  /** Longest input in tokens. Default: what the model's own files say. */
  maxLength?: number;
  /** `false` runs in this thread (the only way in Node); default: a dedicated worker in browsers. */
  worker?: boolean;
  onProgress?: (event: ProgressEvent) => void;
  signal?: AbortSignal;
}

/** Stable names for what can go wrong. */
export type ErrorCode =
  | "WEBGPU_UNAVAILABLE" | "DEVICE_LOST" | "OUT_OF_MEMORY" | "MODEL_INVALID" | "MODEL_MISMATCH" | "TOKENIZER_INVALID"
  | "INPUT_INVALID" | "INSUFFICIENT_DATA" | "STORAGE_QUOTA" | "STORAGE_CORRUPT" | "NETWORK" | "ABORTED" | "DISPOSED" | "INTERNAL";
