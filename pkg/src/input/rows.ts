/** Records - rows of a table, lines of JSON - become documents, one each. */

import { json } from "../checks.js";
import { invalid } from "../errors.js";
import type { Columns, Document } from "../types.js";
import { textBlocks } from "./blocks.js";
import { passages } from "./passages.js";

const MOST_WARNINGS = 20;
/** Of objects and lists within each other, in one record. */
const DEEPEST = 64;
/** What an import says about a document; a column of the same name gets an underscore. */
const RESERVED = new Set(["file", "page", "row"]);

const NAMES: Readonly<Record<keyof Columns, readonly string[]>> = {
  id: ["_id", "id"],
  title: ["title"],
  text: ["text", "body", "content"],
};

/** Which field is which; undefined where there is none. */
type Roles = Record<keyof Columns, string | undefined>;

export interface Numbered {
  record: Record<string, unknown>;
  /** From 1, as an editor counts. */
  line: number;
}

/** The documents of one file of records. What is wrong with a record is told, and the others go on. */
export class Rows {
  readonly documents: Document[] = [];
  readonly #warnings: string[] = [];
  #unnamed = 0;
  readonly #path: string;
  readonly #name: string;
  readonly #columns: Columns;
  readonly #length: number;
  readonly #seen = new Map<string, number>();
  #count = 0;

  constructor(path: string, name: string, columns: Columns, length: number) {
    this.#path = path;
    this.#name = name;
    this.#columns = columns;
    this.#length = length;
  }

  /** @param roles of a table, whose columns are the same in each row; else they are looked for in the record */
  add({ record, line }: Numbered, roles = this.roles(Object.keys(record))): void {
    this.#count += 1;
    if (deeper(record, DEEPEST)) return this.#warn(line, `is nested more than ${DEEPEST} levels deep`);
    const text = roles.text === undefined ? joined(record, roles) : shown(record[roles.text]);
    if (text.trim() === "") return this.#warn(line, roles.text === undefined ? "is empty" : `has no ${roles.text}`);
    const given = roles.id === undefined ? "" : shown(record[roles.id]).trim();
    const id = given || `${this.#path}#${this.#count}`;
    const earlier = this.#seen.get(id);
    if (earlier !== undefined) return this.#warn(line, `has the id "${id}" of line ${earlier}`);
    this.#seen.set(id, line);
    const title = roles.title === undefined ? "" : shown(record[roles.title]).trim();
    const metadata = { ...rest(record, roles), file: this.#path, row: this.#count };
    const whole = { id, name: title || `${this.#name}, row ${this.#count}`, title: title || undefined, metadata };
    for (const document of passages(whole, textBlocks(text), this.#length)) this.documents.push(document);
  }

  /** A record that could not be made out; it counts, so that mending it leaves the numbers of the others as they are. */
  broken(line: number, reason: string): void {
    this.#count += 1;
    this.#warn(line, reason);
  }

  /** At most some: a table of the wrong shape has one for each row. */
  get warnings(): string[] {
    return this.#unnamed > 0 ? [...this.#warnings, `and ${this.#unnamed} more`] : this.#warnings;
  }

  #warn(line: number, reason: string): void {
    if (this.#warnings.length < MOST_WARNINGS) this.#warnings.push(`line ${line} ${reason}`);
    else this.#unnamed += 1;
  }

  /** @throws {NearmissError} `INPUT_INVALID` naming a column that was asked for and is not there */
  roles(names: readonly string[], strict = false): Roles {
    const find = (role: keyof Columns): string | undefined => {
      const asked = this.#columns[role];
      if (asked === undefined) return NAMES[role].map((name) => names.find((other) => same(other, name))).find((found) => found !== undefined);
      if (!strict || names.includes(asked)) return asked;
      throw invalid(this.#path, `has no column "${asked}"; it has ${names.map((name) => `"${name}"`).join(", ")}`);
    };
    return { id: find("id"), title: find("title"), text: find("text") };
  }
}

function same(written: string, name: string): boolean {
  return written.trim().toLowerCase() === name;
}

/** Where no column is the text, all are, each with its name. */
function joined(record: Record<string, unknown>, roles: Roles): string {
  const told = Object.entries(record).filter(([name, value]) => name !== roles.id && name !== roles.title && shown(value).trim() !== "");
  return told.map(([name, value]) => `${name}: ${shown(value)}`).join("\n");
}

function rest(record: Record<string, unknown>, roles: Roles): Record<string, unknown> {
  const used = new Set(Object.values(roles));
  const kept = Object.entries(record).filter(([name]) => !used.has(name));
  return Object.fromEntries(kept.map(([name, value]) => [RESERVED.has(name) ? `${name}_` : name, json(value, name)]));
}

function shown(value: unknown): string {
  if (typeof value === "string") return value;
  return value === undefined || value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Without recursion, which hostile depth would exhaust. */
function deeper(value: unknown, levels: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > levels) return true;
    level = level.flatMap((one) => (typeof one === "object" && one !== null ? Object.values(one).filter((inner) => typeof inner === "object") : []));
  }
  return false;
}
