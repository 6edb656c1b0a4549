/** The code of a recipe, as it stands in the document. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../tools/shared.mjs";

const DOCUMENT = readFileSync(join(ROOT, "www/docs/recipes.md"), "utf8");

/** @returns the one block in `language` under this heading */
export function recipe(heading, language) {
  const section = DOCUMENT.split(/^## /m).find((part) => part.startsWith(`${heading}\n`));
  assert.ok(section, `recipes.md has no heading "${heading}"`);
  const blocks = [...section.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].filter(([, name]) => name === language);
  assert.equal(blocks.length, 1, `"${heading}" has one block of ${language}`);
  return blocks[0][2];
}

export const headings = [...DOCUMENT.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
