/** Training's options, checkpoints and folders through the facade, over a fake engine: what crosses, and what is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createHost } from "../../pkg/dist/host.js";
import { Nearmiss, NearmissError } from "../../pkg/dist/index.js";
import { transferables } from "../../pkg/dist/protocol.js";
import { serve } from "../../pkg/dist/serve.js";
import { fake, FILES, until } from "./fake-engine.mjs";

const DOCUMENTS = [{ id: "a", text: "rowing on the river" }, { id: "b", text: "a stone" }];

/** `started`: the options of every training that reached the engine. */
async function open(script = {}) {
  const started = [];
  const before = (method, args) => { if (method === "start" && args[0].kind === "train") started.push(args[0].options); };
  const { engines, seams } = fake({ before, ...script });
  const nm = Nearmiss.over(await createHost({ model: FILES }, seams));
  await nm.documents.add(DOCUMENTS);
  await nm.judgments.add({ query: "row", document: "a", relevant: true });
  return { nm, engine: engines[0], started };
}

const invalid = (message) => (error) => {
  assert.ok(error instanceof NearmissError, `a NearmissError, not ${error}`);
  assert.equal(error.code, "INPUT_INVALID", error.message);
  assert.match(error.message, message);
  return true;
};

async function collect(run) {
  const events = [];
  for await (const event of run) events.push(event);
  return events;
}

/** The first checkpoint of a training that is then given up. */
async function checkpoint(nm, options = {}) {
  for await (const event of nm.train({ checkpointEvery: 2, ...options })) if (event.type === "checkpoint") return event;
}

test("every option of training reaches the engine under its name, its value untouched", async () => {
  const { nm, started } = await open();
  const options = {
    loss: "triplet", trainable: "layers:2", lora: { rank: 4, alpha: 8, targets: ["query", "inner"], layers: 1 }, towers: "query",
    epochs: 2, batchSize: 4, accumulate: 2, memoryBudget: 1e8, learningRate: 0.1, warmup: 0.2, schedule: "cosine", maxGradNorm: null,
    margin: 0.2, distance: "euclidean", scale: 20, additiveMargin: 0.1, falseNegativeMargin: null, numNegatives: 2, weightDecay: 0,
    anchor: 0.1, dropout: 0.1, augment: { wordDropout: 0.1, crop: 0.2, typos: 0.05, synonyms: 0.1, table: [["car", "automobile"]] },
    average: "ema", runs: 2, devShare: 0.1, evaluateEvery: 5, patience: 2, checkpointEvery: 7, seed: 1,
  };
  await collect(nm.train(options));
  assert.deepEqual(started, [options]);
});

test("shapes that the engine could not name are refused here, with place and field", async () => {
  const { nm, started } = await open();
  for (const [options, message] of [
    [{ trainable: "layers:0" }, /options\.trainable: must be .*"layers:n".*not "layers:0"/],
    [{ trainable: "layers:" }, /options\.trainable/],
    [{ trainable: "layers:2x" }, /options\.trainable/],
    [{ trainable: "layers" }, /options\.trainable/],
    [{ trainable: 2 }, /options\.trainable: .*not 2/],
    [{ lora: 8 }, /options\.lora: must be an object/],
    [{ lora: { ranks: 8 } }, /options\.lora\.ranks: there is no such option; there are rank, alpha, targets, layers/],
    [{ lora: { targets: "query" } }, /options\.lora\.targets: must be a list/],
    [{ lora: { targets: ["query", 3] } }, /options\.lora\.targets\[1\]/],
    [{ augment: true }, /options\.augment: must be an object/],
    [{ augment: { typo: 0.1 } }, /options\.augment\.typo/],
    [{ augment: { table: [["a"], "b"] } }, /options\.augment\.table\[1\]: must be a list/],
    [{ augment: { table: [["a", 1]] } }, /options\.augment\.table\[0\]\[1\]/],
  ]) {
    await assert.rejects(nm.train(options).next(), invalid(message), JSON.stringify(options));
  }
  assert.deepEqual(started, []);
  for (const trainable of ["head", "lora", "layers:1", "layers:12", "full"]) await collect(nm.train({ trainable }));
  assert.equal(started.length, 5);
});

test("a training goes on from a checkpoint, with nothing but its bytes, also in another instance", async () => {
  const first = await open();
  const { step, bytes } = await checkpoint(first.nm, { epochs: 2 });
  assert.equal(step, 2);
  assert.equal(first.engine.weights, "original", "what was given up left nothing behind");
  const { nm, started, engine } = await open();
  const events = await collect(nm.train({ resume: bytes, signal: new AbortController().signal }));
  assert.deepEqual(events.map(({ type, step }) => [type, step]).slice(0, -1), [["step", 3]]);
  assert.equal(engine.weights, "tuned");
  assert.deepEqual(started, [{ resume: bytes }]);
  assert.ok(bytes.length > 0, "the caller's bytes stay usable");
});

test("resume goes with no other option, and says which", async () => {
  const { nm, started } = await open();
  const resume = new Uint8Array([1]);
  for (const [options, message] of [
    [{ resume: "checkpoint" }, /options\.resume: must be the bytes of a checkpoint, a Uint8Array, not "checkpoint"/],
    [{ resume: resume.buffer }, /options\.resume/],
    [{ resume: null }, /options\.resume: .*not null/],
    [{ resume, epochs: 3 }, /options\.epochs: does not go with options\.resume/],
    [{ resume, seed: 0 }, /options\.seed/],
    [{ resume, checkpointEvery: 4 }, /options\.checkpointEvery/],
    [{ resume, mining: { rangeMin: 2 } }, /options\.mining\.rangeMin/],
    [{ resume, mining: { teacher: () => [], rangeMin: 2 } }, /options\.mining\.rangeMin/],
    [{ resume, mining: { teacher: "maxsim" } }, /options\.mining\.teacher: .*Only a function/],
    [{ resume, epoch: 1 }, /options\.epoch: there is no such option/],
  ]) {
    await assert.rejects(nm.train(options).next(), invalid(message), message.source);
  }
  assert.deepEqual(started, []);
});

test("a teacher that is a function is given again; without it the run says that it is missing", async () => {
  const asked = [];
  const teacher = (query, documents) => (asked.push(query), documents.map(() => 0));
  const { nm, started } = await open();
  const { bytes } = await checkpoint(nm, { mining: { teacher } });
  asked.length = 0;
  await collect(nm.train({ resume: bytes, mining: { teacher } }));
  assert.deepEqual(asked, ["row"]);
  assert.deepEqual(started.at(-1), { resume: bytes });
  await assert.rejects(collect(nm.train({ resume: bytes })), invalid(/options\.mining\.teacher: .*give it again beside resume/));
  await nm.mine();
});

test("export: one file or a folder, by format", async () => {
  const { nm } = await open();
  await collect(nm.train());
  const decode = (bytes) => new TextDecoder().decode(bytes);
  assert.equal(decode(await nm.export()), "tuned");
  assert.equal(decode(await nm.export("safetensors")), "tuned");
  for (const [format, paths] of [
    ["sentence-transformers", ["1_Pooling/config.json", "model.safetensors"]],
    ["peft", ["adapter_config.json", "adapter_model.safetensors"]],
  ]) {
    const files = await nm.export(format);
    assert.deepEqual(files.map(({ path }) => path), paths);
    assert.equal(decode(files[1].bytes), "tuned");
  }
  for (const format of ["onnx", null, ["peft"]]) await assert.rejects(nm.export(format), invalid(/format: must be "safetensors" or/));
});

test("import: bytes, the files of a folder, or bytes by path; documents are encoded anew", async () => {
  const content = (text) => new TextEncoder().encode(text);
  for (const [input, weights, method] of [
    [content("one"), "one", "import"],
    [content("two").buffer, "two", "import"],
    [new Blob([content("three")]), "three", "import"],
    [[{ path: "config.json", bytes: content("{}") }, { path: "model.safetensors", bytes: content("four") }], "four", "importFolder"],
    [{ "config.json": new Blob(["{}"]), "model.safetensors": content("five").buffer }, "five", "importFolder"],
  ]) {
    const { nm, engine } = await open();
    await nm.import(input);
    assert.equal(nm.model.fingerprint, weights);
    assert.ok(engine.log.lastIndexOf("start") > engine.log.indexOf(method), "an index job follows");
  }
  const { nm } = await open();
  await nm.import({ "model.safetensors": content("six") });
  await nm.import(await nm.export("sentence-transformers"));
  assert.equal(nm.model.fingerprint, "six", "what was exported comes back");
});

test("import refuses what is neither, and names the file", async () => {
  const { nm, engine } = await open();
  const file = { path: "a", bytes: new Uint8Array(1) };
  const known = engine.log.length;
  for (const [input, message] of [
    ["model.safetensors", /input: must be the bytes of a file, or the files of a folder/],
    [null, /input/],
    [new Float32Array(2), /input/],
    [[], /input: must hold at least one file/],
    [{}, /input: must hold at least one file/],
    [[file, null], /input\[1\]: must be an object/],
    [[{ ...file, path: "" }], /input\[0\]\.path/],
    [[{ ...file, bytes: "text" }], /input\[0\]\.bytes: must be a Uint8Array/],
    [[file, file], /input: holds "a" twice/],
    [{ a: 3 }, /input\["a"\]: must be a Uint8Array/],
  ]) {
    await assert.rejects(nm.import(input), invalid(message), message.source);
  }
  assert.equal(engine.log.length, known, "nothing of it reached the engine");
});

test("checkpoints and folders leave the worker without a copy", async () => {
  const sent = [];
  const scope = { postMessage: (message, transfer) => sent.push({ message, transfer }), addEventListener: (_, f) => (scope.receive = f) };
  const { seams } = fake();
  serve(scope, (options) => createHost(options, seams));
  const ask = (id, work) => {
    scope.receive({ data: { id, ...work } });
    return until(() => sent.some(({ message }) => message.id === id));
  };
  await ask(1, { create: { model: FILES } });
  await ask(2, { method: "start", args: [{ kind: "train", options: { checkpointEvery: 1 } }] });
  await ask(3, { method: "next", args: [] });
  await ask(4, { method: "next", args: [] });
  const { message, transfer } = sent.find(({ message }) => message.id === 4);
  assert.equal(message.result.type, "checkpoint");
  assert.deepEqual(transfer, [message.result.bytes.buffer]);
  await ask(5, { method: "exportFolder", args: ["peft"] });
  assert.deepEqual(sent.at(-1).transfer, sent.at(-1).message.result.map(({ bytes }) => bytes.buffer));
});

test("only arrays that fill their buffer are transferred, and each buffer once", () => {
  const whole = new Uint8Array(4);
  const part = new Uint8Array(new ArrayBuffer(8), 2, 4);
  assert.deepEqual(transferables([{ path: "a", bytes: whole }, { path: "b", bytes: part }, { path: "c", bytes: whole }]), [whole.buffer]);
  assert.deepEqual(transferables(whole), [whole.buffer]);
  for (const value of [null, "text", 3, [], ["text"], [null], { a: null }]) assert.deepEqual(transferables(value), []);
});
