/** A panic inside a future that the browser polls reaches no caller: its promise stays pending for ever. This ends it. */

import { isPanic } from "./errors.js";

/**
 * Settles as `work` does, or rejects with the `RuntimeError` that reaches the global scope meanwhile. Only browsers and
 * their workers can be listened to in this way; in Node such an error ends the process, with its stack.
 */
export function guarded<T>(work: () => T | Promise<T>): Promise<T> {
  const { promise, stop } = nextPanic();
  return Promise.race([Promise.resolve().then(work), promise]).finally(stop);
}

function nextPanic(): { promise: Promise<never>; stop: () => void } {
  const scope = globalThis as Partial<Pick<typeof globalThis, "addEventListener" | "removeEventListener">>;
  let stop = () => {};
  const promise = new Promise<never>((_, reject) => {
    const listen = (event: Event) => {
      const { error, reason } = event as Partial<ErrorEvent & PromiseRejectionEvent>;
      const thrown: unknown = error ?? reason;
      if (!isPanic(thrown)) return;
      // It has a caller now, which may have another way to go: a worker's page need not hear of it as a crash.
      event.preventDefault();
      reject(thrown);
    };
    // Before whoever listens for errors that belong to no call.
    for (const type of ["error", "unhandledrejection"]) scope.addEventListener?.(type, listen, { capture: true });
    stop = () => {
      for (const type of ["error", "unhandledrejection"]) scope.removeEventListener?.(type, listen, { capture: true });
    };
  });
  return { promise, stop };
}
