/** Stores in memory, which share all but the place with those on disk; names; records; checksums. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { crc32 as zlibCrc32 } from "node:zlib";
import { crc32 } from "../../pkg/dist/storage/crc32.js";
import * as door from "../../pkg/dist/storage/index.js";
import { contract } from "./storage-contract.mjs";
import { collect, random } from "./storage-values.mjs";

describe("a store in memory", () => {
  for (const [index, [what, check]] of Object.entries(contract).entries()) it(what, () => check(door, `memory:contract-${index}`));

  it("without a name is its own, and nobody else's", async () => {
    const [one, other] = [await door.openStore("memory"), await door.openStore("memory")];
    assert.deepEqual([one.role, other.role], ["writer", "writer"]);
    await one.append([Uint8Array.of(1)]);
    assert.deepEqual([(await collect(one.read())).length, (await collect(other.read())).length], [1, 0]);
    await assert.rejects(door.deleteStore("memory"), { code: "INPUT_INVALID" });
    await Promise.all([one.close(), other.close()]);
  });

  it("is what there is where there is no browser, and it says so", async () => {
    for (const kind of ["opfs", "indexeddb"]) {
      const store = await door.openStore(`${kind}:fallback-${kind}`);
      assert.equal(store.kind, "memory");
      assert.match(store.reason, /^Kept in memory, and lost with this tab: .*IndexedDB.*\.$/);
      await store.close();
    }
    assert.equal(await door.estimate(), null);
    assert.equal(await door.persist(), false);
  });
});

describe("the name of a store", () => {
  it("is letters, digits, dots, dashes and underscores, 1 to 64", async () => {
    const names = ["", "a/b", "..", ".", "a b", "ü", "a".repeat(65), "a\n", "a:b"];
    const wrong = ["opfs", "disk:notes", "", 7, null, {}, ...names.flatMap((name) => [`opfs:${name}`, `memory:${name}`])];
    for (const spec of wrong) await assert.rejects(door.openStore(spec), { code: "INPUT_INVALID" }, String(spec));
    for (const name of ["a", "A.b-c_9", "x".repeat(64)]) await (await door.openStore(`memory:${name}`)).close();
  });
});

describe("the checksum", () => {
  it("is zlib's, also made piece by piece", () => {
    assert.equal(crc32(new TextEncoder().encode("123456789")), 0xcbf43926); // the check value of the CRC catalogue
    const next = random(1);
    for (let round = 0; round < 200; round++) {
      const bytes = Uint8Array.from({ length: next() * 300 }, () => next() * 256);
      const cut = Math.floor(next() * bytes.length);
      assert.equal(crc32(bytes), zlibCrc32(bytes));
      assert.equal(crc32(bytes.subarray(cut), crc32(bytes.subarray(0, cut))), crc32(bytes));
    }
  });
});

describe("a record", () => {
  const vectors = Float32Array.of(1.5, -0, Infinity, 3e-40);
  const parts = [new Uint8Array(vectors.buffer), new Uint8Array(0), Uint8Array.of(255)];

  it("comes back as it was, its parts ready for typed arrays", () => {
    const data = { id: "a", text: "ü\u0000😀", list: [1, null, { deep: true }] };
    // Out of step with any alignment, as a record within a file is.
    const bytes = new Uint8Array(door.encode({ type: "vectors", data, parts }).length + 3);
    bytes.set(door.encode({ type: "vectors", data, parts }), 3);
    const found = door.decode(bytes.subarray(3));
    assert.deepEqual(found, { type: "vectors", data, parts });
    assert.deepEqual(new Float32Array(found.parts[0].buffer), vectors);
    assert.deepEqual(door.decode(door.encode({ type: "", data: null })), { type: "", data: null, parts: [] });
    assert.deepEqual(door.decode(door.encode({ type: "x", data: undefined })), { type: "x", data: undefined, parts: [] });
  });

  it("refuses what it cannot hold", () => {
    const circle = {};
    circle.circle = circle;
    for (const record of [{ type: 1, data: null }, { type: "x", data: circle }, { type: "x", data: 1n }, { type: "x", data: 0, parts: [vectors] }]) {
      assert.throws(() => door.encode(record), { code: "INPUT_INVALID" });
    }
  });

  it("that is damaged or random is STORAGE_CORRUPT or another record, and never anything else", () => {
    const next = random(2);
    const whole = door.encode({ type: "document", data: { id: "a", text: "some text" }, parts });
    let corrupt = 0;
    const attempt = (bytes) => {
      try {
        const { type, parts: found } = door.decode(bytes);
        assert.ok(typeof type === "string" && found.every((part) => part instanceof Uint8Array));
      } catch (error) {
        assert.equal(error.code, "STORAGE_CORRUPT", error.stack);
        corrupt++;
      }
    };
    for (let length = 0; length < whole.length; length++) attempt(whole.subarray(0, length));
    assert.equal(corrupt, whole.length, "every shortened one is refused");
    for (let round = 0; round < 20_000; round++) {
      const bytes = next() < 0.3 ? Uint8Array.from({ length: next() * 60 }, () => next() * 256) : whole.slice();
      for (let change = next() * 4; change > 0 && bytes.length; change--) bytes[Math.floor(next() * bytes.length)] = next() * 256;
      attempt(bytes);
    }
    const others = ["null", "7", "[]", '{"type":"x","parts":[-1]}', '{"type":"x","parts":[1e308,1e308]}', '{"type":"x","parts":{}}', '{"parts":[]}'];
    for (const json of others) {
      const bytes = new Uint8Array([json.length, 0, 0, 0, ...new TextEncoder().encode(json)]);
      assert.throws(() => door.decode(bytes), { code: "STORAGE_CORRUPT" }, json);
    }
  });
});
