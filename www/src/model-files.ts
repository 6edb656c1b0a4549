/** A model from the person's own disk: which of the chosen files is which. */
import type { ModelSource } from "nearmiss";

export interface PickedModel {
  /** The folder's name, or a plain "your model". */
  name: string;
  /** Null while a file is missing. */
  source: Exclude<ModelSource, string | URL> | null;
  missing: string[];
}

const NEEDED = ["config.json", "tokenizer.json", "model.safetensors"] as const;

/**
 * Files of one folder, or picked one by one. The pooling settings are a second `config.json`, told apart by its folder
 * `1_Pooling`; without it the engine falls back to its default pooling.
 */
export function pickModel(files: readonly File[], fallbackName: string): PickedModel {
  const pooling = files.find((file) => file.name === "config.json" && inPooling(file));
  const rest = files.filter((file) => !inPooling(file)).sort((a, b) => depth(a) - depth(b));
  const named = (name: string) => rest.find((file) => file.name === name);
  const [config, tokenizer, weights] = NEEDED.map(named);
  const [sentenceBert, modules] = ["sentence_bert_config.json", "modules.json"].map(named);
  const name = files[0]?.webkitRelativePath.split("/")[0] || fallbackName;
  if (!config || !tokenizer || !weights) return { name, source: null, missing: NEEDED.filter((needed) => !named(needed)) };
  const source = { config, tokenizer, weights, ...(pooling && { pooling }), ...(sentenceBert && { sentenceBert }), ...(modules && { modules }) };
  return { name, source, missing: [] };
}

function inPooling(file: File): boolean {
  return file.webkitRelativePath.includes("/1_Pooling/");
}

function depth(file: File): number {
  return file.webkitRelativePath.split("/").length;
}
