/** Search, context and comparison with the real engine, on a model of random weights: what crosses, and what stays on this side. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Nearmiss } from "../../pkg/dist/index.js";

const MODEL = fileURLToPath(new URL("../fixtures/tiny-bert", import.meta.url));
const CLI = fileURLToPath(new URL("../../pkg/dist/cli.js", import.meta.url));

const WORDS = ["key", "valve", "mast", "battery", "door", "branch", "leave", "note", "station", "team", "pay", "ring"];
const DOCUMENTS = WORDS.map((id, at) => ({
  id,
  title: `The ${id}`,
  text: `To rotate the ${id} turn it ${at} times. The last ${id} is the best.`,
  metadata: { at, even: at % 2 === 0 },
  ...(at < 4 && { parent: "manual" }),
}));
const QUERY = "how do i rotate the valve";

const ids = (hits) => hits.map((hit) => hit.id);

async function open(options = {}) {
  const nm = await Nearmiss.create({ model: MODEL, device: "cpu", worker: false, ...options });
  await nm.documents.add(DOCUMENTS);
  return nm;
}

describe("search", { timeout: 300_000 }, () => {
  let nm;
  before(async () => (nm = await open()));
  after(() => nm.dispose());

  test("a scorer of one's own orders the best, with the places of the stages before", async () => {
    const asked = [];
    const byLength = (query, documents) => {
      asked.push([query, documents.length, documents.every((one) => !("score" in one))]);
      return documents.map((one) => one.metadata.at);
    };
    const hits = await nm.search(QUERY, { k: 4, rerank: byLength });
    assert.deepEqual(asked, [[QUERY, 12, true]]);
    assert.deepEqual(ids(hits), ["ring", "pay", "team", "station"]);
    assert.deepEqual(hits.map((hit) => hit.score), [11, 10, 9, 8]);
    for (const hit of hits) {
      assert.deepEqual(hit.rerank, { rank: hit.rank, score: hit.score });
      assert.ok(hit.dense.rank >= 1 && hit.lexical.rank >= 1 && hit.fusion.rank >= 1);
    }
    assert.deepEqual(ids(await nm.search(QUERY, { k: 4, offset: 2, rerank: byLength })), ["team", "station", "note", "leave"]);
  });

  test("pages are parts of one list, of which a scorer orders the beginning", async () => {
    const stages = [{ stage: "lexical" }, { stage: "dense" }, { stage: "fusion" }, { stage: "rerank", scorer: (_, documents) => documents.map((_, at) => at), depth: 5 }];
    const plain = ids(await nm.search(QUERY, { k: 12, stages: stages.slice(0, 3) }));
    const whole = await nm.search(QUERY, { k: 12, stages });
    assert.deepEqual(ids(whole), [...plain.slice(0, 5).toReversed(), ...plain.slice(5)]);
    assert.ok(whole.every(({ score }, at) => at === 0 || score <= whole[at - 1].score));
    assert.deepEqual(whole.map(({ rerank }) => rerank?.rank), [1, 2, 3, 4, 5, ...Array(7).fill(undefined)]);
    const pages = [];
    for (const offset of [0, 4, 8]) pages.push(...ids(await nm.search(QUERY, { k: 4, offset, stages })));
    assert.deepEqual(pages, ids(whole));
  });

  test("mixed with the order before, it moves as far as its weight goes", async () => {
    const stages = (weight, scorer) => [{ stage: "lexical" }, { stage: "rerank", scorer, weight }];
    const plain = ids(await nm.search(QUERY, { mode: "lexical", k: 12 }));
    const upside = (_, documents) => documents.map((_, at) => at);
    assert.deepEqual(ids(await nm.search(QUERY, { k: 12, stages: stages(0, upside) })), plain);
    assert.deepEqual(ids(await nm.search(QUERY, { k: 12, stages: stages(1, upside) })), plain.toReversed());
    const mixed = await nm.search(QUERY, { k: 12, stages: stages(0.5, () => plain.map((id) => (id === plain[3] ? 1 : 0))) });
    assert.equal(mixed[0].id, plain[0], "the best before keeps half of its lead");
  });

  test("functions and MaxSim may follow one another, and a filter holds in all of them", async () => {
    const seen = [];
    const keep = async (_, documents) => (seen.push(...ids(documents)), documents.map((_, at) => -at));
    const stages = [{ stage: "dense" }, { stage: "rerank", scorer: keep }, { stage: "rerank", scorer: "maxsim" }, { stage: "rerank", scorer: keep }];
    const hits = await nm.search(QUERY, { k: 12, stages, filter: { even: true } });
    assert.equal(hits.length, 6);
    assert.ok(seen.every((id) => WORDS.indexOf(id) % 2 === 0));
    assert.deepEqual(ids(hits), seen.slice(6));
  });

  test("a scorer that fails, or gives something else than one number each, is INPUT_INVALID with its cause", async () => {
    const cause = new Error("no such model");
    const fails = { code: "INPUT_INVALID", message: /options\.stages\[3\]\.scorer.*no such model/, cause };
    await assert.rejects(nm.search(QUERY, { rerank: () => { throw cause; } }), fails);
    await assert.rejects(nm.search(QUERY, { rerank: () => [1] }), { code: "INPUT_INVALID", message: /1 numbers for 12 documents/ });
    await assert.rejects(nm.search(QUERY, { rerank: () => WORDS.map(() => NaN) }), { code: "INPUT_INVALID", message: /finite/ });
    const controller = new AbortController();
    const waiting = nm.search(QUERY, { rerank: () => (controller.abort(), new Promise(() => {})), signal: controller.signal });
    await assert.rejects(waiting, { code: "ABORTED" });
  });

  test("pages, groups, snippets and explanations come across as documented", async () => {
    const [first] = await nm.search("rotate the valve", { k: 12, perDocument: 3, snippets: 40, explain: true, mode: "hybrid", rerank: "maxsim" });
    assert.deepEqual(first.group, { id: "manual", hits: 4 });
    assert.equal(first.more.length, 2);
    const marked = first.snippet.highlights.map(([start, end]) => first.snippet.text.slice(start, end));
    assert.ok(marked.includes("rotate") && first.snippet.text.length <= 40);
    assert.equal(first.text.slice(first.snippet.start).startsWith(first.snippet.text), true);
    assert.equal(first.explanation.value, first.score);
    assert.ok(first.alignment.length > 0 && first.explanation.details.length === 2);
    const pages = [0, 5, 10].map((offset) => nm.search(QUERY, { k: 5, offset }));
    assert.deepEqual((await Promise.all(pages)).flatMap(ids), ids(await nm.search(QUERY, { k: 12 })));
  });

  test("what the engine refuses names stage and field", async () => {
    for (const [options, message] of [
      [{ stages: [{ stage: "dense" }, { stage: "lexical" }] }, /stages: leave 2 lists/],
      [{ stages: [{ stage: "lexical", b: 2 }] }, /stages\[0\]\.b/],
      [{ stages: [{ stage: "lexical", c: 2 }] }, /unknown field/],
      [{ filter: { at: { above: 3 } } }, /filter\.at\.above/],
      [{ k: 1001 }, /k: must be 1 to 1000/],
    ]) await assert.rejects(nm.search(QUERY, options), { code: "INPUT_INVALID", message });
  });

  test("a context has passages with numbers, within its tokens, and takes a scorer too", async () => {
    const { passages, text, tokens } = await nm.context(QUERY, { maxTokens: 120 });
    assert.ok(tokens <= 120 && passages.length >= 1);
    assert.deepEqual(passages.map(({ citation }) => citation), passages.map((_, at) => at + 1));
    for (const { citation, title, text: own } of passages) assert.ok(text.includes(`[${citation}] ${title}\n${own}\n`));
    const chosen = await nm.context(QUERY, { rerank: (_, documents) => documents.map((one) => (one.id === "ring" ? 1 : 0)), lambda: 1 });
    assert.equal(chosen.passages[0].id, "ring");
    assert.deepEqual(chosen.passages[0].metadata, { at: 11, even: false });
  });

  test("a comparison without training changes nothing and says so", async () => {
    const { changed, hits } = await nm.compare(QUERY, { k: 3, mode: "dense" });
    assert.equal(changed, false);
    assert.deepEqual(hits.map(({ document }) => document), ids(await nm.search(QUERY, { k: 3, mode: "dense" })));
    for (const { before: was, after: is, because } of hits) {
      assert.deepEqual(was, is);
      assert.equal(because[0].kind, "cosine");
    }
  });

  test("a vector of one's own finds what the query's text finds", async () => {
    const vector = await nm.encode([QUERY], { as: "query" });
    const { createHost } = await import("../../pkg/dist/host.js");
    const host = await createHost({ model: MODEL, device: "cpu" });
    const own = Nearmiss.over(host);
    await own.documents.add(DOCUMENTS);
    const found = await host.call("searchVector", [vector, { k: 5 }]);
    assert.deepEqual(ids(found), ids(await own.search(QUERY, { k: 5, mode: "dense" })));
    await assert.rejects(host.call("searchVector", [vector.slice(1), {}]), { code: "INPUT_INVALID" });
    await own.dispose();
  });
});

test("words are stemmed in the language of the instance", { timeout: 300_000 }, async () => {
  const german = await Nearmiss.create({ model: MODEL, device: "cpu", worker: false, language: "german" });
  await german.documents.add([{ id: "a", text: "viele Hunde" }, { id: "b", text: "eine Katze" }]);
  assert.deepEqual(ids(await german.search("Hund", { mode: "lexical" })), ["a"]);
  await german.dispose();
  await assert.rejects(Nearmiss.create({ model: MODEL, device: "cpu", worker: false, language: "klingon" }), { code: "INPUT_INVALID", message: /language/ });
});

test("the command searches through stages and filters, and measures them", { timeout: 300_000 }, async () => {
  const data = await mkdtemp(join(tmpdir(), "nearmiss-search-"));
  try {
    const lines = (list) => list.map((one) => JSON.stringify(one)).join("\n");
    await writeFile(join(data, "corpus.jsonl"), lines(DOCUMENTS.map(({ id, metadata, ...rest }) => ({ _id: id, ...rest, metadata }))));
    await writeFile(join(data, "queries.jsonl"), lines([{ _id: "q1", text: QUERY }, { _id: "q2", text: "rotate the door" }]));
    await writeFile(join(data, "qrels.test.tsv"), "query-id\tcorpus-id\tscore\nq1\tvalve\t1\nq2\tdoor\t1\n");
    const run = async (...words) => JSON.parse((await promisify(execFile)(process.execPath, [CLI, ...words, "--model", MODEL, "--data", data, "--json"])).stdout);
    const found = await run("search", QUERY, "-k", "2", "--mode", "lexical", "--rerank", "maxsim", "--offset", "1");
    assert.deepEqual([found.mode, found.hits.length, found.hits[0].rank], ["lexical + maxsim", 2, 2]);
    const stages = JSON.stringify([{ stage: "lexical" }, { stage: "dense" }, { stage: "fusion", method: "weighted", weights: [1, 0] }]);
    const measured = await run("evaluate", "--split", "test", "--stages", stages);
    const lexical = await run("evaluate", "--split", "test", "--mode", "lexical");
    assert.equal(measured.mode, "lexical + dense + fusion");
    assert.equal(measured.metrics["ndcg@10"], lexical.metrics["ndcg@10"]);
  } finally {
    await rm(data, { recursive: true });
  }
});
