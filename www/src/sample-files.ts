/**
 * The sample notes in BEIR's layout: corpus.jsonl and queries.jsonl with a JSON object a line, and one table of judgments for each side.
 */
import type { Document, Judgment } from "nearmiss";
import { normalise, sideOf, tidy, type Side } from "./marks.ts";
import { sample as messages } from "./strings/sample.ts";

export interface Sample {
  documents: Document[];
  judgments: Judgment[];
  /** Normalised question → its side. */
  sides: Map<string, Side>;
  examples: string[];
}

export class SampleError extends Error {}

/** Their names; `readSample` takes the contents. */
export const FILES = ["corpus.jsonl", "queries.jsonl", "qrels.train.tsv", "qrels.test.tsv"] as const;

/** @throws {SampleError} when one is not in its layout */
export function readSample({ corpus, queries, train, test }: Record<"corpus" | "queries" | "train" | "test", string>): Sample {
  const documents = parseLines(corpus, "corpus.jsonl").map(({ _id, title, text }) => ({ id: _id, ...(title && { title }), text }));
  const texts = new Map(parseLines(queries, "queries.jsonl").map(({ _id, text }) => [_id, tidy(text)]));
  const judgments = [...parseQrels(train, texts, "train"), ...parseQrels(test, texts, "held-out")];
  const sides = new Map(judgments.map(({ query, split }) => [normalise(query), sideOf(split)]));
  return { documents, judgments, sides, examples: spread([...texts.values()], 6) };
}

interface Line {
  _id: string;
  title?: string;
  text: string;
}

function parseLines(text: string, name: string): Line[] {
  return nonEmptyLines(text).map((line, at) => {
    try {
      const parsed: unknown = JSON.parse(line);
      if (isLine(parsed)) return parsed;
    } catch {
      // Reported below, with its place.
    }
    throw new SampleError(messages.line(name, at + 1));
  });
}

function isLine(value: unknown): value is Line {
  return typeof value === "object" && value !== null && "_id" in value && typeof value._id === "string" && "text" in value && typeof value.text === "string";
}

/** Lines of query id, document id and score; score 0 is a labelled negative. The first line is the header. */
function parseQrels(text: string, queries: ReadonlyMap<string, string>, split: Side): Judgment[] {
  return nonEmptyLines(text).slice(1).map((line) => {
    const [id = "", document = "", score = ""] = line.split("\t");
    const query = queries.get(id);
    const grade = Number(score);
    if (query === undefined || document === "" || !Number.isFinite(grade)) throw new SampleError(messages.judgment(line));
    return { query, document, relevant: grade > 0, grade, split };
  });
}

function nonEmptyLines(text: string): string[] {
  return text.split(/\r?\n/).filter((line) => line.trim() !== "");
}

/** So many of them, evenly over the whole list. */
function spread<T>(list: T[], count: number): T[] {
  const stride = Math.max(1, list.length / count);
  return list.filter((_, at) => Math.floor(at / stride) !== Math.floor((at - 1) / stride)).slice(0, count);
}
