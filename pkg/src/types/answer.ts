/** Answers that rest on passages and say on which. */

import type { Context, ContextOptions } from "./search.js";

/** One number in one citation mark of an answer. */
export interface Citation {
  /** As it stands in the mark. */
  number: number;
  /** Is there a passage of this number? If not, nothing supports, and everything is missing. */
  known: boolean;
  /**
   * 0..1: how much of the sentence this passage holds, word by word; names and numbers weigh more. At most 0.5 when a number,
   * date or unit of the sentence is missing, or `opposed` is true.
   */
  support: number;
  /** Words, names and numbers of the sentence that this passage does not hold. */
  missing: string[];
  /** One of the two negates what the other asserts. Seen in English only. */
  opposed: boolean;
  /** Where the number's digits begin, in UTF-16 units of the answer. */
  start: number;
  /** Behind the last of them. */
  end: number;
}

/** A sentence of an answer with its marks. */
export interface CheckedSentence {
  /** With its marks. */
  text: string;
  /** Where it begins, in UTF-16 units of the answer. Headings and code belong to no sentence. */
  start: number;
  /** Behind its last sign. */
  end: number;
  /** Its marks, in order. */
  citations: Citation[];
  /**
   * Do the cited passages hold its words (a support of 0.6 or more)? False without a citation. It compares words: what is said
   * in other words may be right all the same, and what turns a passage's own words around is not noticed.
   */
  supported: boolean;
}

/** An answer, sentence by sentence, against its passages. */
export interface CheckedAnswer {
  /** In order. */
  sentences: CheckedSentence[];
  /** Numbers that are cited and that no passage has, ascending. */
  unknown: number[];
}

/** One message, in the form that chat models take. */
export interface ChatMessage {
  /** Rules are the system's, passages and question the user's. */
  role: "system" | "user";
  /** Its text. */
  content: string;
}

/** What a model is asked: as two texts, and the same as messages. */
export interface AnswerPrompt {
  /** The rules. */
  system: string;
  /** Passages and question. */
  user: string;
  /** Both, as two messages. */
  messages: ChatMessage[];
}

/**
 * What a model gave. Pieces are new text only (deltas): where a model repeats all it has written so far, cut that off first.
 */
export type Generated = string | AsyncIterable<string> | ReadableStream<string>;

/** A model of your own, wherever it runs. The signal aborts when nobody waits for the answer any more. */
export type Generate = (prompt: AnswerPrompt, options: { signal: AbortSignal }) => Generated | Promise<Generated>;

/** Of `answer`: the passages, and who writes. */
export interface AnswerOptions extends ContextOptions {
  /** Your model; see `builtInModel` for the browser's. */
  generate: Generate;
  /** Further wishes, put behind the rules that the model is given: tone, length, form. */
  instructions?: string;
}

/** What `answer` yields: the passages, then text piece by piece, then what was checked. */
export type AnswerEvent =
  /** What the model is given to read. */
  | { type: "context"; context: Context }
  /** The next piece of the answer. */
  | { type: "text"; text: string }
  /** The whole answer and what becomes of its citations; `unsupported` sentences are not. */
  | { type: "done"; answer: string; citations: CheckedSentence[]; unsupported: number; unknown: number[]; elapsedMs: number };

/** How far the browser is with a language model of its own. */
export type BuiltInState = "available" | "downloadable" | "downloading" | "unavailable";

/** A report on the browser's download. */
export interface BuiltInProgress {
  type: "built-in-download";
  /** 0..1 */
  share: number;
  /** Since the download began. */
  elapsedMs: number;
}

/** Of `builtInModel`. */
export interface BuiltInOptions {
  /** Told of the browser's download. */
  onProgress?: (event: BuiltInProgress) => void;
  /** Ends downloads and answers under way. */
  signal?: AbortSignal;
}

/** The language model that some browsers bring (the Prompt API), to be given to `answer` as it is. */
export interface BuiltInModel {
  /** As it is now: a download changes it. */
  readonly available: BuiltInState;
  /** One sentence: what that means. */
  readonly reason: string;
  /** Only where it is "available": it never starts a download. */
  generate: Generate;
  /**
   * Has the browser download its model: gigabytes, from its maker. Browsers want a click for it.
   *
   * @throws {NearmissError} `INPUT_INVALID` where the browser has none; `NETWORK` where it does not download it; `ABORTED`
   */
  download(): Promise<void>;
}
