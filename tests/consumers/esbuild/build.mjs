import { cp } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** esbuild follows no `new URL(…, import.meta.url)`: the worker is an entry of its own, and files lie one folder above the scripts. */
export const options = {
  entryPoints: { main: "main.js", worker: "nearmiss/worker" },
  bundle: true,
  format: "esm",
  splitting: true,
  minify: true,
  outdir: "out/js",
};

const PACKAGE = dirname(fileURLToPath(import.meta.resolve("nearmiss/package.json")));

export async function copyFiles(out) {
  for (const folder of ["wasm", "models"]) await cp(join(PACKAGE, folder), join(out, folder), { recursive: true });
}
