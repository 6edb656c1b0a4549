/** How every benchmark is called: `--quick` for all of them, options of its own beside it, and the usage for anything else. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { script } from "../../tools/shared.mjs";

/** `--quick`: a smoke run. It measures little, prints, and leaves bench/results as it is. */
export const QUICK = process.argv.includes("--quick");

/**
 * Runs `main` with what was given, when its file is the one that was started. What it does not know it refuses: exit status 2, and the
 * usage, which is that of the comment at the top of the file.
 *
 * @param {string} url of the file @param {(values: object) => Promise<void>} main @param {object} options as for `parseArgs`
 */
export async function command(url, main, options = {}) {
  await script(url, async () => {
    const values = parsed(options);
    if (!(values instanceof Error)) return main(values);
    console.error(`${values.message}\n\n${usage(readFileSync(fileURLToPath(url), "utf8"))}`);
    process.exitCode = 2;
  });
}

function parsed(options) {
  try {
    return parseArgs({ options: { quick: { type: "boolean" }, ...options } }).values;
  } catch (error) {
    return error;
  }
}

/** The lines of the first comment that begin with `node`, without what follows `#`. */
export function usage(source) {
  const [comment] = source.split("*/");
  return [...comment.matchAll(/^ \* +(node [^#\n]*)/gm)].map(([, line]) => line.trimEnd()).join("\n");
}
