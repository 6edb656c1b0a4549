/** Errors in a worker that no call is waiting for. Somebody may still be waiting because of them, for ever, so the worker is given up. */

import { isPanic, NearmissError, packError, toNearmissError, type PackedError } from "./errors.js";

/**
 * Tells of errors that nobody caught and of rejections that nobody handled. Its page hears of the latter nothing at all, and of
 * the former only a line: the stack has to be sent.
 *
 * @param scope the worker's global scope
 */
export function watchStray(scope: EventTarget, tell: (error: PackedError) => void): void {
  const listen = (event: Event) => {
    // A call may have taken it for its own.
    if (event.defaultPrevented) return;
    const { error, reason, message } = event as Partial<ErrorEvent & PromiseRejectionEvent>;
    const thrown: unknown = error ?? reason ?? message;
    // Work that was called off leaves nobody waiting.
    if (event.type === "unhandledrejection" && Object(thrown).name === "AbortError") return;
    // Else the page would be told twice, the second time without the stack.
    event.preventDefault();
    tell(packError(stopped(thrown)));
  };
  for (const type of ["error", "unhandledrejection"]) scope.addEventListener(type, listen);
}

function stopped(thrown: unknown): NearmissError {
  if (isPanic(thrown)) return toNearmissError(thrown);
  const { message, stack } = Object(thrown) as { message?: unknown; stack?: unknown };
  return new NearmissError("INTERNAL", `the worker stopped: ${String(message ?? thrown)}.${typeof stack === "string" ? `\n${stack}` : ""}`, { cause: thrown });
}
