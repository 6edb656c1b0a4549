/** `nm.judgments`: what people, clicks and documents themselves say about which document answers which query. */

import * as check from "./checks.js";
import type { Core } from "./core.js";
import { invalid } from "./errors.js";
import { FEEDBACK, PSEUDO } from "./options.js";
import type {
  BeirJudgments, Change, Conflict, FeedbackOptions, FeedbackResult, Impression, Judgment, PseudoOptions, PseudoResult, Undone,
} from "./types.js";

/** A query and a document: a judgment to take back, a suspect, or anything else that names both. */
export type Pair = Pick<Judgment, "query" | "document">;

/** Which side of the judgments. A fifth of the queries that nobody put on a side is held out, by seed. */
export interface SideOptions {
  /** Fixes the side on which the queries stand. Without it a fifth of them is held out, by seed. */
  split?: "train" | "dev" | "held-out";
}

/** What was said about documents. All of it may be said while a training run is open; it counts for the next one. */
export interface Judgments {
  /**
   * Adds judgments, all or none. The same query, document and source replaces.
   *
   * @throws {NearmissError} `INPUT_INVALID`, naming place and field: an unknown document, or a bad value; `STORAGE_QUOTA`, with nothing
   *   added: so with everything here that changes something
   */
  add(judgments: Judgment | Iterable<Judgment>): Promise<{ total: number }>;
  /**
   * Forgets what was said about these pairs, by any source.
   *
   * @throws {NearmissError} `INPUT_INVALID`, naming place and field; `STORAGE_QUOTA`
   */
  remove(judgments: Pair | Iterable<Pair>): Promise<{ removed: number }>;
  /**
   * All judgments, in the order in which they were made.
   *
   * @throws {NearmissError} `DISPOSED`
   */
  list(): Promise<Judgment[]>;
  /**
   * Takes back the last change, or null when there is none. Judgments about documents that are gone stay away.
   *
   * @throws {NearmissError} `STORAGE_QUOTA`, `DISPOSED`
   */
  undo(): Promise<Undone | null>;
  /**
   * Makes the change that was undone last again, or null when there is none.
   *
   * @throws {NearmissError} `STORAGE_QUOTA`, `DISPOSED`
   */
  redo(): Promise<Undone | null>;
  /**
   * Oldest first, at most the last 200.
   *
   * @throws {NearmissError} `DISPOSED`
   */
  history(): Promise<Change[]>;
  /**
   * Words that cannot both be meant, for a person to settle.
   *
   * @throws {NearmissError} `DISPOSED`
   */
  conflicts(): Promise<Conflict[]>;
  /**
   * Everything that is known of each judgment, a JSON line each: what `import` takes up again without loss.
   *
   * @throws {NearmissError} `INPUT_INVALID` for another format
   */
  export(format: "jsonl"): Promise<string>;
  /**
   * As BEIR files, of one side or of both. Weights, sources and sides are lost.
   *
   * @throws {NearmissError} `INPUT_INVALID` for another format, or a side that there is not
   */
  export(format: "beir", options?: SideOptions): Promise<BeirJudgments>;
  /**
   * Adds judgments from JSON lines (a string or a file) or from the two files of BEIR, all or none.
   *
   * @param options `split` puts all of them on this side, whatever they say
   * @throws {NearmissError} `INPUT_INVALID`, naming the line
   */
  import(input: string | Blob | BeirJudgments, options?: SideOptions): Promise<{ added: number; total: number }>;
  /**
   * A person says that these documents do answer their queries, such as suspects of a mining. Sides stay as they are.
   *
   * @throws {NearmissError} as `add`
   */
  promote(suspects: Pair | Iterable<Pair>): Promise<{ total: number }>;
  /**
   * A person says that they do not: labelled negatives from now on. Sides stay as they are.
   *
   * @throws {NearmissError} as `add`
   */
  confirm(suspects: Pair | Iterable<Pair>): Promise<{ total: number }>;
  /**
   * Makes queries out of the documents and adds them with source "synthetic", for where nobody has judged any yet. Once a
   * person has, they are only trained on and never measured.
   *
   * @throws {NearmissError} `INSUFFICIENT_DATA` without documents, `INPUT_INVALID`
   */
  fromDocuments(options?: PseudoOptions): Promise<PseudoResult>;
  /**
   * Turns clicks into judgments with source "click", weighed against the habit of looking at the first results only.
   *
   * @throws {NearmissError} `INPUT_INVALID`, naming place and field
   */
  fromClicks(impressions: Impression | Iterable<Impression>, options?: FeedbackOptions): Promise<FeedbackResult>;
}

export function judgments(core: Core): Judgments {
  const pairs = (input: Pair | Iterable<Pair>, name: string) => check.list(input).map((pair, at) => check.pair(pair, at, name));
  const say = async (relevant: boolean, suspects: Pair | Iterable<Pair>) => {
    return core.call("addJudgments", [pairs(suspects, "suspects").map((pair) => ({ ...pair, relevant, source: "labelled" as const }))]);
  };
  return {
    add: async (input) => core.call("addJudgments", [check.list(input).map(check.judgment)]),
    remove: async (input) => core.call("removeJudgments", [pairs(input, "judgments")]),
    list: () => core.call("judgments", []),
    undo: () => core.call("undo", []),
    redo: () => core.call("redo", []),
    history: () => core.call("history", []),
    conflicts: () => core.call("conflicts", []),
    export: ((format: unknown, options?: SideOptions) => write(core, format, options)) as Judgments["export"],
    import: (input, options = {}) => read(core, input, options),
    promote: (suspects) => say(true, suspects),
    confirm: (suspects) => say(false, suspects),
    fromDocuments: async (options = {}) => {
      const settings = check.options(options, PSEUDO, "options");
      if (settings.kinds !== undefined) check.kinds(settings.kinds, "options.kinds");
      if (settings.perDocument !== undefined) check.count(settings.perDocument, "options.perDocument");
      return core.call("pseudoQueries", [settings]);
    },
    fromClicks: async (impressions, options = {}) => {
      const settings = check.options(options, FEEDBACK, "options");
      return core.call("feedback", [check.list(impressions).map(check.impression), settings]);
    },
  };
}

async function write(core: Core, format: unknown, options: SideOptions = {}): Promise<string | BeirJudgments> {
  check.oneOf(format, ["jsonl", "beir"], "format");
  const split = side(options);
  if (format === "jsonl" && split) throw invalid("options.split", 'is for "beir": in "jsonl" each judgment carries its own');
  return core.call("exportJudgments", split ? [format, split] : [format]);
}

async function read(core: Core, input: string | Blob | BeirJudgments, options: SideOptions): Promise<{ added: number; total: number }> {
  core.alive();
  const split = side(options);
  const judged = input instanceof Blob ? await text(input) : typeof input === "string" ? input : files(input);
  return core.call("importJudgments", split ? [judged, split] : [judged]);
}

function side(options: SideOptions): SideOptions["split"] {
  const { split } = check.options(options, ["split"], "options");
  if (split !== undefined) check.side(split, "options.split");
  return split;
}

function files(input: unknown): BeirJudgments {
  if (typeof input !== "object" || input === null) throw invalid("judgments", "must be JSON lines, a file of them, or { queries, qrels }");
  const { queries, qrels } = input as Partial<BeirJudgments>;
  check.string(queries, "judgments.queries");
  check.string(qrels, "judgments.qrels");
  return { queries, qrels };
}

async function text(file: Blob): Promise<string> {
  const bytes = await file.arrayBuffer();
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw invalid("judgments", "the file is not UTF-8 text", cause);
  }
}
