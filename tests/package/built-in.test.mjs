/** The browser's own language model, as far as a fake of its API can tell. */
import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import { builtInModel } from "../../pkg/dist/index.js";

const PROMPT = { system: "rules", user: "question", messages: [] };
const signal = () => new AbortController().signal;

/** @param state what the browser says; @param script `pieces` of the answer, or `fails` at creation */
function install(state, { pieces = ["Yes ", "[1]."], fails } = {}) {
  const log = { created: [], prompted: [], destroyed: 0 };
  globalThis.LanguageModel = {
    availability: async () => (state instanceof Error ? Promise.reject(state) : state),
    async create(options) {
      log.created.push(options);
      const target = new EventTarget();
      options.monitor?.(target);
      for (const loaded of [0, 0.5, 1]) target.dispatchEvent(Object.assign(new Event("downloadprogress"), { loaded }));
      if (fails) throw fails;
      return {
        promptStreaming(input, { signal }) {
          log.prompted.push([input, signal]);
          return ReadableStream.from(pieces);
        },
        destroy: () => void (log.destroyed += 1),
      };
    },
  };
  return log;
}

const read = async (pieces) => {
  let text = "";
  for await (const piece of pieces) text += piece;
  return text;
};

describe("the browser's own model", () => {
  afterEach(() => delete globalThis.LanguageModel);

  test("is said to be missing where there is none, as on a server", async () => {
    const model = await builtInModel();
    assert.deepEqual([model.available, model.reason], ["unavailable", "This browser has no language model of its own."]);
    await assert.rejects(read(model.generate(PROMPT, { signal: signal() })), { code: "INPUT_INVALID", message: model.reason });
    await assert.rejects(model.download(), { code: "INPUT_INVALID" });
  });

  test("is named by its state, in a sentence of its own", async () => {
    const reasons = new Set();
    for (const state of ["available", "downloadable", "downloading", "unavailable"]) {
      const log = install(state);
      const model = await builtInModel();
      assert.equal(model.available, state);
      assert.match(model.reason, /^[A-Z].+\.$/);
      reasons.add(model.reason);
      assert.deepEqual(log.created, [], "looking starts nothing");
    }
    assert.equal(reasons.size, 4);
    install("after-download");
    assert.equal((await builtInModel()).available, "unavailable", "a state that nobody knows is none to rely on");
    install(new Error("policy"));
    assert.match((await builtInModel()).reason, /could not be asked: policy/);
  });

  test("answers in a session of its own, which ends with the answer", async () => {
    const log = install("available");
    const { generate } = await builtInModel();
    assert.equal(await read(generate(PROMPT, { signal: signal() })), "Yes [1].");
    assert.deepEqual(log.created[0].initialPrompts, [{ role: "system", content: "rules" }]);
    assert.equal(log.created[0].monitor, undefined);
    assert.deepEqual([log.prompted[0][0], log.destroyed], ["question", 1]);
    for await (const piece of generate(PROMPT, { signal: signal() })) {
      assert.equal(piece, "Yes ");
      break;
    }
    assert.equal(log.destroyed, 2, "also when nobody reads on");
  });

  test("is told when either side aborts", async () => {
    const log = install("available");
    const [own, given] = [new AbortController(), new AbortController()];
    const { generate } = await builtInModel({ signal: own.signal });
    await read(generate(PROMPT, { signal: signal() }));
    await read(generate(PROMPT, { signal: given.signal }));
    given.abort();
    assert.deepEqual(log.prompted.map(([, signal]) => signal.aborted), [false, true]);
    own.abort();
    assert.deepEqual(log.prompted.map(([, signal]) => signal.aborted), [true, true]);
    await assert.rejects(builtInModel({ signal: own.signal }), { code: "ABORTED" });
  });

  test("is downloaded only when asked, with progress, and can answer then", async () => {
    const log = install("downloadable");
    const shares = [];
    const model = await builtInModel({ onProgress: ({ type, share }) => shares.push([type, share]) });
    await assert.rejects(read(model.generate(PROMPT, { signal: signal() })), { code: "INPUT_INVALID", message: /download\(\) from a click/ });
    assert.deepEqual(log.created, []);
    const both = [model.download(), model.download()];
    assert.equal(model.available, "downloading");
    await Promise.all(both);
    assert.deepEqual([log.created.length, log.destroyed], [1, 1], "two calls, one download");
    assert.deepEqual(shares, [0, 0.5, 1].map((share) => ["built-in-download", share]));
    assert.equal(model.available, "available");
    await model.download();
    assert.equal(log.created.length, 1, "nothing is left to download");
    assert.equal(await read(model.generate(PROMPT, { signal: signal() })), "Yes [1].");
  });

  test("a download that fails leaves it as it was", async () => {
    const cause = new Error("no space");
    install("downloadable", { fails: cause });
    const model = await builtInModel();
    await assert.rejects(model.download(), { code: "NETWORK", message: /no space/, cause });
    assert.equal(model.available, "downloadable");
  });
});
