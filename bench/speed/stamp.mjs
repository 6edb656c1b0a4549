/** What a result was measured on: the commit, the wasm modules, the machine, the adapter. Without it a date says nothing. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { ask, ROOT } from "../../tools/shared.mjs";

/** As it was before the benchmark itself put the machine to work. */
const [LOAD] = loadavg();

/** The short commit; `+changes` where the tree holds what is not in it. Results of other tables are no change of what is measured. */
export function commit() {
  const short = ask("git", ["rev-parse", "--short", "HEAD"]);
  if (short === null) return "no git";
  return ask("git", ["status", "--porcelain", "--", ".", ":!bench/results"]) ? `${short}+changes` : short;
}

/** @param {string} name of a build @returns {string} `cpu 0123456789ab (0.90 MB)`: SHA-256, shortened, and the size as brotli */
export function module(name) {
  const folder = join(ROOT, "pkg/wasm", name);
  const bytes = readFileSync(join(folder, "nearmiss_bg.wasm"));
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  return `${name} ${hash} (${(packed(folder, bytes) / 1e6).toFixed(2)} MB)`;
}

/** The build wrote it down; for a module that came from elsewhere it is compressed again, which takes long. */
function packed(folder, bytes) {
  const record = join(folder, "build.json");
  const sizes = existsSync(record) ? JSON.parse(readFileSync(record, "utf8")).sizes : null;
  return sizes?.raw === bytes.length ? sizes.brotli : brotliCompressSync(bytes).length;
}

export function machine() {
  const gigabytes = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} × ${cpus()[0]?.model ?? "unknown"}, ${gigabytes} GB, load ${LOAD.toFixed(1)} before it began`;
}

/** One sentence. @param {{ modules: string[], adapter?: string }} used */
export function stamp({ modules, adapter }) {
  const wasm = modules.length > 0 ? `; wasm, SHA-256 and brotli: ${modules.map(module).join(", ")}` : "; no wasm";
  return `Commit ${commit()}${wasm}${adapter ? `. Adapter: ${adapter}` : ""}.`;
}
