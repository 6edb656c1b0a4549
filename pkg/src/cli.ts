#!/usr/bin/env node
/** The `nearmiss` command: connects the process to `main`. */

import { main } from "./cli/main.js";

const cancel = new AbortController();

// The first Ctrl-C ends the work in order; the second ends the process.
process.once("SIGINT", () => cancel.abort());

// A reader that has seen enough, such as `head`, is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

// A panic in a polled future reaches no caller: without this it would be a bare stack.
process.on("uncaughtException", (error) => {
  process.stderr.write(`INTERNAL: ${error.stack ?? error.message}\n`, () => process.exit(1));
});

const { stdin, stdout, stderr } = process;
process.exitCode = await main(process.argv.slice(2), { stdin, stdout, stderr, signal: cancel.signal });
