/** What a person may choose, and how it stands in the address. Everything has a default that needs no touching. */
import type { MineOptions, MiningStrategy, SearchMode, TrainOptions } from "nearmiss";

/** Those that make sense without knowing the field; the package has more. */
export const STRATEGIES = ["dense", "bm25", "hybrid", "random"] as const satisfies MiningStrategy[];
export const CURRICULA = ["none", "rank", "score"] as const satisfies TrainOptions["curriculum"][];
const MODES = ["dense", "lexical", "hybrid"] as const satisfies SearchMode[];

export interface Settings {
  /** How results are searched. */
  mode: SearchMode;
  /** Where near misses come from, for a look at them and for training. */
  strategy: (typeof STRATEGIES)[number];
  /** Near misses for each right answer; null leaves the number to the engine. */
  negatives: number | null;
  /** Are candidates compared with the right answer word by word, and those as good left out? */
  teacher: boolean;
  trainable: "head" | "full";
  /** Null leaves the number to the engine. */
  epochs: number | null;
  curriculum: (typeof CURRICULA)[number];
  /** Does training begin with near misses by words? */
  warmup: boolean;
}

export const DEFAULTS: Settings = {
  mode: "hybrid",
  strategy: "dense",
  negatives: null,
  teacher: false,
  trainable: "head",
  epochs: null,
  curriculum: "none",
  warmup: false,
};

export const MOST_EPOCHS = 200;
export const MOST_NEGATIVES = 10;

/** Share of the steps that `warmup` stands for. */
const WARMUP = 0.2;

/** `#mode=dense&trainable=full&epochs=5`. Anything unknown or out of range falls back to the default. */
export function readHash(hash: string): Settings {
  const given = new URLSearchParams(hash.replace(/^#/, ""));
  const text = (name: keyof Settings) => given.get(name) ?? "";
  return {
    mode: among(MODES, text("mode")) ?? DEFAULTS.mode,
    strategy: among(STRATEGIES, text("strategy")) ?? DEFAULTS.strategy,
    negatives: wholeNumber(text("negatives"), MOST_NEGATIVES),
    teacher: text("teacher") === "true",
    trainable: text("trainable") === "full" ? "full" : DEFAULTS.trainable,
    epochs: wholeNumber(text("epochs"), MOST_EPOCHS),
    curriculum: among(CURRICULA, text("curriculum")) ?? DEFAULTS.curriculum,
    warmup: text("warmup") === "true",
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
  const { strategy, negatives, teacher, trainable, epochs, curriculum, warmup } = settings;
  return {
    trainable,
    negatives: strategy,
    curriculum,
    bm25Warmup: warmup ? WARMUP : 0,
    ...(teacher && { mining: { teacher: "maxsim" } }),
    ...(negatives !== null && { numNegatives: negatives }),
    ...(epochs !== null && { epochs }),
  };
}
