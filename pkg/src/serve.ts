/** The worker's side: owns one host and answers requests for it. */

import { packError, toNearmissError } from "./errors.js";
import { createHost, type Args, type Host, type Method } from "./host.js";
import { live } from "./life.js";
import { MANAGING } from "./stored/manage.js";
import { watchRequests } from "./requests.js";
import { transferables, type Created, type Port, type Reply, type Request, type Work } from "./protocol.js";

/** @param create what makes the host, given for tests */
export function serve(port: Port<Reply>, create: typeof createHost = createHost): void {
  const pending = new Map<number, AbortController>();
  let host: Promise<Host> | null = null;
  let owner: Host | null = null;

  const reply = (message: Reply, transfer: Transferable[] = []) => port.postMessage(message, transfer);

  const begin = async ({ create: options, life, requests }: Extract<Work, { create: unknown }>) => {
    if (life !== undefined && (await live(life))) reply({ alive: true });
    if (requests) watchRequests((request) => reply({ request }));
    const made = await create({ ...options, onProgress: (progress) => reply({ progress }) });
    made.onStorage((storage) => reply({ storage, model: made.info.model }));
    owner = made;
    return made;
  };

  const work = async (request: Work, signal: AbortSignal) => {
    if ("create" in request) host ??= begin(request);
    if ("managing" in request) return (MANAGING[request.managing] as (...args: unknown[]) => Promise<void>)(...request.args);
    if (!host) throw new TypeError("the worker was called before it was created");
    const made = await host;
    if ("create" in request) return { info: made.info, storage: made.storage } satisfies Created;
    if ("host" in request) return made[request.host]();
    return made.call(request.method, request.args as Args<Method>, signal);
  };

  const answer = async (request: Exclude<Request, { drop: number }>) => {
    const controller = new AbortController();
    pending.set(request.id, controller);
    try {
      const result: unknown = await work(request, controller.signal);
      reply({ id: request.id, result }, transferables(result));
    } catch (error) {
      const failed = Boolean(owner?.failed);
      reply({ id: request.id, error: packError(toNearmissError(error)), ...(failed && { failed }) });
    } finally {
      pending.delete(request.id);
    }
  };

  port.addEventListener("message", ({ data }: MessageEvent<Request>) => {
    if ("drop" in data) pending.get(data.drop)?.abort();
    else void answer(data);
  });
}
