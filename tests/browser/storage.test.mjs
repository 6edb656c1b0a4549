/** Stores in a real browser: files, database, two tabs, a full disk, and tabs that die at any moment. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { launch, persistent, serve } from "../harness.mjs";
import { crashes, startWriting } from "./storage-crashes.mjs";

const BLANK = `<!doctype html><link rel=icon href=data:,><title>test</title>`;

describe("a store in a browser", { timeout: 600_000 }, () => {
  let server, chromium;
  before(async () => {
    const blank = (_, response) => response.writeHead(200, { "content-type": "text/html" }).end(BLANK);
    server = await serve({ "/": "tests/browser", "/blank.html": blank, "/pkg/": "pkg", "/tiny/": "tests/fixtures/tiny-bert" });
    chromium = await launch({ webgpu: false });
  });
  after(async () => {
    await chromium?.close();
    await server?.close();
  });

  const open = () => chromium.open(`${server.url}blank.html`);
  const another = async (page) => {
    const next = await page.context().newPage();
    await next.goto(`${server.url}blank.html`);
    return next;
  };
  /** Puts a store, in a worker or in the page itself, where later calls find it. */
  const start = (page, worker) =>
    page.evaluate(async (worker) => {
      const { inWorker, TextStore } = await import("/store.js");
      globalThis.own = worker ? inWorker() : new TextStore();
    }, worker);
  const ask = (page, method, ...args) => page.evaluate(([method, args]) => globalThis.own[method](...args), [method, args]);

  for (const [spec, kind, worker] of [["opfs:notes", "opfs", true], ["indexeddb:notes", "indexeddb", true], ["opfs:notes", "indexeddb", false]]) {
    it(`keeps what was appended: ${spec} ${worker ? "in a worker" : "in the page"}`, async () => {
      const page = await open();
      await start(page, worker);
      const { kind: got, role, reason } = await ask(page, "open", spec);
      assert.deepEqual([got, role], [kind, "writer"]);
      assert.match(reason, kind === spec.split(":")[0] ? /this site alone/ : /only in a worker/);
      await ask(page, "append", "a", "b");
      await ask(page, "append", "ключ");
      assert.deepEqual(await ask(page, "read"), []);
      await page.reload();
      await start(page, worker);
      assert.equal((await ask(page, "open", spec)).role, "writer");
      assert.deepEqual(await ask(page, "read"), ["a", "b", "ключ"]);
      await ask(page, "replace", "x", "y".repeat(100_000), "z");
      await ask(page, "append", "end");
      await ask(page, "close");
      await start(page, worker);
      await ask(page, "open", spec);
      assert.deepEqual(await ask(page, "read"), ["x", "y".repeat(100_000), "z", "end"]);
      await page.context().close();
    });

    it(`is written by one tab and followed by the other: ${spec} ${worker ? "in a worker" : "in the page"}`, async () => {
      const writer = await open();
      await start(writer, worker);
      await ask(writer, "open", spec);
      await ask(writer, "append", "a");
      const reader = await another(writer);
      await start(reader, worker);
      assert.equal((await ask(reader, "open", spec)).role, "reader");
      assert.deepEqual(await ask(reader, "read"), ["a"]);
      await assert.rejects(ask(reader, "append", "mine"), /another tab writes/);
      await ask(writer, "append", "b", "c");
      await ask(reader, "heard", "records");
      assert.deepEqual(await ask(reader, "read"), ["b", "c"]);
      await ask(writer, "replace", "all", "new");
      await ask(reader, "heard", "replaced");
      assert.deepEqual(await ask(reader, "read"), ["all", "new"]);
      await ask(writer, "append", "last");
      // The tab dies; the other takes over, with everything.
      await writer.close();
      await ask(reader, "heard", "role");
      assert.equal((await ask(reader, "state")).role, "writer");
      assert.deepEqual(await ask(reader, "read"), ["last"]);
      await ask(reader, "append", "mine");
      await ask(reader, "close");
      await start(reader, worker);
      await ask(reader, "open", spec);
      assert.deepEqual(await ask(reader, "read"), ["all", "new", "last", "mine"]);
      await reader.context().close();
    });
  }

  it("is listed, taken along as a file and deleted from the page while no tab has it open", async () => {
    const page = await open();
    await start(page, true);
    await ask(page, "open", "opfs:notes");
    await ask(page, "append", "a", "b");
    const found = await page.evaluate(async () => {
      const { stores } = await import("/pkg/dist/index.js");
      const refused = await stores.delete("opfs:notes").catch(({ code }) => code);
      return { refused, list: await stores.list(), estimate: await stores.estimate() };
    });
    assert.equal(found.refused, "INPUT_INVALID");
    assert.deepEqual(found.list.map(({ name, kind }) => `${kind}:${name}`), ["opfs:notes"]);
    assert.ok(found.list[0].bytes > 0 && found.estimate.quota > found.estimate.usage);
    await page.evaluate(async () => {
      const { openStore } = await import("/pkg/dist/storage/index.js");
      const { stores } = await import("/pkg/dist/index.js");
      const from = await openStore("indexeddb:from");
      await from.append([new TextEncoder().encode("moved")]);
      const file = await from.export();
      await from.close();
      await globalThis.own.close();
      await stores.import("opfs:notes", file);
    });
    await start(page, true);
    assert.equal((await ask(page, "open", "opfs:notes")).kind, "opfs");
    assert.deepEqual(await ask(page, "read"), ["moved"]);
    await ask(page, "close");
    const left = await page.evaluate(async () => {
      const { stores } = await import("/pkg/dist/index.js");
      for (const name of ["opfs:notes", "indexeddb:from"]) await stores.delete(name);
      return stores.list();
    });
    assert.deepEqual(left, []);
    await page.context().close();
  });

  it("damage in the middle is STORAGE_CORRUPT; repairing keeps what stands before it", async () => {
    const page = await open();
    await start(page, true);
    await ask(page, "open", "opfs:notes");
    await ask(page, "append", "one", "two", "three", "four");
    await ask(page, "close");
    const found = await page.evaluate(async () => {
      const root = await navigator.storage.getDirectory();
      const folder = await (await root.getDirectoryHandle("nearmiss")).getDirectoryHandle("notes");
      const handle = await folder.getFileHandle("log-1");
      const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
      const at = new TextDecoder("latin1").decode(bytes).indexOf("three");
      bytes[at] ^= 255;
      const writer = await handle.createWritable();
      await writer.write(bytes);
      await writer.close();
      const { inWorker } = await import("/store.js");
      const refused = await inWorker().open("opfs:notes").catch(({ code, message }) => ({ code, message }));
      const { stores } = await import("/pkg/dist/index.js");
      return { refused, repaired: await stores.repair("opfs:notes") };
    });
    assert.equal(found.refused.code, "STORAGE_CORRUPT");
    assert.match(found.refused.message, /notes is damaged at byte \d+.*stores\.repair/);
    assert.deepEqual(found.repaired, { saved: 2, damaged: true });
    await start(page, true);
    await ask(page, "open", "opfs:notes");
    assert.deepEqual(await ask(page, "read"), ["one", "two"]);
    await page.context().close();
  });

  crashes(it, { open, another, url: () => `${server.url}blank.html` });

  it("loses nothing when there is no room left", async () => {
    const folder = await mkdtemp(join(tmpdir(), "nearmiss-full-"));
    // Private windows, which other tests use, take no limit.
    const { context, kill } = await persistent(folder);
    try {
      const page = await context.newPage();
      await page.goto(`${server.url}blank.html`);
      await start(page, true);
      await ask(page, "open", "opfs:full");
      await ask(page, "append", "first");
      const session = await context.newCDPSession(page);
      const origin = server.url.slice(0, -1);
      await session.send("Storage.overrideQuotaForOrigin", { origin, quotaSize: 5_000_000 });
      const { count, code, message } = await ask(page, "fill", 1_000_000);
      assert.equal(code, "STORAGE_QUOTA", message);
      assert.match(message, /full.*what was there before is/);
      await session.send("Storage.overrideQuotaForOrigin", { origin });
      await ask(page, "append", "after");
      await ask(page, "close");
      await start(page, true);
      await ask(page, "open", "opfs:full");
      const found = await ask(page, "read");
      assert.deepEqual([found[0], found.length, found.at(-1)], ["first", count + 2, "after"]);
      assert.ok(found.slice(1, -1).every((record) => record.length === 1_000_000));
    } finally {
      await kill();
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  });

  it("keeps all or nothing where a database is full in the middle", async () => {
    const page = await open();
    await start(page, false);
    await ask(page, "open", "indexeddb:full");
    await ask(page, "append", "first");
    // Chromium counts what a database holds too late to be filled on purpose.
    await page.evaluate(() => {
      const { add } = IDBObjectStore.prototype;
      let left = 2;
      IDBObjectStore.prototype.add = function (...row) {
        if (left-- === 0) throw new DOMException("full", "QuotaExceededError");
        return add.apply(this, row);
      };
    });
    await assert.rejects(ask(page, "append", "a", "b", "c"), /full.*Nothing of this was saved/);
    await ask(page, "append", "after");
    await ask(page, "close");
    await start(page, false);
    await ask(page, "open", "indexeddb:full");
    assert.deepEqual(await ask(page, "read"), ["first", "after"]);
    await page.context().close();
  });

  it("survives the end of the whole browser", async () => {
    const folder = await mkdtemp(join(tmpdir(), "nearmiss-profile-"));
    try {
      let known = 0;
      for (let round = 0; round < 4; round += 1) {
        const { context, kill } = await persistent(folder);
        const page = await context.newPage();
        await page.goto(`${server.url}blank.html`);
        const writing = await startWriting(page, "opfs:notes", 7, known);
        assert.ok(writing.begun.length >= known, `round ${round}: ${writing.begun.length} of ${known} records`);
        await writing.reached(writing.begun.length + 5 + round * 9);
        await kill();
        known = writing.last() + 1;
      }
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  });
});
