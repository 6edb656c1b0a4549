/** Searches, cancelling and order while the real engine is at work, counted in the pieces of work that it does, never in time. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createHost } from "../../pkg/dist/host.js";
import { Nearmiss } from "../../pkg/dist/index.js";
import { coded, deferred, fake, FILES, until } from "./fake-engine.mjs";

const MODEL = fileURLToPath(new URL("../fixtures/tiny-bert", import.meta.url));
const WORDS = ["key", "valve", "mast", "battery", "door", "branch", "leave", "note", "station", "team", "pay", "ring"];
const note = (id, at) => ({ id: `${id}-${at}`, text: `to rotate the ${id} turn it ${at} times to the last ${id}` });
const MANY = Array.from({ length: 25 }, (_, at) => WORDS.map((id) => note(id, at))).flat();

/** Counts the pieces of work that an engine does: `done` those that are over; `calls` names all that was asked, in order. */
function watch(host) {
  const seen = { done: 0, calls: [] };
  const call = host.call.bind(host);
  host.call = async (method, args, signal) => {
    seen.calls.push(method);
    const result = await call(method, args, signal);
    if (method === "next") seen.done += 1;
    return result;
  };
  return seen;
}

async function open(documents = MANY) {
  const host = await createHost({ model: MODEL, device: "cpu" });
  const seen = watch(host);
  const nm = Nearmiss.over(host);
  await nm.documents.add(documents);
  await nm.judgments.add(WORDS.map((id, at) => ({ query: `how do i turn a ${id}?`, document: `${id}-0`, relevant: true, split: at % 3 ? "train" : "held-out" })));
  Object.assign(seen, { done: 0, calls: [] });
  return { nm, seen };
}

const drain = async (run) => {
  for await (const event of run) void event;
};

const WORK = {
  "documents.add": { documents: WORDS.map((id) => note(id, 0)), run: (nm, options) => nm.documents.add(MANY.map(({ id, text }) => ({ id, text: `${text} again` })), options) },
  "mine": { run: (nm, options) => nm.mine({ relativeMargin: null, topUp: false, ...options }) },
  "evaluate": { run: (nm, options) => nm.evaluate(options) },
  "train, head": { run: (nm, options) => drain(nm.train({ epochs: 4, batchSize: 2, ...options })), steps: true },
  "train, full": { run: (nm, options) => drain(nm.train({ trainable: "full", epochs: 2, batchSize: 2, ...options })), steps: true },
};

describe("with the real engine", { timeout: 300_000 }, () => {
  for (const [name, { documents, run, steps }] of Object.entries(WORK)) {
    test(`a search during ${name} is answered before more than one further piece of work is done`, async () => {
      const { nm, seen } = await open(documents);
      const working = run(nm);
      let over = false;
      const settled = working.finally(() => (over = true));
      const late = [];
      let asked = 0;
      while (!over) {
        const before = seen.done;
        const [hit] = await nm.search("turn the mast", { k: 1 });
        assert.match(hit.id, /-\d+$/);
        late.push(seen.done - before);
        asked += 1;
      }
      await settled;
      assert.ok(Math.max(...late) <= 1, `pieces done while a search waited: ${late.join(" ")}`);
      assert.ok(seen.done >= (steps ? 8 : 1) && asked >= seen.done, `${seen.done} pieces, ${asked} searches`);
      await nm.dispose();
    });

    test(`aborting ${name} stops it after the piece of work under way, and leaves the weights`, async () => {
      const { nm, seen } = await open(documents);
      const vector = async () => [...(await nm.encode(["turn the key"], { as: "query" }))];
      const before = await vector();
      const controller = new AbortController();
      const working = run(nm, { signal: controller.signal });
      await until(() => seen.calls.includes("next"));
      const pulled = seen.calls.filter((call) => call === "next").length;
      controller.abort();
      await assert.rejects(working, { code: "ABORTED" });
      const after = seen.calls.filter((call) => call === "next").length;
      assert.equal(after, pulled, "no piece of work was begun after the signal");
      assert.ok(seen.calls.includes("cancel"));
      assert.deepEqual(await vector(), before);
      await nm.mine({ relativeMargin: null, topUp: false });
      await nm.dispose();
    });
  }

  test("an import that is aborted leaves the weights before it, also for what is added later", async () => {
    const { nm } = await open(MANY.slice(0, 48));
    const loaded = nm.model.fingerprint;
    await drain(nm.train({ trainable: "full", epochs: 1, batchSize: 4 }));
    await nm.keep();
    const tuned = nm.model.fingerprint;
    assert.notEqual(tuned, loaded);
    const file = await nm.export();
    await nm.dispose();
    const other = (await open(MANY.slice(0, 48))).nm;
    const controller = new AbortController();
    const events = [];
    const onProgress = (event) => (events.push(event.type), controller.abort());
    await assert.rejects(other.import(file, { signal: controller.signal, onProgress }), { code: "ABORTED" });
    assert.deepEqual(events, ["encode"]);
    await other.documents.add(note("sail", 1));
    assert.equal((await other.memory()).documents, 49);
    await other.import(file);
    assert.equal(other.model.fingerprint, tuned, "and it can be imported after all");
    await other.rollback();
    assert.equal(other.model.fingerprint, loaded);
    await other.dispose();
  });
});

test("calls are answered in the order in which they were made, jobs whole, searches between their pieces", async () => {
  const order = [];
  const { seams } = fake();
  const nm = Nearmiss.over(await createHost({ model: FILES }, seams));
  const done = (name) => () => order.push(name);
  await nm.documents.add([{ id: "a", text: "rowing on the river" }]);
  await Promise.all([
    nm.documents.add([{ id: "b", text: "a stone" }]).then(done("add")),
    nm.mine().catch(() => {}).then(done("mine")),
    nm.evaluate().then(done("evaluate")),
    nm.search("one").then(done("search one")),
    nm.search("two").then(done("search two")),
    nm.documents.list().then(done("list")),
  ]);
  const jobs = order.filter((name) => ["add", "mine", "evaluate"].includes(name));
  assert.deepEqual(jobs, ["add", "mine", "evaluate"], "jobs wait for one another");
  const calls = order.filter((name) => !jobs.includes(name));
  assert.deepEqual(calls, ["search one", "search two", "list"]);
  assert.ok(order.indexOf("search two") < order.indexOf("evaluate"), "and a search does not wait for jobs that were asked for before it");
});

test("what aborting came too late for is done, and what it came in time for is not", async () => {
  const gate = deferred();
  const { engines, seams } = fake({ before: (method) => (method === "encode" ? gate.promise : undefined) });
  const nm = Nearmiss.over(await createHost({ model: FILES }, seams));
  const controller = new AbortController();
  const busy = nm.encode(["x"]);
  await until(() => engines[0].log.includes("encode"));
  const waiting = nm.mine({ signal: controller.signal });
  const weights = nm.import(new TextEncoder().encode("other"), { signal: controller.signal });
  controller.abort();
  await assert.rejects(weights, { code: "ABORTED" });
  await assert.rejects(waiting, { code: "ABORTED" });
  gate.resolve();
  await busy;
  assert.equal(engines[0].weights, "original");
  assert.ok(!engines[0].log.includes("import"));
});

test("an engine that fails in the middle of an import keeps its own error", async () => {
  const { seams } = fake({ before: (method) => { if (method === "next") throw coded("OUT_OF_MEMORY", "no room"); } });
  const nm = Nearmiss.over(await createHost({ model: FILES }, seams));
  await assert.rejects(nm.import(new TextEncoder().encode("other")), { code: "OUT_OF_MEMORY" });
});
