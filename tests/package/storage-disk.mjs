/** A disk that fails on purpose: stops the process or the power at any operation, or has no more room. */

export class Crash extends Error {}

/** One file: what is on disk for certain, and the writes since the last flush, which a power cut may keep or lose. */
class File {
  safe = new Uint8Array(0);
  pending = [];

  get now() {
    return this.pending.reduce(apply, this.safe);
  }
}

function apply(bytes, { at, data, size }) {
  const length = size ?? Math.max(bytes.length, at + data.length);
  const next = new Uint8Array(length);
  next.set(bytes.subarray(0, length));
  if (data) next.set(data, at);
  return next;
}

export class Disk {
  files = new Map();
  /** Operations that still succeed. */
  left = Infinity;
  /** Bytes that all files may hold together. */
  room = Infinity;
  crashed = false;
  random;

  constructor(random) {
    this.random = random;
  }

  /** Counts one operation; the one that fails may have done a part. */
  step(part = () => {}) {
    if (this.crashed) throw new Crash();
    if (this.left-- > 0) return;
    this.crashed = true;
    part();
    throw new Crash();
  }

  /** @param power whether what was not flushed may be lost, whole or in part, rather than stay as it was */
  restart(power) {
    const next = new Disk(this.random);
    for (const [name, file] of this.files) {
      next.put(name, power ? this.#survived(file) : file.now);
    }
    return next;
  }

  put(name, bytes) {
    this.files.set(name, Object.assign(new File(), { safe: bytes }));
  }

  /**
   * Any first few writes, the last of them in part, and any of the later ones that made the file no longer: those go to other
   * sectors. Or a file that is as long as it should be, with zeros in the place of data.
   */
  #survived({ safe, pending, now }) {
    const count = Math.floor(this.random() * (pending.length + 1));
    const kept = pending.slice(0, count);
    const last = kept.at(-1);
    if (last?.data) kept[count - 1] = { ...last, data: last.data.slice(0, this.random() * (last.data.length + 1)) };
    let bytes = kept.reduce(apply, safe);
    for (const write of pending.slice(count)) {
      if (write.data && write.at + write.data.length <= bytes.length && this.random() < 0.5) bytes = apply(bytes, write);
    }
    return this.random() < 0.3 ? apply(bytes, { size: Math.max(bytes.length, now.length) }) : bytes;
  }

  folder() {
    const file = (name) => this.files.get(name);
    return {
      list: async () => (this.step(), [...this.files.keys()]),
      view: async (name) => (this.step(), file(name) ? this.#handle(file(name)) : null),
      remove: async (name) => (this.step(), void this.files.delete(name)),
      open: async (name) => {
        this.step();
        if (!file(name)) this.files.set(name, new File());
        return this.#handle(file(name));
      },
    };
  }

  #handle(file) {
    return {
      size: async () => (this.step(), file.now.length),
      read: async (at, length) => (this.step(), file.now.slice(at, at + length)),
      truncate: async (size) => (this.step(), void file.pending.push({ size })),
      close: async () => this.step(),
      write: async (at, data) => {
        const part = (length) => file.pending.push({ at, data: data.slice(0, length) });
        this.step(() => part(this.random() * data.length));
        const used = [...this.files.values()].reduce((sum, { now }) => sum + now.length, 0);
        const more = at + data.length - file.now.length;
        if (more > 0 && used + more > this.room) {
          part(Math.max(0, this.room - used));
          throw new DOMException("full", "QuotaExceededError");
        }
        part(data.length);
      },
      flush: async () => {
        this.step();
        [file.safe, file.pending] = [file.now, []];
      },
    };
  }
}
