/** Marks as files: one JSONL file that carries everything, or BEIR's pair of queries.jsonl and a table of qrels. */
import { type BeirJudgments, NearmissError } from "nearmiss";
import { save } from "./files.ts";
import { strings } from "./strings.ts";

/** @throws {NearmissError} `INPUT_INVALID` when the choice of files makes no sense; what is in them, the engine checks */
export async function readMarks(files: readonly File[]): Promise<Blob | BeirJudgments> {
  const ending = (end: string) => files.filter((file) => file.name.toLowerCase().endsWith(end));
  const [lines, tables] = [ending(".jsonl"), ending(".tsv")];
  const others = files.filter((file) => !lines.includes(file) && !tables.includes(file));
  if (others.length > 0) throw refuse(strings.judgments.wrongFiles.kinds(others.map((file) => file.name)));
  if (lines.length > 1 || tables.length > 1) throw refuse(strings.judgments.wrongFiles.tooMany);
  const [line, table] = [lines[0], tables[0]];
  if (!line) throw refuse(table ? strings.judgments.wrongFiles.noQueries : strings.judgments.wrongFiles.none);
  return table ? { queries: await read(line), qrels: await read(table) } : line;
}

export function saveText(text: string, name: string): void {
  save(new TextEncoder().encode(text), name);
}

async function read(file: File): Promise<string> {
  try {
    return await file.text();
  } catch (cause) {
    throw new NearmissError("INPUT_INVALID", strings.judgments.wrongFiles.unreadable(file.name), { cause });
  }
}

function refuse(message: string): NearmissError {
  return new NearmissError("INPUT_INVALID", message);
}
