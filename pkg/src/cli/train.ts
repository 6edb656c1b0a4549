/** `nearmiss train`: train on one split, measure before and after on another. */

import { join } from "node:path";
import { NearmissError } from "../errors.js";
import { trainEvents } from "../jobs.js";
import type { TrainEvent, Verdict } from "../types.js";
import { UsageError, type Args } from "./args.js";
import type { Command } from "./command.js";
import { loadCorpus, loadJudgments, withoutShared } from "./data.js";
import { COMMON, DATA, HELP, MINING } from "./options.js";
import { metricTable, write, writeAtomic } from "./output.js";
import { Session, type Io } from "./session.js";

const SETTINGS = [
  "trainable", "towers", "loss", "negatives", "epochs", "batch-size", "learning-rate", "warmup", "margin", "scale",
  "num-negatives", "relative-margin", "seed",
];

export const train: Command = {
  spec: {
    name: "train",
    summary: "train on one split, and measure before and after on another that training never sees",
    options: {
      ...DATA,
      "train-split": { value: "NAME", required: true, help: "which qrels to train on" },
      split: { value: "NAME", required: true, help: "which qrels to measure on" },
      out: { value: "DIR", help: "write report.json here and, if search got better, the weights" },
      trainable: { value: "WHAT", choices: ["head", "full"], help: "head: a residual linear map (default); full: every layer" },
      towers: { value: "WHICH", choices: ["shared", "query"], help: "query trains the query side alone (default shared)" },
      loss: { value: "NAME", choices: ["info-nce", "margin"], help: "info-nce (default) or margin" },
      negatives: { value: "FROM", choices: ["dense", "labelled"], help: "dense mines anew each epoch (default); labelled uses judgments alone" },
      epochs: { value: "N", kind: "integer", least: 1, help: "passes over the examples" },
      "batch-size": { value: "N", kind: "integer", least: 2, help: "queries a step" },
      "learning-rate": { value: "X", kind: "number", least: 0, help: "peak, after the warm-up" },
      warmup: { value: "X", kind: "number", least: 0, help: "share of the steps over which the rate rises (default 0.1)" },
      margin: { value: "X", kind: "number", least: 0, help: "of the margin loss, in cosine (default 0.1)" },
      scale: { value: "X", kind: "number", least: 0, help: "1/temperature of info-nce (default 30)" },
      ...MINING,
      ...COMMON,
      ...HELP,
    },
  },
  run,
};

async function run(args: Args, io: Io, started: number): Promise<void> {
  const [folder = "", trainSplit = "", split = ""] = ["data", "train-split", "split"].map((name) => args.text(name));
  if (trainSplit === split) throw new UsageError("--train-split and --split must differ: training must not see what is measured");
  const documents = await loadCorpus(folder);
  const heldOut = await loadJudgments(folder, split, "held-out", documents);
  const { judgments, leftOut } = withoutShared(await loadJudgments(folder, trainSplit, "train", documents), heldOut);
  const session = await Session.open(args, io, started);
  try {
    if (leftOut > 0) session.progress.note(`${leftOut} training queries are also in ${split} and were left out of training`);
    await session.fill(documents, [...heldOut, ...judgments]);
    await session.index();
    const settings = args.settings(SETTINGS);
    const { verdict, steps } = await follow(session, settings);
    // Full training adds vectors of weights that are gone after this run: not worth keeping.
    if (settings.trainable !== "full") await session.saveCache();
    const { device, model } = session;
    const { perQuery, ...short } = verdict;
    const { before, after, examples } = verdict;
    const common = { device, model, trainSplit, split, settings, documents: documents.length, queries: verdict.queries, leftOut };
    const saved = await save(args.text("out"), session, settings, { ...common, verdict, training: steps });
    const result = { ...common, before, after, verdict: short, examples, out: saved, ...session.cost() };
    const text = `${metricTable({ before, after })}${verdict.summary}\n`;
    await write(io.stdout, args.flag("json") ? `${JSON.stringify(result)}\n` : text);
  } finally {
    await session.close();
  }
}

type Step = Extract<TrainEvent, { type: "step" }>;

async function follow(session: Session, settings: Record<string, unknown>): Promise<{ verdict: Verdict; steps: Step[] }> {
  const steps: Step[] = [];
  let verdict: Verdict | null = null;
  for await (const event of trainEvents(session.host, settings, { signal: session.signal })) {
    session.report(event);
    if (event.type === "verdict") verdict = withoutEnvelope(event);
    if (event.type !== "step") continue;
    steps.push(event);
    session.progress.update("training", event.step, event.steps);
  }
  session.progress.end();
  if (!verdict) throw new NearmissError("INTERNAL", "training ended without a verdict");
  return { verdict, steps };
}

function withoutEnvelope({ type: _, elapsedMs: __, ...verdict }: Extract<TrainEvent, { type: "verdict" }>): Verdict {
  return verdict;
}

/** Writes the report and, unless they were rolled back, the weights. Gives the files' paths. */
async function save(
  folder: string | undefined,
  session: Session,
  settings: Record<string, unknown>,
  report: { verdict: Verdict; training: Step[] },
): Promise<string[]> {
  if (folder === undefined) return [];
  const paths = [join(folder, "report.json")];
  if (report.verdict.kept) {
    const weights = join(folder, settings.trainable === "full" ? "model.safetensors" : "adapter.safetensors");
    await writeAtomic(weights, await session.host.call("export", ["safetensors"]));
    paths.push(weights);
  } else {
    session.progress.note("search did not get better: the weights were rolled back and are not written");
  }
  await writeAtomic(paths[0] ?? folder, `${JSON.stringify(report, null, 2)}\n`);
  return paths;
}
