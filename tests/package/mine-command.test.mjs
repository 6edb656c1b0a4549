/** `mine` and the mining of `train`: what reaches the engine, what is written where, and which usage is refused. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { json, line, run, workspace } from "./command-harness.mjs";
import { coded } from "./fake-engine.mjs";

const folder = await workspace({
  "corpus.jsonl":
    line({ _id: "a", title: "River", text: "rowing", parent: "water" }) + line({ _id: "b", title: "Stone", text: "arises" }) + line({ _id: "c", text: "tin ore" }),
});
const WHERE = ["--model", folder, "--data", folder];
const MINE = ["mine", ...WHERE, "--split", "train"];
const TRAIN = ["train", ...WHERE, "--train-split", "train", "--split", "test"];

const read = async (name) => (await readFile(join(folder, name), "utf8")).trimEnd().split("\n").map((text) => JSON.parse(text));

/** The options with which the engine was given this kind of job. */
async function options(argv, kind) {
  let given;
  const before = (method, [job]) => {
    if (method === "start" && job.kind === kind) given = job.options;
  };
  const { status, err } = await run(argv, { script: { before } });
  assert.equal(status, 0, err);
  return given;
}

const SELECTION = [
  "--mixture", "dense=0.5, bm25=0.3,in-batch=0.2", "--range-min", "2", "--range-max", "40", "--max-score", "0.9", "--min-score=-0.1",
  "--absolute-margin", "0.05", "--sampling", "simans", "--simans-sharpness", "50", "--simans-offset=-0.1", "--no-top-up",
  "--near-duplicates", "none", "--no-siblings", "--same-title", "--teacher", "maxsim", "--teacher-margin", "0.1", "--max-synthetic", "0.25",
];

const SELECTED = {
  mixture: { dense: 0.5, bm25: 0.3, "in-batch": 0.2 }, rangeMin: 2, rangeMax: 40, maxScore: 0.9, minScore: -0.1, absoluteMargin: 0.05,
  sampling: "simans", simansSharpness: 50, simansOffset: -0.1, topUp: false, nearDuplicates: null, siblings: false, sameTitle: true,
  teacher: "maxsim", teacherMargin: 0.1, maxSynthetic: 0.25,
};

test("mine: every option reaches the engine under its name, and none that was not given", async () => {
  const more = ["--strategy", "hybrid", "--relative-margin", "none", "--num-negatives", "5", "--max-positives", "2", "--seed", "7"];
  assert.deepEqual(await options([...MINE, ...more, ...SELECTION], "mine"), {
    strategy: "hybrid", relativeMargin: null, numNegatives: 5, maxPositives: 2, seed: 7, ...SELECTED,
  });
  assert.deepEqual(await options([...MINE, "--near-duplicates", "0.6"], "mine"), { nearDuplicates: 0.6 });
  assert.deepEqual(await options(MINE, "mine"), {});
});

test("train: what is of the run stands beside `mining`, the rest in it", async () => {
  const run = ["--negatives", "hybrid", "--refresh-every", "8", "--bm25-warmup", "0.2", "--curriculum", "rank", "--max-positives", "2"];
  const more = ["--relative-margin", "0.1", "--num-negatives", "2", "--weight-decay", "0"];
  assert.deepEqual(await options([...TRAIN, ...run, ...more, ...SELECTION], "train"), {
    negatives: "hybrid", refreshEvery: 8, bm25Warmup: 0.2, curriculum: "rank", maxPositives: 2, relativeMargin: 0.1, numNegatives: 2,
    weightDecay: 0, mining: SELECTED,
  });
  assert.deepEqual(await options(TRAIN, "train"), {});
});

for (const strategy of ["dense", "ance", "bm25", "random", "in-batch", "hybrid", "labelled", "synthetic"]) {
  test(`--strategy ${strategy}, --negatives ${strategy}`, async () => {
    assert.equal((await options([...MINE, "--strategy", strategy], "mine")).strategy, strategy);
    assert.equal((await options([...TRAIN, "--negatives", strategy], "train")).negatives, strategy);
  });
}

for (const [argv, message] of [
  [["--strategy", "hard"], /--strategy must be dense or ance or .* or synthetic, not "hard"/],
  [["--mixture", "dense=1"], /^--mixture goes with --strategy hybrid/],
  [["--strategy", "hybrid", "--mixture", "dense"], /^--mixture: "dense" must be SOURCE=WEIGHT/],
  [["--strategy", "hybrid", "--mixture", "dense="], /^--mixture: "dense=" must be SOURCE=WEIGHT/],
  [["--strategy", "hybrid", "--mixture", "dense=0.5=1"], /^--mixture: "dense=0\.5=1" must be/],
  [["--strategy", "hybrid", "--mixture", "dense=-1"], /^--mixture: "dense=-1" must be SOURCE=WEIGHT, the weight a number, 0 or more/],
  [["--strategy", "hybrid", "--mixture", "labelled=1"], /^--mixture: there is no source "labelled"; there are dense, bm25, random, in-batch, synthetic/],
  [["--strategy", "hybrid", "--mixture", "dense=1,,bm25=1"], /^--mixture: there is no source ""/],
  [["--strategy", "hybrid", "--mixture", "dense=1,dense=2"], /^--mixture: "dense" stands there twice/],
  [["--relative-margin", "off"], /^--relative-margin must be none or a number, 0 or more, not "off"/],
  [["--relative-margin="], /^--relative-margin must not be empty/],
  [["--near-duplicates=-1"], /^--near-duplicates must be none or a number, 0 or more, not "-1"/],
  [["--sampling", "best"], /^--sampling must be top or random or simans/],
  [["--teacher", "my-function"], /^--teacher must be maxsim/],
  [["--format", "pairs"], /^--format must be examples or triplet or n-tuple or labeled-pair or labeled-list/],
  [["--format", "triplet", "--json"], /^--format triplet with --json needs --out/],
  [["--num-negatives", "0"], /^--num-negatives must be a whole number, 1 or more/],
  [["--pseudo-queries", "title,summary"], /^--pseudo-queries: there is no kind "summary"; there are title, heading, cloze, crop, key-phrases, or all/],
]) {
  test(`mine ${argv.join(" ")} is bad usage`, async () => {
    const { status, out, err } = await run([...MINE, ...argv]);
    assert.deepEqual([status, out], [2, ""]);
    assert.match(err, message);
    assert.match(err, /Try: nearmiss mine --help\n$/);
  });
}

test("without a split there must be queries made from documents", async () => {
  const mine = await run(["mine", ...WHERE]);
  assert.equal(mine.status, 2);
  assert.match(mine.err, /^--split is missing \(or --pseudo-queries/);
  const train = await run(["train", ...WHERE, "--split", "test"]);
  assert.equal(train.status, 2);
  assert.match(train.err, /^--train-split is missing \(or --pseudo-queries/);
  const mixture = await run([...TRAIN, "--mixture", "dense=1"]);
  assert.match(mixture.err, /^--mixture goes with --negatives hybrid/);
});

test("lines on standard output, the report beside them; with --out the report is the output", async () => {
  const printed = await run(MINE);
  assert.equal(printed.status, 0);
  const examples = printed.out.trimEnd().split("\n").map((text) => JSON.parse(text));
  assert.deepEqual(examples.map(({ query, positive, negatives }) => [query, positive, negatives.map(({ document }) => document).sort()]), [["boats", "a", ["b", "c"]]]);
  assert.match(printed.err, /dense: 2 negatives for 1 pairs[^]*cosine +positives \| negatives/);
  const written = await run([...MINE, "--out", join(folder, "examples.jsonl")]);
  assert.deepEqual(await read("examples.jsonl"), examples);
  assert.match(written.out, /^dense: 2 negatives for 1 pairs[^]*cosine +positives \| negatives/);
  assert.doesNotMatch(written.err, /negatives for/);
});

test("--json prints one object with all of it, or with the files' names", async () => {
  const whole = await json([...MINE, "--num-negatives", "1"]);
  assert.deepEqual([whole.split, whole.pseudoQueries, whole.documents], ["train", null, 3]);
  assert.deepEqual([whole.examples.length, whole.suspects, whole.report.pairs], [1, [], 1]);
  const [out, suspectsFile] = [join(folder, "e.jsonl"), join(folder, "s.jsonl")];
  const named = await json([...MINE, "--out", out, "--suspects", suspectsFile]);
  assert.deepEqual([named.out, named.suspectsFile, named.examples, named.suspects], [out, suspectsFile, undefined, undefined]);
});

test("--suspects: a line each, with what the engine says of them", async () => {
  const suspect = { query: "boats", document: "b", positive: "a", reason: "margin", score: 0.8, positiveScore: 0.7, similarity: null };
  const script = { mined: (result) => ({ ...result, suspects: [suspect] }) };
  const { status, err } = await run([...MINE, "--suspects", join(folder, "suspects.jsonl")], { script });
  assert.equal(status, 0, err);
  assert.deepEqual(await read("suspects.jsonl"), [suspect]);
});

test("a place that cannot be written is refused at once; one that is lost meanwhile costs nothing that was mined", async () => {
  for (const option of ["--out", "--suspects"]) {
    const refused = await run([...MINE, option, join(folder, "corpus.jsonl", "below")]);
    assert.equal(refused.status, 1);
    assert.match(refused.err, new RegExp(`^INPUT_INVALID: ${option}: \\S+below cannot be written`));
    assert.equal(refused.engine, undefined, "before anything is loaded");
  }
  // A file comes to stand where the folder was to be: what was mined goes where one can still read it.
  const lost = join(folder, "lost");
  const taken = { before: (method) => { if (method === "start") writeFileSync(lost, ""); } };
  const instead = await run([...MINE, "--out", join(lost, "examples.jsonl")], { script: taken });
  assert.equal(instead.status, 1);
  assert.match(instead.err, /^INPUT_INVALID: --out: /m);
  assert.ok(instead.out.length > 0 && instead.out.trimEnd().split("\n").every((one) => JSON.parse(one).query !== undefined), instead.out);
});

test("--format: texts with the columns of sentence-transformers, on standard output or in a file", async () => {
  const { out } = await run([...MINE, "--format", "labeled-list", "--num-negatives", "2"]);
  const [{ query, passages, labels }] = out.trimEnd().split("\n").map((text) => JSON.parse(text));
  assert.deepEqual([query, passages[0], passages.slice(1).sort(), labels], ["boats", "River rowing", ["Stone arises", "tin ore"], [1, 0, 0]]);
  const tuples = await run([...MINE, "--format", "n-tuple", "--num-negatives", "3", "--out", join(folder, "tuples.jsonl")]);
  assert.match(tuples.err, /1 pairs have too few negatives for n-tuple and were left out/);
  assert.equal(await readFile(join(folder, "tuples.jsonl"), "utf8"), "");
});

test("mine --pseudo-queries: made from the documents, all on the training side, without qrels", async () => {
  const made = await json(["mine", ...WHERE, "--pseudo-queries", "--seed", "3"]);
  assert.deepEqual([made.split, made.pseudoQueries], [null, 5]);
  assert.equal(made.report.pairs, 5);
  const beside = await json([...MINE, "--pseudo-queries", "title"]);
  assert.deepEqual(beside.examples.map(({ query }) => query), ["boats", "River", "Stone"]);
  const { engine } = await run(["mine", ...WHERE, "--pseudo-queries=title"]);
  assert.deepEqual(engine.judgments(), [
    { query: "River", document: "a", kind: "title", relevant: true, source: "synthetic", split: "train" },
    { query: "Stone", document: "b", kind: "title", relevant: true, source: "synthetic", split: "train" },
  ]);
});

test("--pseudo-queries: kinds and seed reach the engine; documents that give none are too little", async () => {
  const asked = [];
  const before = (method, [options]) => {
    if (method === "pseudoQueries") asked.push(options);
  };
  await run(["mine", ...WHERE, "--pseudo-queries", "title, cloze,title", "--seed", "3"], { script: { before } });
  await run(["mine", ...WHERE, "--pseudo-queries", "--num-negatives", "1"], { script: { before } });
  assert.deepEqual(asked, [{ kinds: ["title", "cloze"], seed: 3 }, { kinds: ["title", "heading", "cloze", "crop", "key-phrases"] }]);
  const none = await run(["mine", ...WHERE, "--pseudo-queries", "heading"]);
  assert.deepEqual([none.status, none.out], [1, ""]);
  assert.match(none.err, /INSUFFICIENT_DATA: no query could be made from these documents by heading\n$/);
});

test("train --pseudo-queries: instead of a split, or beside it; the split that is measured stays as it is", async () => {
  const alone = await json(["train", ...WHERE, "--split", "test", "--pseudo-queries", "title"]);
  assert.deepEqual([alone.trainSplit, alone.split, alone.pseudoQueries, alone.leftOut], [null, "test", 2, 0]);
  const { engine } = await run([...TRAIN, "--pseudo-queries", "title"]);
  const sides = engine.judgments().map(({ query, source, split }) => [query, source, split]);
  assert.deepEqual(sides, [["rocks", "labelled", "held-out"], ["boats", "labelled", "train"], ["River", "synthetic", undefined], ["Stone", "synthetic", undefined]]);
});

test("train --out: the report keeps each mining", async () => {
  await json([...TRAIN, "--max-score", "0.99", "--out", join(folder, "tuned")]);
  const { mining, settings } = JSON.parse(await readFile(join(folder, "tuned", "report.json"), "utf8"));
  assert.deepEqual(settings, { mining: { maxScore: 0.99 } });
  assert.deepEqual(mining.map(({ epoch, step, report }) => [epoch, step, report.pairs]), [[1, 0, 1]]);
});

test("a corpus line may name its parent", async () => {
  const { engine } = await run(MINE);
  assert.deepEqual(engine.documents().map(({ id, parent }) => [id, parent]), [["a", "water"], ["b", undefined], ["c", undefined]]);
});

test("an option that the engine refuses fails with its words", async () => {
  const before = (method, [job]) => {
    if (method === "start" && job.kind === "mine") throw coded("INPUT_INVALID", "rangeMax: must be above rangeMin (5); got 2");
  };
  const { status, err } = await run([...MINE, "--range-min", "5", "--range-max", "2"], { script: { before } });
  assert.equal(status, 1);
  assert.match(err, /^INPUT_INVALID: rangeMax: must be above rangeMin \(5\); got 2$/m);
});
