/** `nearmiss train`: train on one split, measure before and after on another. */

import { join } from "node:path";
import { NearmissError } from "../errors.js";
import { trainEvents } from "../jobs.js";
import type { TrainEvent, Verdict } from "../types.js";
import type { Args } from "./args.js";
import type { Command } from "./command.js";
import { loadCorpus, loadJudgments, withoutShared } from "./data.js";
import { checkpointPath, Checkpoints, kindOf, readCheckpoint, writeFolder } from "./keeping.js";
import { metricTable, write, writeAtomic } from "./output.js";
import { probe, writing } from "./places.js";
import { addPseudoQueries } from "./pseudo.js";
import { Session, type Io } from "./session.js";
import { TrainLines, verdictLines } from "./train-lines.js";
import { check, CHECKPOINT_EVERY, OPTIONS, settingsOf } from "./train-options.js";

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
  await probe(args, { out: "folder", export: "folder", checkpoint: "file" });
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
    const checkpoints = new Checkpoints(args, (line) => session.progress.note(line));
    const { verdict, steps, minings } = await follow(session, bytes ? { resume: bytes } : { ...unasked(args), ...settings }, checkpoints);
    // All but a head adds vectors of weights that are gone after this run: not worth keeping.
    if (!bytes && ["head", undefined].includes(args.text("trainable"))) await session.saveCache();
    const { device, model } = session;
    const { before, after, examples, queries } = verdict;
    const splits = { trainSplit: trainSplit ?? null, split, pseudoQueries };
    const common = { device, model, ...splits, settings, documents: documents.length, queries, leftOut };
    const saved: Saved = { out: [], exported: [] };
    // What training came to is told even where it can no longer be written.
    const failure = await save(args, session, { ...common, verdict, training: steps, mining: minings }, saved).then(() => null, (error: unknown) => ({ error }));
    const result = { ...common, before, after, verdict, examples, ...saved, ...session.cost() };
    const text = `${metricTable({ before, after })}${verdictLines(verdict).join("\n")}\n`;
    await write(io.stdout, args.flag("json") ? `${JSON.stringify(result)}\n` : text);
    if (failure && checkpoints.line) session.progress.note(checkpoints.line);
    if (failure) throw failure.error;
    await checkpoints.finish();
  } finally {
    await session.close();
  }
}

/** Of a training that keeps checkpoints although nobody spoke of them: no setting that a report need tell of. */
function unasked(args: Args): { checkpointEvery?: number } {
  return checkpointPath(args) === undefined ? {} : { checkpointEvery: CHECKPOINT_EVERY };
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

async function follow(session: Session, settings: Record<string, unknown>, checkpoints: Checkpoints): Promise<Run> {
  const lines = new TrainLines();
  const run: Omit<Run, "verdict"> = { steps: [], minings: [] };
  let verdict: Verdict | null = null;
  try {
    for await (const event of trainEvents(session.host, settings, { signal: session.signal })) {
      session.report(event);
      for (const line of lines.take(event)) session.progress.note(line);
      if (event.type === "verdict") verdict = withoutEnvelope(event);
      if (event.type === "mining") run.minings.push(event);
      if (event.type === "checkpoint") await checkpoints.take(event);
      if (event.type !== "step") continue;
      run.steps.push(event);
      session.progress.update("training", event.step, event.steps);
    }
  } catch (error) {
    const line = session.signal.aborted ? checkpoints.stopped : checkpoints.line;
    if (line) session.progress.note(line);
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

/**
 * Writes the report and, unless they were rolled back, the weights in the formats that were asked for.
 *
 * @param saved gets the files' paths, as they are written
 * @throws {NearmissError} as `writing`, once everything was tried
 */
async function save(args: Args, session: Session, report: Pick<Run, "verdict"> & Record<string, unknown>, saved: Saved): Promise<void> {
  const [out, folder] = [args.text("out"), args.text("export")];
  const { kept } = report.verdict;
  if (!kept && (out ?? folder) !== undefined) session.progress.note("search did not get better: the weights were rolled back and are not written");
  const inOut = async (into: string) => {
    // The weights first: with little room left, they are worth more than the report.
    const weights = kept ? [await saveWeights(into, session)] : [];
    await writeAtomic(join(into, "report.json"), `${JSON.stringify(report, null, 2)}\n`);
    saved.out.push(join(into, "report.json"), ...weights);
  };
  const tried = [
    out === undefined ? null : writing("out", out, () => inOut(out)),
    folder === undefined || !kept ? null : writing("export", folder, async () => void saved.exported.push(...(await saveFolders(folder, args, session)))),
  ];
  const failed = (await Promise.allSettled(tried)).find((one) => one.status === "rejected");
  if (failed) throw failed.reason;
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
