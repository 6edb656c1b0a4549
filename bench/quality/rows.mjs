/** The rows of finished runs, one JSON line each: what a run that was cut short goes on from. */
import { appendFile, mkdir, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import { keyOf } from "./plan.mjs";

/** @returns {Promise<object[]>} none if there is no such file */
export async function readRows(file) {
  const text = await readFile(file, "utf8").catch((error) => {
    if (error.code === "ENOENT") return "";
    throw error;
  });
  return text.split("\n").filter(Boolean).map((line, at) => {
    try {
      return JSON.parse(line);
    } catch {
      throw new Error(`${file}, line ${at + 1}: not JSON; take the line out to run it again`);
    }
  });
}

export async function addRow(file, row) {
  await mkdir(dirname(file), { recursive: true });
  await appendFile(file, `${JSON.stringify(row)}\n`);
}

/** The rows of these runs, in their order, under the names that the grid gives them now; the last of each counts. */
export function rowsOf(runs, rows) {
  const done = new Map(rows.map((row) => [keyOf(row), row]));
  return runs.filter(({ key }) => done.has(key)).map(({ key, setting }) => ({ ...done.get(key), setting }));
}
