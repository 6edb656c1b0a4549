/**
 * Makes the compact model that ships in the package: `pkg/models/compact`, from all-MiniLM-L6-v2 and plain text.
 * What it does and how long it takes stands in tools/distill/README.md.
 *
 *     node tools/distill.mjs [--quick] [--check] [--out FOLDER]   # needs Python 3.11 and ../shared/data
 *
 * `--check` makes it into a folder of its own and says whether it came out as the one that is checked in.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ensureModel, MODEL } from "./model.mjs";
import { CACHE, ROOT, run, script, SetupError, step } from "./shared.mjs";

const RECIPE = join(ROOT, "tools/distill");
const MADE = join(ROOT, "pkg/models/compact");
const DATA = join(ROOT, "../shared/data");
const REQUIREMENTS = join(RECIPE, "requirements.txt");
/** Other versions are another environment: named by the hash of what it holds. */
const PYTHON = join(CACHE, `distill-python-${createHash("sha256").update(readFileSync(REQUIREMENTS)).digest("hex").slice(0, 12)}`);
const INTERPRETER = join(PYTHON, "bin", "python");
/** Written when everything is installed: an environment holds paths to itself and cannot be moved into place. */
const WHOLE = join(PYTHON, "whole");
const FILES = ["config.json", "tokenizer.json", "model.safetensors", "1_Pooling/config.json", "sentence_bert_config.json", "modules.json"];

await script(import.meta.url, async () => {
  const { values } = parseArgs({ options: { quick: { type: "boolean" }, check: { type: "boolean" }, out: { type: "string" } } });
  if (!existsSync(DATA)) throw new SetupError(`${DATA} is missing: the collections whose documents are read`);
  const elsewhere = values.check || values.quick;
  const out = values.out ?? (elsewhere ? await mkdtemp(join(tmpdir(), "nearmiss-compact-")) : MADE);
  await step("teacher", ensureModel);
  await step("python", ensurePython);
  const places = ["--model", MODEL, "--data", DATA, "--work", join(CACHE, "distill"), "--out", out];
  await run(INTERPRETER, [RECIPE, ...places, ...(values.quick ? ["--quick"] : [])], { show: true });
  console.log(`The model is in ${out}.`);
  if (values.check) await compare(out);
});

/** An environment of its own, with exactly these versions; whole, or not there at all. @returns {Promise<string>} */
async function ensurePython() {
  if (existsSync(WHOLE)) return "cached";
  await rm(PYTHON, { recursive: true, force: true });
  await run("python3", ["-m", "venv", PYTHON]);
  await run(INTERPRETER, ["-m", "pip", "install", "--quiet", "-r", REQUIREMENTS]);
  await writeFile(WHOLE, "");
  return "installed";
}

async function compare(folder) {
  const hash = async (path) => createHash("sha256").update(await readFile(path)).digest("hex");
  const others = [];
  for (const name of FILES) if ((await hash(join(folder, name))) !== (await hash(join(MADE, name)))) others.push(name);
  if (others.length) throw new SetupError(`not as checked in: ${others.join(", ")}. Another processor sums in another order; bench/compact.mjs tells whether it is as good.`);
  console.log("Every file is as checked in, bit for bit.");
}
