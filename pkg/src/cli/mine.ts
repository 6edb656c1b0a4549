/** `nearmiss mine`: hard negatives for each (query, positive) pair, a line each. */

import type { Args } from "./args.js";
import type { Command } from "./command.js";
import { loadCorpus, loadJudgments } from "./data.js";
import { COMMON, DATA, HELP, MINING } from "./options.js";
import { write, writeAtomic } from "./output.js";
import { Session, type Io } from "./session.js";

const SETTINGS = ["strategy", "range-min", "range-max", "relative-margin", "num-negatives", "sampling", "seed"];

export const mine: Command = {
  spec: {
    name: "mine",
    summary: "find hard negatives for the judged queries of one split",
    options: {
      ...DATA,
      split: { value: "NAME", required: true, help: "which qrels: qrels.NAME.tsv" },
      out: { value: "FILE", help: "write examples here, a JSON line each (default: standard output; with --json: in the object)" },
      strategy: { value: "NAME", choices: ["dense"], help: "dense: nearest in the embedding space" },
      "range-min": { value: "N", kind: "integer", least: 0, help: "skip candidates ranked before this one (0 = none)" },
      "range-max": { value: "N", kind: "integer", least: 1, help: "skip candidates ranked at or after this one" },
      sampling: { value: "HOW", choices: ["top", "random"], help: "top takes the hardest that remain, random draws among them" },
      ...MINING,
      ...COMMON,
      ...HELP,
    },
  },
  run,
};

async function run(args: Args, io: Io, started: number): Promise<void> {
  const folder = args.text("data") ?? "";
  const split = args.text("split") ?? "";
  const out = args.text("out");
  const documents = await loadCorpus(folder);
  const judgments = await loadJudgments(folder, split, "train", documents);
  const session = await Session.open(args, io, started);
  try {
    await session.fill(documents, judgments);
    await session.index();
    const { examples, report } = await session.run({ kind: "mine", options: args.settings(SETTINGS) });
    await session.saveCache();
    session.progress.end();
    const { device, model } = session;
    const lines = examples.map((example) => `${JSON.stringify(example)}\n`).join("");
    if (out !== undefined) await writeAtomic(out, lines);
    if (args.flag("json")) {
      const where = out === undefined ? { examples } : { out };
      const result = { device, model, split, documents: documents.length, ...where, report, ...session.cost() };
      await write(io.stdout, `${JSON.stringify(result)}\n`);
      return;
    }
    if (out === undefined) await write(io.stdout, lines);
    session.progress.note(`${report.negatives} negatives for ${report.pairs} pairs${out === undefined ? "" : `, in ${out}`}`);
  } finally {
    await session.close();
  }
}
