/**
 * Files whose names stay as they are (door.js, the sample notes and the recorded lessons) are asked for as `name?v=…`, by a hash of all of
 * them: a page and the parts that it loads always belong together, whatever caches hold.
 */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";

const PUBLIC = join(import.meta.dirname, "../public");

export function isVersioned(name: string): boolean {
  return name === "door.js" || name.startsWith("sample/");
}

export function versionOf(folder = PUBLIC): string {
  const hash = createHash("sha256");
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1).replaceAll("\\", "/"))
    .filter(isVersioned)
    .sort();
  for (const name of names) hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest("hex").slice(0, 12);
}

/** Tells the page: scripts by `import.meta.env.VITE_FILES`, index.html by the address of its first script. */
export function versions(version: string): Plugin {
  return {
    name: "versions",
    config: () => ({ define: { "import.meta.env.VITE_FILES": JSON.stringify(version) } }),
    transformIndexHtml: (html) => html.replace('src="./door.js"', `src="./door.js?v=${version}"`),
  };
}
