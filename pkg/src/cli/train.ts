/** `nearmiss train`: train on one split, measure before and after on another. */

import { join } from "node:path";
import { NearmissError } from "../errors.js";
import { trainEvents } from "../jobs.js";
import type { TrainEvent, Verdict } from "../types.js";
import { under, UsageError, type Args } from "./args.js";
import type { Command } from "./command.js";
import { loadCorpus, loadJudgments, withoutShared } from "./data.js";
import { COMMON, DATA, HELP, SEED } from "./options.js";
import { metricTable, write, writeAtomic } from "./output.js";
import { addPseudoQueries } from "./pseudo.js";
import { checkMixture, MIXTURE, orNone, PSEUDO, SELECTED, SELECTION, STRATEGIES } from "./selection.js";
import { Session, type Io } from "./session.js";

const SETTINGS = [
  "trainable", "towers", "loss", "epochs", "batch-size", "learning-rate", "warmup", "margin", "scale", "weight-decay", "negatives",
  "refresh-every", "bm25-warmup", "curriculum", "num-negatives", "max-positives", "relative-margin", "seed",
];

export const train: Command = {
  spec: {
    name: "train",
    summary: "train on one split, and measure before and after on another that training never sees",
    options: {
      ...DATA,
      "train-split": { value: "NAME", help: "which qrels to train on; may be left out with --pseudo-queries" },
      split: { value: "NAME", required: true, help: "which qrels to measure on" },
      ...PSEUDO,
      out: { value: "DIR", help: "write report.json here and, if search got better, the weights" },
      ...under("Training", {
        trainable: { value: "WHAT", choices: ["head", "full"], help: "head: a residual linear map (default); full: every layer" },
        towers: { value: "WHICH", choices: ["shared", "query"], help: "query trains the query side alone (default shared)" },
        loss: { value: "NAME", choices: ["info-nce", "margin"], help: "info-nce (default) or margin" },
        epochs: { value: "N", kind: "integer", least: 1, help: "passes over the examples" },
        "batch-size": { value: "N", kind: "integer", least: 2, help: "queries a step" },
        "learning-rate": { value: "X", kind: "number", least: 0, help: "peak, after the warm-up" },
        warmup: { value: "X", kind: "number", least: 0, help: "share of the steps over which the rate rises (default 0.1)" },
        margin: { value: "X", kind: "number", least: 0, help: "of the margin loss, in cosine (default 0.1)" },
        scale: { value: "X", kind: "number", least: 0, help: "1/temperature of info-nce (default 30)" },
        "weight-decay": { value: "X", kind: "number", least: 0, help: "decoupled; pulls a head towards the identity (default 0.01)" },
        ...SEED,
      }),
      ...under("Where negatives come from", {
        negatives: { value: "NAME", choices: STRATEGIES, help: `${STRATEGIES.join(", ")} (default dense)` },
        ...MIXTURE,
        "refresh-every": { value: "N", kind: "integer", least: 1, help: "of ance: steps between two minings (default 16)" },
        "bm25-warmup": { value: "X", kind: "number", least: 0, help: "share of the steps that begin with bm25 negatives (default 0)" },
        curriculum: { value: "HOW", choices: ["none", "rank", "score"], help: "easy negatives first, by rank or by score (default none)" },
        "num-negatives": { value: "N", kind: "integer", least: 0, help: "for each (query, positive) pair (default 1)" },
        "max-positives": { value: "N", kind: "integer", least: 1, help: "of one query in one epoch (default 4)" },
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
  const [trainSplit, split = ""] = [args.text("train-split"), args.text("split")];
  check(args);
  const { documents, heldOut, judgments, leftOut } = await load(args.text("data") ?? "", trainSplit, split);
  const session = await Session.open(args, io, started);
  try {
    if (leftOut > 0) session.progress.note(`${leftOut} training queries are also in ${split} and were left out of training`);
    await session.fill(documents, [...heldOut, ...judgments]);
    // Beside judgments by people, made queries are only ever trained on: the engine sees to that.
    const pseudoQueries = await addPseudoQueries(session, args);
    await session.index();
    const settings = settingsOf(args);
    const { verdict, steps, minings } = await follow(session, settings);
    // Full training adds vectors of weights that are gone after this run: not worth keeping.
    if (settings.trainable !== "full") await session.saveCache();
    const { device, model } = session;
    const { perQuery, ...short } = verdict;
    const { before, after, examples, queries } = verdict;
    const splits = { trainSplit: trainSplit ?? null, split, pseudoQueries };
    const common = { device, model, ...splits, settings, documents: documents.length, queries, leftOut };
    const saved = await save(args.text("out"), session, settings, { ...common, verdict, training: steps, mining: minings });
    const result = { ...common, before, after, verdict: short, examples, out: saved, ...session.cost() };
    const text = `${metricTable({ before, after })}${verdict.summary}\n`;
    await write(io.stdout, args.flag("json") ? `${JSON.stringify(result)}\n` : text);
  } finally {
    await session.close();
  }
}

function check(args: Args): void {
  const trainSplit = args.text("train-split");
  if (trainSplit === args.text("split")) throw new UsageError("--train-split and --split must differ: training must not see what is measured");
  if (trainSplit === undefined && !args.has("pseudo-queries")) {
    throw new UsageError("--train-split is missing (or --pseudo-queries, to make queries from the documents)");
  }
  checkMixture(args, "negatives");
}

async function load(folder: string, trainSplit: string | undefined, split: string) {
  const documents = await loadCorpus(folder);
  const heldOut = await loadJudgments(folder, split, "held-out", documents);
  if (trainSplit === undefined) return { documents, heldOut, judgments: [], leftOut: 0 };
  return { documents, heldOut, ...withoutShared(await loadJudgments(folder, trainSplit, "train", documents), heldOut) };
}

function settingsOf(args: Args): Record<string, unknown> {
  const mining = args.settings(SELECTED);
  return { ...args.settings(SETTINGS), ...(Object.keys(mining).length > 0 ? { mining } : {}) };
}

type Step = Extract<TrainEvent, { type: "step" }>;
type Mining = Extract<TrainEvent, { type: "mining" }>;

interface Run {
  verdict: Verdict;
  steps: Step[];
  minings: Mining[];
}

async function follow(session: Session, settings: Record<string, unknown>): Promise<Run> {
  const run: Omit<Run, "verdict"> = { steps: [], minings: [] };
  let verdict: Verdict | null = null;
  for await (const event of trainEvents(session.host, settings, { signal: session.signal })) {
    session.report(event);
    if (event.type === "verdict") verdict = withoutEnvelope(event);
    if (event.type === "mining") run.minings.push(event);
    if (event.type !== "step") continue;
    run.steps.push(event);
    session.progress.update("training", event.step, event.steps);
  }
  session.progress.end();
  if (!verdict) throw new NearmissError("INTERNAL", "training ended without a verdict");
  return { verdict, ...run };
}

function withoutEnvelope({ type: _, elapsedMs: __, ...verdict }: Extract<TrainEvent, { type: "verdict" }>): Verdict {
  return verdict;
}

/** Writes the report and, unless they were rolled back, the weights. Gives the files' paths. */
async function save(
  folder: string | undefined,
  session: Session,
  settings: Record<string, unknown>,
  report: { verdict: Verdict; training: Step[]; mining: Mining[] },
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
