/** The same runs through the command, that is through the WebAssembly build: needs `npm run build`. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { MODEL } from "../../tools/model.mjs";
import { ROOT } from "../../tools/shared.mjs";

const CLI = join(ROOT, "pkg/dist/cli.js");

/** Is the package built? */
export const built = () => existsSync(CLI);

/** A head with the command's defaults, in a process of its own, so that its peak memory is its own. */
export async function trainWithCommand(data) {
  const args = [CLI, "train", "--model", MODEL, "--data", data, "--train-split", "train", "--split", "test", "--json"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { maxBuffer: 64 << 20 });
  return JSON.parse(stdout);
}
