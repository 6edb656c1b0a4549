/** One encoding thread: opens an engine, then answers each request for vectors. */

import { parentPort, workerData } from "node:worker_threads";
import { defined } from "../checks.js";
import { packError } from "../errors.js";
import { createHost, type Host } from "../host.js";
import { readAdapter } from "./session.js";
import type { ThreadReply, ThreadRequest, ThreadSetup } from "./threads.js";

const reply = (message: ThreadReply, transfer: ArrayBuffer[] = []) => parentPort?.postMessage(message, transfer);

async function open({ adapter, ...options }: ThreadSetup): Promise<Host> {
  const host = await createHost({ ...defined(options), device: "cpu" });
  if (adapter !== undefined) await host.call("import", [await readAdapter(adapter)]);
  return host;
}

async function answer(host: Host, { method, texts, as }: ThreadRequest): Promise<void> {
  try {
    const vectors = await host.call(method, [texts, as]);
    reply({ vectors }, [vectors.buffer as ArrayBuffer]);
  } catch (error) {
    reply({ error: packError(error) });
  }
}

try {
  const host = await open(workerData as ThreadSetup);
  const { model } = await host.call("info", []);
  parentPort?.on("message", (request: ThreadRequest) => void answer(host, request));
  reply({ ready: model.fingerprint });
} catch (error) {
  reply({ error: packError(error) });
}
