/** `nearmiss mine`: hard negatives for each (query, positive) pair, a line each. */

import type { Closed } from "../jobs.js";
import type { Document } from "../types.js";
import { under, UsageError, type Args } from "./args.js";
import type { Command } from "./command.js";
import { loadCorpus, loadJudgments } from "./data.js";
import { format, FORMATS, type Format } from "./formats.js";
import { miningTable } from "./mining-table.js";
import { COMMON, DATA, HELP, SEED } from "./options.js";
import { write, writeAtomic } from "./output.js";
import { probe, writing } from "./places.js";
import { addPseudoQueries, trainOnAll } from "./pseudo.js";
import { checkMixture, MIXTURE, orNone, PSEUDO, SELECTED, SELECTION, STRATEGIES } from "./selection.js";
import { Session, type Io } from "./session.js";

const SETTINGS = ["strategy", "num-negatives", "max-positives", "relative-margin", "seed", ...SELECTED];

/** Negatives a pair, as the engine has it. */
const DEFAULT_NEGATIVES = 3;

export const mine: Command = {
  spec: {
    name: "mine",
    summary: "find hard negatives for the judged queries of one split",
    example: "nearmiss mine --data notes --split train --strategy hybrid --out examples.jsonl",
    options: {
      ...DATA,
      split: { value: "NAME", help: "which qrels: qrels.NAME.tsv; may be left out with --pseudo-queries" },
      ...PSEUDO,
      out: { value: "FILE", help: "write examples here, a JSON line each (default: standard output; with --json: in the object)" },
      format: { value: "SHAPE", choices: FORMATS, help: "examples (default) has ids and scores, the others texts as sentence-transformers has them" },
      suspects: { value: "FILE", help: "write documents that may well be answers here, a JSON line each" },
      ...under("Where negatives come from", {
        strategy: { value: "NAME", choices: STRATEGIES, help: `${STRATEGIES.join(", ")} (default dense)` },
        ...MIXTURE,
        "num-negatives": { value: "N", kind: "integer", least: 1, help: `for each (query, positive) pair (default ${DEFAULT_NEGATIVES})` },
        "max-positives": { value: "N", kind: "integer", least: 1, help: "of one query (default: all)" },
        ...SEED,
      }),
      ...under("Which candidates become negatives", {
        "relative-margin": { value: "none|X", read: orNone("relative-margin"), help: "drop candidates that score above positive − |positive| × X (default 0.05)" },
      }),
      ...SELECTION,
      ...COMMON,
      ...HELP,
    },
  },
  run,
};

async function run(args: Args, io: Io, started: number): Promise<void> {
  check(args);
  await probe(args, { out: "file", suspects: "file" });
  const split = args.text("split");
  const documents = await loadCorpus(args.text("data") ?? "");
  const judgments = split === undefined ? [] : await loadJudgments(args.text("data") ?? "", split, "train", documents);
  const session = await Session.open(args, io, started);
  try {
    await session.fill(documents, judgments);
    const pseudoQueries = await addPseudoQueries(session, args);
    if (pseudoQueries !== null) await trainOnAll(session);
    await session.index();
    const mined = await session.run({ kind: "mine", options: args.settings(SETTINGS) });
    await session.saveCache();
    session.progress.end();
    await new Output(args, io, session).write(mined, documents, { split: split ?? null, pseudoQueries });
  } finally {
    await session.close();
  }
}

function check(args: Args): void {
  if (!args.has("split") && !args.has("pseudo-queries")) throw new UsageError("--split is missing (or --pseudo-queries, to make queries from the documents)");
  const shape = args.text("format") ?? "examples";
  if (shape !== "examples" && args.flag("json") && !args.has("out")) throw new UsageError(`--format ${shape} with --json needs --out: the object holds examples`);
  checkMixture(args, "strategy");
}

class Output {
  readonly #args: Args;
  readonly #io: Io;
  readonly #session: Session;

  constructor(args: Args, io: Io, session: Session) {
    this.#args = args;
    this.#io = io;
    this.#session = session;
  }

  async write({ examples, suspects, report }: Closed<"mine">, documents: Document[], common: object): Promise<void> {
    const shape = (this.#args.text("format") ?? "examples") as Format;
    const { rows, leftOut } = format(shape, examples, documents, this.#args.number("num-negatives") ?? DEFAULT_NEGATIVES);
    if (leftOut > 0) this.#session.progress.note(`${leftOut} pairs have too few negatives for ${shape} and were left out`);
    const failed: unknown[] = [];
    /** @returns where the rows are; undefined where nobody asked for a file, or where it cannot be written */
    const written = async (option: string, rows: object[]): Promise<string | undefined> => {
      const path = this.#args.text(option);
      if (path === undefined) return undefined;
      return writing(option, path, () => writeAtomic(path, lines(rows))).then(() => path, (error: unknown) => void failed.push(error));
    };
    const [out, suspectsFile] = [await written("out", rows), await written("suspects", suspects)];
    if (this.#args.flag("json")) {
      const { device, model } = this.#session;
      const where = { ...(out === undefined ? { examples } : { out }), ...(suspectsFile === undefined ? { suspects } : { suspectsFile }) };
      const result = { device, model, ...common, documents: documents.length, ...where, report, ...this.#session.cost() };
      await write(this.#io.stdout, lines([result]));
    } else {
      if (out === undefined) await write(this.#io.stdout, lines(rows));
      // Lines on standard output are for a program to read: a person reads the table beside them.
      await write(out === undefined ? this.#io.stderr : this.#io.stdout, miningTable(report));
    }
    // What has no file any more is on standard output: mining it took longer than reading it there.
    if (failed.length > 0) throw failed[0];
  }
}

function lines(objects: object[]): string {
  return objects.map((object) => `${JSON.stringify(object)}\n`).join("");
}
