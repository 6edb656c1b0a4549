/** Encoding with weights in eight bits, in wasm: near the embeddings in floats, never mixed with them, and trained on like them. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Nearmiss } from "../../pkg/dist/index.js";

const CLI = fileURLToPath(new URL("../../pkg/dist/cli.js", import.meta.url));
const WORDS = ["key", "valve", "mast", "battery", "door", "branch", "station", "team"];
const TEXTS = [...WORDS.map((word) => `To rotate the ${word}, turn it three times.`), "", "A last note, which is longer than the others are because it goes on and on, past the end of every line."];

const open = (precision) => Nearmiss.create({ device: "cpu", worker: false, ...(precision && { precision }) });

function cosines(a, b, dimensions) {
  const dot = (at) => a.subarray(at, at + dimensions).reduce((sum, x, i) => sum + x * b[at + i], 0);
  return Array.from({ length: a.length / dimensions }, (_, row) => dot(row * dimensions));
}

test("embeddings are near those in floats, and belong to a model of another fingerprint", async () => {
  const [floats, bytes] = await Promise.all([open(), open("int8")]);
  assert.deepEqual([floats.model.precision, bytes.model.precision], ["float32", "int8"]);
  assert.notEqual(floats.model.fingerprint, bytes.model.fingerprint);
  const [expected, got] = [await floats.encode(TEXTS), await bytes.encode(TEXTS)];
  assert.notDeepEqual(got, expected);
  for (const cosine of cosines(expected, got, floats.model.dimensions)) assert.ok(cosine > 0.9995 && cosine < 1.0001, `${cosine}`);
  const [alone] = [await bytes.encode([TEXTS[3]])];
  assert.deepEqual(alone, got.slice(3 * bytes.model.dimensions, 4 * bytes.model.dimensions), "no other text of a batch shows");
  await Promise.all([floats.dispose(), bytes.dispose()]);
});

test("a head and a layer are trained on them, and what was trained encodes in eight bits too", async () => {
  const nm = await open("int8");
  await nm.documents.add(WORDS.map((word, at) => ({ id: word, text: TEXTS[at] })));
  await nm.judgments.add(WORDS.map((word, at) => ({ query: `how do i turn a ${word}?`, document: WORDS[(at + 1) % WORDS.length], relevant: true, split: at % 2 ? "held-out" : "train" })));
  for (const trainable of ["head", "layers:1"]) {
    const before = await nm.encode(["turn"], { as: "query" });
    for await (const event of nm.train({ trainable, epochs: 4, learningRate: 0.01 })) if (event.type === "verdict") assert.ok(event.summary);
    await nm.keep();
    assert.notDeepEqual(await nm.encode(["turn"], { as: "query" }), before);
    assert.equal(nm.model.precision, "int8");
    assert.equal((await nm.search("turn the key")).length, WORDS.length);
  }
  await nm.dispose();
});

test("what is neither is refused", async () => {
  await assert.rejects(open("int4"), { code: "INPUT_INVALID", message: /precision.*float32.*int8/ });
});

test("the command encodes with either, in threads too, and never takes one for the other from its cache", async () => {
  const folder = await mkdtemp(join(tmpdir(), "nearmiss-precision-"));
  const lines = TEXTS.map((text) => `${JSON.stringify({ text })}\n`).join("");
  const run = (...more) =>
    new Promise((done, fail) => {
      const child = execFile(process.execPath, [CLI, "encode", "--cache", folder, ...more], { maxBuffer: 2 ** 24 }, (error, out) => (error ? fail(error) : done(out)));
      child.stdin.end(lines);
    });
  try {
    const floats = await run();
    const bytes = await run("--precision", "int8");
    assert.notEqual(bytes, floats);
    assert.equal(await run("--precision", "int8"), bytes, "from the cache");
    assert.equal(await run("--precision", "int8", "--workers", "2", "--cache", join(folder, "other")), bytes);
  } finally {
    await rm(folder, { recursive: true });
  }
});
