/**
 * Everything the page knows, as one typed object. Documents and judgments live here and not in the engine: they are the
 * source from which an engine is filled again after its GPU was lost or another model was chosen.
 */
import type {
  BuiltInState, CheckedSentence, Conflict, Context, DeviceInfo, Document, ErrorCode, Example, Hit, Judgment, MemoryInfo, MiningReport, ModelInfo, NetworkRequest,
  StorageState, Suspect, Verdict,
} from "nearmiss";
import type { Measured } from "./build/benchmark.ts";
import type { Call } from "./build/recorder.ts";
import type { Door } from "./doors.ts";
import type { Run } from "./learn/frames.ts";
import type { Ends } from "./learn/library.ts";
import { LESSON, type Lesson } from "./learn/settings.ts";
import type { Side } from "./marks.ts";
import type { PickedModel } from "./model-files.ts";
import { DEFAULTS, type Settings } from "./settings.ts";

/** Which section a message or a progress bar belongs to. */
export type Place = "model" | "documents" | "keeping" | "search" | "marks" | "mining" | "training" | "results" | "learn" | "live" | "build";

/** One long piece of work at a time. */
export interface Busy {
  place: Place;
  label: string;
  done: number;
  /** Null while nobody knows how much there is to do. */
  total: number | null;
  /** Estimated time to the end, seconds. */
  secondsLeft: number | null;
  cancel: () => void;
}

export interface Problem {
  place: Place;
  code: ErrorCode;
  /** The engine's own sentence. */
  message: string;
}

export interface LossPoint {
  step: number;
  loss: number;
  /** Mean cosine of the batch's queries with their right answers, and with near misses. */
  positive: number;
  negative: number;
  /** Length of the gradient of all that trains, before it is clipped. */
  gradNorm: number;
  examplesPerSecond: number;
}

/** A look at the questions that decide when to stop. */
export interface DevPoint {
  step: number;
  /** nDCG@10, 0..1. */
  value: number;
  best: boolean;
}

/** Where a training can be taken up again, and what must be as it was then. */
export interface Checkpoint {
  step: number;
  bytes: Uint8Array;
  documents: readonly Document[];
  /** Of the model that was being trained. */
  fingerprint: string;
}

/** What the last look for near misses gave. */
export interface Mined {
  report: MiningReport;
  /** Difference of the medians (right answers − near misses) the time before; null for the first. */
  gapBefore: number | null;
  /** The training step at which it was mined, or null when the person asked for it. */
  step: number | null;
}

/** The answer to the present question, as far as it has come. */
export interface Answered {
  /** "passages": nobody writes one; these are what a model would be given. */
  stage: "reading" | "writing" | "done" | "stopped" | "passages";
  context: Context | null;
  text: string;
  /** Of an answer that is done. */
  sentences: CheckedSentence[];
}

export interface State extends Settings {
  /** Which of the three views is shown. */
  door: Door;
  lesson: Lesson;
  /** The training that the lesson shows, live as far as it has come; null before any was fetched. */
  run: Run | null;
  /** Of every note that a training is about, by number. */
  titles: readonly string[];
  ends: Ends | null;
  playing: boolean;
  live: "off" | "opening" | "on";
  /** What is to be said of a live training: at its end, the verdict of the engine. */
  liveNote: string | null;
  /** How the engine of this page was made, as code; "" before. */
  created: string;
  /** What it was asked since, oldest first. */
  calls: readonly (Call & { id: number })[];
  /** What it told meanwhile, a line of JSON each. */
  events: readonly string[];
  memory: MemoryInfo | null;
  measured: readonly Measured[];
  /** What could not be measured, and why; "" when all was. */
  measureNote: string;
  /** Name of the model that this page's server offers. */
  served: string;
  /** "compact": the one in the package. */
  source: "compact" | "served" | "disk";
  disk: PickedModel | null;
  phase: "none" | "loading" | "ready";
  /** To the network since the page was opened, oldest first. */
  requests: readonly NetworkRequest[];
  /** When the model was there, on the clock of the requests; null before the first. */
  readyAt: number | null;
  /** Of the engine that was opened last; null before the first. */
  device: DeviceInfo | null;
  /** Where notes and marks are kept; null while no engine is open. */
  storage: StorageState | null;
  /** What is kept from an earlier visit, or since an engine was closed, as long as none has it open. */
  keptBytes: number;
  /** The model in use, null when there is none. */
  model: ({ name: string } & ModelInfo) | null;
  documents: Document[];
  /** Of the last import: a sentence for each file that was not taken, and for each that was taken only in part. */
  skipped: string[];
  incomplete: string[];
  /** Files and folders that came while something else was under way, and are read after it. */
  waiting: number;
  /** False while some documents have no embedding yet, as after a cancelled reading. */
  allRead: boolean;
  judgments: Judgment[];
  /** Normalised question → its side, once and for all: a question never moves from the test into training. */
  sides: ReadonlyMap<string, Side>;
  conflicts: Conflict[];
  canUndo: boolean;
  canRedo: boolean;
  /** What went with the latest change of the notes, for as long as that is what Undo takes back; null when it is not. */
  removed: { notes: number; marks: number } | null;
  /**
   * Notes and marks of this page may also be in the browser's storage. What is removed while no engine is open would come back
   * from there.
   */
  stored: boolean;
  examples: string[];
  query: string;
  hits: Hit[] | null;
  /** Document id → rank in the same search before the weights changed; null for a fresh search. */
  earlier: ReadonlyMap<string, number> | null;
  answered: Answered | null;
  /** The browser's own language model, once it was looked for; `share` of its download, 0..1. */
  builtIn: { available: BuiltInState; reason: string; share: number } | null;
  mined: Mined | null;
  /** Of the last mining that the person asked for: training reports no documents. */
  nearMisses: Example[];
  suspects: Suspect[];
  /** False once other weights are in use than those that mined. */
  minedWithThis: boolean;
  losses: LossPoint[];
  looks: DevPoint[];
  /** After how many looks without gain training stopped early; null when it did not. */
  stoppedAfter: number | null;
  /** Of a training that stopped before its end; null when there is nothing to go on with. */
  checkpoint: Checkpoint | null;
  verdict: Verdict | null;
  /** Which side of the last training, or of what the storage brought, is in use. */
  inUse: "trained" | "earlier";
  /** Are there weights of a training to put into use or out of it? */
  choice: boolean;
  /** Were the weights before them trained as well, by a training before? */
  earlierTrained: boolean;
  busy: Busy | null;
  problem: Problem | null;
}

export const initial: State = {
  ...DEFAULTS,
  door: "tune",
  lesson: LESSON,
  run: null,
  titles: [],
  ends: null,
  playing: false,
  live: "off",
  liveNote: null,
  created: "",
  calls: [],
  events: [],
  memory: null,
  measured: [],
  measureNote: "",
  served: "all-MiniLM-L6-v2",
  source: "compact",
  disk: null,
  phase: "none",
  requests: [],
  readyAt: null,
  device: null,
  storage: null,
  keptBytes: 0,
  model: null,
  documents: [],
  skipped: [],
  incomplete: [],
  waiting: 0,
  allRead: true,
  judgments: [],
  sides: new Map(),
  conflicts: [],
  canUndo: false,
  canRedo: false,
  removed: null,
  stored: false,
  examples: [],
  query: "",
  hits: null,
  earlier: null,
  answered: null,
  builtIn: null,
  mined: null,
  nearMisses: [],
  suspects: [],
  minedWithThis: true,
  losses: [],
  looks: [],
  stoppedAfter: null,
  checkpoint: null,
  verdict: null,
  inUse: "earlier",
  choice: false,
  earlierTrained: false,
  busy: null,
  problem: null,
};

/** Is anything in use that was trained? It can be exported, whatever came of the last training. */
export function anyTrained({ inUse, earlierTrained }: State): boolean {
  return inUse === "trained" || earlierTrained;
}

/** What is taken away now stays away: from the engine that writes it down, or where nothing was written down yet. */
export function canForget({ phase, stored }: State): boolean {
  return phase === "ready" || !stored;
}

/** Is the training that stopped still about these notes and this model? */
export function canGoOn({ checkpoint, documents, model }: State): boolean {
  return checkpoint !== null && checkpoint.documents === documents && checkpoint.fingerprint === model?.fingerprint;
}

/** Holds the state; whoever watches a part of it is called when that part was replaced. Parts are never changed in place. */
export class Store {
  #state: State;
  #watchers: (() => void)[] = [];

  constructor(state: State) {
    this.#state = state;
  }

  get state(): Readonly<State> {
    return this.#state;
  }

  update(change: Partial<State>): void {
    this.#state = { ...this.#state, ...change };
    for (const watcher of this.#watchers) {
      try {
        watcher();
      } catch (error) {
        // One view that fails must not keep the others from showing what is.
        reportError(error);
      }
    }
  }

  /** Renders at once, then whenever one of the chosen parts is another value than before. */
  watch(choose: (state: State) => readonly unknown[], render: (state: State) => void): void {
    let last: readonly unknown[] = [];
    const check = () => {
      const next = choose(this.#state);
      if (last.length === next.length && next.every((part, at) => Object.is(part, last[at]))) return;
      last = next;
      render(this.#state);
    };
    this.#watchers.push(check);
    check();
  }
}
