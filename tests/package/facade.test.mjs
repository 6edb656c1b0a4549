/** The class that applications use, over a fake engine: order, abort, pausing, disposal, what it refuses. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createHost } from "../../pkg/dist/host.js";
import { Nearmiss, NearmissError } from "../../pkg/dist/index.js";
import { coded, deferred, embed, fake, FILES, until } from "./fake-engine.mjs";

const DOCUMENTS = [
  { id: "a", title: "Keys", text: "how to rotate the signing key" },
  { id: "b", title: "Boats", text: "rowing on the river" },
];

async function open(script) {
  const { engines, seams } = fake(script);
  const nm = Nearmiss.over(await createHost({ model: FILES }, seams));
  return { nm, engine: engines[0] };
}

const code = (name, message = /./) => (error) => {
  assert.ok(error instanceof NearmissError, `a NearmissError, not ${error}`);
  assert.equal(error.code, name, error.message);
  assert.match(error.message, message);
  return true;
};

const reached = (engine, method) => until(() => engine.log.includes(method));

test("the story: add, search, judge, mine, train, evaluate, export", async () => {
  const { nm } = await open();
  assert.equal(nm.device.kind, "cpu");
  assert.match(nm.device.reason, /no WebGPU/);
  assert.deepEqual(await nm.documents.add(DOCUMENTS), { added: 2, updated: 0, unchanged: 0, total: 2 });
  assert.equal((await nm.search("signing key", { k: 1 }))[0].id, "a");
  assert.deepEqual(await nm.judgments.add({ query: "signing key", document: "a", relevant: true }), { total: 1 });
  assert.equal((await nm.mine({ numNegatives: 2 })).examples[0].positive, "a");
  const types = [];
  for await (const event of nm.train()) types.push(event.type);
  assert.deepEqual(types, ["step", "step", "step", "verdict"]);
  assert.equal(nm.model.fingerprint, "tuned");
  assert.deepEqual(Object.keys(await nm.evaluate()), ["before", "after", "queries", "verdict"]);
  assert.equal(new TextDecoder().decode(await nm.export("safetensors")), "tuned");
  await nm.rollback();
  assert.equal(nm.model.fingerprint, "original");
  await nm.dispose();
});

test("calls made at once run one after the other, in order", async () => {
  const { nm, engine } = await open();
  await Promise.all([nm.documents.add(DOCUMENTS[0]), nm.search("x"), nm.documents.add(DOCUMENTS[1]), nm.encode(["y"])]);
  assert.equal((await nm.documents.list()).length, 2);
  assert.ok(engine.log.indexOf("search") < engine.log.lastIndexOf("addDocuments"), "the second index job waited for the first");
});

test("encode gives rows in the order of its texts, whatever their lengths", async () => {
  const { nm } = await open();
  const texts = Array.from({ length: 70 }, (_, at) => "aeio".repeat((at * 7) % 11) + "rst"[at % 3]);
  const rows = await nm.encode(texts, { as: "query" });
  texts.forEach((text, at) => assert.deepEqual(rows.subarray(at * 8, at * 8 + 8), embed(text)));
  assert.equal((await nm.encode([])).length, 0);
});

test("training pauses when nobody pulls, and search runs in between", async () => {
  const { nm, engine } = await open({ steps: 5 });
  await nm.documents.add(DOCUMENTS);
  const run = nm.train();
  await run.next();
  const pulled = engine.log.length;
  assert.equal((await nm.search("river")).length, 2);
  assert.deepEqual(engine.log.slice(pulled), ["search"], "nothing but the search happened while paused");
  assert.equal(engine.weights, "step 1");
  assert.equal((await run.next()).value.step, 2);
  await run.return();
});

for (const [how, leave] of Object.entries({
  "return()": (run) => run.return(),
  "break": async (run) => {
    for await (const _ of run) break;
  },
  "throw()": (run) => assert.rejects(run.throw(new Error("mine")), /mine/),
})) {
  test(`${how} cancels training and leaves the weights before it`, async () => {
    const { nm, engine } = await open();
    const run = nm.train();
    await run.next();
    await leave(run);
    assert.equal(engine.weights, "original");
    assert.equal(engine.log.at(-1), "cancel");
    await nm.mine();
  });
}

test("leaving the loop at the verdict keeps what was achieved", async () => {
  const { nm, engine } = await open();
  for await (const event of nm.train()) if (event.type === "verdict") break;
  assert.equal(engine.weights, "tuned");
  assert.ok(!engine.log.includes("cancel"));
});

test("aborting training rejects the next pull, cancels, and frees the turn even when nobody pulls", async () => {
  const { nm, engine } = await open();
  const controller = new AbortController();
  const run = nm.train({ signal: controller.signal });
  await run.next();
  controller.abort();
  await reached(engine, "cancel");
  assert.equal(engine.weights, "original");
  await nm.mine();
  await assert.rejects(run.next(), code("ABORTED"));
  assert.equal((await run.next()).done, true);
});

test("an aborted error is an AbortError with the reason as its cause", async () => {
  const { nm } = await open();
  const reason = new Error("enough");
  const error = await nm.search("x", { signal: AbortSignal.abort(reason) }).catch((thrown) => thrown);
  assert.equal(error.name, "AbortError");
  assert.equal(error.code, "ABORTED");
  assert.equal(error.cause, reason);
});

test("while training is open, what would change the ground under it is refused", async () => {
  const { nm } = await open();
  await nm.documents.add(DOCUMENTS);
  const run = nm.train();
  await run.next();
  const refused = code("INPUT_INVALID", /a training run is open/);
  for (const call of [() => nm.mine(), () => nm.evaluate(), () => nm.documents.add(DOCUMENTS), () => nm.keep(), () => nm.train().next()]) {
    await assert.rejects(call, refused);
  }
  await nm.judgments.add({ query: "q", document: "a", relevant: false });
  await run.return();
  await nm.evaluate();
});

test("aborting documents.add leaves the documents added, partly encoded", async () => {
  const controller = new AbortController();
  const { nm, engine } = await open();
  const events = [];
  const onProgress = (event) => {
    events.push(event);
    controller.abort();
  };
  await assert.rejects(nm.documents.add(DOCUMENTS, { signal: controller.signal, onProgress }), code("ABORTED"));
  assert.deepEqual(events.map(({ type, done, total }) => [type, done, total]), [["encode", 1, 2]]);
  assert.equal((await nm.documents.list()).length, 2);
  assert.equal(engine.unencoded().length, 1);
  assert.equal(engine.log.at(-1), "cancel");
});

test("an aborted search that waits never reaches the engine, and one under way rejects at once", async () => {
  const gate = deferred();
  const { nm, engine } = await open({ before: (method) => (method === "search" ? gate.promise : undefined) });
  const first = new AbortController();
  const second = new AbortController();
  const underWay = nm.search("one", { signal: first.signal });
  const waiting = nm.search("two", { signal: second.signal });
  await reached(engine, "search");
  second.abort();
  first.abort();
  await assert.rejects(underWay, code("ABORTED"));
  await assert.rejects(waiting, code("ABORTED"));
  gate.resolve();
  await nm.documents.list();
  assert.deepEqual(engine.log, ["search"]);
});

test("an error inside a job keeps its code, and the next job can start", async () => {
  let fail = true;
  const { nm } = await open({ before: (method) => { if (method === "next" && fail) throw coded("INSUFFICIENT_DATA", "not enough"); } });
  await assert.rejects(nm.mine(), code("INSUFFICIENT_DATA", /not enough/));
  fail = false;
  await nm.mine();
});

test("a panic is INTERNAL with its stack, and ends the engine for good", async () => {
  const { nm, engine } = await open({ before: (method) => { if (method === "search") throw new WebAssembly.RuntimeError("unreachable"); } });
  const results = await Promise.allSettled([nm.search("x"), nm.encode(["y"])]);
  for (const { reason } of results) code("INTERNAL", /unreachable[\s\S]*fake-engine/)(reason);
  await assert.rejects(nm.documents.list(), code("INTERNAL"));
  assert.deepEqual(engine.log, ["search"], "nothing entered the engine after its panic");
  await nm.dispose();
  assert.equal(engine.freed, false);
  await assert.rejects(nm.search("x"), code("DISPOSED"));
});

test("behind a panic the module's own fault is reported", async () => {
  const panic = (method) => { if (method === "search") throw new WebAssembly.RuntimeError("unreachable"); };
  const { nm } = await open({ before: panic, fault: () => ({ code: "DEVICE_LOST", message: "the GPU went away" }) });
  await assert.rejects(nm.search("x"), code("DEVICE_LOST", /went away/));
});

test("dispose rejects what is pending and all that follows, waits for the call under way, then frees once", async () => {
  const gate = deferred();
  const { nm, engine } = await open({ before: (method) => (method === "search" ? gate.promise : undefined) });
  const pending = [nm.search("one"), nm.search("two")];
  await reached(engine, "search");
  const ended = nm.dispose();
  for (const call of pending) await assert.rejects(call, code("DISPOSED"));
  assert.equal(engine.freed, false);
  gate.resolve();
  await ended;
  await nm.dispose();
  assert.equal(engine.freed, true);
  const calls = [
    () => nm.search("x"), () => nm.encode(["x"]), () => nm.documents.add(DOCUMENTS), () => nm.documents.remove("a"),
    () => nm.documents.list(), () => nm.judgments.list(), () => nm.judgments.add([]), () => nm.mine(), () => nm.evaluate(),
    () => nm.train().next(), () => nm.keep(), () => nm.rollback(), () => nm.export(), () => nm.import(new Uint8Array(1)),
  ];
  for (const call of calls) await assert.rejects(call, code("DISPOSED"));
});

test("disposing while training is paused ends the iterator", async () => {
  const { nm, engine } = await open();
  const run = nm.train();
  await run.next();
  await nm.dispose();
  await assert.rejects(run.next(), code("DISPOSED"));
  assert.equal(engine.freed, true);
});

test("disposal by symbols", async () => {
  const first = await open();
  first.nm[Symbol.dispose ?? Symbol.for("Symbol.dispose")]();
  await assert.rejects(first.nm.documents.list(), code("DISPOSED"));
  const second = await open();
  await second.nm[Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")]();
  assert.equal(second.engine.freed, true);
});

test("bad input names place and field, and nothing of it reaches the engine", async () => {
  const { nm, engine } = await open();
  const circular = {};
  circular.self = circular;
  const table = [
    [() => nm.documents.add([{ id: "a", text: "x" }, { id: "", text: "y" }]), /documents\[1\]\.id/],
    [() => nm.documents.add([{ id: "a" }]), /documents\[0\]\.text/],
    [() => nm.documents.add([{ id: "a", text: "x", title: 3 }]), /documents\[0\]\.title/],
    [() => nm.documents.add([{ id: "a", text: "x", metadata: circular }]), /documents\[0\]\.metadata/],
    [() => nm.documents.add([null]), /documents\[0\]: must be an object, not null/],
    [() => nm.documents.remove([3]), /ids\[0\]/],
    [() => nm.judgments.add([{ query: " ", document: "a", relevant: true }]), /judgments\[0\]\.query/],
    [() => nm.judgments.add({ query: "q", document: "a", relevant: 1 }), /judgments\[0\]\.relevant/],
    [() => nm.judgments.add({ query: "q", document: "a", relevant: true, grade: -1 }), /judgments\[0\]\.grade/],
    [() => nm.judgments.add({ query: "q", document: "a", relevant: true, split: "test" }), /judgments\[0\]\.split/],
    [() => nm.encode("one text"), /texts/],
    [() => nm.encode(["a", 3]), /texts\[1\]/],
    [() => nm.encode(["a"], { as: "passage" }), /options\.as/],
    [() => nm.search(""), /query/],
    [() => nm.search("q", { k: 0 }), /options\.k/],
    [() => nm.search("q", { mode: "fuzzy" }), /options\.mode/],
    [() => nm.search("q", { reranker: "maxsim" }), /options\.reranker: there is no such option; there are mode, rerank, stages, filter, k/],
    [() => nm.search("q", { rerank: "cross-encoder" }), /options\.rerank/],
    [() => nm.search("q", { offset: -1 }), /options\.offset/],
    [() => nm.search("q", { perDocument: 0 }), /options\.perDocument/],
    [() => nm.search("q", { snippets: 0.5 }), /options\.snippets/],
    [() => nm.search("q", { mode: "dense", stages: [{ stage: "dense" }] }), /options\.stages/],
    [() => nm.search("q", { stages: [{ stage: "sparse" }] }), /options\.stages\[0\]\.stage/],
    [() => nm.search("q", { stages: [{ stage: "rerank", scorer: 3 }] }), /options\.stages\[0\]\.scorer/],
    [() => nm.search("q", { stages: [{ stage: "dense" }, { stage: "rerank", scorer: () => [], weight: 2 }] }), /options\.stages\[1\]\.weight/],
    [() => nm.search("q", { filter: circular }), /options\.filter/],
    [() => nm.context("q", { maxTokens: 0 }), /options\.maxTokens/],
    [() => nm.compare("q", { depth: 3 }), /options\.depth/],
    [() => nm.evaluate({ rerank: () => [] }), /options\.stages.*a function as scorer/],
    [() => nm.train({ epoch: 3 }).next(), /options\.epoch/],
    [() => nm.export("onnx"), /format/],
    [() => nm.import("file"), /file/],
    [() => Nearmiss.create({ model: "", worker: false }), /model/],
    [() => Nearmiss.create({ model: FILES, maxLength: 0, worker: false }), /maxLength/],
    [() => Nearmiss.create({ model: FILES, onRequest: "log", worker: false }), /options\.onRequest: must be a function/],
    [() => Nearmiss.create({ model: FILES, storage: "cloud", worker: false }), /storage/],
  ];
  for (const [call, message] of table) await assert.rejects(call, code("INPUT_INVALID", message));
  assert.deepEqual(engine.log, []);
});

test("known fields of a document cross, metadata as JSON keeps it", async () => {
  const { nm } = await open();
  await nm.documents.add({ id: "a", text: "x", extra: () => {}, metadata: { at: new Date(0), no: undefined } });
  assert.deepEqual(await nm.documents.list(), [{ id: "a", text: "x", metadata: { at: "1970-01-01T00:00:00.000Z" } }]);
});
