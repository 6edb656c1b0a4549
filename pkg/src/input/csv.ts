/** CSV and TSV: the first row names the columns, each other row is a document. */

import { library } from "./modules.js";
import type { Pace } from "./pace.js";
import type { Rows } from "./rows.js";

/** Characters parsed at a stretch. */
const PIECE = 256 * 1024;
/** Characters. A quotation mark that is never closed makes the rest of a file one row; this bounds what is lost to it. */
const LONGEST_ROW = 16 * PIECE;

/** After a broken row: where each row is broken, little is parsed in vain. */
const SMALL_PIECE = 1024;
/** A file with more rows like that is no table. */
const MOST_BROKEN = 1000;

const REASONS: Readonly<Record<string, string>> = {
  InvalidQuotes: "has a quotation mark in the wrong place",
  MissingQuotes: "opens a quotation mark that is never closed",
};

/** @throws {NearmissError} `INPUT_INVALID` for a file that lacks a column that was asked for */
export async function readCsv(path: string, content: string, rows: Rows, pace: Pace): Promise<void> {
  const { default: papa } = await library(path, "CSV files", "papaparse", () => import("papaparse"));
  const text = content.replace(/\r\n?/g, "\n");
  // Guessed once, from the first rows: those of a later piece may look different.
  const { delimiter } = papa.parse<string[]>(text.slice(0, PIECE), { preview: 10, newline: "\n", skipEmptyLines: "greedy" }).meta;
  const table = new Table(rows);
  let size = PIECE;
  let broken = 0;
  for (let at = 0; at < text.length; await pace()) {
    const last = at + size >= text.length;
    const piece = text.slice(at, at + size);
    const { data, errors } = papa.parse<string[]>(piece, { delimiter, newline: "\n" });
    const wrong = errors.find(({ code }) => code === "InvalidQuotes" || code === "MissingQuotes");
    const first = wrong?.row ?? data.length;
    // The last row of a piece may go on in the next one.
    const whole = last ? first : Math.min(first, data.length - 1);
    at = skipLines(text, at, table.take(data.slice(0, whole)));
    if (last && !wrong) return;
    // A mark in the wrong place stays there, unless it is the end of the piece that makes it look so.
    const misplaced = wrong?.code === "InvalidQuotes" && whole === 0 && !/["\s]$/.test(piece);
    if (last || first < data.length - 1 || misplaced || (whole === 0 && size >= LONGEST_ROW)) {
      // The row may have swallowed others: it is given up with its first line, and what follows is tried anew.
      broken += 1;
      if (broken > MOST_BROKEN) return table.giveUp("and all after it were left out, as too many rows are broken");
      table.giveUp(REASONS[wrong?.code ?? ""] ?? "is too long for a row");
      at = skipLines(text, at, 1);
      size = SMALL_PIECE;
    } else size = whole === 0 ? size * 4 : Math.min(PIECE, size * 4);
  }
}

/** What is known while one row comes after the other. */
class Table {
  readonly #rows: Rows;
  #line = 1;
  #header: string[] | null = null;
  #roles: ReturnType<Rows["roles"]> | undefined;

  constructor(rows: Rows) {
    this.#rows = rows;
  }

  /** @returns how many lines these rows took up: a cell may hold line ends */
  take(data: readonly string[][]): number {
    const first = this.#line;
    for (const cells of data) {
      if (cells.some((cell) => cell.trim() !== "")) this.#row(cells);
      this.#line += 1 + cells.reduce((sum, cell) => sum + lineEnds(cell), 0);
    }
    return this.#line - first;
  }

  giveUp(reason: string): void {
    this.#rows.broken(this.#line, reason);
    this.#line += 1;
  }

  #row(cells: string[]): void {
    if (!this.#header) {
      this.#header = cells.map((name, at) => name.trim() || `column ${at + 1}`);
      this.#roles = this.#rows.roles(this.#header, true);
      return;
    }
    const header = this.#header;
    if (cells.slice(header.length).some((cell) => cell.trim() !== "")) {
      return this.#rows.broken(this.#line, `has ${cells.length} columns where the first row has ${header.length}`);
    }
    const record = Object.fromEntries(header.map((name, at) => [name, cells[at] ?? ""]));
    this.#rows.add({ record, line: this.#line }, this.#roles);
  }
}

function skipLines(text: string, from: number, lines: number): number {
  let at = from;
  for (let seen = 0; seen < lines; seen += 1) {
    const end = text.indexOf("\n", at);
    if (end < 0) return text.length;
    at = end + 1;
  }
  return at;
}

function lineEnds(cell: string): number {
  let count = 0;
  for (let at = cell.indexOf("\n"); at >= 0; at = cell.indexOf("\n", at + 1)) count += 1;
  return count;
}
