/** What the command writes: results on standard output, progress on standard error, files all at once. */

import { randomBytes } from "node:crypto";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { Writable } from "node:stream";
import type { Metrics } from "../types.js";

export const SHOWN = ["ndcg@10", "mrr@10", "recall@100", "precision@1"] as const;

/** Waits until the stream has taken it, so that long output does not pile up in memory. */
export function write(stream: Writable, text: string): Promise<void> {
  return new Promise((resolve, reject) => stream.write(text, (error) => (error ? reject(error) : resolve())));
}

/** The file appears under its name only when it is complete. */
export async function writeAtomic(path: string, content: string | Uint8Array | Uint8Array[]): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${randomBytes(4).toString("hex")}.part`;
  try {
    await writeFile(temporary, content);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

export function pickMetrics(metrics: Metrics): Pick<Metrics, (typeof SHOWN)[number]> {
  return Object.fromEntries(SHOWN.map((name) => [name, metrics[name]])) as Pick<Metrics, (typeof SHOWN)[number]>;
}

/** Rows of a table, one metric each; `columns` are its headings. */
export function metricTable(columns: Record<string, Metrics>): string {
  const names = Object.keys(columns);
  const cells = (row: string[]) => row.map((cell, at) => (at === 0 ? cell.padEnd(12) : cell.padStart(8))).join("  ");
  const rows = SHOWN.map((metric) => cells([metric, ...names.map((name) => columns[name]?.[metric].toFixed(4) ?? "")]));
  return [cells(["", ...names]).trimEnd(), ...rows, ""].join("\n");
}

/** Largest resident size of this process so far, its threads included. Node counts in kibibytes. */
export function peakMemoryBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}

/** Progress for a person: one line that is rewritten on a terminal, a few lines otherwise. */
export class Progress {
  readonly #stream: Writable & { isTTY?: boolean };
  #open = false;
  #last = "";

  constructor(stream: Writable & { isTTY?: boolean }) {
    this.#stream = stream;
  }

  update(label: string, done: number, total: number): void {
    const percent = total > 0 ? Math.floor((100 * done) / total) : 100;
    // Off a terminal only quarters are worth a line.
    const line = `${label}: ${this.#stream.isTTY ? percent : percent - (percent % 25)} %`;
    if (line === this.#last) return;
    this.#last = line;
    if (!this.#stream.isTTY) return this.note(line);
    this.#stream.write(`\r\x1b[K${line}`);
    this.#open = true;
  }

  note(line: string): void {
    this.end();
    this.#stream.write(`${line}\n`);
  }

  end(): void {
    if (this.#open) this.#stream.write("\n");
    this.#open = false;
  }
}
