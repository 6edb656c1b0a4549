/** `nm.judgments`: adding in every way, history, files; what is refused before it reaches the engine. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createHost } from "../../pkg/dist/host.js";
import { Nearmiss, NearmissError } from "../../pkg/dist/index.js";
import { fake, FILES } from "./fake-engine.mjs";

const DOCUMENTS = [
  { id: "a", title: "Keys", text: "how to rotate the signing key. Twice a year." },
  { id: "b", title: "Boats", text: "rowing on the river" },
];

async function open(script) {
  const { engines, seams } = fake(script);
  const nm = Nearmiss.over(await createHost({ model: FILES }, seams));
  return { nm, engine: engines[0] };
}

/** With documents, and a list of what crosses to the engine from then on. */
async function ready() {
  const crossed = [];
  const { nm, engine } = await open({ before: (method, args) => void crossed.push([method, ...args]) });
  await nm.documents.add(DOCUMENTS);
  crossed.length = 0;
  return { nm, engine, crossed };
}

const code = (name, message = /./) => (error) => {
  assert.ok(error instanceof NearmissError, `a NearmissError, not ${error}`);
  assert.equal(error.code, name, error.message);
  assert.match(error.message, message);
  return true;
};

const judgment = { query: "rotate", document: "a", relevant: true };

test("every field of a judgment crosses, and no other", async () => {
  const { nm, crossed } = await ready();
  const whole = { query: "q", document: "a", relevant: true, grade: 2, weight: 0.5, source: "synthetic", kind: "key-phrases", split: "held-out" };
  const clicked = { query: "q", document: "b", relevant: true, source: "click", impressions: 3 };
  await nm.judgments.add([{ ...whole, note: "mine" }, { ...clicked, grade: undefined }]);
  assert.deepEqual(crossed, [["addJudgments", [whole, clicked]]]);
  assert.deepEqual(await nm.judgments.list(), [whole, clicked]);
});

test("undo and redo tell what they did; without anything to do they are null", async () => {
  const { nm } = await ready();
  assert.equal(await nm.judgments.undo(), null);
  await nm.judgments.add(judgment);
  await nm.judgments.add({ ...judgment, relevant: false });
  const undone = await nm.judgments.undo();
  assert.deepEqual([undone.change.action, undone.skipped, undone.total], ["added", 0, 1]);
  assert.equal((await nm.judgments.list())[0].relevant, true);
  assert.equal((await nm.judgments.history()).length, 1);
  const redone = await nm.judgments.redo();
  assert.deepEqual(redone.change, undone.change);
  assert.equal((await nm.judgments.list())[0].relevant, false);
  assert.equal(await nm.judgments.redo(), null);
});

test("what is undone about a document that is gone is counted as skipped", async () => {
  const { nm } = await ready();
  await nm.judgments.add([judgment, { ...judgment, document: "b" }]);
  await nm.judgments.remove([judgment, { query: "ROTATE", document: "b" }]);
  await nm.documents.remove("b");
  await nm.judgments.undo(); // the removal of the document
  const undone = await nm.judgments.undo();
  assert.deepEqual([undone.change.action, undone.skipped, undone.total], ["removed", 1, 1]);
});

test("conflicts name both words and the one that counts", async () => {
  const { nm } = await ready();
  await nm.judgments.add([judgment, { ...judgment, relevant: false, source: "click" }]);
  const [conflict, ...others] = await nm.judgments.conflicts();
  assert.deepEqual(others, []);
  assert.deepEqual([conflict.kind, conflict.query, conflict.documents, conflict.counts], ["sources", "rotate", ["a"], [0]]);
  assert.deepEqual(conflict.judgments.map(({ source, relevant }) => [source, relevant]), [["labelled", true], ["click", false]]);
});

test("JSON lines go out and come in without loss, from a string or a file", async () => {
  const { nm } = await ready();
  await nm.judgments.add([{ ...judgment, weight: 2, split: "held-out" }, { ...judgment, document: "b", relevant: false }]);
  const before = await nm.judgments.list();
  const text = await nm.judgments.export("jsonl");
  for (const input of [text, new Blob([text])]) {
    const other = (await ready()).nm;
    assert.deepEqual(await other.judgments.import(input), { added: 2, total: 2 });
    assert.deepEqual(await other.judgments.list(), before);
    assert.deepEqual((await other.judgments.history()).map(({ action }) => action), ["imported"]);
  }
});

test("BEIR files go out by side and come in on a side", async () => {
  const { nm, crossed } = await ready();
  await nm.judgments.add([{ ...judgment, split: "held-out" }, { query: "row", document: "b", relevant: true, split: "train" }]);
  const files = await nm.judgments.export("beir", { split: "held-out" });
  assert.deepEqual(files, { queries: '{"_id":"q1","text":"rotate"}\n', qrels: "query-id\tcorpus-id\tscore\nq1\ta\t1\n" });
  assert.equal((await nm.judgments.export("beir")).queries.split("\n").length, 3);
  const other = await ready();
  await other.nm.judgments.import(files, { split: "train" });
  assert.deepEqual(other.crossed, [["importJudgments", files, "train"]]);
  assert.equal((await other.nm.judgments.list())[0].split, "train");
  assert.deepEqual(crossed.slice(1), [["exportJudgments", "beir", "held-out"], ["exportJudgments", "beir", undefined]]);
});

test("promote and confirm: a person's word, on suspects or on anything with query and document, side unstated", async () => {
  const { nm, crossed } = await ready();
  const suspect = { query: "rotate", document: "b", positive: "a", reason: "teacher", score: 0.9, positiveScore: 0.8, similarity: 3 };
  assert.deepEqual(await nm.judgments.promote(suspect), { total: 1 });
  assert.deepEqual(await nm.judgments.confirm([suspect, { query: "row", document: "a", relevant: true, split: "train" }]), { total: 2 });
  const said = (query, document, relevant) => ({ query, document, relevant, source: "labelled" });
  assert.deepEqual(crossed, [
    ["addJudgments", [said("rotate", "b", true)]],
    ["addJudgments", [said("rotate", "b", false), said("row", "a", false)]],
  ]);
});

test("queries from documents, judgments from clicks", async () => {
  const { nm, crossed } = await ready();
  const made = await nm.judgments.fromDocuments({ kinds: ["title"], perDocument: 2, seed: 1 });
  assert.deepEqual(made, { queries: [{ query: "Keys", document: "a", kind: "title" }, { query: "Boats", document: "b", kind: "title" }], total: 2 });
  const impressions = [{ query: "row", shown: ["b", "a"], firstRank: 11, clicks: [{ document: "b", dwellMs: 0, at: 3 }, { document: "gone" }] }];
  const options = { eta: 0.5, propensities: [1, 0.5], cap: 5, minDwellMs: 100, skips: false };
  const { judgments, leftOut, total } = await nm.judgments.fromClicks(impressions, options);
  assert.deepEqual(judgments, [{ query: "row", document: "b", relevant: true, source: "click", impressions: 1 }]);
  assert.deepEqual([leftOut, total], [1, 3]);
  await nm.judgments.fromClicks({ query: "row", shown: [], clicks: [] });
  await nm.judgments.fromDocuments();
  assert.deepEqual(crossed, [
    ["pseudoQueries", { kinds: ["title"], perDocument: 2, seed: 1 }],
    ["feedback", [{ ...impressions[0], clicks: [{ document: "b", dwellMs: 0 }, { document: "gone" }] }], options],
    ["feedback", [{ query: "row", shown: [], clicks: [] }], {}],
    ["pseudoQueries", {}],
  ]);
});

test("everything about judgments can be had while a training run is paused", async () => {
  const { nm } = await ready();
  const run = nm.train();
  await run.next();
  await nm.judgments.promote(judgment);
  await nm.judgments.undo();
  await nm.judgments.import(await nm.judgments.export("jsonl"));
  await nm.judgments.fromDocuments();
  await run.return();
});

test("bad input names place and field, and nothing of it reaches the engine", async () => {
  const { nm, engine } = await open();
  const { judgments } = nm;
  const shown = { query: "q", shown: ["a"], clicks: [] };
  const table = [
    [() => nm.documents.add({ id: "a", text: "x", parent: " " }), /documents\[0\]\.parent: must not be empty/],
    [() => nm.documents.add({ id: "a", text: "x", parent: 3 }), /documents\[0\]\.parent: must be a string, not 3/],
    [() => judgments.add([judgment, { ...judgment, weight: 0 }]), /judgments\[1\]\.weight: must be a number above 0, not 0/],
    [() => judgments.add({ ...judgment, weight: Infinity }), /judgments\[0\]\.weight/],
    [() => judgments.add({ ...judgment, source: "hearsay" }), /judgments\[0\]\.source: must be "labelled" or "click" or "mined" or "synthetic"/],
    [() => judgments.add({ ...judgment, kind: "summary" }), /judgments\[0\]\.kind/],
    [() => judgments.add({ ...judgment, impressions: 0 }), /judgments\[0\]\.impressions: must be a whole number, 1 or more, not 0/],
    [() => judgments.add({ ...judgment, impressions: 1.5 }), /judgments\[0\]\.impressions/],
    [() => judgments.remove({ query: "q" }), /judgments\[0\]\.document/],
    [() => judgments.promote([judgment, { query: "q", document: 3 }]), /suspects\[1\]\.document/],
    [() => judgments.confirm(null), /suspects\[0\]: must be an object, not null/],
    [() => judgments.export("csv"), /format: must be "jsonl" or "beir"/],
    [() => judgments.export("beir", { split: "test" }), /options\.split/],
    [() => judgments.export("beir", { side: "train" }), /options\.side: there is no such option; there are split/],
    [() => judgments.export("jsonl", { split: "train" }), /options\.split: is for "beir"/],
    [() => judgments.import(3), /judgments: must be JSON lines, a file of them, or \{ queries, qrels \}/],
    [() => judgments.import({ queries: "" }), /judgments\.qrels: must be a string, not undefined/],
    [() => judgments.import("", { split: "test" }), /options\.split/],
    [() => judgments.import(new Blob([new Uint8Array([0xff])])), /judgments: the file is not UTF-8 text/],
    [() => judgments.fromDocuments({ kinds: "title" }), /options\.kinds: must be a list/],
    [() => judgments.fromDocuments({ kinds: [] }), /options\.kinds: must name at least one kind/],
    [() => judgments.fromDocuments({ kinds: ["title", "summary"] }), /options\.kinds\[1\]/],
    [() => judgments.fromDocuments({ perDocument: 0 }), /options\.perDocument/],
    [() => judgments.fromDocuments({ kind: "title" }), /options\.kind: there is no such option; there are kinds, perDocument, seed/],
    [() => judgments.fromClicks([shown, { ...shown, query: "" }]), /impressions\[1\]\.query/],
    [() => judgments.fromClicks({ ...shown, shown: "a" }), /impressions\[0\]\.shown: must be a list/],
    [() => judgments.fromClicks({ ...shown, shown: ["a", 3] }), /impressions\[0\]\.shown\[1\]/],
    [() => judgments.fromClicks({ ...shown, firstRank: 0 }), /impressions\[0\]\.firstRank: must be a whole number, 1 or more/],
    [() => judgments.fromClicks({ ...shown, clicks: undefined }), /impressions\[0\]\.clicks: must be a list/],
    [() => judgments.fromClicks({ ...shown, clicks: ["a"] }), /impressions\[0\]\.clicks\[0\]: must be an object/],
    [() => judgments.fromClicks({ ...shown, clicks: [{ document: "a", dwellMs: -1 }] }), /impressions\[0\]\.clicks\[0\]\.dwellMs/],
    [() => judgments.fromClicks(shown, { dwell: 3 }), /options\.dwell/],
  ];
  for (const [call, message] of table) await assert.rejects(call, code("INPUT_INVALID", message));
  assert.deepEqual(engine.log, []);
});

test("after disposal everything rejects with DISPOSED", async () => {
  const { nm } = await open();
  await nm.dispose();
  const { judgments } = nm;
  const calls = [
    () => judgments.undo(), () => judgments.redo(), () => judgments.history(), () => judgments.conflicts(), () => judgments.export("jsonl"),
    () => judgments.import(""), () => judgments.promote([]), () => judgments.confirm([]), () => judgments.fromDocuments(), () => judgments.fromClicks([]),
    () => nm.why("q", "a"),
  ];
  for (const call of calls) await assert.rejects(call, code("DISPOSED"));
});
