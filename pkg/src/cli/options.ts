/** Options that several commands share. */

import { NearmissError } from "../errors.js";
import type { Args, Options } from "./args.js";

export const HELP: Options = { help: { short: "h", help: "show this and stop" } };

export const COMMON: Options = {
  model: { value: "DIR", required: true, help: "the encoder: a folder or URL with config.json, tokenizer.json, model.safetensors" },
  adapter: { value: "FILE", help: "weights from `nearmiss train --out`, put on top of the model" },
  "max-length": { value: "TOKENS", kind: "integer", least: 1, help: "longest input; the rest of a text is cut (default: the model's own)" },
  cache: { value: "DIR", help: "keep embeddings here, by model and text, so that a second run is quick" },
  workers: { value: "N", kind: "integer", least: 1, help: "threads that encode, each with a copy of the model (default 1)" },
  json: { help: "print one JSON object on standard output, and nothing else" },
};

export const DATA: Options = {
  data: { value: "DIR", required: true, help: "a BEIR folder: corpus.jsonl, queries.jsonl, qrels.<split>.tsv" },
};

export const MODE: Options = {
  mode: { value: "MODE", choices: ["dense", "lexical", "hybrid"], help: "dense, lexical or hybrid" },
  rerank: { value: "METHOD", help: "not available in this version" },
};

export const SEED: Options = {
  seed: { value: "N", kind: "integer", least: 0, help: "of everything drawn at random (default 0)" },
};

/** Accepted by the parser, so that asking for it gets a clear answer rather than "unknown option". */
export function refuseRerank(args: Args): void {
  if (args.has("rerank")) throw new NearmissError("INPUT_INVALID", "--rerank: not available in this version");
}
