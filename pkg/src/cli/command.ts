/** What every command is: its options, and what it does with them. */

import type { Args, Spec } from "./args.js";
import type { Io } from "./session.js";

export interface Command {
  spec: Spec;
  /** @param started `performance.now()` when the command began */
  run(args: Args, io: Io, started: number): Promise<void>;
}
