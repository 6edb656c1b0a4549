/** One tab writes a store (Web Locks). Without locks, as in Node, there is one process, and it writes. */

/** Milliseconds; a tab that is being closed needs some to let go. */
const PATIENCE = 500;

export interface Lock {
  release(): void;
}

const nameOf = (store: string) => `nearmiss:${store}`;

function locks(): LockManager | undefined {
  return globalThis.navigator?.locks;
}

/** The lock, or null where another holds it and keeps it for a while. */
export async function tryLock(store: string, patience = PATIENCE): Promise<Lock | null> {
  const manager = locks();
  if (!manager) return { release: () => {} };
  return patience === 0 ? request(manager, store, { ifAvailable: true }) : request(manager, store, { signal: AbortSignal.timeout(patience) });
}

/** The lock as soon as it is free; null when the signal comes first. */
export async function waitForLock(store: string, signal: AbortSignal): Promise<Lock | null> {
  const manager = locks();
  return manager ? request(manager, store, { signal }) : null;
}

function request(manager: LockManager, store: string, options: LockOptions): Promise<Lock | null> {
  return new Promise((resolve, reject) => {
    const held = manager.request(nameOf(store), options, (lock) => {
      if (lock === null) return resolve(null);
      return new Promise<void>((release) => resolve({ release }));
    });
    // Abort and timeout; everything else is a fault.
    held.catch((error: Error) => (error.name === "AbortError" || error.name === "TimeoutError" ? resolve(null) : reject(error)));
  });
}
