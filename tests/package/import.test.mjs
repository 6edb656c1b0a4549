/** nm.documents.import over a fake engine: batches, replacing, cancelling, what it reports. */
import assert from "node:assert/strict";
import { File } from "node:buffer";
import { test } from "node:test";
import { createHost } from "../../pkg/dist/host.js";
import { Nearmiss } from "../../pkg/dist/index.js";
import { fake, FILES } from "./fake-engine.mjs";
import { folder, utf8 } from "./input-files.mjs";

async function open(before) {
  const batches = [];
  const script = {
    before: (method, [first]) => {
      if (method === "addDocuments") batches.push(first.map(({ id }) => id));
      return before?.(method, first);
    },
  };
  const { engines, seams } = fake(script);
  const nm = Nearmiss.over(await createHost({ model: FILES }, seams));
  return { nm, engine: engines[0], batches };
}

const file = (name, text) => ({ path: name, bytes: typeof text === "string" ? utf8(text) : text });
const ids = async (nm) => (await nm.documents.list()).map(({ id }) => id).sort();
/** A text of so many passages, as each stands under a heading of its own. */
const parts = (count, word = "part") => Array.from({ length: count }, (_, at) => `# ${word} ${at}\n\n${word} text ${at}`).join("\n\n");

test("files are in and encoded afterwards; those that cannot be read are named with their reason", async () => {
  const { nm, engine } = await open();
  const result = await nm.documents.import([file("a.md", parts(3)), file("b.png", "x"), file("c.csv", "id,text\nr1,one\nr2,\n"), file("d.txt", "")]);
  assert.deepEqual(result, {
    files: 2,
    documents: { added: 4, updated: 0, unchanged: 0, total: 4 },
    removed: 0,
    skipped: [
      { path: "b.png", code: "INPUT_INVALID", message: "b.png: is of a kind that cannot be read; what can be read are text, Markdown, HTML, CSV, JSON, PDF and DOCX files" },
      { path: "d.txt", code: "INPUT_INVALID", message: "d.txt: is empty" },
    ],
    warnings: [{ path: "c.csv", message: "line 3 has no text" }],
  });
  assert.deepEqual(await ids(nm), ["a.md", "a.md#2", "a.md#3", "r1"]);
  assert.deepEqual(engine.unencoded(), []);
});

test("batches hold 64 passages at most, or little more than a million characters", async () => {
  const { nm, batches } = await open();
  await nm.documents.import([file("a.md", parts(100)), file("b.md", parts(50))]);
  assert.deepEqual(batches.map((batch) => batch.length), [64, 64, 22]);
  batches.length = 0;
  const long = (name) => file(name, "word ".repeat(100_001));
  await nm.documents.import(["c.txt", "d.txt", "e.txt"].map(long), { passageLength: 600_000 });
  assert.deepEqual(batches, [["c.txt", "d.txt"], ["e.txt"]]);
});

test("a file that has changed replaces its passages, and those it no longer has go; others stay", async () => {
  const { nm } = await open();
  await nm.documents.add({ id: "mine", text: "not from a file", metadata: { file: "a.md" } });
  await nm.documents.import([file("a.md", parts(4)), file("b.md", parts(2, "other")), file("c.jsonl", '{"id":"x","text":"one"}\n{"id":"y","text":"two"}')]);
  const again = await nm.documents.import([file("a.md", parts(2)), file("c.jsonl", '{"id":"y","text":"two"}\n{"id":"z","text":"three"}')]);
  // y is the first row now, not the second, and says so.
  assert.deepEqual([again.documents, again.removed], [{ added: 1, updated: 1, unchanged: 2, total: 7 }, 3]);
  assert.deepEqual(await ids(nm), ["a.md", "a.md#2", "b.md", "b.md#2", "mine", "y", "z"]);
});

test("what has not changed is not encoded again", async () => {
  const { nm, engine } = await open();
  const files = [file("a.md", parts(5)), file("b.txt", "b")];
  await nm.documents.import(files);
  const encoded = engine.vectors().keys.length;
  assert.deepEqual((await nm.documents.import(files)).documents, { added: 0, updated: 0, unchanged: 6, total: 6 });
  await nm.documents.import([file("a.md", parts(5)), file("b.txt", "c")]);
  assert.equal(engine.vectors().keys.length, encoded + 1);
});

test("an id that two files bring is told of, and stays with the later one", async () => {
  const { nm } = await open();
  const { documents, warnings } = await nm.documents.import([file("a.csv", "id,text\n1,from a\n2,also"), file("b.csv", "id,text\n1,from b\n2,too")]);
  assert.equal(documents.total, 2);
  assert.deepEqual(warnings, [{ path: "b.csv", message: 'uses ids of other files and replaces what they stood for: "1" and 1 more' }]);
  assert.deepEqual((await nm.documents.list()).map(({ text }) => text), ["from b", "too"]);
  // The first file no longer has it: it is the second one's by now.
  const { removed } = await nm.documents.import([file("b.csv", "id,text\n1,from b"), file("a.csv", "id,text\n3,new")]);
  assert.deepEqual([removed, await ids(nm)], [1, ["1", "3"]]);
});

test("progress counts files, and knows how many there are once folders are walked", async () => {
  const { nm } = await open();
  const events = [];
  const tree = folder("notes", Object.fromEntries(Array.from({ length: 90 }, (_, at) => [`${String(at).padStart(2, "0")}.txt`, `note ${at}`])));
  await nm.documents.import([tree, file("bad.png", "x")], { onProgress: (event) => events.push(event) });
  assert.ok(events.every(({ type, elapsedMs }) => type === "import" && elapsedMs >= 0));
  for (const [at, { done, documents }] of events.entries()) assert.ok(at === 0 || (done >= events[at - 1].done && documents >= events[at - 1].documents));
  const { path, done, total, documents, skipped } = events.at(-1);
  assert.deepEqual({ path, done, total, documents, skipped }, { path: "bad.png", done: 91, total: 91, documents: 90, skipped: 1 });
  assert.deepEqual(new Set(events.map((event) => event.total).filter((known) => known !== null)), new Set([91]));
});

test("cancelled, it rejects with ABORTED and keeps every file that was read", async () => {
  const { nm, engine } = await open();
  const controller = new AbortController();
  const files = Array.from({ length: 200 }, (_, at) => file(`${at}.txt`, `note ${at}`));
  let read = 0;
  const onProgress = ({ done }) => {
    read = done;
    if (done === 100) controller.abort();
  };
  await assert.rejects(nm.documents.import(files, { signal: controller.signal, onProgress }), { code: "ABORTED", name: "AbortError" });
  assert.equal(read, 100);
  const kept = await nm.documents.list();
  assert.deepEqual(kept.map(({ id }) => id), files.slice(0, 100).map(({ path }) => path));
  assert.equal(engine.unencoded().length, 36, "the batch that was under way is found by its words");
  // The next one takes up what is left, and the turn is free.
  assert.deepEqual((await nm.documents.import(files)).documents, { added: 100, updated: 0, unchanged: 100, total: 200 });
  assert.deepEqual(engine.unencoded(), []);
});

test("a failure of the engine ends it, with what came before kept", async () => {
  let calls = 0;
  const { nm } = await open((method) => {
    if (method === "addDocuments" && (calls += 1) === 2) throw Object.assign(new Error("full"), { code: "STORAGE_QUOTA" });
  });
  const files = Array.from({ length: 100 }, (_, at) => file(`${at}.txt`, `note ${at}`));
  await assert.rejects(nm.documents.import(files), { code: "STORAGE_QUOTA" });
  assert.equal((await nm.documents.list()).length, 64);
});

test("search answers while an import runs, and what would change the documents waits", async () => {
  const { nm } = await open();
  const order = [];
  const importing = nm.documents.import([file("a.md", parts(200))], { onProgress: () => order.push("progress") }).then(() => order.push("imported"));
  await Promise.all([importing, nm.documents.add({ id: "late", text: "late" }).then(() => order.push("added")), nm.search("part").then(() => order.push("found"))]);
  assert.ok(order.indexOf("found") < order.indexOf("imported"));
  assert.ok(order.indexOf("added") > order.indexOf("imported"));
});

test("inputs and options of the wrong shape are refused before anything is read", async () => {
  const { nm, engine } = await open();
  await assert.rejects(nm.documents.import("a path"), { code: "INPUT_INVALID", message: /files/ });
  await assert.rejects(nm.documents.import([], { onProgress: 1 }), { code: "INPUT_INVALID", message: /options\.onProgress/ });
  await assert.rejects(nm.documents.import([], { batch: 1 }), { code: "INPUT_INVALID", message: /options\.batch/ });
  assert.deepEqual(engine.log, []);
  assert.deepEqual((await nm.documents.import(new File(["x"], "x.txt"))).documents.added, 1);
  await nm.dispose();
  await assert.rejects(nm.documents.import([]), { code: "DISPOSED" });
});
