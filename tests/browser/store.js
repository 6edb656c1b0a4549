/** Loaded by pages and workers of the storage tests: one store, texts in place of records. */
import { openStore } from "/pkg/dist/storage/index.js";
import { numbered } from "./store-numbers.mjs";

const pack = (text) => new TextEncoder().encode(text);

export class TextStore {
  changes = [];

  async open(spec) {
    this.store = await openStore(spec);
    this.store.onChange((what) => this.changes.push(what));
    return this.state();
  }

  state() {
    const { kind, role, bytes, reason } = this.store;
    return { kind, role, bytes, reason, changes: this.changes.splice(0) };
  }

  async read() {
    const found = [];
    for await (const record of this.store.read()) found.push(new TextDecoder().decode(record));
    return found;
  }

  append(...texts) {
    return this.store.append(texts.map(pack));
  }

  replace(...texts) {
    return this.store.replace(texts.map(pack));
  }

  /** Records of this many bytes until there is no room; how many had room, and what was said then. */
  async fill(length) {
    for (let count = 0; ; count += 1) {
      if (count === 100) return { count, code: null, message: "there was room for all" };
      try {
        // Letters at random, which no database makes much shorter.
        await this.store.append([Uint8Array.from({ length }, () => 65 + Math.floor(Math.random() * 26))]);
      } catch ({ code, message }) {
        return { count, code, message };
      }
    }
  }

  close() {
    return this.store.close();
  }

  /** Until a change of this kind was heard of. */
  async heard(what) {
    while (!this.changes.includes(what)) await new Promise((go) => setTimeout(go, 5));
    this.changes.splice(0);
  }

  /** Numbered records of sizes that look random, told one by one as they are kept; now and then all are written anew. */
  async write(seed, from, told) {
    const kept = await this.read();
    for (let number = from; ; number += 1) {
      const record = numbered(seed, number);
      kept.push(record);
      if (number % 17 === 16) await this.replace(...kept);
      else await this.append(record);
      told(number);
    }
  }
}

export function serveStore(port) {
  const own = new TextStore();
  port.addEventListener("message", async ({ data: [id, method, ...args] }) => {
    try {
      if (method === "write") args.push((number) => port.postMessage(["kept", number]));
      port.postMessage([id, await own[method](...args)]);
    } catch (error) {
      port.postMessage([id, null, { code: error.code, message: String(error.message) }]);
    }
  });
}

/** The same in a worker. `kept` hears of each number. */
export function inWorker(kept = () => {}) {
  const worker = new Worker("/store-worker.js", { type: "module" });
  const waiting = new Map();
  worker.onerror = (event) => console.error(event.message);
  worker.onmessage = ({ data: [id, result, error] }) => {
    if (id === "kept") return kept(result);
    const { resolve, reject } = waiting.get(id);
    if (error) reject(Object.assign(new Error(error.message), { code: error.code }));
    else resolve(result);
  };
  let count = 0;
  const ask = (...request) =>
    new Promise((resolve, reject) => {
      waiting.set(++count, { resolve, reject });
      worker.postMessage([count, ...request]);
    });
  return new Proxy({}, { get: (_, method) => (method === "then" ? undefined : (...args) => ask(method, ...args)) });
}
