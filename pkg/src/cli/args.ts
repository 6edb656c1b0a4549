/** Options of the command: described once, parsed and explained from that. */

import { parseArgs } from "node:util";

/** Wrong usage: exit status 2. */
export class UsageError extends Error {}

export interface Option {
  /** What stands for the value in the help; a flag has none. */
  value?: string;
  help: string;
  short?: string;
  kind?: "integer" | "number";
  choices?: readonly string[];
  /** Smallest value of a number. */
  least?: number;
  required?: boolean;
  /** Taken when the option stands there without a value. */
  implied?: string;
  /** Makes of the value what it means; throws a `UsageError` that says what is expected. */
  read?: (given: string) => unknown;
  /** Heading in the help under which it stands. */
  group?: string;
}

export type Options = Record<string, Option>;

/** These options under a heading of the help. */
export function under(group: string, options: Options): Options {
  return Object.fromEntries(Object.entries(options).map(([name, option]) => [name, { ...option, group }]));
}

export interface Spec {
  name: string;
  summary: string;
  /** Named in the usage line; undefined when there are none. */
  positional?: string;
  /** A command line that does something useful. */
  example: string;
  options: Options;
}

export class Args {
  readonly positionals: string[];
  readonly #values: Map<string, unknown>;

  constructor(values: Map<string, unknown>, positionals: string[]) {
    this.#values = values;
    this.positionals = positionals;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  text(name: string): string | undefined {
    return this.#values.get(name) as string | undefined;
  }

  number(name: string): number | undefined {
    return this.#values.get(name) as number | undefined;
  }

  flag(name: string): boolean {
    return this.#values.get(name) === true;
  }

  /** What an option's `read` made of it. */
  value<T>(name: string): T | undefined {
    return this.#values.get(name) as T | undefined;
  }

  /** Those of these options that were given, as JavaScript has them: `--batch-size 4` as `batchSize: 4`, `--no-top-up` as `topUp: false`. */
  settings(names: readonly string[]): Record<string, unknown> {
    const camel = (name: string) => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    const entry = (name: string) => (name.startsWith("no-") ? [camel(name.slice(3)), false] : [camel(name), this.#values.get(name)]);
    return Object.fromEntries(names.filter((name) => this.has(name)).map(entry));
  }
}

/** @throws {UsageError} for an unknown option, a missing or malformed value, or a missing required option */
export function parse(spec: Spec, argv: string[]): Args {
  const config = Object.entries(spec.options).map(([name, { value, short }]) => {
    return [name, { type: value ? ("string" as const) : ("boolean" as const), ...(short ? { short } : {}) }] as const;
  });
  const { values, positionals } = raw(complete(argv, spec.options), Object.fromEntries(config), spec.positional !== undefined);
  const parsed = new Map<string, unknown>();
  for (const [name, given] of Object.entries(values)) {
    if (given !== undefined) parsed.set(name, typeof given === "string" ? convert(name, given, spec.options[name]) : given);
  }
  const help = parsed.get("help") === true;
  const missing = Object.keys(spec.options).find((name) => spec.options[name]?.required && !parsed.has(name));
  if (missing && !help) throw new UsageError(`--${missing} is missing`);
  if (spec.positional && !help && positionals.length !== 1) {
    throw new UsageError(`expected ${spec.positional}, as one argument; got ${positionals.length} (put a text with spaces in quotes)`);
  }
  return new Args(parsed, positionals);
}

/** Gives an option that may stand without a value the one that it implies: Node's parser knows no such options. */
function complete(argv: string[], options: Options): string[] {
  return argv.map((word, at) => {
    const implied = word.startsWith("--") ? options[word.slice(2)]?.implied : undefined;
    const next = argv[at + 1];
    return implied !== undefined && (next === undefined || next.startsWith("-")) ? `${word}=${implied}` : word;
  });
}

function raw(args: string[], options: Record<string, { type: "string" | "boolean"; short?: string }>, allowPositionals: boolean) {
  try {
    return parseArgs({ args, options, allowPositionals, strict: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function convert(name: string, given: string, option: Option | undefined): unknown {
  if (option?.choices && !option.choices.includes(given)) {
    throw new UsageError(`--${name} must be ${option.choices.join(" or ")}, not "${given}"`);
  }
  if (given === "") throw new UsageError(`--${name} must not be empty`);
  if (option?.read) return option.read(given);
  if (!option?.kind) return given;
  const number = toNumber(given);
  const fits = option.kind === "integer" ? Number.isSafeInteger(number) : Number.isFinite(number);
  const { least = -Infinity } = option;
  if (fits && number >= least) return number;
  const bound = least === -Infinity ? "" : `, ${least} or more`;
  throw new UsageError(`--${name} must be a ${option.kind === "integer" ? "whole " : ""}number${bound}, not "${given}"`);
}

/** NaN for what is no number; blanks are none. */
export function toNumber(given: string): number {
  return given.trim() === "" ? Number.NaN : Number(given);
}

export function helpOf({ name, summary, positional, example, options }: Spec): string {
  const all = Object.entries(options);
  const required = all.filter(([, option]) => option.required).map(([long, { value }]) => ` --${long} ${value}`);
  const width = Math.max(...all.map(([long, option]) => spelt(long, option).length));
  const groups = new Set([undefined, ...all.map(([, { group }]) => group)]);
  const tables = [...groups].map((group) => {
    const rows = all.filter(([, option]) => option.group === group);
    const table = rows.map(([long, option]) => `  ${spelt(long, option).padEnd(width)}  ${option.help}\n`).join("");
    return group === undefined ? table : `${group}:\n${table}`;
  });
  const usage = `Usage: nearmiss ${name}${required.join("")} [options]${positional ? ` "${positional}"` : ""}`;
  return `nearmiss ${name}: ${summary}\n\n${usage}\nExample: ${example}\n\n${tables.join("\n")}`;
}

function spelt(long: string, { value, short, implied }: Option): string {
  const dashes = long.length === 1 ? `-${long}` : `${short ? `-${short}, ` : ""}--${long}`;
  if (!value) return dashes;
  return `${dashes} ${implied === undefined ? value : `[${value}]`}`;
}
