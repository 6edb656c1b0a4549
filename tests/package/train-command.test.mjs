/** `nearmiss train` over a fake engine: its options, its lines for a person, its checkpoints, and the folders it writes. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { parse, UsageError } from "../../pkg/dist/cli/args.js";
import { kindOf, writeFolder } from "../../pkg/dist/cli/keeping.js";
import { writing } from "../../pkg/dist/cli/places.js";
import { chosenLine, TrainLines, verdictLines } from "../../pkg/dist/cli/train-lines.js";
import { OPTIONS, settingsOf } from "../../pkg/dist/cli/train-options.js";
import { json, run, workspace } from "./command-harness.mjs";
import { METRICS, safetensors } from "./fake-engine.mjs";
import { VERDICT } from "./fake-values.mjs";

const folder = await workspace();
const NEEDED = ["--model", folder, "--data", folder, "--split", "test"];
const TRAIN = ["train", ...NEEDED, "--train-split", "train"];

const settings = (...argv) => settingsOf(parse({ name: "train", summary: "", options: OPTIONS }, [...NEEDED, ...argv]));

test("options of training become the package's options", () => {
  assert.deepEqual(settings(), {});
  assert.deepEqual(
    settings(
      "--trainable", "lora", "--lora-rank", "4", "--lora-alpha", "8", "--lora-targets", "query,inner", "--lora-layers", "2",
      "--towers", "query", "--loss", "triplet", "--distance", "euclidean", "--margin", "0.2", "--schedule", "cosine",
      "--max-grad-norm", "none", "--accumulate", "2", "--memory-budget", "250", "--anchor", "0.1", "--dropout", "0.2",
      "--augment", "word-dropout=0.1,crop=0.2,typos=0.05,synonyms=0.1", "--average", "ema", "--runs", "3", "--dev-share", "0.1",
      "--evaluate-every", "5", "--patience", "2", "--additive-margin", "0.1", "--false-negative-margin", "0.05", "--range-min", "3",
    ),
    {
      trainable: "lora", lora: { rank: 4, alpha: 8, targets: ["query", "inner"], layers: 2 }, towers: "query", loss: "triplet",
      distance: "euclidean", margin: 0.2, schedule: "cosine", maxGradNorm: null, accumulate: 2, memoryBudget: 250_000_000, anchor: 0.1,
      dropout: 0.2, augment: { wordDropout: 0.1, crop: 0.2, typos: 0.05, synonyms: 0.1 }, average: "ema", runs: 3, devShare: 0.1,
      evaluateEvery: 5, patience: 2, additiveMargin: 0.1, falseNegativeMargin: 0.05, mining: { rangeMin: 3 },
    },
  );
  assert.deepEqual(settings("--trainable", "layers:3", "--max-grad-norm", "0.5"), { trainable: "layers:3", maxGradNorm: 0.5 });
  assert.deepEqual(settings("--checkpoint", "c"), { checkpointEvery: 16 });
  assert.deepEqual(settings("--checkpoint", "c", "--checkpoint-every", "4"), { checkpointEvery: 4 });
  assert.deepEqual(settings("--mixture", "dense=1"), { mining: { mixture: { dense: 1 } } });
});

for (const [argv, message] of [
  [["--trainable", "layers:0"], /--trainable must be head, lora, layers:N with N from 1, or full, not "layers:0"/],
  [["--trainable", "heads"], /--trainable must be/],
  [["--lora-targets", "query,keys"], /--lora-targets: there is no map "keys"; there are query, key, value, output, inner, outer/],
  [["--augment", "crops=0.1"], /--augment: there is no change "crops"/],
  [["--augment", "toString=0.1"], /--augment: there is no change "toString"/],
  [["--augment", "crop"], /--augment: "crop" must be NAME=SHARE/],
  [["--augment", "crop=2"], /share from 0 to 1/],
  [["--augment", "crop=0.1,crop=0.2"], /"crop" stands there twice/],
  [["--memory-budget", "0"], /--memory-budget must be megabytes, more than 0/],
  [["--max-grad-norm", "never"], /--max-grad-norm must be none or a number/],
  [["--loss", "hinge"], /--loss must be/],
  [["--runs", "0"], /--runs must be a whole number, 1 or more/],
]) {
  test(`${argv.join(" ")} is bad usage`, () => assert.throws(() => settings(...argv), (error) => error instanceof UsageError && message.test(error.message)));
}

for (const [argv, message] of [
  [["--lora-rank", "4"], /--lora-rank goes with --trainable lora/],
  [["--checkpoint-every", "4"], /--checkpoint-every goes with --checkpoint FILE/],
  [["--resume", "c", "--epochs", "3"], /--epochs does not go with --resume/],
  [["--resume", "c", "--lora-rank", "4"], /--lora-rank does not go with --resume/],
  [["--resume", "c", "--seed", "1"], /--seed does not go with --resume/],
  [["--resume", "c", "--checkpoint", "c", "--checkpoint-every", "2"], /--checkpoint-every does not go with --resume/],
]) {
  test(`${argv.join(" ")} is bad usage: status 2`, async () => {
    const { status, err, engine } = await run([...TRAIN, ...argv]);
    assert.equal(status, 2);
    assert.match(err, message);
    assert.equal(engine, undefined, "before anything is loaded");
  });
}

const step = (step, run = 1, steps = 8) => ({ type: "step", step, run, steps });
const look = (step, ndcg, best = false) => ({ type: "evaluation", stage: "dev", step, best, metrics: { ...METRICS, "ndcg@10": ndcg } });
const linesOf = (...events) => {
  const lines = new TrainLines();
  return events.flatMap((event) => lines.take(event));
};

test("a line for each look at the dev queries, and one for stopping early", () => {
  assert.deepEqual(
    linesOf(look(0, 0.5), step(1), step(2), look(2, 0.81234, true), step(3), look(3, 0.8), step(4), look(4, 0.7), look(4, 0.75), look(4, 0.82, true), { type: "verdict" }),
    [
      "step 0: dev nDCG@10 0.5000",
      "step 2: dev nDCG@10 0.8123, best so far",
      "step 3: dev nDCG@10 0.8000",
      "step 4: dev nDCG@10 0.7000",
      "stopped early at step 4 of 8: no gain for 2 looks at the dev queries",
      "part of the way to the new weights: dev nDCG@10 0.8200, best so far",
    ],
  );
});

test("a run that takes all its steps did not stop early, whatever its last looks said", () => {
  assert.deepEqual(linesOf(step(1, 1, 1), look(1, 0.5), { type: "verdict" }), ["step 1: dev nDCG@10 0.5000"]);
  assert.deepEqual(linesOf(step(1), { type: "verdict" }), [], "nor did one without dev queries");
});

test("of several runs each is named, and each may stop early", () => {
  assert.deepEqual(linesOf(step(1), look(1, 0.6, true), step(2), look(2, 0.5), step(5, 2), look(5, 0.6, true), step(6, 2), step(7, 2), step(8, 2), { type: "verdict" }), [
    "step 1: dev nDCG@10 0.6000, best so far",
    "step 2: dev nDCG@10 0.5000",
    "stopped early at step 2 of 8: no gain for 1 look at the dev queries",
    "run 2, step 5: dev nDCG@10 0.6000, best so far",
  ]);
});

test("the verdict in words: weights, spread, false positives, and a warning only where it belongs", () => {
  assert.deepEqual(verdictLines({ ...VERDICT, kept: true }), [
    "Better.",
    "kept: 75 % of the way from the old weights to those of step 2 (8 dev queries had a say)",
    "spread of documents: mean cosine 0.120, effective rank 6.5 before, mean cosine 0.154, effective rank 6.3 after",
    "false positives: at the score that nine of ten right answers reach, 3.1 % of the others passed before, 2.2 % after",
  ]);
  assert.match(verdictLines({ ...VERDICT, kept: false, collapsed: true })[3], /^WARNING: the model collapsed/);
  assert.equal(chosenLine({ run: 2, step: 40, weight: 1, dev: 0 }, false), "measured: 100 % of the way from the old weights to those of run 2, step 40");
  assert.equal(chosenLine({ run: 1, step: 40, weight: 0, dev: 1 }, false), "dev queries preferred the old weights (1 dev query had a say)");
});

test("looks and early stopping go to standard error, the verdict to standard output", async () => {
  const script = { steps: 9, stop: 3, looks: { 1: { ndcg: 0.6, best: true }, 2: { ndcg: 0.5, best: false }, 3: { ndcg: 0.4, best: false } } };
  const { out, err, status } = await run(TRAIN, { script });
  assert.equal(status, 0, err);
  assert.match(err, /^step 1: dev nDCG@10 0\.6000, best so far$/m);
  assert.match(err, /^stopped early at step 3 of 9: no gain for 2 looks at the dev queries$/m);
  assert.match(out, /ndcg@10 .*\nmrr@10 [^]*\nBetter\.\nkept: 75 % of the way.*\nspread of documents: .*\nfalse positives: .*\n$/);
});

test("--json carries all of the verdict", async () => {
  const { verdict } = await json(TRAIN);
  for (const name of [...Object.keys(VERDICT), "kept", "queries", "steps"]) assert.ok(name in verdict, name);
  assert.deepEqual(verdict.chosen, VERDICT.chosen);
  assert.equal("elapsedMs" in verdict, false);
});

test("--checkpoint keeps the latest; --resume goes on from it and writes what comes next", async () => {
  const file = join(folder, "kept", "run.checkpoint");
  const first = await run([...TRAIN, "--epochs", "2", "--checkpoint", file, "--checkpoint-every", "2"], { script: { steps: 5 } });
  assert.equal(first.status, 0, first.err);
  assert.deepEqual(await readdir(join(folder, "kept")), ["run.checkpoint"], "and nothing half written");
  assert.deepEqual(JSON.parse(await readFile(file, "utf8")), { step: 4, options: { epochs: 2, checkpointEvery: 2 } });
  const out = join(folder, "resumed");
  const result = await json([...TRAIN, "--resume", file, "--checkpoint", file, "--out", out], { script: { steps: 6 } });
  assert.deepEqual(result.settings, { resume: file });
  const report = JSON.parse(await readFile(join(out, "report.json"), "utf8"));
  assert.deepEqual(report.training.map(({ step }) => step), [5, 6]);
  assert.equal(JSON.parse(await readFile(file, "utf8")).step, 6);
  const missing = await run([...TRAIN, "--resume", join(folder, "none")]);
  assert.equal(missing.status, 1);
  assert.match(missing.err, /^INPUT_INVALID: --resume: .*none/);
});

test("Ctrl-C leaves the last checkpoint and says where", async () => {
  const file = join(folder, "stopped.checkpoint");
  const controller = new AbortController();
  let pulls = 0;
  const script = { steps: 9, before: (method) => { if (method === "next" && (pulls += 1) > 8) controller.abort(); } };
  const { status, err } = await run([...TRAIN, "--checkpoint", file, "--checkpoint-every", "2"], { script, signal: controller.signal });
  assert.equal(status, 130);
  const { step } = JSON.parse(await readFile(file, "utf8"));
  assert.ok(err.endsWith(`the last checkpoint, of step ${step}, is in ${file}: go on with --resume ${file}\nABORTED: cancelled\n`), err);
});

test("--out keeps a checkpoint while the training runs, and nothing of it afterwards", async () => {
  const out = join(folder, "unnamed");
  const file = join(out, "run.checkpoint");
  const stopAt = (limit) => {
    const controller = new AbortController();
    let pulls = 0;
    const before = (method) => { if (method === "next" && (pulls += 1) > limit) controller.abort(); };
    return { script: { steps: 40, before }, signal: controller.signal };
  };
  const stopped = await run([...TRAIN, "--out", out], stopAt(30));
  assert.equal(stopped.status, 130);
  assert.equal(JSON.parse(await readFile(file, "utf8")).step, 16);
  assert.ok(stopped.err.endsWith(`the last checkpoint, of step 16, is in ${file}: go on with --resume ${file}\nABORTED: cancelled\n`), stopped.err);
  const resumed = await run([...TRAIN, "--out", out, "--resume", file], { script: { steps: 20 } });
  assert.equal(resumed.status, 0, resumed.err);
  assert.deepEqual((await readdir(out)).sort(), ["adapter.safetensors", "report.json"]);

  const early = await run([...TRAIN, "--out", join(folder, "early")], stopAt(8));
  assert.match(early.err, /stopped before its first checkpoint: --checkpoint-every N makes them come sooner\nABORTED: cancelled\n$/);
  const unkept = await run(TRAIN, stopAt(8));
  assert.match(unkept.err, /nothing of this training is kept: with --out DIR or --checkpoint FILE.*\nABORTED: cancelled\n$/);
});

for (const [option, place] of [["out", "folder"], ["export", "folder"], ["checkpoint", "file"]]) {
  test(`--${option} that cannot be written is refused before anything is loaded`, async () => {
    const file = join(folder, "corpus.jsonl");
    const { status, err, engine } = await run([...TRAIN, `--${option}`, join(file, "below")]);
    assert.equal(status, 1);
    assert.match(err, new RegExp(`^INPUT_INVALID: --${option}: \\S+below cannot be written \\(E.*Name a place`));
    assert.equal(engine, undefined);
    if (place === "file") assert.match((await run([...TRAIN, `--${option}`, folder])).err, /^INPUT_INVALID: --checkpoint: .*it is a folder/);
  });
}

test("trying a place leaves nothing there", async () => {
  const place = join(folder, "new", "deep", "tuned");
  const { status } = await run([...TRAIN, "--out", place, "--resume", join(folder, "none")]);
  assert.equal(status, 1);
  await assert.rejects(readdir(join(folder, "new")), { code: "ENOENT" });
});

test("a place that is lost during the training costs neither the result nor what goes elsewhere", async () => {
  const [out, elsewhere] = [join(folder, "lost"), join(folder, "not-lost")];
  // A file comes to stand where the folder was to be.
  const script = { before: (method) => { if (method === "start") writeFileSync(out, ""); } };
  const { status, out: said, err } = await run([...TRAIN, "--out", out, "--export", elsewhere, "--json"], { script });
  assert.equal(status, 1);
  assert.match(err, /^INPUT_INVALID: --out: \S+lost cannot be written/m);
  const result = JSON.parse(said);
  assert.deepEqual([result.out, result.exported.length > 0, result.verdict.outcome], [[], true, VERDICT.outcome]);
});

test("a checkpoint that cannot be written is spoken of once, and the training goes on", async () => {
  const checkpoint = join(folder, "taken", "run.checkpoint");
  const script = { steps: 6, before: (method) => { if (method === "start") writeFileSync(join(folder, "taken"), ""); } };
  const { status, err } = await run([...TRAIN, "--checkpoint", checkpoint, "--checkpoint-every", "2"], { script });
  assert.equal(status, 0);
  assert.equal(err.match(/INPUT_INVALID: --checkpoint: .* The training goes on\./g).length, 1, err);
});

test("errors of a file system name the option and say what to do", async () => {
  const failing = (code) => writing("out", "tuned", async () => { throw Object.assign(new Error(`${code}: no`), { code }); });
  for (const code of ["EACCES", "ENOTDIR", "EROFS", "EPERM"]) await assert.rejects(failing(code), { code: "INPUT_INVALID", message: new RegExp(`^--out: tuned .*${code}.*Name a place`) });
  for (const code of ["ENOSPC", "EDQUOT"]) await assert.rejects(failing(code), { code: "STORAGE_QUOTA", message: /^--out: there is no room.*Make room/ });
  await assert.rejects(failing("MODEL_INVALID"), { code: "MODEL_INVALID" });
});

test("a training that ends before its first checkpoint speaks of none", async () => {
  const script = { before: (method) => { if (method === "start") throw Object.assign(new Error("too few"), { code: "INSUFFICIENT_DATA" }); } };
  const { err } = await run([...TRAIN, "--checkpoint", join(folder, "never")], { script });
  assert.doesNotMatch(err, /checkpoint/);
});

test("--export writes the folder for Python; with lora also the adapter; nothing of what was rolled back", async () => {
  const whole = ["1_Pooling/config.json", "model.safetensors"];
  const list = async (path) => (await readdir(path, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(path.length + 1)).sort();
  const plain = join(folder, "python");
  const { exported } = await json([...TRAIN, "--export", plain]);
  assert.deepEqual(await list(plain), whole);
  assert.deepEqual(exported, whole.map((name) => join(plain, name)));
  const lora = join(folder, "python-lora");
  await json([...TRAIN, "--trainable", "lora", "--export", lora]);
  assert.deepEqual(await list(lora), [...whole.slice(0, 1), "adapter/adapter_config.json", "adapter/adapter_model.safetensors", whole[1]].sort());
  const worse = await json([...TRAIN, "--seed", "13", "--export", join(folder, "python-worse")]);
  assert.deepEqual(worse.exported, []);
  await assert.rejects(readdir(join(folder, "python-worse")), { code: "ENOENT" });
});

test("after --resume the exported file tells what was trained", async () => {
  const checkpoint = join(folder, "lora.checkpoint");
  await writeFile(checkpoint, JSON.stringify({ step: 1, options: {} }));
  const out = join(folder, "python-resumed");
  const exported = safetensors({ format: "pt", "nearmiss.adapter_config": "{}" });
  const result = await json([...TRAIN, "--resume", checkpoint, "--export", out], { script: { exported } });
  assert.ok(result.exported.includes(join(out, "adapter", "adapter_config.json")));
});

test("what an exported file holds stands in its header", async () => {
  assert.equal(kindOf(safetensors({ "nearmiss.kind": "head" })), "head");
  assert.equal(kindOf(safetensors({ "nearmiss.kind": "bert" })), "bert");
  assert.equal(kindOf(safetensors({ "nearmiss.adapter_config": "{}" })), "lora");
  assert.equal(kindOf(new Uint8Array(3)), "head", "a file that says nothing is an adapter");
  const out = join(folder, "full");
  await json([...TRAIN, "--trainable", "layers:2", "--out", out], { script: { exported: safetensors({ "nearmiss.kind": "bert" }) } });
  assert.deepEqual((await readdir(out)).sort(), ["model.safetensors", "report.json"]);
});

test("a folder's files stay inside it", async () => {
  for (const path of ["../stray", "/stray", "a/../../stray"]) {
    await assert.rejects(writeFolder(join(folder, "inside"), [{ path, bytes: new Uint8Array(1) }]), /outside its folder/);
  }
});
