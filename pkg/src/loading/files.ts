/** A model from files that a person picked: a folder's, or several at once. */

import { invalid } from "../errors.js";

/** The file whose folder is the model's. */
const ANCHOR = "model.safetensors";

/**
 * @param paths of a model's files by their part, as in the Hugging Face layout
 * @returns those that were picked, by their part
 * @throws {NearmissError} `INPUT_INVALID` when there is no file of weights, or more than one
 */
export function pickedParts<Part extends string>(files: Iterable<File>, paths: Record<Part, { path: string }>): Partial<Record<Part, File>> {
  const byPath = new Map([...files].map((file) => [file.webkitRelativePath || file.name, file]));
  const anchors = [...byPath.keys()].filter((path) => path === ANCHOR || path.endsWith(`/${ANCHOR}`));
  const anchor = anchors.sort((a, b) => depth(a) - depth(b))[0];
  if (anchor === undefined) throw invalid("model", `none of these files is ${ANCHOR}; pick the model's folder, with config.json and tokenizer.json`);
  const other = anchors[1];
  if (other !== undefined && depth(other) === depth(anchor)) throw invalid("model", `there are two models, ${anchor} and ${other}; pick one`);
  const folder = anchor.slice(0, -ANCHOR.length);
  const found = Object.entries<{ path: string }>(paths).map(([part, { path }]) => [part, byPath.get(folder + path)] as const);
  return Object.fromEntries(found.filter(([, file]) => file)) as Partial<Record<Part, File>>;
}

function depth(path: string): number {
  return path.split("/").length;
}
