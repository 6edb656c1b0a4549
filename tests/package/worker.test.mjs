/** Both sides of the worker over a message channel: what crosses, how errors cross, and what happens when it dies. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createWorkerHost } from "../../pkg/dist/client.js";
import { createHost } from "../../pkg/dist/host.js";
import { Nearmiss, NearmissError } from "../../pkg/dist/index.js";
import { RevivingHost } from "../../pkg/dist/reviving.js";
import { serve } from "../../pkg/dist/serve.js";
import { watchStray } from "../../pkg/dist/stray.js";
import { coded, deferred, fake, FILES, until } from "./fake-engine.mjs";

/** A `Worker` whose other side runs in this thread; messages are cloned and transferred as between threads. */
class ChannelWorker extends EventTarget {
  terminated = false;
  posted = [];
  received = [];
  /** The worker's global scope, as far as events are concerned. */
  scope = new EventTarget();
  #channel = new MessageChannel();

  constructor(seams) {
    super();
    after(() => this.terminate());
    const { port1, port2 } = this.#channel;
    const scope = {
      postMessage: (message, transfer) => port2.postMessage(message, transfer),
      addEventListener: (_, listener) => port2.on("message", (data) => (this.received.push(data), listener({ data }))),
    };
    watchStray(this.scope, (stray) => port2.postMessage({ stray }));
    serve(scope, (options) => createHost(options, seams));
    port1.on("message", (data) => this.dispatchEvent(new MessageEvent("message", { data })));
  }

  postMessage(message, transfer) {
    this.posted.push(message);
    this.#channel.port1.postMessage(message, transfer);
  }

  terminate() {
    this.terminated = true;
    this.#channel.port1.close();
  }

  /** As browsers have it: the page gets a line, and never the error. */
  crash(fields) {
    this.dispatchEvent(Object.assign(new Event("error"), { error: null, ...fields }));
  }

  /** What happens in the worker, without a call that it belongs to. @returns whether the page hears of it in no other way */
  stray(type, fields, taken = false) {
    const event = Object.assign(new Event(type, { cancelable: true }), fields);
    if (taken) event.preventDefault();
    this.scope.dispatchEvent(event);
    return event.defaultPrevented;
  }
}

async function open(script, options = {}) {
  const { engines, seams } = fake(script);
  let worker;
  const host = await createWorkerHost({ model: FILES, ...options }, () => (worker = new ChannelWorker(seams)));
  return { host, nm: Nearmiss.over(host), engine: engines[0], worker };
}

const code = (name, message = /./) => (error) => {
  assert.ok(error instanceof NearmissError);
  assert.equal(error.code, name, error.message);
  assert.match(error.message, message);
  return true;
};

const reached = (engine, method) => until(() => engine.log.includes(method));

test("the facade cannot tell a worker from this thread", async () => {
  const stages = [];
  const { nm, worker } = await open({}, { onProgress: (event) => event.type === "load" && stages.push(event.stage) });
  assert.deepEqual(stages, ["device", "module", "model"]);
  assert.equal(nm.model.dimensions, 8);
  await nm.documents.add([{ id: "a", text: "rowing on the river" }]);
  assert.equal((await nm.search("river"))[0].id, "a");
  const events = [];
  for await (const event of nm.train()) events.push(event.type);
  assert.equal(events.at(-1), "verdict");
  assert.ok((await nm.encode(["river"])) instanceof Float32Array);
  await nm.dispose();
  assert.equal(worker.terminated, true);
  await assert.rejects(nm.search("x"), code("DISPOSED"));
});

test("a teacher stays on this side: the worker asks it, and never sees the function", async () => {
  const { nm, worker, engine } = await open();
  await nm.documents.add([{ id: "a", text: "rowing on the river" }, { id: "b", text: "a stone" }]);
  await nm.judgments.add({ query: "row", document: "a", relevant: true });
  const { report } = await nm.mine({ teacher: async (_, documents) => documents.map(({ id }) => (id === "b" ? 2 : 1)) });
  assert.equal(report.dropped.teacher, 1);
  const start = worker.posted.find(({ method, args }) => method === "start" && args[0].kind === "mine");
  assert.deepEqual(start.args[0].options, { teacher: "given" });
  assert.ok(engine.log.includes("putScores"));
  const gone = nm.mine({ teacher: () => (worker.crash({ message: "gone", filename: "x", lineno: 1 }), [1, 2]) });
  await assert.rejects(gone, code("INTERNAL", /gone/));
});

test("results are transferred, and the caller's own arrays stay usable", async () => {
  const sent = [];
  const scope = { postMessage: (message, transfer) => sent.push(transfer), addEventListener: (_, f) => (scope.receive = f) };
  const { seams } = fake();
  serve(scope, (options) => createHost(options, seams));
  scope.receive({ data: { id: 1, create: { model: FILES } } });
  scope.receive({ data: { id: 2, method: "encode", args: [["a"], "query"] } });
  await until(() => sent.length === 5); // three progress events, then two results
  assert.deepEqual(sent.map((transfer) => transfer.length), [0, 0, 0, 0, 1]);
  const { nm } = await open();
  const bytes = new TextEncoder().encode("imported");
  await nm.import(bytes);
  assert.equal(bytes.length, 8);
  assert.equal(nm.model.fingerprint, "imported");
});

test("errors cross with code, message and cause", async () => {
  const { nm } = await open({ before: (method) => { if (method === "search") throw coded("MODEL_MISMATCH", "made for another model"); } });
  const error = await nm.search("x").catch((thrown) => thrown);
  code("MODEL_MISMATCH", /another model/)(error);
  assert.equal(error.cause.message, "made for another model");
  await nm.documents.list();
});

test("a failed creation rejects with its code and ends the worker", async () => {
  const { seams } = fake({ create: () => { throw coded("TOKENIZER_INVALID", "no vocabulary"); } });
  let worker;
  const start = () => (worker = new ChannelWorker(seams));
  await assert.rejects(createWorkerHost({ model: FILES }, start), code("TOKENIZER_INVALID", /no vocabulary/));
  assert.equal(worker.terminated, true);
});

test("aborting the creation ends the worker at once", async () => {
  const { seams } = fake({ create: () => new Promise(() => {}) });
  const controller = new AbortController();
  let worker;
  const creating = createWorkerHost({ model: FILES, signal: controller.signal }, () => (worker = new ChannelWorker(seams)));
  controller.abort();
  await assert.rejects(creating, code("ABORTED"));
  assert.equal(worker.terminated, true);
});

for (const [what, type, fields] of [
  ["an error that nobody caught", "error", { error: new TypeError("nobody caught this") }],
  ["a panic outside of every call", "error", { error: new WebAssembly.RuntimeError("unreachable, nobody caught this") }],
  ["a rejection that nobody handled", "unhandledrejection", { reason: new TypeError("nobody caught this") }],
]) {
  test(`${what} in the worker rejects everything pending with INTERNAL and its stack`, async () => {
    const gate = deferred();
    const { nm, worker, engine } = await open({ before: (method) => (method === "search" ? gate.promise : undefined) });
    const pending = Promise.allSettled([nm.search("x"), nm.encode(["y"]), nm.mine()]);
    await reached(engine, "search");
    assert.equal(worker.stray(type, fields), true);
    for (const { reason } of await pending) code("INTERNAL", /nobody caught this.* are lost.*\n[\s\S]*^ +at .*worker\.test\.mjs/m)(reason);
    assert.equal(worker.terminated, true);
    await assert.rejects(nm.documents.list(), code("INTERNAL"));
    gate.resolve();
  });
}

test("what a call has taken for its own, or was called off, ends no worker", async () => {
  const { nm, worker } = await open();
  worker.stray("error", { error: new WebAssembly.RuntimeError("unreachable") }, true);
  assert.equal(worker.stray("unhandledrejection", { reason: new DOMException("enough", "AbortError") }), false);
  assert.deepEqual(await nm.documents.list(), []);
});

test("a worker whose script cannot be loaded says so, and speaks of no losses where there is nothing to lose", async () => {
  const start = () => {
    const worker = new ChannelWorker(fake({ create: () => new Promise(() => {}) }).seams);
    queueMicrotask(() => worker.crash({ message: undefined }));
    return worker;
  };
  for (const storage of [undefined, "opfs:notes"]) {
    const error = await createWorkerHost({ model: FILES, storage }, start).catch((thrown) => thrown);
    code("NETWORK", /could not be loaded\..*bundlers.*Content-Security-Policy.*worker: false/)(error);
    assert.doesNotMatch(error.message, /lost|The next call/);
  }
});

test("disposing while another worker is being opened ends that one too, and what waits for it", async () => {
  const gone = { storage: { role: "writer" }, failed: new NearmissError("INTERNAL", "gone"), over: Promise.resolve(), onStorage: () => () => {}, dispose: async () => {} };
  const opening = deferred();
  let ended = false;
  const host = new RevivingHost(gone, (signal) => {
    opening.resolve();
    return new Promise((_, reject) => signal.addEventListener("abort", () => ((ended = true), reject(signal.reason))));
  });
  const refused = assert.rejects(host.call("documents", []), code("DISPOSED"));
  await opening.promise;
  await host.dispose();
  assert.equal(ended, true);
  await refused;
});

test("disposing while the dead worker's store is waited for opens none", async () => {
  const gone = { storage: { role: "writer" }, failed: new NearmissError("INTERNAL", "gone"), over: new Promise(() => {}), onStorage: () => () => {}, dispose: async () => {} };
  const host = new RevivingHost(gone, () => assert.fail("another worker was opened"));
  const refused = assert.rejects(host.call("documents", []), code("DISPOSED"));
  await host.dispose();
  await refused;
});

test("a panic in the worker is INTERNAL with its stack, then and for every later call", async () => {
  const { nm } = await open({ before: (method) => { if (method === "search") throw new WebAssembly.RuntimeError("unreachable"); } });
  await assert.rejects(nm.search("x"), code("INTERNAL", /unreachable[\s\S]*fake-engine/));
  await assert.rejects(nm.documents.list(), code("INTERNAL"));
});

test("a call aborted here is left out there", async () => {
  const gate = deferred();
  const { nm, engine, worker } = await open({ before: (method) => (method === "encode" ? gate.promise : undefined) });
  const controller = new AbortController();
  const first = nm.encode(["x"]);
  const second = nm.search("y", { signal: controller.signal });
  await reached(engine, "encode");
  controller.abort();
  await assert.rejects(second, code("ABORTED"));
  await until(() => worker.received.some((message) => "drop" in message));
  gate.resolve();
  await first;
  await nm.documents.list();
  assert.deepEqual(engine.log, ["encode"]);
});

test("what cannot be cloned is refused as input", async () => {
  const { host } = await open();
  await assert.rejects(host.call("search", ["x", { k: () => 3 }]), code("INPUT_INVALID", /cannot be sent/));
});

test("relative locations become absolute before they go to the worker", async () => {
  let worker;
  const start = () => (worker = new ChannelWorker(fake().seams));
  await assert.rejects(createWorkerHost({ model: "no/such/model" }, start), code("MODEL_INVALID", /config\.json/));
  assert.match(worker.posted[0].create.model, /^file:\/\/\/.*no\/such\/model$/);
});
