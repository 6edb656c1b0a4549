/** Options about negatives, which `mine` and `train` share: where they come from, and which are taken. */

import type { MiningStrategy, PseudoKind } from "../types.js";
import { toNumber, under, UsageError, type Args, type Options } from "./args.js";

export const STRATEGIES: readonly MiningStrategy[] = ["dense", "ance", "bm25", "random", "in-batch", "hybrid", "labelled", "synthetic"];

const MIXED = ["dense", "bm25", "random", "in-batch", "synthetic"];
const KINDS: readonly PseudoKind[] = ["title", "heading", "cloze", "crop", "key-phrases"];

/** `dense=0.5,bm25=0.5` as an object. Shares of a whole, so they need not sum to 1. */
export function mixture(given: string): Record<string, number> {
  const shares = given.split(",").map((part) => {
    const [source = "", share, ...rest] = part.split("=").map((word) => word.trim());
    if (!MIXED.includes(source)) throw new UsageError(`--mixture: there is no source "${source}"; there are ${MIXED.join(", ")}`);
    const weight = share === undefined || rest.length > 0 ? Number.NaN : toNumber(share);
    if (!(Number.isFinite(weight) && weight >= 0)) throw new UsageError(`--mixture: "${part.trim()}" must be SOURCE=WEIGHT, the weight a number, 0 or more`);
    return [source, weight] as const;
  });
  const twice = shares.find(([source], at) => shares.findIndex(([other]) => other === source) !== at);
  if (twice) throw new UsageError(`--mixture: "${twice[0]}" stands there twice`);
  return Object.fromEntries(shares);
}

/** `none` as null, which turns a rule off. */
export function orNone(name: string): (given: string) => number | null {
  return (given) => {
    const number = given === "none" ? null : toNumber(given);
    if (number === null || (Number.isFinite(number) && number >= 0)) return number;
    throw new UsageError(`--${name} must be none or a number, 0 or more, not "${given}"`);
  };
}

/** `title,cloze` as a list; `all` as all of them. */
export function kinds(given: string): PseudoKind[] {
  if (given === "all") return [...KINDS];
  const named = given.split(",").map((kind) => kind.trim());
  const unknown = named.find((kind) => !(KINDS as readonly string[]).includes(kind));
  if (unknown !== undefined) throw new UsageError(`--pseudo-queries: there is no kind "${unknown}"; there are ${KINDS.join(", ")}, or all`);
  return [...new Set(named)] as PseudoKind[];
}

export const PSEUDO: Options = {
  "pseudo-queries": { value: "KINDS", implied: "all", read: kinds, help: `queries made from documents: all (default), or some of ${KINDS.join(",")}` },
};

export const MIXTURE: Options = {
  mixture: { value: "SHARES", read: mixture, help: "of hybrid, such as dense=0.5,bm25=0.5 (default: these)" },
};

const number = (help: string, least?: number) => ({ value: "X", kind: "number" as const, help, ...(least === undefined ? {} : { least }) });

/** `SelectionOptions`, but for the mixture. Cosines may be negative: write `--min-score=-0.1`. */
export const SELECTION: Options = under("Which candidates become negatives", {
  "range-min": { value: "N", kind: "integer", least: 0, help: "skip this many of the best that passed the filters (default 0)" },
  "range-max": { value: "N", kind: "integer", least: 1, help: "skip candidates from this place on (default grows with the corpus)" },
  "max-score": number("drop candidates that score above this (cosine)"),
  "min-score": number("drop candidates that score below this (cosine)"),
  "absolute-margin": number("drop candidates that score above positive − X", 0),
  sampling: { value: "HOW", choices: ["top", "random", "simans"], help: "top takes the hardest (default), random draws, simans prefers those near the positive" },
  "simans-sharpness": number("how strongly simans prefers them (default 100)", 0),
  "simans-offset": number("where simans looks, in cosine above the positive (default 0)"),
  "no-top-up": { help: "leave places empty rather than fill them with random documents" },
  "near-duplicates": { value: "none|X", read: orNone("near-duplicates"), help: "drop candidates whose words overlap a positive's so much (default 0.8)" },
  "no-siblings": { help: "keep other chunks of a positive's document" },
  "same-title": { help: "drop documents with a positive's title" },
  teacher: { value: "NAME", choices: ["maxsim"], help: "drop candidates that token-by-token similarity holds to be as good as a positive" },
  "teacher-margin": number("as good means above positive − |positive| × X (default 0)", 0),
  "max-synthetic": number("largest share of mined negatives that may be synthetic (default 0.5)", 0),
});

/** Names for `Args.settings`. */
export const SELECTED: readonly string[] = ["mixture", ...Object.keys(SELECTION)];

/** @param option that names the strategy @throws {UsageError} for a mixture of something that is not mixed */
export function checkMixture(args: Args, option: "strategy" | "negatives"): void {
  if (args.has("mixture") && args.text(option) !== "hybrid") throw new UsageError(`--mixture goes with --${option} hybrid`);
}
