/** What a person may choose, and how it stands in the address. Everything has a default that needs no touching. */
import type { AugmentOptions, MineOptions, MiningStrategy, SearchMode, Trainable, TrainOptions } from "nearmiss";

/** Those that make sense without knowing the field; the package has more. */
export const STRATEGIES = ["dense", "bm25", "hybrid", "random"] as const satisfies MiningStrategy[];
/** Cheapest first. */
export const RUNGS = ["head", "lora", "layers:2", "full"] as const satisfies Trainable[];
/** "margin-mse" needs a teacher's scores, and is left to the package. */
export const LOSSES = ["info-nce", "margin", "triplet", "contrastive"] as const satisfies TrainOptions["loss"][];
export const AVERAGES = ["none", "ema", "checkpoints"] as const satisfies TrainOptions["average"][];
export const CURRICULA = ["none", "rank", "score"] as const satisfies TrainOptions["curriculum"][];
const MODES = ["dense", "lexical", "hybrid"] as const satisfies SearchMode[];

export interface Settings {
  /** How results are searched. */
  mode: SearchMode;
  /** Are the best results compared with the question word by word, and put in another order? */
  closely: boolean;
  /** Where near misses come from, for a look at them and for training. */
  strategy: (typeof STRATEGIES)[number];
  /** Near misses for each right answer; null leaves the number to the engine. */
  negatives: number | null;
  /** Are candidates compared with the right answer word by word, and those as good left out? */
  teacher: boolean;
  trainable: (typeof RUNGS)[number];
  /** Null leaves the number to the engine. */
  epochs: number | null;
  curriculum: (typeof CURRICULA)[number];
  /** Does training begin with near misses by words? */
  warmup: boolean;
  loss: (typeof LOSSES)[number];
  average: (typeof AVERAGES)[number];
  /** Null leaves the number to the engine, as with the two percentages. */
  runs: number | null;
  /** Percent of the practice questions that only decide when to stop and which weights are best. */
  devShare: number | null;
  /** Percent of the inputs that each step leaves out. */
  dropout: number | null;
  /** Are practice questions varied a little, anew in each pass? */
  vary: boolean;
}

export const DEFAULTS: Settings = {
  mode: "hybrid",
  closely: false,
  strategy: "dense",
  negatives: null,
  teacher: false,
  trainable: "head",
  epochs: null,
  curriculum: "none",
  warmup: false,
  loss: "info-nce",
  average: "none",
  runs: null,
  devShare: null,
  dropout: null,
  vary: false,
};

export const MOST_EPOCHS = 200;
export const MOST_NEGATIVES = 10;
export const MOST_RUNS = 5;
export const MOST_DEV_SHARE = 50;
export const MOST_DROPOUT = 90;

/** Share of the steps that `warmup` stands for. */
const WARMUP = 0.2;

/** What `vary` stands for. */
const VARIED: AugmentOptions = { wordDropout: 0.1, typos: 0.05 };

/** Steps between two checkpoints: what a crash may cost at most. */
const CHECKPOINT_EVERY = 16;

/** `#mode=dense&trainable=full&epochs=5`. Anything unknown or out of range falls back to the default. */
export function readHash(hash: string): Settings {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const text = (name: keyof Settings) => given.get(name) ?? "";
  return {
    mode: among(MODES, text("mode")) ?? DEFAULTS.mode,
    closely: text("closely") === "true",
    strategy: among(STRATEGIES, text("strategy")) ?? DEFAULTS.strategy,
    negatives: wholeNumber(text("negatives"), MOST_NEGATIVES),
    teacher: text("teacher") === "true",
    trainable: among(RUNGS, text("trainable")) ?? DEFAULTS.trainable,
    epochs: wholeNumber(text("epochs"), MOST_EPOCHS),
    curriculum: among(CURRICULA, text("curriculum")) ?? DEFAULTS.curriculum,
    warmup: text("warmup") === "true",
    loss: among(LOSSES, text("loss")) ?? DEFAULTS.loss,
    average: among(AVERAGES, text("average")) ?? DEFAULTS.average,
    runs: wholeNumber(text("runs"), MOST_RUNS),
    devShare: percentage(text("devShare"), MOST_DEV_SHARE),
    dropout: percentage(text("dropout"), MOST_DROPOUT),
    vary: text("vary") === "true",
  };
}

/** Empty when every setting is at its default. */
export function writeHash(settings: Settings): string {
  const given = new URLSearchParams();
  for (const name of Object.keys(DEFAULTS) as (keyof Settings)[]) {
    if (settings[name] !== DEFAULTS[name]) given.set(name, String(settings[name]));
  }
  return given.toString();
}

/** Null for anything but a whole number from 1 to `most`. */
export function wholeNumber(text: string, most: number): number | null {
  const number = Number(text);
  return text !== "" && Number.isInteger(number) && number >= 1 && number <= most ? number : null;
}

/** Likewise from 0, which is a choice of its own. */
export function percentage(text: string, most: number): number | null {
  return text === "0" ? 0 : wholeNumber(text, most);
}

/** The one of these that the text names. */
export function among<T extends string>(all: readonly T[], text: string): T | undefined {
  return all.find((one) => one === text);
}

/** For `mine` and `why`, which take the same. */
export function miningOptions({ strategy, negatives, teacher }: Settings): MineOptions {
  return { strategy, ...(negatives !== null && { numNegatives: negatives }), ...(teacher && { teacher: "maxsim" }) };
}

/** The same choice of near misses, and what concerns training alone. */
export function trainOptions(settings: Settings): TrainOptions {
  const { strategy, negatives, teacher, trainable, epochs, curriculum, warmup, loss, average, runs, devShare, dropout, vary } = settings;
  return {
    trainable,
    loss,
    average,
    checkpointEvery: CHECKPOINT_EVERY,
    negatives: strategy,
    curriculum,
    bm25Warmup: warmup ? WARMUP : 0,
    ...(teacher && { mining: { teacher: "maxsim" } }),
    ...(negatives !== null && { numNegatives: negatives }),
    ...(epochs !== null && { epochs }),
    // Low-rank updates of several runs cannot be averaged.
    ...(runs !== null && trainable !== "lora" && { runs }),
    ...(devShare !== null && { devShare: devShare / 100 }),
    ...(dropout !== null && { dropout: dropout / 100 }),
    ...(vary && { augment: VARIED }),
  };
}
