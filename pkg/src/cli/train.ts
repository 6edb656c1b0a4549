/** `nearmiss train`: train on one split, measure before and after on another. */

import { join } from "node:path";
import { NearmissError } from "../errors.js";
import { trainEvents } from "../jobs.js";
import type { TrainEvent, Verdict } from "../types.js";
import type { Args } from "./args.js";
import type { Command } from "./command.js";
import { loadCorpus, loadJudgments, withoutShared } from "./data.js";
import { Checkpoints, kindOf, readCheckpoint, writeFolder } from "./keeping.js";
import { metricTable, write, writeAtomic } from "./output.js";
import { addPseudoQueries } from "./pseudo.js";
import { Session, type Io } from "./session.js";
import { TrainLines, verdictLines } from "./train-lines.js";
import { check, OPTIONS, settingsOf } from "./train-options.js";

export const train: Command = {
  spec: {
    name: "train",
    summary: "train on one split, and measure before and after on another that training never sees",
    example: "nearmiss train --data notes --train-split train --split test --checkpoint run.checkpoint --out tuned",
    options: OPTIONS,
  },
  run,
};

async function run(args: Args, io: Io, started: number): Promise<void> {
  const [trainSplit, split = ""] = [args.text("train-split"), args.text("split")];
  check(args);
  const resume = args.text("resume");
  const bytes = resume === undefined ? undefined : await readCheckpoint(resume);
  const { documents, heldOut, judgments, leftOut } = await load(args.text("data") ?? "", trainSplit, split);
  const session = await Session.open(args, io, started);
  try {
    if (leftOut > 0) session.progress.note(`${leftOut} training queries are also in ${split} and were left out of training`);
    await session.fill(documents, [...heldOut, ...judgments]);
    // Beside judgments by people, made queries are only ever trained on: the engine sees to that.
    const pseudoQueries = await addPseudoQueries(session, args);
    await session.index();
    const settings: Record<string, unknown> = bytes ? { resume } : settingsOf(args);
    const { verdict, steps, minings } = await follow(session, bytes ? { resume: bytes } : settings, args.text("checkpoint"));
    // All but a head adds vectors of weights that are gone after this run: not worth keeping.
    if (!bytes && ["head", undefined].includes(args.text("trainable"))) await session.saveCache();
    const { device, model } = session;
    const { before, after, examples, queries } = verdict;
    const splits = { trainSplit: trainSplit ?? null, split, pseudoQueries };
    const common = { device, model, ...splits, settings, documents: documents.length, queries, leftOut };
    const saved = await save(args, session, { ...common, verdict, training: steps, mining: minings });
    const result = { ...common, before, after, verdict, examples, ...saved, ...session.cost() };
    const text = `${metricTable({ before, after })}${verdictLines(verdict).join("\n")}\n`;
    await write(io.stdout, args.flag("json") ? `${JSON.stringify(result)}\n` : text);
  } finally {
    await session.close();
  }
}

async function load(folder: string, trainSplit: string | undefined, split: string) {
  const documents = await loadCorpus(folder);
  const heldOut = await loadJudgments(folder, split, "held-out", documents);
  if (trainSplit === undefined) return { documents, heldOut, judgments: [], leftOut: 0 };
  return { documents, heldOut, ...withoutShared(await loadJudgments(folder, trainSplit, "train", documents), heldOut) };
}

type Step = Extract<TrainEvent, { type: "step" }>;
type Mining = Extract<TrainEvent, { type: "mining" }>;

interface Run {
  verdict: Verdict;
  steps: Step[];
  minings: Mining[];
}

async function follow(session: Session, settings: Record<string, unknown>, checkpoint: string | undefined): Promise<Run> {
  const checkpoints = checkpoint === undefined ? null : new Checkpoints(checkpoint);
  const lines = new TrainLines();
  const run: Omit<Run, "verdict"> = { steps: [], minings: [] };
  let verdict: Verdict | null = null;
  try {
    for await (const event of trainEvents(session.host, settings, { signal: session.signal })) {
      session.report(event);
      for (const line of lines.take(event)) session.progress.note(line);
      if (event.type === "verdict") verdict = withoutEnvelope(event);
      if (event.type === "mining") run.minings.push(event);
      if (event.type === "checkpoint") await checkpoints?.take(event);
      if (event.type !== "step") continue;
      run.steps.push(event);
      session.progress.update("training", event.step, event.steps);
    }
  } catch (error) {
    if (checkpoints?.line) session.progress.note(checkpoints.line);
    throw error;
  }
  session.progress.end();
  if (!verdict) throw new NearmissError("INTERNAL", "training ended without a verdict");
  return { verdict, ...run };
}

function withoutEnvelope({ type: _, elapsedMs: __, ...verdict }: Extract<TrainEvent, { type: "verdict" }>): Verdict {
  return verdict;
}

interface Saved {
  out: string[];
  exported: string[];
}

/** Writes the report and, unless they were rolled back, the weights in the formats that were asked for. Gives the files' paths. */
async function save(args: Args, session: Session, report: Pick<Run, "verdict"> & Record<string, unknown>): Promise<Saved> {
  const [out, folder] = [args.text("out"), args.text("export")];
  const { kept } = report.verdict;
  if (!kept && (out ?? folder) !== undefined) session.progress.note("search did not get better: the weights were rolled back and are not written");
  const saved: Saved = { out: [], exported: [] };
  if (out !== undefined) {
    saved.out.push(join(out, "report.json"));
    if (kept) saved.out.push(await saveWeights(out, session));
    await writeAtomic(join(out, "report.json"), `${JSON.stringify(report, null, 2)}\n`);
  }
  if (folder !== undefined && kept) saved.exported.push(...(await saveFolders(folder, args, session)));
  return saved;
}

async function saveWeights(folder: string, { host }: Session): Promise<string> {
  const bytes = await host.call("export", ["safetensors"]);
  const path = join(folder, kindOf(bytes) === "bert" ? "model.safetensors" : "adapter.safetensors");
  await writeAtomic(path, bytes);
  return path;
}

async function saveFolders(folder: string, args: Args, { host }: Session): Promise<string[]> {
  const whole = await writeFolder(folder, await host.call("exportFolder", ["sentence-transformers"]));
  // Of a training that was taken up again, only its result tells what it trained.
  const lora = args.has("resume") ? kindOf(await host.call("export", ["safetensors"])) === "lora" : args.text("trainable") === "lora";
  if (!lora) return whole;
  return [...whole, ...(await writeFolder(join(folder, "adapter"), await host.call("exportFolder", ["peft"])))];
}
