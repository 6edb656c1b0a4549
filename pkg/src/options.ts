/** Which options each call knows, and what of them goes to the engine. Values are the engine's to check, but for shapes. */

import * as check from "./checks.js";
import { invalid } from "./errors.js";
import type {
  AddOptions, CreateOptions, EncodeOptions, EvaluateOptions, FeedbackOptions, MineOptions, PseudoOptions, SearchMode,
  SearchOptions, SelectionOptions, Teacher, TrainOptions,
} from "./types.js";

/** Names every key of `T`, so that an option added to the contract and forgotten here does not compile. */
const names = <T>(known: Record<keyof Required<T>, true>) => Object.keys(known) as (keyof T & string)[];

const SELECTION: Record<keyof Required<SelectionOptions>, true> = {
  mixture: true, rangeMin: true, rangeMax: true, maxScore: true, minScore: true, absoluteMargin: true, sampling: true,
  simansSharpness: true, simansOffset: true, topUp: true, nearDuplicates: true, siblings: true, sameTitle: true, teacher: true,
  teacherMargin: true, maxSynthetic: true,
};

const MINING: Record<keyof Required<WhyOptions>, true> = {
  strategy: true, ...SELECTION, relativeMargin: true, numNegatives: true, maxPositives: true, seed: true,
};

export const CREATE = names<CreateOptions>({ model: true, device: true, maxLength: true, worker: true, onProgress: true, signal: true });
export const ADD = names<AddOptions>({ signal: true, onProgress: true });
const ENCODE = names<EncodeOptions>({ as: true, signal: true });
const SEARCH = names<SearchOptions>({ k: true, mode: true, signal: true });
export const EVALUATE = names<EvaluateOptions>({ split: true, mode: true, signal: true, onProgress: true });
export const PSEUDO = names<PseudoOptions>({ kinds: true, perDocument: true, seed: true });
export const FEEDBACK = names<FeedbackOptions>({ eta: true, propensities: true, cap: true, minDwellMs: true, skips: true });

const SELECT = names<SelectionOptions>(SELECTION);
const WHY = names<WhyOptions>(MINING);
const MINE = names<MineOptions>({ ...MINING, signal: true, onProgress: true });
const TRAIN = names<TrainOptions>({
  loss: true, trainable: true, towers: true, negatives: true, mining: true, refreshEvery: true, bm25Warmup: true, curriculum: true,
  maxPositives: true, epochs: true, batchSize: true, learningRate: true, warmup: true, margin: true, scale: true,
  numNegatives: true, relativeMargin: true, weightDecay: true, seed: true, signal: true, lora: true, accumulate: true,
  memoryBudget: true, schedule: true, maxGradNorm: true, distance: true, additiveMargin: true, falseNegativeMargin: true,
  anchor: true, dropout: true, augment: true, average: true, runs: true, devShare: true, evaluateEvery: true, patience: true,
  checkpointEvery: true, resume: true,
});

export function towerOf(options: EncodeOptions): "query" | "document" {
  const { as = "document" } = check.options(options, ENCODE, "options");
  check.oneOf(as, ["query", "document"], "options.as");
  return as;
}

export function searchSettings(options: SearchOptions): { k?: number; mode?: SearchMode } {
  const settings = check.options(options, SEARCH, "options");
  const { k, mode } = settings;
  if (k !== undefined) check.count(k, "options.k");
  if (mode !== undefined) check.oneOf(mode, ["dense", "lexical", "hybrid"], "options.mode");
  return settings;
}

/** What a person might look for in `mining` of a training, and where it is. */
const ELSEWHERE: Record<string, string> = {
  strategy: "is set as options.negatives",
  numNegatives: "is set on the training itself, as options.numNegatives",
  relativeMargin: "is set on the training itself, as options.relativeMargin",
  maxPositives: "is set on the training itself, as options.maxPositives",
  seed: "is set on the training itself, as options.seed",
  signal: "is set on the training itself, as options.signal",
  onProgress: "is not needed: training yields these events as it goes",
};

/** What mining goes by, so that `why` asks about the same rules. The teacher is left out of account. */
export type WhyOptions = Omit<MineOptions, "signal" | "onProgress">;

/** For the engine; a function stays on this side, and the engine is told that there is one. */
export interface Settings {
  settings: Record<string, unknown>;
  teacher?: Teacher | undefined;
}

export function mineSettings(options: MineOptions): Settings {
  return withTeacher(check.options(options, MINE, "options"), "options.teacher");
}

export function trainSettings(options: TrainOptions): Settings {
  const settings = check.options(options, TRAIN, "options");
  if (settings.mining === undefined) return { settings };
  const elsewhere = Object.keys(Object(settings.mining)).find((name) => Object.hasOwn(ELSEWHERE, name));
  if (elsewhere) throw invalid(`options.mining.${elsewhere}`, ELSEWHERE[elsewhere] ?? "");
  const mining = check.options(settings.mining as SelectionOptions, SELECT, "options.mining");
  const { settings: own, teacher } = withTeacher(mining, "options.mining.teacher");
  return { settings: { ...settings, mining: own }, teacher };
}

export function whySettings(options: WhyOptions): Record<string, unknown> {
  const { teacher, ...settings } = withTeacher(check.options(options, WHY, "options"), "options.teacher").settings;
  return settings;
}

function withTeacher(settings: Record<string, unknown>, field: string): Settings {
  const { teacher } = settings;
  if (typeof teacher === "function") return { settings: { ...settings, teacher: "given" }, teacher: teacher as Teacher };
  if (teacher !== undefined && teacher !== "maxsim") throw invalid(field, 'must be "maxsim" or a function');
  return { settings };
}
