/**
 * Whether a worker still lives. One that is closed from inside, ended by the browser for its memory, or terminated sends no event to
 * its page. But it gives back its locks (Web Locks API), so each holds one, and its page waits for that.
 */

/** `LockManager`, where the browser has it and lets this page use it. */
function locks(): LockManager | null {
  return (globalThis.navigator as Partial<Navigator> | undefined)?.locks ?? null;
}

/** In the worker: holds the lock for as long as the worker lives. @returns false where there are no locks */
export async function live(name: string): Promise<boolean> {
  const manager = locks();
  if (!manager) return false;
  return new Promise((resolve) => {
    const held = () => {
      resolve(true);
      return new Promise<never>(() => {});
    };
    manager.request(name, held).catch(() => resolve(false));
  });
}

/** In the page: calls back when whoever holds the lock has ended. Gives the function that stops the waiting. */
export function onDeath(name: string, callback: () => void): () => void {
  const stop = new AbortController();
  const died = () => {
    if (!stop.signal.aborted) callback();
  };
  // Rejects only when it is stopped, or where locks are forbidden: then nothing is heard of a silent death.
  locks()?.request(name, { signal: stop.signal }, died).catch(() => {});
  return () => stop.abort();
}

/** Unique among all tabs of the site. */
export function lifeName(): string {
  const random = crypto.getRandomValues(new Uint32Array(4));
  return `nearmiss-worker-${[...random].map((word) => word.toString(36)).join("-")}`;
}
