/** The options of `train`, and what of them goes to the engine. */

import { isTrainable } from "../options.js";
import type { AugmentOptions, LoraOptions } from "../types.js";
import { toNumber, under, UsageError, type Args, type Options } from "./args.js";
import { checkpointPath } from "./keeping.js";
import { COMMON, DATA, HELP, SEED } from "./options.js";
import { checkMixture, MIXTURE, orNone, PSEUDO, SELECTED, SELECTION, STRATEGIES } from "./selection.js";

/** Steps between two checkpoints where nothing is said of them. */
export const CHECKPOINT_EVERY = 16;

type Target = NonNullable<LoraOptions["targets"]>[number];
const TARGETS: readonly Target[] = ["query", "key", "value", "output", "inner", "outer"];

/** `head`, `lora`, `layers:2` or `full`. */
export function trainable(given: string): string {
  if (isTrainable(given)) return given;
  throw new UsageError(`--trainable must be head, lora, layers:N with N from 1, or full, not "${given}"`);
}

/** `query,value` as a list. */
export function targets(given: string): Target[] {
  const named = given.split(",").map((target) => target.trim());
  const unknown = named.find((target) => !(TARGETS as readonly string[]).includes(target));
  if (unknown !== undefined) throw new UsageError(`--lora-targets: there is no map "${unknown}"; there are ${TARGETS.join(", ")}`);
  return [...new Set(named)] as Target[];
}

/** Names on the command line, as the engine has them. */
const CHANGES: Record<string, Exclude<keyof AugmentOptions, "table">> = {
  "word-dropout": "wordDropout", crop: "crop", typos: "typos", synonyms: "synonyms",
};

/** `word-dropout=0.1,typos=0.05` as an object. */
export function augment(given: string): AugmentOptions {
  const shares = new Map<string, number>();
  for (const part of given.split(",")) {
    const [name = "", share, ...rest] = part.split("=").map((word) => word.trim());
    const known = Object.hasOwn(CHANGES, name) ? CHANGES[name] : undefined;
    if (known === undefined) throw new UsageError(`--augment: there is no change "${name}"; there are ${Object.keys(CHANGES).join(", ")}`);
    if (shares.has(known)) throw new UsageError(`--augment: "${name}" stands there twice`);
    const number = share === undefined || rest.length > 0 ? Number.NaN : toNumber(share);
    if (!(number >= 0 && number <= 1)) throw new UsageError(`--augment: "${part.trim()}" must be NAME=SHARE, the share from 0 to 1`);
    shares.set(known, number);
  }
  return Object.fromEntries(shares);
}

/** Millions of bytes as bytes. */
export function megabytes(given: string): number {
  const bytes = Math.round(toNumber(given) * 1e6);
  if (Number.isSafeInteger(bytes) && bytes >= 1) return bytes;
  throw new UsageError(`--memory-budget must be megabytes, more than 0, not "${given}"`);
}

const integer = (help: string, least = 1) => ({ value: "N", kind: "integer" as const, least, help });
const number = (help: string) => ({ value: "X", kind: "number" as const, least: 0, help });

const LORA: Options = {
  "lora-rank": integer("of lora: columns of the low-rank factors (default 8)"),
  "lora-alpha": number("of lora: the update counts X / rank times (default 16)"),
  "lora-targets": { value: "MAPS", read: targets, help: `of lora: some of ${TARGETS.join(",")} (default query,value)` },
  "lora-layers": integer("of lora: only in the last N layers (default: in all)"),
};

const WHAT: Options = under("What trains", {
  trainable: { value: "WHAT", read: trainable, help: "head (default: a map on top), lora, layers:N (the last N), or full" },
  ...LORA,
  towers: { value: "WHICH", choices: ["shared", "query"], help: "query trains the query side alone, so documents are encoded once (default shared)" },
});

const LOSS: Options = under("What it learns by", {
  loss: { value: "NAME", choices: ["info-nce", "margin", "triplet", "margin-mse", "contrastive"], help: "info-nce (default), margin, triplet, margin-mse (asks --teacher), or contrastive" },
  margin: number("of margin, triplet and contrastive: cosine or distance (default 0.1)"),
  distance: { value: "NAME", choices: ["cosine", "euclidean"], help: "of triplet: cosine (default) or euclidean" },
  scale: number("of info-nce: 1/temperature (default 30)"),
  "additive-margin": number("of info-nce: taken off the positive's cosine (default 0)"),
  "false-negative-margin": { value: "none|X", read: orNone("false-negative-margin"), help: "of info-nce: leave out documents of the batch above positive + X (default none)" },
});

const STEPS: Options = under("How it steps", {
  epochs: integer("passes over the examples (default: as many as make 8 to 64 steps, more for more examples)"),
  "batch-size": integer("queries a step (default: 16, more for a head)", 2),
  accumulate: integer("batches whose gradients make one step (default 1)"),
  "memory-budget": { value: "MB", read: megabytes, help: "for the activations of a step; texts beyond it go in parts (default 1074)" },
  "learning-rate": number("peak, after the warm-up (default 5e-4 for a head, 1e-3 for lora, else 2e-5)"),
  warmup: number("share of the steps over which the rate rises (default 0.1)"),
  schedule: { value: "NAME", choices: ["linear", "cosine"], help: "how the rate falls afterwards: linear (default) or cosine" },
  "max-grad-norm": { value: "none|X", read: orNone("max-grad-norm"), help: "scale gradients down to this global norm (default 1)" },
  ...SEED,
});

const FIT: Options = under("Against learning by heart", {
  "weight-decay": number("decoupled, towards 0; a head towards the identity (default 0.01)"),
  anchor: number("likewise towards the weights it began with (default 0)"),
  dropout: number("share of the inputs of what trains that a step leaves out (default 0)"),
  augment: { value: "SHARES", read: augment, help: "change queries, such as word-dropout=0.1,crop=0.2,typos=0.05,synonyms=0.1" },
  average: { value: "HOW", choices: ["none", "ema", "checkpoints"], help: "measure the mean of weights over steps or looks (default none)" },
  runs: integer("train so often with other seeds and average the weights; not for lora (default 1)"),
});

const STOP: Options = under("When it is enough", {
  "dev-share": number("share of training queries that only decide which weights are best (default 0.2, 0 below 40)"),
  "evaluate-every": integer("steps between two looks at them (default: an eighth of the run)"),
  patience: integer("looks without gain after which a run stops early (default 3)"),
});

const NEGATIVES: Options = under("Where negatives come from", {
  negatives: { value: "NAME", choices: STRATEGIES, help: `${STRATEGIES.join(", ")} (default dense)` },
  ...MIXTURE,
  "refresh-every": integer("of ance: steps between two minings (default 16)"),
  "bm25-warmup": number("share of the steps that begin with bm25 negatives (default 0)"),
  curriculum: { value: "HOW", choices: ["none", "rank", "score"], help: "easy negatives first, by rank or by score (default none)" },
  "num-negatives": integer("for each (query, positive) pair (default 1)", 0),
  "max-positives": integer("of one query in one epoch (default 4)"),
});

const RULES: Options = {
  ...under("Which candidates become negatives", {
    "relative-margin": { value: "none|X", read: orNone("relative-margin"), help: "drop candidates that score above positive − |positive| × X (default 0.05)" },
  }),
  ...SELECTION,
};

const KEEPING: Options = under("What is written", {
  out: { value: "DIR", help: "report.json and, if search got better, the weights" },
  export: { value: "DIR", help: "if search got better, a sentence-transformers folder; with lora also DIR/adapter for PEFT" },
  checkpoint: { value: "FILE", help: "keep the latest checkpoint here, so that a run can be taken up again (default: run.checkpoint in --out, until it is finished)" },
  "checkpoint-every": integer(`steps between two checkpoints (default ${CHECKPOINT_EVERY})`),
  resume: { value: "FILE", help: "go on from a checkpoint, with the options it was begun with and the same --data" },
});

export const OPTIONS: Options = {
  ...DATA,
  "train-split": { value: "NAME", help: "which qrels to train on; may be left out with --pseudo-queries" },
  split: { value: "NAME", required: true, help: "which qrels to measure on" },
  ...PSEUDO,
  ...COMMON,
  ...HELP,
  ...KEEPING,
  ...WHAT,
  ...LOSS,
  ...STEPS,
  ...FIT,
  ...STOP,
  ...NEGATIVES,
  ...RULES,
};

const NESTED = [...Object.keys(LORA), ...SELECTED];
const PLAIN = Object.keys({ ...WHAT, ...LOSS, ...STEPS, ...FIT, ...STOP, ...NEGATIVES, ...RULES }).filter((name) => !NESTED.includes(name));

/** @throws {UsageError} for options that do not go together */
export function check(args: Args): void {
  const trainSplit = args.text("train-split");
  if (trainSplit === args.text("split")) throw new UsageError("--train-split and --split must differ: training must not see what is measured");
  if (trainSplit === undefined && !args.has("pseudo-queries")) {
    throw new UsageError("--train-split is missing (or --pseudo-queries, to make queries from the documents)");
  }
  if (args.has("resume")) return checkResume(args);
  checkMixture(args, "negatives");
  const lora = Object.keys(LORA).find((name) => args.has(name));
  if (lora && args.text("trainable") !== "lora") throw new UsageError(`--${lora} goes with --trainable lora`);
  if (args.has("checkpoint-every") && checkpointPath(args) === undefined) throw new UsageError("--checkpoint-every goes with --checkpoint FILE or --out DIR");
}

/** Made queries depend on the seed, so that it is given again with them. */
function checkResume(args: Args): void {
  const given = [...PLAIN, ...NESTED, "checkpoint-every"].find((name) => args.has(name) && !(name === "seed" && args.has("pseudo-queries")));
  if (given) throw new UsageError(`--${given} does not go with --resume: a training goes on with the options it was begun with`);
}

/** For the engine, but for `resume`. */
export function settingsOf(args: Args): Record<string, unknown> {
  const lora = Object.entries(args.settings(Object.keys(LORA))).map(([name, value]) => [name.replace(/^lora(.)/, (_, first: string) => first.toLowerCase()), value]);
  const mining = args.settings(SELECTED);
  return {
    ...args.settings(PLAIN),
    ...(lora.length > 0 ? { lora: Object.fromEntries(lora) } : {}),
    ...(Object.keys(mining).length > 0 ? { mining } : {}),
    ...(args.has("checkpoint") || args.has("checkpoint-every") ? { checkpointEvery: args.number("checkpoint-every") ?? CHECKPOINT_EVERY } : {}),
  };
}
