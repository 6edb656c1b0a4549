/** Who may write, and who is told: between tabs with Web Locks and a BroadcastChannel, within a thread without. */

export type Release = () => void;

/** Milliseconds; a tab or a worker that has just been ended needs some to let go. */
const PATIENCE = 400;

export interface Peers {
  /** The right to write, unless somebody has it and keeps it. */
  tryLock(): Promise<Release | null>;
  /** The right to write, after those who asked before. Rejects when aborted. */
  waitLock(signal: AbortSignal): Promise<Release>;
  /** Tells the others that there is something new. */
  announce(): void;
  listen(listener: () => void): void;
  close(): void;
}

/** What is shared is named by the key, such as `opfs:notes`. @param within this thread only, as memory is */
export function meet(key: string, within = false): Peers {
  const locks = within ? undefined : globalThis.navigator?.locks;
  return locks && globalThis.BroadcastChannel ? new Tabs(`nearmiss:${key}`, locks) : new Thread(key);
}

class Tabs implements Peers {
  #name: string;
  #locks: LockManager;
  #channel: BroadcastChannel;

  constructor(name: string, locks: LockManager) {
    this.#name = name;
    this.#locks = locks;
    this.#channel = new BroadcastChannel(name);
  }

  async tryLock(): Promise<Release | null> {
    try {
      return await this.#request({ signal: AbortSignal.timeout(PATIENCE) });
    } catch (error) {
      if ((error as Error).name === "TimeoutError" || (error as Error).name === "AbortError") return null;
      throw error;
    }
  }

  async waitLock(signal: AbortSignal): Promise<Release> {
    return (await this.#request({ signal })) ?? (() => {});
  }

  /** A lock is held until the promise that its callback gives is settled; the browser ends it with the tab. */
  #request(options: LockOptions): Promise<Release | null> {
    return new Promise((resolve, reject) => {
      const held = this.#locks.request(this.#name, options, (lock) => {
        if (!lock) return resolve(null);
        return new Promise<void>((release) => resolve(() => release()));
      });
      held.catch(reject);
    });
  }

  announce(): void {
    this.#channel.postMessage(null);
  }

  listen(listener: () => void): void {
    this.#channel.onmessage = () => listener();
  }

  close(): void {
    this.#channel.close();
  }
}

interface Room {
  held: boolean;
  waiting: Array<(release: Release) => void>;
  members: Set<Thread>;
}

const rooms = new Map<string, Room>();

/** The same within one thread. */
class Thread implements Peers {
  #key: string;
  #room: Room;
  #listener: () => void = () => {};

  constructor(key: string) {
    this.#key = key;
    this.#room = rooms.get(key) ?? { held: false, waiting: [], members: new Set() };
    this.#room.members.add(this);
    rooms.set(key, this.#room);
  }

  async tryLock(): Promise<Release | null> {
    return this.#room.held ? null : this.#hold();
  }

  waitLock(signal: AbortSignal): Promise<Release> {
    const room = this.#room;
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      if (!room.held) return resolve(this.#hold());
      room.waiting.push(resolve);
      signal.addEventListener("abort", () => {
        room.waiting = room.waiting.filter((other) => other !== resolve);
        reject(signal.reason);
      });
    });
  }

  #hold(): Release {
    const room = this.#room;
    room.held = true;
    return () => {
      room.held = false;
      room.waiting.shift()?.(this.#hold());
    };
  }

  announce(): void {
    for (const member of this.#room.members) if (member !== this) queueMicrotask(member.#listener);
  }

  listen(listener: () => void): void {
    this.#listener = listener;
  }

  close(): void {
    this.#listener = () => {};
    this.#room.members.delete(this);
    if (this.#room.members.size === 0 && !this.#room.held) rooms.delete(this.#key);
  }
}
