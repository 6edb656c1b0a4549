/**
 * A log in a database: one record a row, keyed by generation and number, each in the frame it would have in a file, whose checksum
 * holds the number. One row of another table says which generation counts and how long it is; it is written in the same
 * transaction as the rows it counts, with "strict" durability: a transaction that completed is on disk.
 */

import { invalid, NearmissError } from "../errors.js";
import { result, ROWS, STATE } from "./database.js";
import { decodeFrame, encodeFrame, frameSize } from "./frames.js";
import type { Log } from "./types.js";

/** Bytes in one transaction of a replacement, and read at once. */
const BATCH = 4 * 2 ** 20;

/** @property aside damaged generations, kept for whoever wants to look at them */
interface State {
  generation: number;
  count: number;
  bytes: number;
  aside: number[];
}

const NOTHING: State = { generation: 0, count: 0, bytes: 0, aside: [] };

export class TableLog implements Log {
  readonly start = 0;
  #database: IDBDatabase;
  #state = NOTHING;

  constructor(database: IDBDatabase) {
    this.#database = database;
  }

  get generation(): number {
    return this.#state.generation;
  }

  get end(): number {
    return this.#state.count;
  }

  get bytes(): number {
    return this.#state.bytes;
  }

  async refresh(): Promise<void> {
    this.#state = await this.#stored();
  }

  async #stored(): Promise<State> {
    const state: unknown = await result(this.#database.transaction(STATE).objectStore(STATE).get(STATE));
    return toState(state);
  }

  async own(recover: boolean): Promise<void> {
    await this.refresh();
    if (this.generation === 0) return this.#create();
    try {
      for await (const _ of this.records(0, this.end));
    } catch (error) {
      if (!recover || !(error instanceof NearmissError)) throw error;
      return this.#recover();
    }
    await this.#switch(this.#state);
  }

  /** The description is written before any row. */
  async #create(): Promise<void> {
    const rows = await result(this.#database.transaction(ROWS).objectStore(ROWS).count());
    if (rows > 0) throw new NearmissError("STORAGE_CORRUPT", `the stored log is damaged: ${rows} rows, but no description. Nothing was changed`);
    await this.#switch({ ...NOTHING, generation: 1 });
  }

  /** What stands before the first row that is damaged becomes the log. */
  async #recover(): Promise<void> {
    const { generation, aside } = this.#state;
    const next = await this.#write(generation + 1, this.#whole());
    await this.#switch({ ...next, aside: [...aside, generation] });
  }

  async *#whole(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      yield* this.records(0, this.end);
    } catch (error) {
      if (!(error instanceof NearmissError)) throw error;
    }
  }

  async *records(from: number, to: number): AsyncGenerator<Uint8Array, void, undefined> {
    const { generation } = this.#state;
    for (let at = from; at < to; ) {
      const rows = await this.#rows(generation, at, to);
      for (const row of rows) {
        const record = row.key === at && row.value instanceof Uint8Array ? decodeFrame(row.value, at) : null;
        if (this.generation !== generation) return;
        if (!record) throw corrupt(generation, at);
        yield record;
        at++;
      }
      if (this.generation !== generation) return;
      if (rows.length === 0) throw corrupt(generation, at);
    }
  }

  /** Some of the rows from one number on, at least one if there is any. A transaction cannot wait for those who read. */
  #rows(generation: number, from: number, to: number): Promise<{ key: number; value: unknown }[]> {
    const range = IDBKeyRange.bound([generation, from], [generation, to], false, true);
    const request = this.#database.transaction(ROWS).objectStore(ROWS).openCursor(range);
    const rows: { key: number; value: unknown }[] = [];
    let size = 0;
    return new Promise((resolve, reject) => {
      request.onerror = () => reject(request.error);
      request.onsuccess = () => {
        const cursor = request.result;
        if (!cursor || size >= BATCH) return resolve(rows);
        rows.push({ key: (cursor.key as number[])[1] ?? -1, value: cursor.value });
        size += cursor.value instanceof Uint8Array ? cursor.value.length : 0;
        cursor.continue();
      };
    });
  }

  async append(records: readonly Uint8Array[]): Promise<void> {
    const { generation, count, bytes } = this.#state;
    const next = { ...this.#state, count: count + records.length, bytes: records.reduce((sum, record) => sum + frameSize(record), bytes) };
    await this.#transact((rows, states, refuse) => {
      const check = states.get(STATE);
      // Where there are no Web Locks two tabs may both think that they write.
      check.onsuccess = () => {
        const { generation: present, count: there } = check.result as State;
        if (present !== generation || there !== count) return refuse(invalid("store", "another tab has written to it; open it again"));
        records.forEach((record, i) => rows.put(encodeFrame(record, count + i), [generation, count + i]));
        states.put(next, STATE);
      };
    });
    this.#state = next;
  }

  async replace(records: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    const next = await this.#write(this.generation + 1, records);
    await this.#switch({ ...next, aside: this.#state.aside });
  }

  /** Rows of a generation that does not count yet. After a refusal they are gone again, or go at the next opening. */
  async #write(generation: number, records: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<State> {
    let [count, bytes, size] = [0, 0, 0];
    let waiting: [frame: Uint8Array, key: number[]][] = [];
    const send = async () => {
      const some = waiting;
      [waiting, size] = [[], 0];
      await this.#transact((rows) => some.forEach(([frame, key]) => rows.put(frame, key)));
    };
    try {
      for await (const record of records) {
        const frame = encodeFrame(record, count);
        waiting.push([frame, [generation, count++]]);
        bytes += frame.length;
        size += frame.length;
        if (size >= BATCH) await send();
      }
      await send();
      return { generation, count, bytes, aside: [] };
    } catch (error) {
      await this.#transact((rows) => rows.delete(rowsOf(generation))).catch(() => {});
      throw error;
    }
  }

  /** Makes one generation the log, and deletes what belongs to none that is kept. */
  async #switch(next: State): Promise<void> {
    const kept = [next.generation, ...next.aside].sort((a, b) => a - b);
    await this.#transact((rows, states) => {
      states.put(next, STATE);
      kept.forEach((generation, i) => {
        const before = kept[i - 1];
        rows.delete(before === undefined ? IDBKeyRange.upperBound([generation], true) : IDBKeyRange.bound([before, []], [generation], true, true));
      });
      rows.delete(IDBKeyRange.lowerBound([kept.at(-1), []]));
    });
    this.#state = next;
  }

  /** Resolves when it is on disk; nothing of it happened when it rejects. */
  #transact(work: (rows: IDBObjectStore, states: IDBObjectStore, refuse: (error: Error) => void) => void): Promise<void> {
    const transaction = this.#database.transaction([ROWS, STATE], "readwrite", { durability: "strict" });
    return new Promise((resolve, reject) => {
      let refusal: Error | null = null;
      transaction.oncomplete = () => resolve();
      transaction.onabort = () => reject(refusal ?? transaction.error);
      work(transaction.objectStore(ROWS), transaction.objectStore(STATE), (error) => {
        refusal = error;
        transaction.abort();
      });
    });
  }

  async close(): Promise<void> {
    this.#database.close();
  }
}

/** Every number of one generation: an array is behind every number in the order of keys. */
function rowsOf(generation: number): IDBKeyRange {
  return IDBKeyRange.bound([generation], [generation, []]);
}

function toState(value: unknown): State {
  if (value === undefined) return NOTHING;
  const state = Object(value) as Partial<State>;
  const counts = [state.generation, state.count, state.bytes, ...(Array.isArray(state.aside) ? state.aside : [NaN])];
  if (counts.every((count) => Number.isSafeInteger(count))) return state as State;
  throw new NearmissError("STORAGE_CORRUPT", "the stored log is damaged: its description cannot be read. Nothing was changed");
}

function corrupt(generation: number, at: number): NearmissError {
  const advice = "Nothing was changed. stores.repair keeps what stands before that place and puts the damaged log aside.";
  return new NearmissError("STORAGE_CORRUPT", `the stored log is damaged: log ${generation}, record ${at}. ${advice}`);
}
