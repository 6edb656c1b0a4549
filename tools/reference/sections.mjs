/** The order in which the reference tells of things: by what a reader wants to do, not by file. */
import { relative } from "node:path";

/** Headings, and the declarations (below pkg/dist) whose exports stand under them. */
const SECTIONS = {
  "The instance": ["nearmiss", "errors"],
  "Models and devices": ["types/model", "loading/models", "types/memory"],
  "Documents and files": ["documents", "types/documents", "types/input", "input/read"],
  Search: ["types/search"],
  Answers: ["types/answer", "answer/built-in", "answer/prompt"],
  Judgments: ["judgments", "types/judgments"],
  "Hard negatives": ["types/mining", "options"],
  "Training and measuring": ["types/training"],
  Storage: ["storing", "types/storage"],
};

/**
 * @param {import("./symbols.mjs").Module[]} modules @param {string} dist their folder
 * @returns {{ title: string, exports: import("./symbols.mjs").Exported[] }[]}
 * @throws {Error} for a module that no section names: its exports would be missing from the page
 */
export function sectionsOf(modules, dist) {
  const named = new Map(modules.map(({ file, exports }) => [relative(dist, file).replace(/\.d\.ts$/, "").replaceAll("\\", "/"), exports]));
  const homeless = [...named.keys()].find((name) => !Object.values(SECTIONS).flat().includes(name));
  if (homeless) throw new Error(`tools/reference/sections.mjs names no section for ${homeless}.ts`);
  return Object.entries(SECTIONS).map(([title, names]) => ({ title, exports: names.flatMap((name) => named.get(name) ?? []) }));
}
