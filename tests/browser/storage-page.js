/**
 * Calls of stores in this page or in a worker of it; what is acknowledged is told to `acknowledged`, which the test exposes,
 * and nothing goes on before it has heard.
 */
import { calls } from "./storage-calls.js";

let worker;
const waiting = new Map();

function start() {
  worker = new Worker("/storage-worker.js", { type: "module" });
  worker.onmessage = async ({ data: { id, value, error, acknowledged } }) => {
    if (acknowledged !== undefined) {
      await globalThis.acknowledged(acknowledged);
      return worker.postMessage({ heard: true });
    }
    waiting.get(id)(error ? { error } : { value });
    waiting.delete(id);
  };
}

/** @returns {Promise<{ value: any } | { error: { code, message } }>} */
export async function call(where, name, ...args) {
  if (where === "worker") {
    if (!worker) start();
    const id = crypto.randomUUID();
    worker.postMessage({ id, call: name, args });
    return new Promise((resolve) => waiting.set(id, resolve));
  }
  try {
    return { value: await calls[name](...args, (number) => globalThis.acknowledged(number)) };
  } catch (error) {
    return { error: { code: error.code ?? null, message: String(error.stack ?? error) } };
  }
}
