/**
 * A log in files, one for each generation: `log-1`, `log-2`, …
 *
 * A file begins with zeros where its header will be. The last byte of the header is written when all the rest is on disk: until then
 * the generation does not count, and from then on the older one does not. The highest finished generation is the log; others are
 * deleted when it has been checked.
 */

import { NearmissError } from "../errors.js";
import { decodeHeader, encodeHeader, frames, HEADER, scan, writeFrames, type HeaderState, type Scan } from "./frames.js";
import type { Folder, Log, LogFile, Readable } from "./types.js";

/** Bytes copied at once. */
const CHUNK = 2 ** 20;
/** Looks at a folder in which another replaces files. Each replacement takes longer than a look. */
const ATTEMPTS = 5;

interface Generation {
  number: number;
  name: string;
}

export class FileLog implements Log {
  readonly start = HEADER;
  #folder: Folder;
  /** The present generation as what it is read from; the writer's is the open file. */
  #view: Readable | null = null;
  #file: LogFile | null = null;
  #broken = false;
  #generation = 0;
  #end = HEADER;

  constructor(folder: Folder) {
    this.#folder = folder;
  }

  get generation(): number {
    return this.#generation;
  }

  get end(): number {
    return this.#end;
  }

  get bytes(): number {
    return this.#generation ? this.#end : 0;
  }

  async refresh(): Promise<void> {
    for (let attempt = 1; !this.#file; attempt++) {
      try {
        return await this.#look();
      } catch (error) {
        // A file that went after it was listed gives another error than one that is damaged: a newer generation is there.
        if (error instanceof NearmissError || attempt === ATTEMPTS) throw error;
      }
    }
  }

  async #look(): Promise<void> {
    for (const { number, name } of await this.#generations()) {
      const view = await this.#folder.view(name);
      const size = (await view?.size()) ?? 0;
      if (!view || number < this.#generation) continue;
      const header = decodeHeader(await view.read(0, HEADER), name);
      if (header.state === "unfinished") continue;
      if (header.state === "damaged") throw corrupt(name, 0, "its header cannot be read");
      const from = number === this.#generation ? this.#end : HEADER;
      const { end, state, at } = await scan(view, from, size);
      if (state === "damaged" || end < header.length) throw corrupt(name, at, "a record there is damaged");
      [this.#view, this.#generation, this.#end] = [view, number, end];
      return;
    }
  }

  async own(recover: boolean): Promise<void> {
    const generations = await this.#generations();
    for (const [index, generation] of generations.entries()) {
      const file = await this.#folder.open(generation.name);
      try {
        const header = await readHeader(file, generation.name);
        const only = index === generations.length - 1;
        if (header.state === "unfinished" && !(only && (await file.size()) > HEADER)) {
          await file.close();
          continue;
        }
        await this.#take(file, generation, header, recover);
      } catch (error) {
        await file.close();
        throw error;
      }
      return this.#removeExcept(this.#generation);
    }
    await this.#write(Math.max(1, (generations[0]?.number ?? 0) + 1), []);
    await this.#removeExcept(this.#generation);
  }

  /** Newest first. */
  async #generations(): Promise<Generation[]> {
    return generationsOf(await this.#folder.list());
  }

  async #take(file: LogFile, { number, name }: Generation, header: HeaderState, recover: boolean): Promise<void> {
    const size = await file.size();
    const found: Scan = size < HEADER ? { end: HEADER, state: "damaged", at: 0 } : await scan(file, HEADER, size);
    const whole = header.state === "finished" && found.state !== "damaged" && found.end >= header.length;
    if (!whole && !recover) {
      throw header.state === "finished" ? corrupt(name, found.at, "a record there is damaged") : corrupt(name, 0, "its header cannot be read");
    }
    if (whole) {
      if (found.end < size) await file.truncate(found.end);
      if (found.end < size) await file.flush();
      [this.#file, this.#view, this.#generation, this.#end] = [file, file, number, found.end];
      return;
    }
    await this.#copy(file, size, `damaged-${number}`);
    await this.#write(number + 1, payloads(file, HEADER, found.end));
    await file.close();
  }

  async #copy(from: Readable, size: number, name: string): Promise<void> {
    const file = await this.#folder.open(name);
    try {
      for (let at = 0; at < size; at += CHUNK) await file.write(at, await from.read(at, CHUNK));
      await file.flush();
    } finally {
      await file.close();
    }
  }

  async #removeExcept(kept: number): Promise<void> {
    for (const { number, name } of await this.#generations()) if (number !== kept) await this.#folder.remove(name);
  }

  async *records(from: number, to: number): AsyncGenerator<Uint8Array, void, undefined> {
    const generation = this.#generation;
    if (!this.#view || from === to) return;
    let at = from;
    try {
      for await (const { payload, next } of frames(this.#view, from, to)) {
        at = next;
        yield payload.slice();
        if (this.#generation !== generation) return;
      }
    } catch (error) {
      // The file of a generation is closed and deleted once there is a newer one.
      if (this.#generation !== generation) return;
      throw error;
    }
    if (at !== to) throw corrupt(`log-${generation}`, at, "a record there is damaged");
  }

  async append(records: readonly Uint8Array[]): Promise<void> {
    const file = this.#writable();
    let end = this.#end;
    try {
      end = await writeFrames(file, end, records, true);
      await file.flush();
    } catch (error) {
      await this.#undo(file);
      throw error;
    }
    this.#end = end;
  }

  /** Takes away what a refused append has written. Where even that fails nothing more may be written behind it. */
  async #undo(file: LogFile): Promise<void> {
    try {
      await file.truncate(this.#end);
      await file.flush();
    } catch {
      this.#broken = true;
    }
  }

  #writable(): LogFile {
    if (this.#file && !this.#broken) return this.#file;
    throw new NearmissError("INTERNAL", "the store's file cannot be written since an earlier write failed; close the store and open it again");
  }

  async replace(records: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    const old = this.#writable();
    const name = `log-${this.#generation}`;
    await this.#write(this.#generation + 1, records);
    await old.close();
    await this.#folder.remove(name);
  }

  /** A new generation, which is the present one when this resolves. */
  async #write(number: number, records: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
    const name = `log-${number}`;
    const file = await this.#folder.open(name);
    try {
      await file.truncate(0);
      await file.write(0, new Uint8Array(HEADER));
      const end = await writeFrames(file, HEADER, records, false);
      const header = encodeHeader(end);
      await file.write(0, header.subarray(0, HEADER - 1));
      await file.flush();
      await file.write(HEADER - 1, header.subarray(HEADER - 1));
      await file.flush();
      [this.#file, this.#view, this.#generation, this.#end] = [file, file, number, end];
    } catch (error) {
      await this.#abandon(file, name);
      throw error;
    }
  }

  /**
   * After a refusal. The file may hold a finished header already (if only its flush failed), which must not win at the next
   * opening, when the older generation may be longer: without the file gone, this log takes nothing more.
   */
  async #abandon(file: LogFile, name: string): Promise<void> {
    try {
      await file.truncate(0);
      await file.close();
      await this.#folder.remove(name);
    } catch {
      this.#broken = true;
    }
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = this.#view = null;
    await file?.close();
  }
}

/** Newest first, of the names in a folder. */
export function generationsOf(names: readonly string[]): Generation[] {
  const numbers = names.flatMap((name) => /^log-([1-9]\d{0,14})$/.exec(name)?.[1] ?? []).map(Number);
  return numbers.sort((a, b) => b - a).map((number) => ({ number, name: `log-${number}` }));
}

async function* payloads(file: Readable, from: number, to: number): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const { payload } of frames(file, from, to)) yield payload;
}

async function readHeader(file: Readable, name: string): Promise<HeaderState> {
  return decodeHeader(await file.read(0, HEADER), name);
}

function corrupt(name: string, at: number, what: string): NearmissError {
  const advice = "Nothing was changed. stores.repair keeps what stands before that place and puts the damaged log aside.";
  return new NearmissError("STORAGE_CORRUPT", `the stored log is damaged: ${name}, byte ${at}: ${what}. ${advice}`);
}
