/**
 * Do exported models give the same embeddings in Python, and Python's here? Tunes all-MiniLM-L6-v2 in several ways, exports
 * each, loads it with sentence-transformers or PEFT, and the reverse with models that those saved. Fails where a number
 * differs by more than 1e-4.
 *
 *     node bench/export_check.mjs [--quick]     # needs the built package and all-MiniLM-L6-v2 (npm run build), and Python 3.11 or newer
 */
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative, sep } from "node:path";
import { createHost } from "../pkg/dist/host.js";
import { MODEL } from "../tools/model.mjs";
import { CACHE, ROOT, run, SetupError, step } from "../tools/shared.mjs";
import { QUICK, command } from "./speed/command.mjs";

const MOST = 1e-4;
const PYTHON = join(CACHE, "bench-python");
const INTERPRETER = join(PYTHON, "bin", "python");
const PACKAGES = ["torch==2.15.0", "sentence-transformers==6.2.0", "peft==0.21.2"];

const WORDS = ["key", "valve", "mast", "battery", "door", "branch", "leave", "note", "station", "team", "payment", "ring"];

/** Short and long, empty, in other scripts, with special tokens typed out, and beyond the 256 tokens of the model. */
const TEXTS = [
  ...WORDS.map((word) => `How do I rotate the ${word}?`),
  "", "a", "WHERE is the KEY?", "naïve Schlüssel, ﬁne ½ …", "ключ от двери", "鑰匙 在 哪裡", "🔑 door 👩‍👩‍👧", "a [SEP] b [CLS] [PAD] [MASK]",
  "tabs\tand\nnewlines   and spaces ", "don't re-tokenize: snake_case, 3.14 and https://example.org/?q=1", "x".repeat(150),
  "the valve is to the left of the door and the key is in the ring ".repeat(30),
];

/** What is exported: how it is trained, and as what. Learning rates are high, so that a wrong export could not pass for none. */
const ALL = {
  head: { train: { trainable: "head", learningRate: 1e-2 }, format: "sentence-transformers" },
  "head for queries": { train: { trainable: "head", towers: "query", learningRate: 1e-2 }, format: "sentence-transformers" },
  full: { train: { trainable: "full", learningRate: 1e-4 }, format: "sentence-transformers" },
  lora: { train: { trainable: "lora", learningRate: 1e-2 }, format: "sentence-transformers" },
  "lora for PEFT": { train: { trainable: "lora", learningRate: 1e-2 }, format: "peft" },
};
const OUT = QUICK ? { head: ALL.head } : ALL;

await command(import.meta.url, async () => {
  const work = await mkdtemp(join(tmpdir(), "nearmiss-export-"));
  try {
    await step(`installing ${PACKAGES.join(", ")}`, install);
    await writeFile(join(work, "texts.json"), JSON.stringify(TEXTS));
    const untuned = await rowsOf(async () => {});
    for (const [name, { train, format }] of Object.entries(OUT)) {
      await step(`exporting: ${name}`, () => exported(join(work, "out", name), train, format, untuned));
    }
    const results = {};
    await step("loading in Python", async () => void Object.assign(results, JSON.parse(await python("check", work))));
    await step("saving in Python", async () => void (await python("make", work)));
    for (const name of await readdir(join(work, "in"))) {
      await step(`importing: ${name}`, async () => {
        results[`from Python: ${name}`] = await imported(join(work, "in", name), untuned);
      });
    }
    report(results);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
});

async function install() {
  if (!existsSync(INTERPRETER)) await run("python3", ["-m", "venv", PYTHON]);
  await run(INTERPRETER, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...PACKAGES]);
}

async function python(task, work) {
  const output = await run(INTERPRETER, [join(ROOT, "bench/export_check.py"), task, work, MODEL]);
  return output.trim().split("\n").at(-1);
}

/** The rows of the texts as queries, with what `work` does to a fresh engine. */
async function rowsOf(work) {
  const host = await createHost({ model: MODEL, device: "cpu" });
  try {
    await work(host);
    return await host.call("encode", [TEXTS, "query"]);
  } finally {
    await host.dispose();
  }
}

async function exported(folder, train, format, untuned) {
  const rows = await rowsOf(async (host) => {
    await tune(host, train);
    for (const { path, bytes } of await host.call("exportFolder", [format])) {
      const file = join(folder, "model", path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, bytes);
    }
  });
  await writeFile(join(folder, "rows.f32"), rows);
  return moved(rows, untuned);
}

/** Trains on a few notes, and keeps the result whatever the verdict. */
async function tune(host, options) {
  const note = (word, at) => ({ id: word, title: "", text: `To rotate the ${word}, turn it ${at + 2} times to the left.` });
  await host.call("addDocuments", [WORDS.map(note)]);
  const judgment = (word, at) => ({
    query: `how is a ${word} turned`, document: word, relevant: true, split: at % 3 === 0 ? "held-out" : "train",
  });
  await host.call("addJudgments", [WORDS.map(judgment)]);
  await host.call("start", [{ kind: "train", options: { epochs: 4, batchSize: 4, ...options } }]);
  while ((await host.call("next", [])) !== null);
  await host.call("keep", []);
}

async function imported(folder, untuned) {
  const files = await readFiles(join(folder, "model"));
  const expected = await readFile(join(folder, "rows.f32"));
  const rows = await rowsOf((host) => host.call("importFolder", [files]));
  moved(rows, untuned);
  return difference(rows, new Float32Array(expected.buffer, expected.byteOffset, expected.byteLength / 4));
}

async function readFiles(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  const read = async (path) => ({
    path: relative(folder, path).split(sep).join("/"),
    bytes: new Uint8Array(await readFile(path)),
  });
  return Promise.all(paths.map(read));
}

function difference(rows, others) {
  if (rows.length !== others.length) return Infinity;
  return rows.reduce((most, value, at) => Math.max(most, Math.abs(value - others[at])), 0);
}

/** A tuning that moves nothing would prove nothing. */
function moved(rows, untuned) {
  const by = difference(rows, untuned);
  if (!(by > 10 * MOST)) throw new SetupError(`the tuned model differs from the original by only ${by}`);
  return `moved by ${by.toFixed(3)}`;
}

function report(results) {
  console.log(`\nLargest difference of a number in the embeddings of ${TEXTS.length} texts, at most ${MOST} allowed:`);
  for (const [name, worst] of Object.entries(results)) console.log(`${worst.toExponential(1).padStart(9)}  ${name}`);
  const expected = Object.keys(OUT).length + 3;
  const count = Object.keys(results).length;
  if (count !== expected) throw new SetupError(`${count} of ${expected} models were compared`);
  const wrong = Object.keys(results).filter((name) => !(results[name] <= MOST));
  if (wrong.length > 0) throw new SetupError(`not the same embeddings: ${wrong.join(", ")}`);
}
