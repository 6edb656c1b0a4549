/** What tests ask of stores in a browser; arguments and answers can cross between threads. Runs in pages and in workers. */
import * as door from "/dist/storage/index.js";
import { contract } from "/package/storage-contract.mjs";
import { collect, numbered, same } from "/package/storage-values.mjs";

/** Longest record of the tabs that are killed, bytes: writing takes long enough to die in the middle of it. */
const HEAVY = 300_000;
const stores = new Map();
const changes = new Map();

export const calls = {
  contract: (name, spec) => contract[name](door, spec),

  async open(spec, recover = false) {
    const store = await door.openStore(spec, { recover: recover === true });
    stores.set(spec, store);
    changes.set(spec, []);
    store.onChange((what) => changes.get(spec).push(what));
    return { kind: store.kind, role: store.role, reason: store.reason, bytes: store.bytes };
  },

  role: async (spec) => stores.get(spec).role,
  changes: async (spec) => changes.get(spec),
  close: (spec) => stores.get(spec).close(),
  list: () => door.listStores(),
  remove: (spec) => door.deleteStore(spec),
  estimate: () => door.estimate(),

  append: (spec, seed, from, to) => stores.get(spec).append(Array.from({ length: to - from }, (_, i) => numbered(seed, from + i))),
  appendLarge: (spec, bytes) => stores.get(spec).append([noise(bytes)]),
  replaceLarge: (spec, bytes, times) => stores.get(spec).replace(Array.from({ length: times }, () => noise(bytes))),
  replace: (spec, seed, from, to) => stores.get(spec).replace(Array.from({ length: to - from }, (_, i) => numbered(seed, from + i))),

  read: (spec, seed) => readNumbers(spec, seed),
  readHeavy: (spec, seed) => readNumbers(spec, seed, HEAVY),

  /** Appends records from `number` on until the page dies; each time it acknowledges how many there are. */
  async appendForever(spec, seed, number, acknowledge) {
    for (let next = number; ; next++) {
      await stores.get(spec).append([numbered(seed, next, HEAVY)]);
      await acknowledge(next + 1);
    }
  },

  /** The same, and after every fourth record puts all of them, once more, in the place of all. */
  async replaceForever(spec, seed, number, acknowledge) {
    for (let next = number; ; next++) {
      await stores.get(spec).append([numbered(seed, next, HEAVY)]);
      await acknowledge(next + 1);
      if (next % 4 === 3) await stores.get(spec).replace(stores.get(spec).all());
    }
  },

  /** Changes one byte of the newest log in OPFS, which nobody has open. */
  async damage(name, at) {
    const root = await navigator.storage.getDirectory();
    const folder = await (await root.getDirectoryHandle("nearmiss")).getDirectoryHandle(name);
    const names = await files(folder);
    const handle = await (await folder.getFileHandle(names.filter((file) => file.startsWith("log-")).at(-1))).createSyncAccessHandle();
    const byte = new Uint8Array(1);
    handle.read(byte, { at });
    byte[0] ^= 1;
    handle.write(byte, { at });
    handle.close();
    return names;
  },

  async files(name) {
    const root = await navigator.storage.getDirectory();
    return files(await (await root.getDirectoryHandle("nearmiss")).getDirectoryHandle(name));
  },

  /** Gives a database the next version of its format. */
  async age(name) {
    (await result(indexedDB.open(`nearmiss/${name}`, 2))).close();
  },

  /** Changes one byte of a row in IndexedDB. */
  damageRow: (name, number) =>
    withRows(name, async (rows) => {
      const key = (await result(rows.getAllKeys()))[number];
      const row = await result(rows.get(key));
      row[row.length - 2] ^= 1;
      await result(rows.put(row, key));
    }),

  countRows: (name) => withRows(name, (rows) => result(rows.count())),
};

/** Numbers of the records that `read` gives, each compared with what was written; -1 for one that differs. */
async function readNumbers(spec, seed, longest) {
  const records = await collect(stores.get(spec).read());
  return records.map((record) => {
    const number = record.length < 8 ? -1 : new DataView(record.buffer, record.byteOffset).getUint32(0, true);
    return same(record, numbered(seed, number, longest)) ? number : -1;
  });
}

/** What does not shrink: Chromium compresses what it puts into IndexedDB. */
function noise(length) {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

async function withRows(name, work) {
  const database = await result(indexedDB.open(`nearmiss/${name}`));
  try {
    return await work(database.transaction("rows", "readwrite").objectStore("rows"));
  } finally {
    database.close();
  }
}

function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function files(folder) {
  const names = [];
  for await (const name of folder.keys()) names.push(name);
  return names.sort();
}
