/** Work that several wait for: done once, called off only when nobody waits, begun again after a failure. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Shared } from "../../pkg/dist/sharing.js";
import { deferred } from "./fake-engine.mjs";

/** Work that a test settles, and that ends as a fetch does when it is called off. */
function scripted() {
  const begun = [];
  const begin = (signal) => {
    const { promise, resolve, reject } = deferred();
    signal.addEventListener("abort", () => reject(signal.reason));
    begun.push({ resolve, reject, signal });
    return promise;
  };
  return { begun, begin };
}

test("two wait for one work, and what was done is not done again", async () => {
  const { begun, begin } = scripted();
  const shared = new Shared();
  const both = Promise.all([shared.get("cpu", begin), shared.get("cpu", begin)]);
  begun[0].resolve("module");
  assert.deepEqual(await both, ["module", "module"]);
  assert.equal(await shared.get("cpu", begin), "module");
  assert.equal(begun.length, 1);
  void shared.get("webgpu", begin);
  assert.equal(begun.length, 2, "another key is another work");
});

test("the first to wait may be aborted, and the second gets what both waited for", async () => {
  const { begun, begin } = scripted();
  const shared = new Shared();
  const controller = new AbortController();
  const first = shared.get("cpu", begin, controller.signal);
  const second = shared.get("cpu", begin, new AbortController().signal);
  controller.abort();
  await assert.rejects(first, { code: "ABORTED" });
  assert.equal(begun[0].signal.aborted, false);
  begun[0].resolve("module");
  assert.equal(await second, "module");
});

test("when the last is aborted the work is called off, and the next begins it anew", async () => {
  const { begun, begin } = scripted();
  const shared = new Shared();
  const controller = new AbortController();
  const only = shared.get("cpu", begin, controller.signal);
  controller.abort();
  await assert.rejects(only, { code: "ABORTED" });
  assert.equal(begun[0].signal.aborted, true);
  const next = shared.get("cpu", begin);
  await new Promise(setImmediate);
  begun[1].resolve("module");
  assert.equal(await next, "module");
});

test("what fails, fails for all who wait, and not for who asks later", async () => {
  const { begun, begin } = scripted();
  const shared = new Shared();
  const both = [shared.get("cpu", begin), shared.get("cpu", begin)];
  begun[0].reject(new Error("no network"));
  for (const one of both) await assert.rejects(one, /no network/);
  const next = shared.get("cpu", begin);
  begun[1].resolve("module");
  assert.equal(await next, "module");
});
