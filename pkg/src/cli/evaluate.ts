/** `nearmiss evaluate`: how good is search over this folder with this model? */

import type { Args } from "./args.js";
import type { Command } from "./command.js";
import { loadCorpus, loadJudgments } from "./data.js";
import { COMMON, DATA, HELP, MODE, rankingOf } from "./options.js";
import { metricTable, pickMetrics, write } from "./output.js";
import { Session, type Io } from "./session.js";

export const evaluate: Command = {
  spec: {
    name: "evaluate",
    summary: "measure search on the judged queries of one split",
    example: "nearmiss evaluate --data notes --split test --mode hybrid",
    options: { ...DATA, split: { value: "NAME", required: true, help: "which qrels: qrels.NAME.tsv" }, ...MODE, ...COMMON, ...HELP },
  },
  run,
};

async function run(args: Args, io: Io, started: number): Promise<void> {
  const { name, options, lexical } = rankingOf(args, "dense");
  const folder = args.text("data") ?? "";
  const split = args.text("split") ?? "";
  const documents = await loadCorpus(folder);
  const judgments = await loadJudgments(folder, split, "held-out", documents);
  const session = await Session.open(args, io, started);
  try {
    await session.fill(documents, judgments);
    if (!lexical) await session.index();
    const { after, queries } = await session.run({ kind: "evaluate", options: { split: "held-out", ...options } });
    if (!lexical) await session.saveCache();
    session.progress.end();
    const { device, model } = session;
    const result = { device, model, mode: name, split, queries, documents: documents.length, metrics: pickMetrics(after), ...session.cost() };
    const text = `${queries} queries of ${split}, ${documents.length} documents, ${name} search\n${metricTable({ [name]: after })}`;
    await write(io.stdout, args.flag("json") ? `${JSON.stringify(result)}\n` : text);
  } finally {
    await session.close();
  }
}
