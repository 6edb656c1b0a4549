/** An engine that tells of what it is asked: the page uses it as it would the engine itself. */
import type { Nearmiss } from "nearmiss";

export interface Call {
  /** As it is called: `search`, `documents.add`. */
  path: string;
  /** As they were given; build/code.ts writes them, when somebody looks. */
  args: readonly unknown[];
  /** Milliseconds; null while it is under way, and for a training, which takes as long as it is pulled. */
  ms: number | null;
  failed: boolean;
}

/** Whoever listens; both are called in order. */
export interface Listener {
  /** Called when a call begins, and again with the same id when it has ended. */
  call(id: number, call: Call): void;
  event(event: object): void;
}

/** Questions that the page asks for its own bookkeeping are left out. */
const SHOWN = new Set([
  ...["search", "context", "answer", "encode", "compare", "mine", "why", "evaluate", "train", "keep", "rollback", "export", "import"],
  ...["documents.add", "documents.import", "documents.remove", "judgments.add", "judgments.remove", "judgments.undo", "judgments.redo"],
  ...["judgments.promote", "judgments.confirm", "judgments.fromDocuments", "judgments.export", "judgments.import"],
]);
const NAMESPACES = new Set(["documents", "judgments"]);

let last = 0;

const quiet = new WeakMap<Nearmiss, Nearmiss>();

export function recorded(engine: Nearmiss, listener: Listener): Nearmiss {
  const telling = watched(engine, "", listener);
  quiet.set(telling, engine);
  return telling;
}

/** The engine behind it, which tells of nothing. */
export function untold(engine: Nearmiss): Nearmiss {
  return quiet.get(engine) ?? engine;
}

function watched<T extends object>(target: T, prefix: string, listener: Listener): T {
  return new Proxy(target, {
    get: (_, name) => {
      // With the engine itself as `this`: its private fields are its own.
      const value: unknown = Reflect.get(target, name, target);
      const path = `${prefix}${String(name)}`;
      if (typeof value === "object" && value !== null && NAMESPACES.has(path)) return watched(value, `${path}.`, listener);
      if (typeof value !== "function") return value;
      const method = (value as (...args: unknown[]) => unknown).bind(target);
      return SHOWN.has(path) ? (...args: unknown[]) => follow(path, method, args, listener) : method;
    },
  });
}

function follow(path: string, method: (...args: unknown[]) => unknown, args: unknown[], listener: Listener): unknown {
  const id = (last += 1);
  const call = { path, args, ms: null, failed: false };
  const started = performance.now();
  listener.call(id, call);
  const result = method(...args.map((arg) => told(arg, listener)));
  if (result instanceof Promise) {
    const ended = (failed: boolean) => listener.call(id, { ...call, ms: performance.now() - started, failed });
    result.then(() => ended(false), () => ended(true));
    return result;
  }
  return events(result as AsyncIterable<object>, listener);
}

/** Options whose progress is listened to as well. */
function told(arg: unknown, listener: Listener): unknown {
  if (typeof arg !== "object" || arg === null || !("onProgress" in arg) || typeof arg.onProgress !== "function") return arg;
  const pass = arg.onProgress as (event: object) => void;
  const onProgress = (event: object) => {
    listener.event(event);
    pass(event);
  };
  return { ...arg, onProgress };
}

async function* events<T extends object>(source: AsyncIterable<T>, listener: Listener): AsyncGenerator<T, void, void> {
  for await (const event of source) {
    listener.event(event);
    yield event;
  }
}
