/** Options that several commands share. */

import type { Filter, SearchMode, SearchStage } from "../types.js";
import { UsageError, type Args, type Options } from "./args.js";

export const HELP: Options = { help: { short: "h", help: "show this and stop" } };

export const COMMON: Options = {
  model: { value: "DIR", help: "the encoder: a folder or URL with config.json, tokenizer.json, model.safetensors (default: the compact one in this package)" },
  adapter: { value: "FILE", help: "weights from `nearmiss train --out`, put on top of the model" },
  "max-length": { value: "TOKENS", kind: "integer", least: 1, help: "longest input; the rest of a text is cut (default: the model's own)" },
  precision: { value: "TYPE", choices: ["float32", "int8"], help: "int8 encodes faster, with weights rounded to eight bits (default float32)" },
  cache: { value: "DIR", help: "keep embeddings here, by model and text, so that a second run is quick" },
  workers: { value: "N", kind: "integer", least: 1, help: "threads that encode, each with a copy of the model (default 1)" },
  json: { help: "print one JSON object on standard output, and nothing else" },
};

export const DATA: Options = {
  data: { value: "DIR", required: true, help: "a BEIR folder: corpus.jsonl, queries.jsonl, qrels.<split>.tsv" },
};

export const MODE: Options = {
  mode: { value: "MODE", choices: ["dense", "lexical", "hybrid"], help: "dense, lexical or hybrid" },
  rerank: { value: "SCORER", choices: ["maxsim"], help: "order the best 20 anew: maxsim compares them with the query token by token" },
  stages: { value: "JSON", read: (given) => json("stages", given, Array.isArray), help: "all stages as a JSON list, in place of --mode and --rerank" },
};

export const FILTER: Options = {
  filter: { value: "JSON", read: (given) => json("filter", given, isObject), help: 'conditions on metadata, such as {"year":{"gte":2020}}' },
};

export const SEED: Options = {
  seed: { value: "N", kind: "integer", least: 0, help: "of everything drawn at random (default 0)" },
};

/** What ranks, and in a word. */
export interface Ranking {
  name: string;
  options: { mode?: SearchMode; rerank?: "maxsim"; stages?: SearchStage[] };
  /** Is nothing to be encoded for it? */
  lexical: boolean;
}

/** @throws {UsageError} for stages beside what is short for them */
export function rankingOf(args: Args, byDefault: SearchMode): Ranking {
  const [stages, rerank] = [args.value<SearchStage[]>("stages"), args.text("rerank") as "maxsim" | undefined];
  if (stages) {
    if (args.has("mode") || rerank) throw new UsageError("--stages says it all: --mode and --rerank do not go beside it");
    const name = stages.map((stage) => Object(stage).stage).join(" + ");
    return { name, options: { stages }, lexical: stages.every((stage) => Object(stage).stage === "lexical") };
  }
  const mode = (args.text("mode") ?? byDefault) as SearchMode;
  return { name: rerank ? `${mode} + ${rerank}` : mode, options: { mode, ...(rerank && { rerank }) }, lexical: mode === "lexical" && !rerank };
}

export function filterOf(args: Args): { filter?: Filter } {
  const filter = args.value<Filter>("filter");
  return filter ? { filter } : {};
}

function json(name: string, given: string, fits: (value: unknown) => boolean): unknown {
  try {
    const value: unknown = JSON.parse(given);
    if (fits(value)) return value;
  } catch {
    // said below
  }
  throw new UsageError(`--${name} must be a JSON ${name === "stages" ? "list" : "object"}, not "${given}"`);
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
