/** Which options each call knows, and what of them goes to the engine. Values are the engine's to check, but for shapes. */

import * as check from "./checks.js";
import { invalid } from "./errors.js";
import type {
  AddOptions, AugmentOptions, CompareOptions, ContextOptions, CreateOptions, EncodeOptions, EvaluateOptions, FeedbackOptions, LoraOptions,
  MineOptions, PseudoOptions, RankingOptions, SearchMode, SearchOptions, SearchStage, SelectionOptions, Teacher, Trainable, TrainOptions, WeightsOptions,
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

export const CREATE = names<CreateOptions>({ model: true, device: true, maxLength: true, precision: true, language: true, graphFrom: true, storage: true, worker: true, encoders: true, onProgress: true, onRequest: true, signal: true });
export const ADD = names<AddOptions>({ signal: true, onProgress: true });
export const WEIGHTS = names<WeightsOptions>({ signal: true, onProgress: true });
const ENCODE = names<EncodeOptions>({ as: true, signal: true });
const RANKING: Record<keyof Required<RankingOptions>, true> = { mode: true, rerank: true, stages: true, filter: true };
const SEARCH = names<SearchOptions>({
  ...RANKING, k: true, offset: true, perDocument: true, snippets: true, explain: true, signal: true,
});
const CONTEXT = names<ContextOptions>({ ...RANKING, maxTokens: true, candidates: true, lambda: true, signal: true });
const EVALUATE = names<EvaluateOptions>({ split: true, mode: true, rerank: true, stages: true, signal: true, onProgress: true });
export const COMPARE = names<CompareOptions>({ k: true, mode: true, signal: true, onProgress: true });
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

const LORA = names<LoraOptions>({ rank: true, alpha: true, targets: true, layers: true });
const AUGMENT = names<AugmentOptions>({ wordDropout: true, crop: true, typos: true, synonyms: true, table: true });

export function towerOf(options: EncodeOptions): "query" | "document" {
  const { as = "document" } = check.options(options, ENCODE, "options");
  check.oneOf(as, ["query", "document"], "options.as");
  return as;
}

/** What ranks, with every scorer spelt out as a stage where one of them is a function. */
export interface Ranking {
  mode?: SearchMode;
  rerank?: "maxsim";
  stages?: SearchStage[];
  filter?: unknown;
}

interface RankedSettings {
  settings: Record<string, unknown>;
  ranking: Ranking;
}

export function searchSettings(options: SearchOptions): RankedSettings {
  const { k, offset, perDocument, snippets } = options;
  if (k !== undefined) check.count(k, "options.k");
  if (offset !== undefined && !(Number.isSafeInteger(offset) && offset >= 0)) {
    throw invalid("options.offset", `must be a whole number, 0 or more, not ${check.show(offset)}`);
  }
  if (perDocument !== undefined) check.count(perDocument, "options.perDocument");
  if (snippets !== undefined && typeof snippets !== "boolean") check.count(snippets, "options.snippets");
  return ranked(check.options(options, SEARCH, "options"));
}

export function contextSettings(options: ContextOptions): RankedSettings {
  for (const name of ["maxTokens", "candidates"] as const) {
    const value = options[name];
    if (value !== undefined) check.count(value, `options.${name}`);
  }
  return ranked(check.options(options, CONTEXT, "options"));
}

export function evaluateSettings(options: EvaluateOptions): Record<string, unknown> {
  const { settings, ranking } = ranked(check.options(options, EVALUATE, "options"));
  if (ranking.stages?.some((stage) => stage.stage === "rerank" && typeof stage.scorer === "function")) {
    throw invalid("options.stages", "hold a function as scorer, which only a search can ask");
  }
  return { ...settings, ...ranking };
}

function ranked(all: Record<string, unknown>): RankedSettings {
  const { mode, rerank, stages, filter, ...settings } = all as RankingOptions & Record<string, unknown>;
  if (mode !== undefined) check.oneOf(mode, ["dense", "lexical", "hybrid"], "options.mode");
  if (rerank !== undefined && rerank !== "maxsim" && typeof rerank !== "function") {
    throw invalid("options.rerank", `must be "maxsim" or a function, not ${check.show(rerank)}`);
  }
  if (stages !== undefined && (mode !== undefined || rerank !== undefined)) {
    throw invalid("options.stages", "say it all: mode and rerank are short for them and do not go beside them");
  }
  const own = filter === undefined ? {} : { filter: check.json(filter, "options.filter") };
  if (stages !== undefined) return { settings, ranking: { ...own, stages: check.array(stages, "options.stages").map(stage) } };
  if (typeof rerank !== "function") return { settings, ranking: { ...own, ...(mode && { mode }), ...(rerank && { rerank }) } };
  return { settings, ranking: { ...own, stages: [...STAGES[mode ?? "hybrid"], { stage: "rerank", scorer: rerank }] } };
}

/** What the modes are short for. */
const STAGES: Record<SearchMode, SearchStage[]> = {
  dense: [{ stage: "dense" }],
  lexical: [{ stage: "lexical" }],
  hybrid: [{ stage: "dense" }, { stage: "lexical" }, { stage: "fusion", weights: [0.4, 0.6] }],
};

/** Its kind; the rest is the engine's to check, but for a scorer that it never sees. */
function stage(input: unknown, at: number): SearchStage {
  const place = `options.stages[${at}]`;
  const { stage: kind, scorer, weight } = Object(input) as { stage?: unknown; scorer?: unknown; weight?: unknown };
  check.oneOf(kind, ["lexical", "dense", "fusion", "rerank"], `${place}.stage`);
  if (kind === "rerank" && scorer !== "maxsim" && typeof scorer !== "function") {
    throw invalid(`${place}.scorer`, `must be "maxsim" or a function, not ${check.show(scorer)}`);
  }
  if (typeof scorer === "function" && weight !== undefined && !(typeof weight === "number" && weight >= 0 && weight <= 1)) {
    throw invalid(`${place}.weight`, `must be 0 to 1, not ${check.show(weight)}`);
  }
  return input as SearchStage;
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
  if (settings.resume !== undefined) return resumeSettings(settings);
  shapes(settings);
  if (settings.mining === undefined) return { settings };
  const elsewhere = Object.keys(Object(settings.mining)).find((name) => Object.hasOwn(ELSEWHERE, name));
  if (elsewhere) throw invalid(`options.mining.${elsewhere}`, ELSEWHERE[elsewhere] ?? "");
  const mining = check.options(settings.mining as SelectionOptions, SELECT, "options.mining");
  const { settings: own, teacher } = withTeacher(mining, "options.mining.teacher");
  return { settings: { ...settings, mining: own }, teacher };
}

/** What of `trainable`, `lora` and `augment` a wrong type would hide from the engine. Their numbers are the engine's to check. */
function shapes({ trainable, lora, augment }: Record<string, unknown>): void {
  if (trainable !== undefined && !isTrainable(trainable)) {
    throw invalid("options.trainable", `must be "head", "lora", "layers:n" with n from 1, or "full", not ${check.show(trainable)}`);
  }
  if (lora !== undefined) {
    const { targets } = check.options(lora as LoraOptions, LORA, "options.lora");
    if (targets !== undefined) check.array(targets, "options.lora.targets").forEach((one, at) => check.string(one, `options.lora.targets[${at}]`));
  }
  if (augment !== undefined) {
    const { table } = check.options(augment as AugmentOptions, AUGMENT, "options.augment");
    if (table !== undefined) check.array(table, "options.augment.table").forEach((words, at) => synonyms(words, `options.augment.table[${at}]`));
  }
}

/** A rung of the ladder; how many layers there are, the engine knows. */
export function isTrainable(value: unknown): value is Trainable {
  return typeof value === "string" && /^(head|lora|full|layers:[1-9]\d*)$/.test(value);
}

function synonyms(words: unknown, field: string): void {
  check.array(words, field).forEach((word, at) => check.string(word, `${field}[${at}]`));
}

/** A checkpoint holds the options of its run; only a teacher who is a function cannot be in it, and is given again. */
function resumeSettings({ resume, mining, ...others }: Record<string, unknown>): Settings {
  if (!(resume instanceof Uint8Array)) throw invalid("options.resume", `must be the bytes of a checkpoint, a Uint8Array, not ${check.show(resume)}`);
  const begun = "does not go with options.resume: a training goes on with the options it was begun with";
  const [other] = Object.keys(others);
  if (other !== undefined) throw invalid(`options.${other}`, begun);
  if (mining === undefined) return { settings: { resume } };
  const { teacher, ...rest } = check.options(mining as SelectionOptions, SELECT, "options.mining");
  const [rule] = Object.keys(rest);
  if (rule !== undefined) throw invalid(`options.mining.${rule}`, begun);
  if (teacher !== undefined && typeof teacher !== "function") throw invalid("options.mining.teacher", `${begun}. Only a function is given again`);
  return { settings: { resume }, teacher: teacher as Teacher | undefined };
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
