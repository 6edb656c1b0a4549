/** Writes www/docs/reference.html from the package's declarations and their comments: `node tools/reference.mjs`, after tsc. */
import { existsSync, readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { page } from "./reference/page.mjs";
import { sectionsOf } from "./reference/sections.mjs";
import { modulesOf } from "./reference/symbols.mjs";
import { ROOT, script, SetupError } from "./shared.mjs";

export const ENTRY = join(ROOT, "pkg/dist/index.d.ts");
export const OUT = join(ROOT, "www/docs/reference.html");

/** @returns {Promise<string>} how many symbols it describes */
export async function reference() {
  if (!existsSync(ENTRY)) throw new SetupError("pkg/dist is not built: run npm run build");
  const modules = modulesOf(ENTRY);
  const { version } = JSON.parse(readFileSync(join(ROOT, "pkg/package.json"), "utf8"));
  await writeFile(OUT, page(sectionsOf(modules, dirname(ENTRY)), version));
  return `${modules.reduce((sum, { exports }) => sum + exports.length, 0)} symbols`;
}

await script(import.meta.url, async () => console.log(await reference()));
