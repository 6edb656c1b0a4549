/** Mining and judgments with the real engine, on a model of random weights: no rule here depends on what the model knows. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Nearmiss } from "../../pkg/dist/index.js";

const MODEL = fileURLToPath(new URL("../fixtures/tiny-bert", import.meta.url));
const CLI = fileURLToPath(new URL("../../pkg/dist/cli.js", import.meta.url));

const WORDS = ["key", "valve", "mast", "battery", "door", "branch", "leave", "note", "station", "team", "pay", "ring"];
const note = (id) => ({ id, title: `The ${id}`, text: `To rotate the ${id} turn it 3 times, to the last ${id}.` });
const DOCUMENTS = [
  { ...note("key"), parent: "manual" },
  ...WORDS.slice(1).map(note),
  { id: "store", title: "The store", text: "We leave it at the branch with the team.", parent: "manual" },
  { id: "valve-again", title: "The valve", text: `${note("valve").text} Why not?` },
];

const asks = (id) => `how do i turn a ${id}?`;
const JUDGMENTS = [
  ...WORDS.map((id, at) => ({ query: asks(id), document: id, relevant: true, split: at % 3 === 0 ? "held-out" : "train" })),
  { query: "where is the key?", document: "key", relevant: true, split: "train" },
  { query: asks("valve"), document: "mast", relevant: false },
];

/** No rule but those about documents that resemble the positive: with random weights scores mean nothing. */
const MINE = { relativeMargin: null, numNegatives: 2, topUp: false };

async function open() {
  const nm = await Nearmiss.create({ model: MODEL, device: "cpu", worker: false });
  await nm.documents.add(DOCUMENTS);
  await nm.judgments.add(JUDGMENTS);
  return nm;
}

const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

describe("mining", { timeout: 300_000 }, () => {
  let nm;
  before(async () => (nm = await open()));
  after(() => nm.dispose());

  for (const [strategy, sources] of Object.entries({
    dense: ["dense"], ance: ["dense"], bm25: ["bm25"], random: ["random"], "in-batch": ["in-batch"], hybrid: ["dense", "bm25"],
    labelled: [], synthetic: ["dense", "synthetic"],
  })) {
    test(`${strategy}: what people marked comes first, the rest is from where it should be`, async () => {
      const { examples, report } = await nm.mine({ ...MINE, strategy });
      assert.equal(report.strategy, strategy);
      assert.equal(examples.length, 9);
      for (const { query, positive, negatives } of examples) {
        const [first] = negatives;
        if (query === asks("valve")) assert.deepEqual([first.document, first.source], ["mast", "labelled"]);
        const found = negatives.filter(({ source }) => source !== "labelled");
        for (const { document, source, synthetic } of found) {
          assert.ok(sources.includes(source), source);
          assert.notEqual(document, positive);
          assert.equal(document === null, source === "synthetic");
          if (synthetic) assert.deepEqual([synthetic.source, synthetic.text.includes(synthetic.to)], [positive, true]);
        }
        if (positive === "valve") assert.ok(found.every(({ document }) => document !== "valve-again"), "a near duplicate");
        if (positive === "key") assert.ok(found.every(({ document }) => document !== "store"), "a sibling");
      }
      const all = examples.flatMap(({ negatives }) => negatives);
      assert.equal(report.negatives, all.length);
      assert.equal(sum(Object.values(report.sources)), all.length);
      assert.ok(all.length >= (strategy === "labelled" ? 1 : 9), `${all.length} negatives`);
      if (strategy === "synthetic") assert.ok(report.sources.synthetic >= 1);
    });
  }

  test("what resembles the answer is a suspect, with its reason; histogram and shortfall add up", async () => {
    const { examples, suspects, report } = await nm.mine(MINE);
    const reason = (query, document) => suspects.find((one) => one.query === query && one.document === document)?.reason;
    assert.equal(reason(asks("valve"), "valve-again"), "near-duplicate");
    assert.equal(reason("where is the key?", "store"), "sibling");
    assert.ok(report.suspects >= suspects.length && report.dropped.nearDuplicate >= 1 && report.dropped.sibling >= 1);
    assert.equal(sum(report.histogram.positives), examples.length);
    assert.equal(report.shortfall, sum(examples.map(({ negatives }) => Math.max(0, 2 - negatives.length))));
    const kept = await nm.mine({ ...MINE, nearDuplicates: null, siblings: false });
    assert.deepEqual([kept.report.dropped.nearDuplicate, kept.report.dropped.sibling], [0, 0]);
  });

  test("the same seed mines the same, another one may not; empty places are filled from the whole corpus", async () => {
    const random = { ...MINE, strategy: "random", numNegatives: 3 };
    const negatives = async (options) => (await nm.mine(options)).examples;
    assert.deepEqual(await negatives({ ...random, seed: 1 }), await negatives({ ...random, seed: 1 }));
    assert.notDeepEqual(await negatives({ ...random, seed: 1 }), await negatives({ ...random, seed: 2 }));
    const short = { ...MINE, numNegatives: 3, rangeMax: 1 };
    const { report } = await nm.mine({ ...short, topUp: false });
    const filled = await nm.mine({ ...short, topUp: true });
    assert.ok(report.shortfall > 0);
    assert.deepEqual([filled.report.shortfall, filled.report.toppedUp], [0, report.shortfall]);
    const judged = await nm.mine({ ...short, strategy: "labelled", topUp: true });
    assert.deepEqual([judged.report.toppedUp, judged.report.sources], [0, { labelled: 1 }], "only what people marked");
  });

  test("a teacher of one's own decides what is as good as an answer", async () => {
    const asked = [];
    const teacher = (query, documents) => {
      asked.push(query);
      return documents.map(({ id }) => (id === "mast" ? 9 : asks(id) === query || id === "key" ? 2 : 1));
    };
    const { examples, suspects, report } = await nm.mine({ ...MINE, teacher });
    assert.deepEqual(new Set(asked), new Set(examples.map(({ query }) => query)));
    assert.ok(report.dropped.teacher > 0);
    assert.ok(suspects.some(({ document, reason, similarity }) => document === "mast" && reason === "teacher" && similarity === 9));
    const mined = examples.flatMap(({ negatives }) => negatives).filter(({ source }) => source === "dense");
    assert.ok(mined.length > 0 && mined.every(({ document }) => document !== "mast"));
    await assert.rejects(nm.mine({ ...MINE, teacher: () => [1] }), { code: "INPUT_INVALID", message: /^options\.teacher: gave 1 numbers/ });
    assert.equal((await nm.mine(MINE)).report.dropped.teacher, 0, "the next mining starts anew");
  });

  test("MaxSim as a teacher reports the tokens that it encodes", async () => {
    const stages = new Set();
    await nm.mine({ ...MINE, teacher: "maxsim", onProgress: ({ stage }) => stages.add(stage) });
    assert.ok(stages.has("tokens"), [...stages].join());
  });

  test("options that cannot be meant are refused by name", async () => {
    for (const [options, message] of [
      [{ strategy: "hardest" }, /strategy|hardest/],
      [{ rangeMin: 5, rangeMax: 5 }, /rangeMax/],
      [{ nearDuplicates: 2 }, /nearDuplicates/],
      [{ strategy: "hybrid", mixture: { dense: 0 } }, /mixture/],
    ]) {
      await assert.rejects(nm.mine(options), { code: "INPUT_INVALID", message });
    }
  });

  test("why: the rule that sets a document aside, the words that led to it, the pieces that match", async () => {
    const { document, eligible, checks, lexical, terms, alignment, positives } = await nm.why("where is the key?", "store", MINE);
    assert.deepEqual([document, eligible], ["store", false]);
    assert.deepEqual(checks.filter(({ passed }) => !passed).map(({ rule }) => rule), ["sibling"]);
    assert.deepEqual(positives.map(({ document }) => document), ["key"]);
    assert.ok(Math.abs(terms.value - lexical.score) < 1e-4, `${terms.value} is not ${lexical.score}`);
    assert.ok(alignment.length > 0);
    const content = "The store We leave it at the branch with the team.";
    for (const { query, document, similarity } of alignment) {
      assert.equal("where is the key?".slice(query.start, query.end), query.text);
      assert.equal(content.slice(document.start, document.end), document.text);
      assert.ok(similarity >= -1.001 && similarity <= 1.001, String(similarity));
    }
    assert.equal((await nm.why(asks("valve"), "mast")).judgment.relevant, false);
    await assert.rejects(nm.why("q", "nothing"), { code: "INPUT_INVALID", message: /nothing/ });
  });
});

test("what is nested without end is refused at the door, and the engine lives on", { timeout: 300_000 }, async () => {
  const nested = (levels) => JSON.parse(`${"[".repeat(levels)}${"]".repeat(levels)}`);
  const refused = (field) => ({ code: "INPUT_INVALID", message: `${field}: must not be nested deeper than 100 levels` });
  const nm = await Nearmiss.create({ model: MODEL, device: "cpu", worker: false });
  try {
    for (const levels of [101, 1000, 2500]) {
      await assert.rejects(nm.documents.add([{ id: "deep", text: "turn the valve", metadata: nested(levels) }]), refused("documents[0].metadata"));
      await assert.rejects(nm.search("valve", { filter: { and: nested(levels - 1) } }), refused("options.filter"));
    }
    await nm.documents.add([{ id: "deep", text: "turn the valve", metadata: nested(100) }]);
    assert.deepEqual((await nm.search("valve"))[0].metadata, nested(100));
  } finally {
    await nm.dispose();
  }
});

describe("judgments", { timeout: 300_000 }, () => {
  let nm;
  before(async () => (nm = await open()));
  after(() => nm.dispose());

  test("history, files, conflicts, clicks and made queries, one after the other", async () => {
    const { judgments } = nm;
    assert.equal((await judgments.list()).length, JUDGMENTS.length);
    const before = await judgments.list();
    await judgments.promote({ query: asks("valve"), document: "valve-again" });
    const { change, skipped, total } = await judgments.undo();
    assert.deepEqual([change.action, change.after.length, skipped, total], ["added", 1, 0, JUDGMENTS.length]);
    assert.deepEqual(await judgments.list(), before);
    assert.equal((await judgments.redo()).total, JUDGMENTS.length + 1);
    assert.equal((await judgments.history()).length, 2);
    await judgments.undo();

    const lines = await judgments.export("jsonl");
    const beir = await judgments.export("beir", { split: "held-out" });
    assert.equal(lines.trimEnd().split("\n").length, JUDGMENTS.length);
    assert.equal(beir.qrels.trimEnd().split("\n").length, 1 + 4);
    await judgments.remove(before);
    assert.deepEqual(await judgments.list(), []);
    assert.deepEqual(await judgments.import(beir, { split: "held-out" }), { added: 4, total: 4 });
    assert.equal((await judgments.import(new Blob([lines]))).total, JUDGMENTS.length);
    await assert.rejects(judgments.import("{}\n"), { code: "INPUT_INVALID" });

    const clicked = { query: asks("valve"), shown: ["mast", "valve"], clicks: [{ document: "mast" }] };
    const { judgments: made, leftOut } = await judgments.fromClicks(clicked);
    assert.equal(leftOut, 0);
    assert.ok(made.some(({ document, relevant, source }) => document === "mast" && relevant && source === "click"));
    const conflict = (await judgments.conflicts()).find(({ documents }) => documents.includes("mast"));
    assert.equal(conflict.kind, "sources");
    assert.ok(conflict.counts.every((at) => conflict.judgments[at].source === "labelled"));

    const { queries } = await judgments.fromDocuments({ kinds: ["title"], perDocument: 1, seed: 1 });
    assert.ok(queries.length > 0 && queries.every(({ kind }) => kind === "title"));
    assert.ok((await judgments.list()).some(({ source, kind }) => source === "synthetic" && kind === "title"));
  });

  test("training mines anew as it goes, and says on whose word it was measured", async () => {
    const minings = [];
    let verdict;
    const options = { negatives: "ance", refreshEvery: 2, batchSize: 2, epochs: 1, mining: { nearDuplicates: null }, relativeMargin: 0 };
    for await (const event of nm.train(options)) {
      if (event.type === "mining") minings.push(event);
      if (event.type === "verdict") verdict = event;
    }
    assert.ok(minings.length >= 2, `${minings.length} minings`);
    assert.deepEqual([minings[0].staleness, minings[0].step, minings[1].staleness], [null, 0, 2]);
    assert.equal(verdict.measuredOn, "judgments");
  });
});

describe("the command", { timeout: 300_000 }, () => {
  let folder;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "nearmiss-engine-"));
    const line = (object) => `${JSON.stringify(object)}\n`;
    const queries = [...new Set(JUDGMENTS.map(({ query }) => query))];
    const qrels = (split) => {
      const rows = JUDGMENTS.filter((judgment) => (judgment.split ?? "train") === split);
      return `query-id\tcorpus-id\tscore\n${rows.map(({ query, document, relevant }) => `${queries.indexOf(query)}\t${document}\t${Number(relevant)}\n`).join("")}`;
    };
    await writeFile(join(folder, "corpus.jsonl"), DOCUMENTS.map(({ id, ...rest }) => line({ _id: id, ...rest })).join(""));
    await writeFile(join(folder, "queries.jsonl"), queries.map((text, at) => line({ _id: String(at), text })).join(""));
    await writeFile(join(folder, "qrels.train.tsv"), qrels("train"));
    await writeFile(join(folder, "qrels.test.tsv"), qrels("held-out"));
  });
  after(() => rm(folder, { recursive: true }));

  const nearmiss = async (command, ...argv) => promisify(execFile)(process.execPath, [CLI, command, "--model", MODEL, "--data", folder, ...argv]);
  const read = async (name) => (await readFile(join(folder, name), "utf8")).trimEnd().split("\n").map((text) => JSON.parse(text));

  test("mine --strategy bm25: triplets of texts, suspects with parents heeded, a report for a person", async () => {
    const files = ["--out", join(folder, "triplets.jsonl"), "--suspects", join(folder, "suspects.jsonl")];
    const { stdout } = await nearmiss("mine", "--split", "train", "--strategy", "bm25", "--relative-margin", "none", "--format", "triplet", ...files);
    assert.match(stdout, /^bm25: \d+ negatives for 9 pairs[^]*candidates dropped by[^]*cosine +positives \| negatives/);
    const texts = new Set(DOCUMENTS.map(({ title, text }) => `${title} ${text}`));
    const triplets = await read("triplets.jsonl");
    assert.ok(triplets.length >= 9);
    for (const { query, positive, negative } of triplets) {
      assert.ok(query && texts.has(positive) && texts.has(negative) && positive !== negative);
    }
    const suspects = await read("suspects.jsonl");
    assert.ok(suspects.some(({ document, reason }) => document === "valve-again" && reason === "near-duplicate"));
  });

  test("mine --pseudo-queries: no judgments are needed, and none of the queries is held out", async () => {
    const { stdout } = await nearmiss("mine", "--pseudo-queries", "title", "--relative-margin", "none", "--json");
    const { pseudoQueries, split, report, examples } = JSON.parse(stdout);
    assert.equal(split, null);
    assert.ok(pseudoQueries > 0 && report.pairs === pseudoQueries, `${report.pairs} pairs of ${pseudoQueries}`);
    assert.ok(examples.every(({ negatives }) => negatives.length > 0));
  });

  test("train --pseudo-queries: trains on made queries, measures on people's", async () => {
    const { stdout } = await nearmiss("train", "--split", "test", "--pseudo-queries", "--negatives", "bm25", "--no-top-up", "--epochs", "1", "--json");
    const { trainSplit, pseudoQueries, queries, verdict, settings } = JSON.parse(stdout);
    assert.deepEqual([trainSplit, queries, verdict.measuredOn], [null, 4, "judgments"]);
    assert.ok(pseudoQueries > 0);
    assert.deepEqual(settings, { negatives: "bm25", epochs: 1, mining: { topUp: false } });
  });
});
