/** The commands over a fake engine: what they print where, what they write, and how they fail. */
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { test } from "node:test";
import { main } from "../../pkg/dist/cli/main.js";
import { json, line, run, sink, workspace } from "./command-harness.mjs";
import { coded, deferred, embed, fake } from "./fake-engine.mjs";

const folder = await workspace();
const WHERE = ["--model", folder, "--data", folder];

test("evaluate --json prints the promised object, and progress goes to standard error", async () => {
  const result = await json(["evaluate", ...WHERE, "--split", "test"]);
  assert.deepEqual(result.metrics, { "ndcg@10": 0.5, "mrr@10": 0.4, "recall@100": 0.9, "precision@1": 0.3 });
  assert.equal(result.queries, 1);
  assert.equal(result.documents, 2);
  assert.equal(result.device.kind, "cpu");
  assert.equal(result.model.dimensions, 8);
  assert.ok(result.elapsedMs >= 0 && result.peakMemoryBytes > 1e7);
  const { out, err } = await run(["evaluate", ...WHERE, "--split", "test"]);
  assert.match(out, /ndcg@10 +0\.5000/);
  assert.match(err, /encoding documents: 100 %/);
});

test("lexical search encodes nothing", async () => {
  const { engine } = await run(["evaluate", ...WHERE, "--split", "test", "--mode", "lexical"]);
  assert.equal(engine.unencoded().length, 2);
  assert.equal(engine.freed, true);
});

test("train --json: before and after on the split, shared queries left out, report and weights written", async () => {
  const out = join(folder, "out");
  const result = await json(["train", ...WHERE, "--train-split", "train", "--split", "test", "--batch-size", "4", "--out", out]);
  assert.equal(result.before["ndcg@10"], 0.5);
  assert.equal(result.after["ndcg@10"], 0.6);
  assert.equal(result.verdict.outcome, "better");
  assert.equal(result.examples, 2);
  assert.equal(result.leftOut, 1, '"rocks" is also measured');
  assert.deepEqual(result.settings, { batchSize: 4 });
  assert.equal(await readFile(join(out, "adapter.safetensors"), "utf8"), "tuned");
  const report = JSON.parse(await readFile(join(out, "report.json"), "utf8"));
  assert.deepEqual(report.training.map(({ step }) => step), [1, 2, 3]);
  assert.deepEqual((await readdir(out)).sort(), ["adapter.safetensors", "report.json"]);
});

test("weights that were rolled back are not written", async () => {
  const out = join(folder, "worse");
  await json(["train", ...WHERE, "--train-split", "train", "--split", "test", "--seed", "13", "--out", out]);
  assert.deepEqual(await readdir(out), ["report.json"]);
});

test("train refuses one split for both sides", async () => {
  const { status, err } = await run(["train", ...WHERE, "--train-split", "test", "--split", "test"]);
  assert.equal(status, 2);
  assert.match(err, /must differ/);
});

test("search prints hits, best first", async () => {
  const { out } = await run(["search", ...WHERE, "rowing on a river", "-k", "1"]);
  assert.match(out, /^ +1 +\d\.\d{4} +a +River\n$/);
  assert.equal((await json(["search", ...WHERE, "river"])).hits[0].id, "a");
});

test("encode: a line in, a line out, in order; --as reaches the engine", async () => {
  const towers = new Set();
  const script = { before: (method, args) => { if (method === "encode") towers.add(args[1]); } };
  const texts = Array.from({ length: 600 }, (_, at) => "aeio".repeat(at % 7) + at);
  const { out } = await run(["encode", "--model", folder, "--as", "query"], { stdin: texts.map((text) => line({ text })).join(""), script });
  const rows = out.trimEnd().split("\n").map((row) => JSON.parse(row).embedding);
  assert.equal(rows.length, 600);
  texts.forEach((text, at) => assert.deepEqual(Float32Array.from(rows[at]), embed(text)));
  assert.deepEqual([...towers], ["query"]);
  assert.equal((await json(["encode", "--model", folder], { stdin: line({ text: "a" }) })).embeddings.length, 1);
  const bad = await run(["encode", "--model", folder], { stdin: line({ text: "a" }) + line({ txt: "b" }) });
  assert.deepEqual([bad.status, bad.err.trim()], [1, 'INPUT_INVALID: standard input, line 2: must be {"text": "…"}']);
});

test("--cache: the second run encodes nothing; a damaged file is reported, rebuilt and used again", async () => {
  const cache = join(folder, "cache");
  const argv = ["evaluate", ...WHERE, "--split", "test", "--cache", cache];
  const encoded = ({ err }) => /encoding documents/.test(err);
  assert.equal(encoded(await run(argv)), true);
  const path = join(cache, "original.vectors");
  const intact = await readFile(path);
  assert.equal(encoded(await run(argv)), false);
  const flipped = Buffer.from(intact);
  flipped[30] ^= 1;
  for (const damaged of [flipped, intact.subarray(0, 40), Buffer.from("nothing"), Buffer.alloc(0)]) {
    await writeFile(path, damaged);
    const result = await run(argv);
    assert.equal(result.status, 0);
    assert.match(result.err, /^STORAGE_CORRUPT: .*original\.vectors/);
    assert.equal(encoded(result), true);
    assert.deepEqual(await readFile(path), intact);
  }
  assert.deepEqual(await readdir(cache), ["original.vectors"], "no half-written files");
});

test("--cache for encode: what was encoded once is not encoded again", async () => {
  const calls = [];
  const script = { before: (method, args) => { if (method === "encode") calls.push(args[0]); } };
  const argv = ["encode", "--model", folder, "--cache", join(folder, "encode-cache")];
  const first = await run(argv, { stdin: line({ text: "one" }) + line({ text: "two" }) + line({ text: "one" }), script });
  const second = await run(argv, { stdin: line({ text: "two" }) + line({ text: "three" }), script });
  assert.deepEqual(calls, [["one", "two"], ["three"]]);
  assert.equal(second.out.split("\n")[0], first.out.split("\n")[1]);
});

test("a cache that cannot be written costs a warning, not the result", async () => {
  const { status, err } = await run(["evaluate", ...WHERE, "--split", "test", "--cache", join(folder, "corpus.jsonl")]);
  assert.equal(status, 0);
  assert.match(err, /STORAGE_QUOTA: .*could not be written/);
});

/** A thread that answers after a turn of the event loop; `fail` makes it end instead. */
function thread({ fingerprint = "original", fail = false, log = [] } = {}) {
  const events = new EventEmitter();
  const reply = (message) => setImmediate(() => events.emit("message", message));
  reply({ ready: fingerprint });
  return Object.assign(events, {
    terminate: async () => log.push("terminate"),
    postMessage({ method, texts }) {
      log.push(`${method} ${texts.length}`);
      if (fail) return setImmediate(() => events.emit("exit", 1));
      reply({ vectors: Float32Array.from(texts.flatMap((text) => [...embed(text)])) });
    },
  });
}

test("--workers: threads encode, the engine takes their vectors, and they are ended", async () => {
  const log = [];
  const { status, err, engine } = await run(["evaluate", ...WHERE, "--split", "test", "--workers", "2"], { spawn: () => thread({ log }) });
  assert.equal(status, 0, err);
  assert.deepEqual(log, ["encodeBase 2", "terminate", "terminate"]);
  assert.equal(engine.unencoded().length, 0);
  assert.ok(engine.log.indexOf("putVectors") < engine.log.indexOf("start"), "before the index job, which finds nothing to do");
  const { out } = await run(["encode", "--model", folder, "--workers", "2"], { stdin: line({ text: "tor" }), spawn: () => thread() });
  assert.deepEqual(Float32Array.from(JSON.parse(out).embedding), embed("tor"));
});

test("--workers: a thread that ends, or has another model, is an error and the others are ended", async () => {
  for (const [setup, message] of [[{ fail: true }, /ended with status 1/], [{ fingerprint: "other" }, /another model/]]) {
    const log = [];
    const result = await run(["evaluate", ...WHERE, "--split", "test", "--workers", "2"], { spawn: () => thread({ ...setup, log }) });
    assert.equal(result.status, 1);
    assert.match(result.err, message);
    assert.equal(log.filter((entry) => entry === "terminate").length, 2);
  }
});

test("Ctrl-C cancels the job, keeps what was encoded, and exits with 130", async () => {
  const controller = new AbortController();
  const cache = join(folder, "partial");
  const { engine, status, err, out } = await run(["evaluate", ...WHERE, "--split", "test", "--cache", cache], {
    signal: controller.signal,
    script: { before: (method) => { if (method === "next") controller.abort(); } },
  });
  assert.deepEqual([status, out], [130, ""]);
  assert.match(err, /ABORTED: cancelled\n$/);
  assert.ok(engine.log.includes("cancel"));
  assert.equal(engine.freed, true);
  assert.deepEqual(await readdir(cache), ["original.vectors"]);
});

test("Ctrl-C while standard input is silent ends the command", async () => {
  const controller = new AbortController();
  const waiting = deferred();
  const stdin = new Readable({ read: () => waiting.resolve() });
  const [stdout, stderr] = [sink(), sink()];
  const ended = main(["encode", "--model", folder], { stdin, stdout, stderr, signal: controller.signal, seams: fake().seams });
  await waiting.promise;
  controller.abort();
  assert.equal(await ended, 130);
  assert.equal(stderr.text, "ABORTED: cancelled\n");
});

test("failures print code and message", async () => {
  const broken = await run(["evaluate", ...WHERE, "--split", "test"], { script: { create: () => { throw coded("MODEL_INVALID", "config.json: no hidden_size"); } } });
  assert.deepEqual([broken.status, broken.out], [1, ""]);
  assert.match(broken.err, /^MODEL_INVALID: config\.json: no hidden_size\. Use the whole folder .*\n$/);
  for (const [words, message] of [
    [["--rerank", "cross-encoder"], /--rerank must be maxsim/],
    [["--stages", "dense"], /--stages must be a JSON list/],
    [["--stages", "[]", "--mode", "dense"], /do not go beside it/],
    [["--filter", "[1]"], /--filter must be a JSON object/],
  ]) {
    const wrong = await run(["search", ...WHERE, "q", ...words]);
    assert.equal(wrong.status, 2);
    assert.match(wrong.err, message);
  }
  const adapter = await run(["search", ...WHERE, "q", "--adapter", join(folder, "none")]);
  assert.equal(adapter.status, 1);
  assert.match(adapter.err, /^INPUT_INVALID: --adapter: .*none/);
});
