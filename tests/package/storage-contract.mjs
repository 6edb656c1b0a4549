/**
 * What every store keeps to, wherever it lies. Runs in Node over memory, and in Chromium over each kind of place: so nothing here
 * needs more than a JavaScript engine. Each check is given the package's door and the spec of a store that nobody has used.
 */
import { collect, numbered, same } from "./storage-values.mjs";

function expect(condition, message) {
  if (!condition) throw new Error(message);
}

function expectRecords(found, expected, what) {
  expect(found.length === expected.length, `${what}: ${found.length} records, not ${expected.length}`);
  found.forEach((record, i) => expect(same(record, expected[i]), `${what}: record ${i} differs`));
}

async function refusal(promise) {
  try {
    await promise;
  } catch (error) {
    return error.code;
  }
  return "nothing was refused";
}

const list = (from, to) => Array.from({ length: to - from }, (_, i) => numbered(7, from + i));

/** The next change that a store tells of. */
const change = (store, wanted) =>
  new Promise((resolve) => {
    const stop = store.onChange((what) => {
      if (what !== wanted) return;
      stop();
      resolve();
    });
  });

async function reopened(door, spec, expected, what) {
  const store = await door.openStore(spec);
  expectRecords(await collect(store.read()), expected, what);
  await store.close();
}

export const contract = {
  async "a new store is empty and takes what is appended, in order and across openings"(door, spec) {
    const store = await door.openStore(spec);
    expect(store.role === "writer" && `${store.kind}:${store.name}` === spec && store.reason.endsWith("."), JSON.stringify(store));
    expectRecords(await collect(store.read()), [], "new");
    const before = store.bytes;
    await store.append([]);
    expect(store.bytes === before, "nothing takes no room");
    await Promise.all([store.append(list(0, 3)), store.append(list(3, 4)), store.append([new Uint8Array(0)]), store.append(list(4, 40))]);
    expect(store.bytes > before, "grows");
    await store.close();
    await store.close();
    await reopened(door, spec, [...list(0, 4), new Uint8Array(0), ...list(4, 40)], "reopened");
  },

  async "read gives what came since it was drained; all gives everything"(door, spec) {
    const store = await door.openStore(spec);
    await store.append(list(0, 5));
    for await (const _ of store.read()) break;
    expectRecords(await collect(store.read()), list(0, 5), "left early, so again");
    expectRecords(await collect(store.read()), [], "drained");
    await store.append(list(5, 7));
    const both = await Promise.all([collect(store.read()), collect(store.read())]);
    expectRecords(both[0], list(5, 7), "new ones");
    expectRecords(both[1], [], "given once");
    expectRecords(await collect(store.all()), list(0, 7), "all");
    await store.close();
    expect((await refusal(store.append(list(0, 1)))) === "DISPOSED", "append after close");
    expect((await refusal(collect(store.read()))) === "DISPOSED", "read after close");
  },

  async "holds records of several MiB, and many in one append"(door, spec) {
    const large = Uint8Array.from({ length: 5_000_000 }, (_, i) => i * 31);
    const small = Array.from({ length: 3000 }, (_, i) => numbered(3, i, 40));
    const store = await door.openStore(spec);
    await store.append([large, ...small, large.subarray(1, 3_000_000)]);
    await store.close();
    await reopened(door, spec, [large, ...small, large.subarray(1, 3_000_000)], "large and small");
  },

  async "replace puts others in the place of all, and goes on from there"(door, spec) {
    const store = await door.openStore(spec);
    await store.append(list(0, 30));
    const long = store.bytes;
    await store.replace(store.all());
    expect(store.bytes === long, "the same records take the same room");
    await store.replace(list(10, 13));
    expect(store.bytes < long, "shorter");
    await store.append(list(13, 15));
    expectRecords(await collect(store.read()), list(10, 15), "read from the beginning");
    await store.replace([]);
    expectRecords(await collect(store.read()), [], "emptied");
    await store.append(list(1, 2));
    await store.close();
    await reopened(door, spec, list(1, 2), "reopened");
  },

  async "refuses what is no record, and is as it was"(door, spec) {
    const store = await door.openStore(spec);
    await store.append(list(0, 2));
    expect((await refusal(store.append([numbered(1, 1), "text"]))) === "INPUT_INVALID", "append");
    expect((await refusal(store.replace([numbered(1, 1), null]))) === "INPUT_INVALID", "replace");
    const failing = async function* () {
      yield numbered(1, 1);
      throw new RangeError("midway");
    };
    expect((await refusal(store.replace(failing()))) === "INTERNAL", "a source that fails");
    await store.append(list(2, 3));
    await store.close();
    await reopened(door, spec, list(0, 3), "reopened");
  },

  async "a second one reads, follows, and writes when the first is closed"(door, spec) {
    const [first, second] = [await door.openStore(spec), await door.openStore(spec)];
    expect(second.role === "reader", "the second reads");
    expect((await refusal(second.append(list(0, 1)))) === "INPUT_INVALID", "a reader appends");
    expect((await refusal(second.replace([]))) === "INPUT_INVALID", "a reader replaces");
    for (const at of [0, 4, 8]) {
      const told = change(second, "records");
      await first.append(list(at, at + 4));
      await told;
      expectRecords(await collect(second.read()), list(at, at + 4), `followed from ${at}`);
    }
    const replaced = change(second, "replaced");
    await first.replace(list(50, 60));
    await replaced;
    expectRecords(await collect(second.read()), list(50, 60), "replaced");
    const waits = change(second, "records");
    await first.append(list(60, 61));
    await waits;
    const rises = change(second, "role");
    await first.close();
    expect(second.role === "reader", "not before it has read everything");
    expectRecords(await collect(second.read()), list(60, 61), "the last words");
    await rises;
    expect(second.role === "writer", "writes");
    await second.append(list(61, 62));
    await second.close();
    await reopened(door, spec, list(50, 62), "reopened");
  },

  async "the oldest of several readers writes next; one that is closed does not"(door, spec) {
    const [first, second, third, fourth] = [
      await door.openStore(spec), await door.openStore(spec), await door.openStore(spec), await door.openStore(spec),
    ];
    await second.close();
    const rises = change(third, "role");
    await first.close();
    await rises;
    expect([third.role, fourth.role].join() === "writer,reader", "the third, not the fourth");
    await Promise.all([third.close(), fourth.close()]);
  },

  async "a reader in the middle of a log that is replaced gets no mixture"(door, spec) {
    const [first, second] = [await door.openStore(spec), await door.openStore(spec)];
    const old = Array.from({ length: 40 }, (_, i) => numbered(1, i, 400_000));
    await first.append(old);
    let replaced = false;
    second.onChange((what) => (replaced ||= what === "replaced"));
    const found = [];
    for await (const record of second.read()) {
      found.push(record);
      if (found.length === 3) await first.replace(list(0, 20));
    }
    found.forEach((record, i) => expect(same(record, old[i]), `record ${i} is of the old log`));
    expectRecords(await collect(second.read()), list(0, 20), "then the new one");
    expect(replaced, "was told");
    await Promise.all([first.close(), second.close()]);
  },

  async "is listed with its length, and deleted when nobody has it open"(door, spec) {
    const store = await door.openStore(spec);
    await store.append(list(0, 9));
    const listed = (await door.listStores()).find(({ name }) => name === store.name);
    expect(listed?.kind === store.kind && listed.bytes === store.bytes, JSON.stringify(listed));
    expect((await refusal(door.deleteStore(spec))) === "INPUT_INVALID", "deleted while open");
    await store.close();
    await door.deleteStore(spec);
    await door.deleteStore(spec);
    expect(!(await door.listStores()).some(({ name }) => name === store.name), "still listed");
    await reopened(door, spec, [], "begins anew");
  },

  async "travels as one file, of which every part is checked"(door, spec) {
    const store = await door.openStore(spec);
    const records = [...list(0, 30), numbered(2, 0, 20_000_000)];
    await store.append(records);
    const file = await door.exportStore(store);
    await store.replace(list(90, 91));
    const bytes = new Uint8Array(await file.arrayBuffer());
    for (const at of [0, 9, 16, 31, 32, 40, 48, 5000, bytes.length - 1]) {
      const broken = bytes.slice();
      broken[at] ^= 4;
      expect((await refusal(door.importStore(store, new Blob([broken])))) === "STORAGE_CORRUPT", `byte ${at}`);
    }
    for (const part of [bytes.slice(0, -1), bytes.slice(0, 100), new Uint8Array(0), new Uint8Array([...bytes.slice(0, 9000), 1])]) {
      expect((await refusal(door.importStore(store, new Blob([part])))) === "STORAGE_CORRUPT", `${part.length} bytes`);
    }
    expectRecords(await collect(store.all()), list(90, 91), "untouched");
    await door.importStore(store, file);
    expectRecords(await collect(store.all()), records, "imported");
    await store.close();
    await reopened(door, spec, records, "reopened");
  },

  async "a signal that is aborted leaves nothing open"(door, spec) {
    expect((await refusal(door.openStore(spec, { signal: AbortSignal.abort() }))) === "ABORTED", "before");
    const stop = new AbortController();
    const opening = refusal(door.openStore(spec, { signal: stop.signal }));
    stop.abort();
    expect((await opening) === "ABORTED", "meanwhile");
    const store = await door.openStore(spec);
    expect(store.role === "writer", "somebody still has it");
    await store.close();
  },
};
