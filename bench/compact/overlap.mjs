/** Do the collections that measure the compact model share text with those that it was made from? By runs of ten words. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

const RUN = 10;

/** Every run of ten words of a text, in lower case, without what stands between words. */
export function runs(text) {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return Array.from({ length: Math.max(0, words.length - RUN + 1) }, (_, at) => words.slice(at, at + RUN).join(" "));
}

/**
 * @param {Record<string, string[]>} read texts by collection @param {Record<string, string[]>} unseen likewise
 * @returns {{ collection: string, texts: number, of: string, sharing: number, mostly: number }[]} for each pair that shares any: how many of the
 *   unseen texts hold a run that is read somewhere, and how many consist of such runs by more than half
 */
export function overlaps(read, unseen) {
  const found = [];
  for (const [of, texts] of Object.entries(read)) {
    const known = new Set(texts.flatMap(runs));
    for (const [collection, others] of Object.entries(unseen)) {
      const shares = others.map(runs).map((own) => (own.length === 0 ? 0 : own.filter((run) => known.has(run)).length / own.length));
      const sharing = shares.filter((share) => share > 0).length;
      if (sharing > 0) found.push({ collection, texts: others.length, of, sharing, mostly: shares.filter((share) => share > 0.5).length });
    }
  }
  return found;
}

/** As the recipe reads it: title and text. */
export async function corpus(data, name) {
  const lines = (await readFile(join(data, name, "corpus.jsonl"), "utf8")).split("\n").filter(Boolean);
  return lines.map((line) => JSON.parse(line)).map(({ title = "", text = "" }) => `${title.replaceAll("_", " ")} ${text}`.trim());
}
