/** What the parts of the facade share: the host, whose turn it is, and whether there is still anybody to speak to. */

import { NO_ENCODERS, type Encoders } from "./encoders.js";
import { disposed } from "./errors.js";
import type { Args, Host, Method, Result } from "./host.js";
import { runJob, type RunOptions } from "./jobs.js";
import { Turns } from "./turns.js";

export class Core {
  readonly host: Host;
  readonly turns = new Turns();
  readonly encoders: Encoders;
  readonly #end = new AbortController();

  constructor(host: Host, encoders = NO_ENCODERS) {
    this.host = host;
    this.encoders = encoders;
  }

  /** Aborts when the instance is disposed of. */
  get end(): AbortSignal {
    return this.#end.signal;
  }

  /** @throws {NearmissError} `DISPOSED` */
  alive(): void {
    if (this.end.aborted) throw disposed();
  }

  /** One call that needs no turn: it may come between two steps of a training run. */
  async call<M extends Method>(method: M, args: Args<M>, signal?: AbortSignal): Promise<Result<M>> {
    this.alive();
    return this.host.call(method, args, signal);
  }

  /** Work that no job may come between. @param name of the caller, for the message when a training run is open */
  async turn<T>(name: string, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    this.alive();
    const release = await this.turns.take(name, signal);
    try {
      return await work();
    } finally {
      release();
    }
  }

  /**
   * The same for input that is still being read: the turn is that of the call, not of the last byte, and input that is refused is
   * refused at once, not when its turn comes.
   */
  async turnOver<P, T>(name: string, signal: AbortSignal | undefined, input: Promise<P>, work: (input: P) => Promise<T>): Promise<T> {
    const done = this.turn(name, signal, async () => work(await input));
    const [result] = await Promise.all([done, input]);
    return result;
  }

  /** Embeds what is new, and brings the indexes up to date. */
  async index(options: Pick<RunOptions, "signal" | "onProgress"> = {}): Promise<void> {
    await this.encoders.encode(this.host, options);
    await runJob(this.host, { kind: "index" }, options);
  }

  async dispose(): Promise<void> {
    this.#end.abort(disposed());
    await Promise.all([this.host.dispose(), this.encoders.dispose()]);
  }
}
