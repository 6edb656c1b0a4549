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
}

export type Options = Record<string, Option>;

export interface Spec {
  name: string;
  summary: string;
  /** Named in the usage line; undefined when there are none. */
  positional?: string;
  options: Options;
}

export class Args {
  readonly positionals: string[];
  readonly #values: Map<string, string | number | boolean>;

  constructor(values: Map<string, string | number | boolean>, positionals: string[]) {
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

  /** Those of these options that were given, under their JavaScript names: `--batch-size` as `batchSize`. */
  settings(names: readonly string[]): Record<string, unknown> {
    const camel = (name: string) => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
    return Object.fromEntries(names.filter((name) => this.has(name)).map((name) => [camel(name), this.#values.get(name)]));
  }
}

/** @throws {UsageError} for an unknown option, a missing or malformed value, or a missing required option */
export function parse(spec: Spec, argv: string[]): Args {
  const config = Object.entries(spec.options).map(([name, { value, short }]) => {
    return [name, { type: value ? ("string" as const) : ("boolean" as const), ...(short ? { short } : {}) }] as const;
  });
  const { values, positionals } = raw(argv, Object.fromEntries(config), spec.positional !== undefined);
  const parsed = new Map<string, string | number | boolean>();
  for (const [name, given] of Object.entries(values)) {
    if (given !== undefined) parsed.set(name, typeof given === "string" ? convert(name, given, spec.options[name]) : (given as boolean));
  }
  const help = parsed.get("help") === true;
  const missing = Object.keys(spec.options).find((name) => spec.options[name]?.required && !parsed.has(name));
  if (missing && !help) throw new UsageError(`--${missing} is missing`);
  if (spec.positional && !help && positionals.length !== 1) {
    throw new UsageError(`expected ${spec.positional}, as one argument; got ${positionals.length} (put a text with spaces in quotes)`);
  }
  return new Args(parsed, positionals);
}

function raw(args: string[], options: Record<string, { type: "string" | "boolean"; short?: string }>, allowPositionals: boolean) {
  try {
    return parseArgs({ args, options, allowPositionals, strict: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function convert(name: string, given: string, option: Option | undefined): string | number {
  if (option?.choices && !option.choices.includes(given)) {
    throw new UsageError(`--${name} must be ${option.choices.join(" or ")}, not "${given}"`);
  }
  if (!option?.kind) {
    if (given === "") throw new UsageError(`--${name} must not be empty`);
    return given;
  }
  const number = given.trim() === "" ? Number.NaN : Number(given);
  const fits = option.kind === "integer" ? Number.isSafeInteger(number) : Number.isFinite(number);
  const { least = -Infinity } = option;
  if (fits && number >= least) return number;
  const bound = least === -Infinity ? "" : `, ${least} or more`;
  throw new UsageError(`--${name} must be a ${option.kind === "integer" ? "whole " : ""}number${bound}, not "${given}"`);
}

export function helpOf({ name, summary, positional, options }: Spec): string {
  const required = Object.entries(options).filter(([, option]) => option.required).map(([long, { value }]) => ` --${long} ${value}`);
  const rows = Object.entries(options).map(([long, option]) => {
    const dashes = long.length === 1 ? `-${long}` : `${option.short ? `-${option.short}, ` : ""}--${long}`;
    return [option.value ? `${dashes} ${option.value}` : dashes, option.help] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  const table = rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join("\n");
  return `nearmiss ${name}: ${summary}\n\nUsage: nearmiss ${name}${required.join("")} [options]${positional ? ` "${positional}"` : ""}\n\n${table}\n`;
}
