/** Runs the command as a function over the fake engine, in a folder of its own. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { after } from "node:test";
import { main } from "../../pkg/dist/cli/main.js";
import { fake } from "./fake-engine.mjs";

export const line = (object) => `${JSON.stringify(object)}\n`;

const FILES = {
  "config.json": "{}",
  "tokenizer.json": "{}",
  "model.safetensors": "weights",
  "corpus.jsonl": line({ _id: "a", title: "River", text: "rowing" }) + line({ _id: "b", title: "Stone", text: "arises" }),
  "queries.jsonl": line({ _id: "1", text: "boats" }) + line({ _id: "2", text: "rocks" }) + line({ _id: "3", text: "rocks" }),
  "qrels.train.tsv": "1\ta\t1\n2\tb\t0\n",
  "qrels.tsv": "3\tb\t2\n",
};

/** A folder that is model and data at once, with these files besides or instead. */
export async function workspace(files = {}) {
  const folder = await mkdtemp(join(tmpdir(), "nearmiss-command-"));
  after(() => rm(folder, { recursive: true }));
  for (const [name, content] of Object.entries({ ...FILES, ...files })) await writeFile(join(folder, name), content);
  return folder;
}

export function sink() {
  const stream = new Writable({ write: (chunk, _, done) => ((stream.text += chunk), done()) });
  return Object.assign(stream, { text: "" });
}

/** Runs the command; `engine` is the one it used. */
export async function run(argv, { script = {}, stdin = "", signal = new AbortController().signal, spawn } = {}) {
  const { engines, seams } = fake(script);
  const [stdout, stderr] = [sink(), sink()];
  const io = { stdin: Readable.from([Buffer.from(stdin)]), stdout, stderr, signal, seams, ...(spawn ? { spawn } : {}) };
  const status = await main(argv, io);
  return { status, out: stdout.text, err: stderr.text, engine: engines[0] };
}

export async function json(argv, options) {
  const { status, out, err } = await run([...argv, "--json"], options);
  assert.equal(status, 0, err);
  assert.equal(out.trimEnd().split("\n").length, 1, "one line and nothing else");
  return JSON.parse(out);
}
