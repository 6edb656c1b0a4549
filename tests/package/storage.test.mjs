/** The log of a store: what was written comes back whole and in order, or not at all. Browsers' own storage is tested in browsers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 } from "../../pkg/dist/storage/crc.js";
import { frame, frames, HEAD, head, isComplete } from "../../pkg/dist/storage/frames.js";
import { decode, deleteStore, encode, importStore, listStores, openStore, repairStore } from "../../pkg/dist/storage/index.js";
import { stores } from "../../pkg/dist/index.js";

/** Numbers that look random and are the same each time (mulberry32). */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const bytesOf = (next, length) => Uint8Array.from({ length }, () => Math.floor(next() * 256));
const concat = (parts) => new Uint8Array(Buffer.concat(parts));

async function readAll(bytes, end = bytes.length) {
  const found = [];
  const source = { read: (at, length) => bytes.subarray(at, Math.min(at + length, bytes.length)) };
  for await (const { record } of frames(source, HEAD, end, "test")) found.push(record);
  return found;
}

async function all(store) {
  const found = [];
  for await (const record of store.read()) found.push(Buffer.from(record).toString());
  return found;
}

const text = (...words) => words.map((word) => new TextEncoder().encode(word));

test("the checksum is that of the standard", () => {
  assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926);
  assert.equal(crc32(new Uint8Array()), 0);
});

test("records of any size come back, and a last one that is cut off anywhere is left out", async () => {
  const next = random(1);
  const records = [0, 1, 3, 100, 5000, 0, 70_000].map((length) => bytesOf(next, length));
  const log = concat([head(true), ...records.map(frame)]);
  assert.deepEqual(await readAll(log), records);
  const last = frame(records.at(-1)).length;
  for (let cut = 1; cut <= last; cut += cut < 20 ? 1 : 997) assert.deepEqual(await readAll(log.slice(0, log.length - cut)), records.slice(0, -1), `${cut} bytes short`);
  assert.deepEqual(await readAll(concat([log, new Uint8Array(500)])), records, "room that was allotted and never filled");
});

test("one changed byte in the middle is STORAGE_CORRUPT and names the place; never a wrong record", async () => {
  const next = random(2);
  const records = Array.from({ length: 12 }, (_, at) => bytesOf(next, 5 + at * 7));
  const log = concat([head(true), ...records.map(frame)]);
  let refused = 0;
  for (let at = HEAD; at < log.length; at += 1) {
    const damaged = log.slice();
    damaged[at] ^= 1 + Math.floor(next() * 255);
    try {
      const found = await readAll(damaged);
      assert.deepEqual(found, records.slice(0, found.length));
      assert.ok(found.length === records.length - 1, `byte ${at}: only the very last record may be taken for unfinished`);
    } catch (error) {
      assert.equal(error.code, "STORAGE_CORRUPT", error.stack);
      assert.match(error.message, /damaged at byte \d+/);
      refused += 1;
    }
  }
  assert.ok(refused > log.length / 2);
});

test("bytes that are no log, or one of a later version, are refused; an unfinished one does not count", () => {
  assert.equal(isComplete(head(true), "x"), true);
  assert.equal(isComplete(head(false), "x"), false);
  const later = head(true);
  later[8] = 9;
  assert.throws(() => isComplete(later, "x"), { code: "STORAGE_CORRUPT", message: /version 9.*update/ });
  for (const wrong of [new Uint8Array(), new Uint8Array(HEAD), bytesOf(random(3), 40)]) assert.throws(() => isComplete(wrong, "x"), { code: "STORAGE_CORRUPT" });
});

test("a record keeps its data and its parts; damaged ones are STORAGE_CORRUPT and nothing else", () => {
  const next = random(4);
  const parts = [bytesOf(next, 10), new Uint8Array(), bytesOf(next, 300)];
  const data = { method: "addDocuments", args: [[{ id: "ключ", text: "a\u0000b" }]] };
  const packed = encode({ type: "call", data, parts });
  assert.deepEqual(decode(packed), { type: "call", data, parts });
  assert.deepEqual(decode(encode({ type: "x" })), { type: "x", data: undefined, parts: [] });
  for (let round = 0; round < 3000; round += 1) {
    const bytes = round % 3 === 0 ? bytesOf(next, Math.floor(next() * 60)) : packed.slice(0, round % 3 === 1 ? Math.floor(next() * packed.length) : packed.length);
    if (round % 3 === 2) bytes[Math.floor(next() * 70)] = Math.floor(next() * 256);
    try {
      assert.equal(typeof decode(bytes).type, "string");
    } catch (error) {
      assert.equal(error.code, "STORAGE_CORRUPT", error.stack);
    }
  }
});

test("a store keeps what was appended, in order, and reads what is new only once", async () => {
  const store = await openStore("memory:order");
  assert.deepEqual([store.kind, store.role, store.bytes], ["memory", "writer", 0]);
  await Promise.all([store.append(text("a", "b")), store.append(text("c"))]);
  assert.deepEqual(await all(store), [], "what this side wrote it knows");
  await store.close();
  await assert.rejects(store.append(text("d")), { code: "DISPOSED" });
  const again = await openStore("memory:order");
  assert.deepEqual(await all(again), ["a", "b", "c"]);
  assert.deepEqual(await all(again), []);
  await again.replace(text("x", "y"));
  const file = await again.export();
  assert.equal(again.bytes, file.size);
  await again.close();
  const third = await openStore("memory:order");
  assert.deepEqual(await all(third), ["x", "y"]);
  await third.close();
});

test("a replacement that fails leaves everything as it was", async () => {
  const store = await openStore("memory:fails");
  await store.append(text("a"));
  const broken = async function* () {
    yield* text("x");
    throw new RangeError("no more");
  };
  await assert.rejects(store.replace(broken()), RangeError);
  await store.append(text("b"));
  await store.close();
  const again = await openStore("memory:fails");
  assert.deepEqual(await all(again), ["a", "b"]);
  await again.close();
});

test("a full store is STORAGE_QUOTA with what to do", async () => {
  const store = await openStore("memory:full");
  await store.append(text("a"));
  const full = async function* () {
    throw new DOMException("no space", "QuotaExceededError");
  };
  await assert.rejects(store.replace(full()), { code: "STORAGE_QUOTA", message: /what was there before is.*free space/ });
  await store.close();
});

test("a store goes into a file and comes back in another; a damaged file changes nothing", async () => {
  const store = await openStore("memory:from");
  await store.append(text("a", "b"));
  const file = await store.export();
  await store.close();
  await importStore("memory:to", file);
  const bytes = new Uint8Array(await file.arrayBuffer());
  const wrong = bytes.slice();
  wrong[HEAD + 13] ^= 1;
  for (const [damaged, code] of [
    [new Blob([wrong]), "STORAGE_CORRUPT"],
    [new Blob([bytes.slice(0, -1)]), "INPUT_INVALID"],
    [new Blob(["something else"]), "STORAGE_CORRUPT"],
    ["not a file", "INPUT_INVALID"],
  ]) await assert.rejects(importStore("memory:to", damaged), { code });
  const to = await openStore("memory:to");
  assert.deepEqual(await all(to), ["a", "b"]);
  await to.close();
});

test("stores are listed, repaired and deleted by name", async () => {
  const store = await openStore("memory:listed");
  await store.append(text("a"));
  await store.close();
  const listed = async () => (await listStores()).map(({ kind, name }) => `${kind}:${name}`);
  assert.ok((await listed()).includes("memory:listed"));
  assert.deepEqual(await repairStore("memory:listed"), { saved: 1, damaged: false });
  await deleteStore("memory:listed");
  assert.ok(!(await listed()).includes("memory:listed"));
  assert.equal(await stores.estimate(), null, "Node does not say");
});

test("names that cannot be meant are INPUT_INVALID", async () => {
  for (const spec of ["", "files:notes", "opfs:", "opfs:a/b", "opfs:..", "memory:.hidden", `memory:${"x".repeat(65)}`, 3, null, "memory:a:b"]) {
    await assert.rejects(openStore(spec), { code: "INPUT_INVALID", message: /storage/ }, String(spec));
  }
});

test("where a browser has neither files nor a database, it is memory and says why", async () => {
  const store = await openStore("opfs:fallback");
  assert.equal(store.kind, "memory");
  assert.match(store.reason, /no files of a site's own.*no IndexedDB/);
  await store.close();
});
