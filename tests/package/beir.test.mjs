/** BEIR files: what is read, and that every error names its line. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readCorpus, readQrels, readQueries } from "../../pkg/dist/cli/beir.js";
import { loadJudgments, withoutShared } from "../../pkg/dist/cli/data.js";

/** The text as bytes, cut at awkward places. */
async function* bytes(text, size = 3) {
  const all = Buffer.from(text);
  for (let at = 0; at < all.length; at += size) yield all.subarray(at, at + size);
}

test("documents: optional title and metadata, numbers as ids, blank lines, byte order mark, any line separator inside JSON", async () => {
  const text = '\ufeff{"_id":1,"text":"ä\u2028b"}\r\n\n{"_id":"b","title":"T","text":"","metadata":{"n":1}}\n{"_id":"c","title":null,"text":"x"}';
  assert.deepEqual(await readCorpus(bytes(text), "corpus.jsonl"), [
    { id: "1", title: "", text: "ä\u2028b" },
    { id: "b", title: "T", text: "", metadata: { n: 1 } },
    { id: "c", title: "", text: "x" },
  ]);
});

test("documents: the one that it is a chunk of, as text or number", async () => {
  const text = '{"_id":"a","text":"","parent":"book"}\n{"_id":"b","text":"","parent":7}\n{"_id":"c","text":"","parent":null}';
  assert.deepEqual((await readCorpus(bytes(text), "corpus.jsonl")).map(({ parent }) => parent), ["book", "7", undefined]);
});

test("qrels: tabs or spaces, four columns, header or none, scores below 0 as 0", async () => {
  const rows = async (text) => (await readQrels(bytes(text), "q")).map(({ query, document, score }) => [query, document, score]);
  assert.deepEqual(await rows("query-id\tcorpus-id\tscore\n1\ta b\t2\n"), [["1", "a b", 2]]);
  assert.deepEqual(await rows("1 0 d1 1\n1 0 d2 -1\n"), [["1", "d1", 1], ["1", "d2", 0]]);
});

for (const [what, read, text, message] of [
  ["broken JSON", readCorpus, '{"_id":"a","text":"x"}\n\n{"_id":', /^f, line 3: is not JSON/],
  ["an array", readCorpus, "[]", /^f, line 1: must be a JSON object/],
  ["no id", readCorpus, '{"text":"x"}', /^f, line 1: _id/],
  ["no text", readCorpus, '{"_id":"a"}', /^f, line 1: text must be a string/],
  ["a title of another kind", readCorpus, '{"_id":"a","title":1,"text":""}', /^f, line 1: title/],
  ["a parent that is no id", readCorpus, '{"_id":"a","text":"","parent":""}', /^f, line 1: parent must be a string that is not empty/],
  ["an id twice", readQueries, '{"_id":"a","text":"x"}\n{"_id":"a","text":"y"}', /^f, line 2: the _id "a" already stands on line 1/],
  ["an empty query", readQueries, '{"_id":"a","text":" "}', /^f, line 1: text must not be empty/],
  ["two columns", readQrels, "a\tb\n", /^f, line 1: expected query id.*found 2/],
  ["a score that is none", readQrels, "a\tb\t1\na\tb\tx\n", /^f, line 2: the score "x"/],
  ["a mangled first row", readQrels, "a\tb\tx\n", /^f, line 1: the score/],
  ["an empty column", readQrels, "a\t\t1\n", /^f, line 1: an id is empty/],
]) {
  test(`${what} is refused with its line`, async () => {
    await assert.rejects(read(bytes(text), "f"), { code: "INPUT_INVALID", message });
  });
}

test("bytes that are not UTF-8 are refused", async () => {
  const latin1 = (async function* () { yield Buffer.from([0x7b, 0xe4, 0x0a]); })();
  await assert.rejects(readCorpus(latin1, "f"), { code: "INPUT_INVALID", message: /UTF-8/ });
});

async function folder(files) {
  const path = await mkdtemp(join(tmpdir(), "nearmiss-beir-"));
  after(() => rm(path, { recursive: true }));
  await mkdir(join(path, "qrels"));
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
  return path;
}

const CORPUS = [{ id: "d1", text: "x" }, { id: "d2", text: "y" }];
const QUERIES = '{"_id":"1","text":"One"}\n{"_id":"2","text":"one"}\n{"_id":"3","text":"three"}\n{"_id":"4","text":"One"}\n';

test("qrels of a split: its own file first, then the folder, and qrels.tsv for test alone", async () => {
  const path = await folder({ "queries.jsonl": QUERIES, "qrels.tsv": "3\td1\t1\n", "qrels/dev.tsv": "1\td2\t2\n" });
  assert.deepEqual(await loadJudgments(path, "dev", "train", CORPUS), [{ query: "One", document: "d2", relevant: true, grade: 2, split: "train" }]);
  assert.equal((await loadJudgments(path, "test", "held-out", CORPUS))[0].query, "three");
  await assert.rejects(loadJudgments(path, "train", "train", CORPUS), { code: "INPUT_INVALID", message: /split "train"; there are qrels\.tsv, qrels\/dev\.tsv$/ });
  await writeFile(join(path, "qrels.test.tsv"), "1\td1\t0\n");
  assert.deepEqual(await loadJudgments(path, "test", "held-out", CORPUS), [{ query: "One", document: "d1", relevant: false, grade: 0, split: "held-out" }]);
});

test("what qrels refer to must exist, and two ids of one text are one query", async () => {
  const path = await folder({ "queries.jsonl": QUERIES, "qrels.a.tsv": "9\td1\t1\n", "qrels.b.tsv": "1\td9\t1\n", "qrels.c.tsv": "1\td1\t1\n4\td1\t0\n", "qrels.d.tsv": "\n" });
  await assert.rejects(loadJudgments(path, "a", "train", CORPUS), { message: /qrels\.a\.tsv, line 1: queries\.jsonl has no query "9"/ });
  await assert.rejects(loadJudgments(path, "b", "train", CORPUS), { message: /qrels\.b\.tsv, line 1: corpus\.jsonl has no document "d9"/ });
  assert.deepEqual((await loadJudgments(path, "c", "train", CORPUS)).map(({ relevant }) => relevant), [true]);
  await assert.rejects(loadJudgments(path, "d", "train", CORPUS), { message: /holds no judgments/ });
});

test("training never sees a query that is measured, however it is spelt", () => {
  const judgment = (query) => ({ query, document: "d1", relevant: true });
  const train = [judgment("One  more"), judgment("two"), judgment("one more")];
  assert.deepEqual(withoutShared(train, [judgment(" one MORE")]), { judgments: [judgment("two")], leftOut: 1 });
  assert.throws(() => withoutShared([judgment("a")], [judgment("A")]), { code: "INPUT_INVALID", message: /--train-split/ });
});
