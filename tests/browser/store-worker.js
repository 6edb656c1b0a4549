/** A store in a worker, told what to do by messages: `[id, method, ...args]`, answered by `[id, result]` or `[id, null, error]`. */
import { serveStore } from "./store.js";

serveStore(globalThis);
