/** One file over HTTP: tried again where the network fails or falls silent, and taken up where it broke off. */

import { aborted, NearmissError } from "../errors.js";
import { delay, Passing, PASSING, pause, retryAfter, TRIES } from "./retry.js";
import { Sink, type Bytes } from "./sink.js";
import { alike, statedLength, strong, validators, type Validators } from "./validators.js";

export interface TransferOptions {
  signal?: AbortSignal | undefined;
  /** Called at the start, at most every 50 ms, and at the end; `total` is null when the server does not say. */
  onBytes?: ((loaded: number, total: number | null) => void) | undefined;
  /** How the browser's own HTTP cache is used. */
  http?: RequestCache | undefined;
  /** Waits between two tries; given for tests. */
  pause?: typeof pause | undefined;
  /** So long a server may send nothing before the connection counts as broken; given for tests. */
  stallMs?: number | undefined;
  /** Called as bytes come that a later transfer could go on from: all so far, and of which version they are. */
  onArrived?: ((sink: Sink, version: Validators) => void) | undefined;
  /** Called when what came before turns out to be of no use. */
  onRestart?: (() => void) | undefined;
}

/** The beginning of a file, and of which version. */
export interface Beginning extends Validators {
  bytes: Bytes;
}

/** There is no such file; `reason` is what the server answered. */
export interface Absent {
  absent: true;
  status: number;
  reason: string;
}

/** Time between two reports: often enough for a smooth bar, rare enough to cost nothing. */
const REPORT_EVERY_MS = 50;

/** Longer than any server that works thinks before an answer, and than a network takes to change from one antenna to the next. */
const STALL_MS = 60_000;

/** Answers that mean "there is no such file". 403 is how a store without a list permission says so. */
const ABSENT: ReadonlySet<number> = new Set([403, 404, 410]);

/** Does the answer say that there is no such file? */
export function absence(response: Response): Absent | null {
  const { status, statusText } = response;
  const absent = (reason: string): Absent => ({ absent: true, status, reason });
  if (ABSENT.has(status)) return absent(`the server answered ${status} ${statusText}`.trim());
  // Servers of single-page applications answer every unknown path with their page.
  const page = response.ok && response.headers.get("content-type")?.startsWith("text/html");
  return page ? absent(`the server answered ${status} with a web page`) : null;
}

export class Transfer {
  readonly #url: URL;
  readonly #options: TransferOptions;
  readonly #sink = new Sink();
  /** Of the file that the sink holds the beginning of. */
  #version: Validators = { etag: null, modified: null, length: null };
  /** Most bytes held so far: a try that gets beyond them was not in vain. */
  #furthest = 0;

  /** @param begun from an earlier transfer of the same file, to go on from */
  constructor(url: URL, options: TransferOptions, begun: Beginning | null = null) {
    this.#url = url;
    this.#options = options;
    if (!begun) return;
    this.#version = { etag: begun.etag, modified: begun.modified, length: begun.length };
    this.#sink.restart(begun.length);
    this.#sink.write(begun.bytes);
  }

  /** Tells what came before it failed, if a server could be asked for the rest of it. */
  tell(onArrived: NonNullable<TransferOptions["onArrived"]>): void {
    if (this.#canGoOn()) onArrived(this.#sink, this.#version);
  }

  /** @throws {NearmissError} `NETWORK`, `ABORTED` */
  async run(): Promise<Absent | { bytes: Bytes; version: Validators }> {
    const { signal, pause: wait = pause } = this.#options;
    for (let failed = 0; ; ) {
      const before = this.#furthest;
      try {
        return (await this.#try()) ?? { bytes: this.#sink.bytes(), version: this.#version };
      } catch (thrown) {
        if (signal?.aborted) throw aborted(signal);
        if (!(thrown instanceof Passing)) throw thrown;
        this.#furthest = Math.max(before, this.#sink.length);
        failed = this.#furthest > before ? 1 : failed + 1;
        if (failed >= TRIES) throw thrown.error;
        await wait(delay(failed, thrown.afterMs), signal);
      }
    }
  }

  /** @returns null when the file is in the sink to its end */
  async #try(): Promise<Absent | null> {
    const patience = new Patience(this.#options.stallMs ?? STALL_MS, this.#options.signal);
    try {
      return await this.#fetch(patience);
    } catch (thrown) {
      if (!patience.ended) throw thrown;
      throw this.#broken(`nothing came for ${patience.ms / 1000} seconds, after ${this.#sink.length} bytes`);
    } finally {
      patience.stop();
    }
  }

  async #fetch(patience: Patience): Promise<Absent | null> {
    const response = await this.#request(patience.signal);
    patience.renew();
    const absent = absence(response);
    if (absent) return absent;
    if (response.status === 416) throw this.#restart("the server has no such rest of the file");
    if (!response.ok) throw this.#refused(response);
    if (response.status === 206) this.#goOn(response);
    else this.#begin(response);
    await this.#read(response, patience);
    return null;
  }

  async #request(signal: AbortSignal): Promise<Response> {
    const headers = this.#range();
    // The browser's own cache may hold the same beginning, and would put conditions of its own on the rest.
    const http = "range" in headers ? "no-store" : this.#options.http;
    try {
      return await fetch(this.#url, { headers, ...(http && { cache: http }), signal });
    } catch (cause) {
      throw this.#broken("no answer (is the address right, the server up, and does it allow this origin?)", cause);
    }
  }

  #range(): Record<string, string> {
    const version = strong(this.#version);
    if (!this.#canGoOn() || version === null) return {};
    const range = { range: `bytes=${this.#sink.length}-` };
    // To another origin this header would first need that server's permission; there the answer's own headers are compared instead.
    const { origin } = (globalThis.location as Location | undefined) ?? {};
    return origin === undefined || origin === this.#url.origin ? { ...range, "if-range": version } : range;
  }

  #canGoOn(): boolean {
    return this.#sink.length > 0 && strong(this.#version) !== null && this.#version.length !== null;
  }

  #begin(response: Response): void {
    if (this.#sink.length > 0) this.#options.onRestart?.();
    this.#version = validators(response);
    this.#sink.restart(this.#version.length);
  }

  /** The rest of the file, if it is of the same one. Browsers show `Content-Range` of another origin only where that allows it. */
  #goOn(response: Response): void {
    const rest = statedLength(response.headers);
    const range = response.headers.get("content-range");
    const whole = rest === null ? null : this.#sink.length + rest;
    const fits = range === null ? whole === this.#version.length : range.startsWith(`bytes ${this.#sink.length}-`) && range.endsWith(`/${this.#version.length}`);
    if (fits && alike(this.#version, { ...validators(response), length: whole })) return;
    void response.body?.cancel().catch(() => {});
    throw this.#restart("the file changed during its transfer");
  }

  async #read(response: Response, patience: Patience): Promise<void> {
    const { onBytes, onArrived } = this.#options;
    const { length: total } = this.#version;
    let reported = -Infinity;
    const report = () => onBytes?.(this.#sink.length, total !== null && this.#sink.length <= total ? total : null);
    report();
    try {
      for await (const chunk of chunks(response)) {
        patience.renew();
        this.#sink.write(chunk);
        if (onArrived) this.tell(onArrived);
        if (performance.now() - reported < REPORT_EVERY_MS) continue;
        reported = performance.now();
        report();
      }
    } catch (cause) {
      throw this.#broken(`the transfer broke off after ${this.#sink.length} bytes`, cause);
    }
    if (total !== null && this.#sink.length < total) throw this.#broken(`it ended early, after ${this.#sink.length} of ${total} bytes`);
    onBytes?.(this.#sink.length, this.#sink.length);
  }

  #broken(reason: string, cause?: unknown): Passing {
    return new Passing(new NearmissError("NETWORK", `${this.#url.href} could not be read: ${reason}. Try again.`, { cause }));
  }

  /** From the first byte, at the next try. */
  #restart(reason: string): Passing {
    this.#options.onRestart?.();
    this.#sink.restart(null);
    return this.#broken(reason);
  }

  #refused(response: Response): NearmissError | Passing {
    const { status, statusText, headers } = response;
    const answered = `the server answered ${`${status} ${statusText}`.trim()}`;
    if (PASSING.has(status)) return new Passing(this.#broken(answered).error, retryAfter(headers.get("retry-after")));
    return new NearmissError("NETWORK", `${this.#url.href} could not be read: ${answered}. Check the address and what the server asks for.`);
  }
}

/** Not `for await` over the body itself, which Safari's streams do not offer. */
async function* chunks(response: Response): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) yield read.value;
  } finally {
    reader.releaseLock();
  }
}

/** Aborts when nothing has happened for a while, or when the caller does. */
class Patience {
  readonly ms: number;
  readonly signal: AbortSignal;
  /** Nothing has happened for that long. */
  ended = false;
  readonly #stop = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(ms: number, signal?: AbortSignal) {
    this.ms = ms;
    this.signal = signal ? AbortSignal.any([signal, this.#stop.signal]) : this.#stop.signal;
    this.renew();
  }

  renew(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.ended = true;
      this.#stop.abort();
    }, this.ms);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
