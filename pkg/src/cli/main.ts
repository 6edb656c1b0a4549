/** The command as a function: arguments and streams in, exit status out. */

import { readFile } from "node:fs/promises";
import { toNearmissError } from "../errors.js";
import { helpOf, parse, UsageError } from "./args.js";
import type { Command } from "./command.js";
import { encode } from "./encode.js";
import { evaluate } from "./evaluate.js";
import { mine } from "./mine.js";
import { write } from "./output.js";
import { search } from "./search.js";
import type { Io } from "./session.js";
import { train } from "./train.js";

const COMMANDS: readonly Command[] = [encode, evaluate, mine, train, search];

/** @returns 0 when done, 1 when it failed (`code: message` on standard error), 2 for wrong usage, 130 after Ctrl-C, as shells have it */
export async function main(argv: string[], io: Io): Promise<number> {
  const started = performance.now();
  const [name, ...rest] = argv;
  if (name === "--help" || name === "-h") return print(io, overview());
  if (name === "--version") return print(io, `${await version()}\n`);
  const command = COMMANDS.find(({ spec }) => spec.name === name);
  try {
    if (!command) throw new UsageError(name === undefined ? "a command is missing" : `there is no command "${name}"`);
    const args = parse(command.spec, rest);
    if (args.flag("help")) return print(io, helpOf(command.spec));
    await command.run(args, io, started);
    return 0;
  } catch (error) {
    return fail(error, command, io);
  }
}

async function fail(thrown: unknown, command: Command | undefined, io: Io): Promise<number> {
  if (thrown instanceof UsageError) {
    const help = command ? `Try: nearmiss ${command.spec.name} --help` : overview().trimEnd();
    await write(io.stderr, `${thrown.message}\n${help}\n`);
    return 2;
  }
  if (io.signal.aborted) {
    await write(io.stderr, "ABORTED: cancelled\n");
    return 130;
  }
  const { code, message, cause } = toNearmissError(thrown);
  const stack = code === "INTERNAL" && cause instanceof Error && cause.stack && !message.includes(cause.stack) ? `${cause.stack}\n` : "";
  await write(io.stderr, `${code}: ${message}\n${stack}`);
  return 1;
}

async function print(io: Io, text: string): Promise<number> {
  await write(io.stdout, text);
  return 0;
}

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ spec }) => spec.name.length));
  const rows = COMMANDS.map(({ spec }) => `  ${spec.name.padEnd(width)}  ${spec.summary}`).join("\n");
  return `nearmiss: search that learns from its mistakes\n\nUsage: nearmiss <command> [options]\n\n${rows}\n\n${HOW}`;
}

const HOW = `nearmiss <command> --help explains its options and gives an example.

Results are on standard output, progress and warnings on standard error. With --json the result is one JSON object.
Exit status: 0 done, 1 failed (CODE: message on standard error), 2 wrong usage, 130 stopped by Ctrl-C.
`;

async function version(): Promise<string> {
  const manifest = await readFile(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
