/**
 * Uses stores in a worker, for whoever sends messages: `{ id, call, args }` is answered by `{ id, value }` or `{ id, error }`.
 * The page offers the same functions to itself, see storage-page.js.
 */
import { calls } from "./storage-calls.js";

let goOn = () => {};

function acknowledge(number) {
  postMessage({ acknowledged: number });
  return new Promise((resolve) => (goOn = resolve));
}

onmessage = async ({ data: { id, call, args, heard } }) => {
  if (heard) return goOn();
  try {
    postMessage({ id, value: await calls[call](...args, acknowledge) });
  } catch (error) {
    postMessage({ id, error: { code: error.code ?? null, message: String(error.stack ?? error) } });
  }
};
