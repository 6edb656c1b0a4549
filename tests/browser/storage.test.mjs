/** Stores in Chromium: in OPFS and IndexedDB, in a worker and in a page; two tabs; what happens when there is no room. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { contract } from "../package/storage-contract.mjs";
import { openBrowser, until } from "./storage-browser.mjs";

const range = (from, to) => Array.from({ length: to - from }, (_, i) => from + i);

describe("stores in a browser", { timeout: 240_000 }, () => {
  let browser;
  before(async () => (browser = await openBrowser()));
  after(() => browser.close());

  for (const [where, kind] of [["worker", "opfs"], ["worker", "indexeddb"], ["page", "indexeddb"], ["page", "memory"]]) {
    describe(`${kind} in a ${where}`, () => {
      let tab;
      before(async () => (tab = await browser.open()));
      after(() => tab.context.close());
      for (const [index, what] of Object.keys(contract).entries()) it(what, () => tab.call(where, "contract", what, `${kind}:contract-${index}`));
    });
  }

  it("OPFS falls back to IndexedDB in a page, says why, and the store stays there", async () => {
    const { call, context } = await browser.open();
    const { kind, role, reason } = await call("page", "open", "opfs:notes");
    assert.deepEqual([kind, role], ["indexeddb", "writer"]);
    assert.match(reason, /dedicated workers/);
    await call("page", "append", "opfs:notes", 1, 0, 3);
    await call("page", "close", "opfs:notes");
    assert.equal((await call("worker", "open", "opfs:notes")).kind, "indexeddb");
    assert.deepEqual(await call("worker", "read", "opfs:notes", 1), range(0, 3));
    assert.equal((await call("worker", "open", "opfs:files")).kind, "opfs");
    await assert.rejects(call("page", "open", "opfs:files"), { code: "INPUT_INVALID", message: /only a dedicated worker can write/ });
    await context.close();
  });

  for (const [kind, where] of [["opfs", "worker"], ["indexeddb", "worker"], ["indexeddb", "page"]]) {
    it(`two tabs: the second follows, and writes when the first dies (${kind} in a ${where})`, async () => {
      const spec = `${kind}:tabs`;
      const first = await browser.open();
      const second = await browser.open(first.context);
      assert.equal((await first.call(where, "open", spec)).role, "writer");
      await first.call(where, "append", spec, 5, 0, 10);
      assert.equal((await second.call(where, "open", spec)).role, "reader");
      assert.deepEqual(await second.call(where, "read", spec, 5), range(0, 10));
      await assert.rejects(second.call(where, "append", spec, 5, 0, 1), { code: "INPUT_INVALID", message: /another tab writes/ });
      await assert.rejects(second.call(where, "remove", spec), { code: "INPUT_INVALID" });

      // The writer goes on while the reader reads: no record may be missing, doubled or broken.
      const writing = (async () => {
        for (let at = 10; at < 200; at += 5) await first.call(where, "append", spec, 5, at, at + 5);
      })();
      const seen = [];
      await until(async () => seen.push(...(await second.call(where, "read", spec, 5))), () => seen.length >= 190);
      await writing;
      assert.deepEqual(seen, range(10, 200));

      await first.call(where, "replace", spec, 5, 100, 110);
      await until(() => second.call(where, "changes", spec), (changes) => changes.includes("replaced"));
      assert.deepEqual(await second.call(where, "read", spec, 5), range(100, 110));
      await first.call(where, "append", spec, 5, 110, 120);
      await first.page.close();
      await until(() => second.call(where, "read", spec, 5), (numbers) => numbers.length === 10 && numbers[0] === 110);
      await until(() => second.call(where, "role", spec), (role) => role === "writer");
      await second.call(where, "append", spec, 5, 120, 125);
      const third = await browser.open(first.context);
      assert.equal((await third.call(where, "open", spec)).role, "reader");
      assert.deepEqual(await third.call(where, "read", spec, 5), range(100, 125));
      await first.context.close();
    });
  }

  it("damage in the middle is named, nothing is changed, and recovery keeps what stands before it", async () => {
    const { call, context } = await browser.open();
    const where = "worker";
    for (const spec of ["opfs:hurt", "indexeddb:hurt"]) {
      await call(where, "open", spec);
      await call(where, "append", spec, 9, 0, 20);
      const bytes = await call(where, "list").then((stores) => stores.find(({ kind }) => spec.startsWith(kind)).bytes);
      await call(where, "close", spec);
      if (spec === "opfs:hurt") await call(where, "damage", "hurt", Math.floor(bytes / 2));
      else await call(where, "damageRow", "hurt", 7);
      for (let attempt = 0; attempt < 2; attempt++) {
        await assert.rejects(call(where, "open", spec), { code: "STORAGE_CORRUPT", message: /(log-1, byte \d+|log 1, record 7).*stores\.repair/ });
      }
      await call(where, "open", spec, true);
      const kept = await call(where, "read", spec, 9);
      assert.deepEqual(kept, range(0, kept.length));
      if (spec === "indexeddb:hurt") assert.equal(kept.length, 7);
      assert.ok(kept.length < 20);
      await call(where, "append", spec, 9, kept.length, 30);
      await call(where, "close", spec);
      await call(where, "open", spec);
      assert.deepEqual(await call(where, "read", spec, 9), range(0, 30));
      await call(where, "close", spec);
    }
    assert.deepEqual(await call(where, "files", "hurt"), ["damaged-1", "log-2"]);
    assert.equal(await call(where, "countRows", "hurt"), 20 + 30, "the damaged rows were put aside");
    await context.close();
  });

  it("a database of a newer version asks for an update, and is not touched", async () => {
    const { call, context } = await browser.open();
    await call("page", "age", "newer");
    await assert.rejects(call("page", "open", "indexeddb:newer"), { code: "STORAGE_CORRUPT", message: /newer version.*update/ });
    await context.close();
  });

  it("without Web Locks the second writer is refused once the first has written", async () => {
    const first = await browser.open();
    await first.context.addInitScript(() => Object.defineProperty(navigator, "locks", { value: undefined }));
    const [one, other] = [await browser.open(first.context), await browser.open(first.context)];
    const spec = "indexeddb:unlocked";
    for (const { call } of [one, other]) assert.equal((await call("page", "open", spec)).role, "writer");
    await one.call("page", "append", spec, 1, 0, 2);
    await assert.rejects(other.call("page", "append", spec, 1, 5, 6), { code: "INPUT_INVALID", message: /another tab has written/ });
    await other.call("page", "close", spec);
    await other.call("page", "open", spec);
    await other.call("page", "append", spec, 1, 2, 3);
    assert.deepEqual(await other.call("page", "read", spec, 1), range(0, 3));
    await first.context.close();
  });

  for (const spec of ["opfs:full", "indexeddb:full"]) {
    it(`no room is STORAGE_QUOTA with the numbers, and the log as it was (${spec})`, async () => {
      const { call, page, context } = await browser.open();
      const where = "worker";
      // Before anything is written: Chromium remembers for a while how much room IndexedDB was found to have.
      const devtools = await context.newCDPSession(page);
      await devtools.send("Storage.overrideQuotaForOrigin", { origin: new URL(browser.url).origin, quotaSize: 4_000_000 });
      await call(where, "open", spec);
      await call(where, "append", spec, 2, 0, 5);
      const full = { code: "STORAGE_QUOTA", message: /\d+\.\d MB of \d+\.\d MB are used/ };
      await assert.rejects(call(where, "appendLarge", spec, 8_000_000), full);
      await assert.rejects(call(where, "replaceLarge", spec, 1_000_000, 12), full);
      await call(where, "append", spec, 2, 5, 8);
      assert.deepEqual(await call(where, "read", spec, 2), range(0, 8));
      assert.ok((await call(where, "estimate")).usage > 0);
      await call(where, "close", spec);
      await call(where, "open", spec);
      assert.deepEqual(await call(where, "read", spec, 2), range(0, 8));
      await context.close();
    });
  }
});
