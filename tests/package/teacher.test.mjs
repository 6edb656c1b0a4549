/** Mining through the class: options, results, progress, `why`; and a teacher of one's own, with all that may go wrong with it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createHost } from "../../pkg/dist/host.js";
import { Nearmiss, NearmissError } from "../../pkg/dist/index.js";
import { deferred, fake, FILES, until } from "./fake-engine.mjs";

const DOCUMENTS = [
  { id: "a", title: "Keys", text: "how to rotate the signing key" },
  { id: "b", title: "Boats", text: "rowing on the river" },
  { id: "c", title: "Tin", text: "ore is a stone" },
];

async function open(script) {
  const { engines, seams } = fake(script);
  const nm = Nearmiss.over(await createHost({ model: FILES }, seams));
  await nm.documents.add(DOCUMENTS);
  await nm.judgments.add([{ query: "rotate", document: "a", relevant: true }, { query: "row", document: "b", relevant: true }]);
  return { nm, engine: engines[0] };
}

const code = (name, message = /./) => (error) => {
  assert.ok(error instanceof NearmissError, `a NearmissError, not ${error}`);
  assert.equal(error.code, name, error.message);
  assert.match(error.message, message);
  return true;
};

/** Likes document c as much as any answer. */
const likesTin = (query, documents) => documents.map(({ id }) => (id === "c" ? 3 : id === { rotate: "a", row: "b" }[query] ? 2 : 1));

/** Every way in which a teacher is asked. */
const WAYS = {
  mine: { field: "options.teacher", run: (nm, teacher, signal) => nm.mine({ teacher, signal }) },
  train: {
    field: "options.mining.teacher",
    run: async (nm, teacher, signal) => {
      const events = [];
      for await (const event of nm.train({ mining: { teacher }, signal })) events.push(event);
      return events;
    },
  },
};

test("mine: examples, suspects and report; options cross as they are, nulls too", async () => {
  let job;
  const { nm } = await open({ before: (method, [given]) => { if (method === "start" && given.kind === "mine") job = given; } });
  const options = {
    strategy: "hybrid", mixture: { dense: 0.5, bm25: 0.5 }, rangeMin: 1, rangeMax: 9, maxScore: 0.9, minScore: -0.5, absoluteMargin: 0.1,
    sampling: "simans", simansSharpness: 50, simansOffset: 0.1, topUp: false, nearDuplicates: null, siblings: false, sameTitle: true,
    teacher: "maxsim", teacherMargin: 0.1, maxSynthetic: 0.2, relativeMargin: null, numNegatives: 1, maxPositives: 2, seed: 3,
  };
  const result = await nm.mine({ ...options, onProgress: () => {}, signal: new AbortController().signal });
  assert.deepEqual(job.options, options);
  assert.deepEqual(Object.keys(result), ["examples", "suspects", "report"]);
  assert.deepEqual(result.examples.map(({ query, negatives }) => [query, negatives.length]), [["rotate", 1], ["row", 1]]);
  assert.equal(result.report.strategy, "hybrid");
});

test("progress: encoding in every stage, and searching", async () => {
  const { nm } = await open();
  const seen = [];
  await nm.mine({ strategy: "synthetic", teacher: "maxsim", onProgress: (event) => seen.push(event.stage ?? event.type) });
  assert.deepEqual(seen, ["near-misses", "tokens", "search"]);
});

for (const [way, { run }] of Object.entries(WAYS)) {
  test(`${way}: the teacher is asked once a query, with its documents, and its word counts`, async () => {
    const { nm, engine } = await open();
    const asked = [];
    const result = await run(nm, (query, documents) => (asked.push([query, documents]), likesTin(query, documents)));
    assert.deepEqual(asked, [["rotate", DOCUMENTS], ["row", DOCUMENTS]]);
    assert.equal(engine.log.filter((method) => method === "putScores").length, 2);
    const report = way === "mine" ? result.report : result.find(({ type }) => type === "mining").report;
    assert.deepEqual([report.dropped.teacher, report.suspects], [2, 2]);
    if (way === "train") assert.deepEqual(result.map(({ type }) => type), ["search", "mining", "step", "step", "step", "verdict"]);
    else assert.deepEqual(result.suspects.map(({ document, reason, similarity }) => [document, reason, similarity]), [["c", "teacher", 3], ["c", "teacher", 3]]);
  });

  test(`${way}: the teacher may take its time, use typed arrays and search meanwhile`, async () => {
    const { nm } = await open();
    const teacher = async (query, documents) => {
      await nm.search(query, { k: 1 });
      return Float64Array.from(likesTin(query, documents));
    };
    await run(nm, teacher);
    assert.equal((await nm.mine({ teacher })).report.dropped.teacher, 2);
  });

  test(`${way}: what the function throws is the cause, and the job is cancelled`, async () => {
    const { nm, engine } = await open();
    const thrown = new Error("no such model");
    for (const teacher of [() => { throw thrown; }, async () => { throw thrown; }]) {
      const error = await run(nm, teacher).catch((caught) => caught);
      code("INPUT_INVALID", /^options\.(mining\.)?teacher: the function failed: no such model$/)(error);
      assert.ok(error.message.startsWith(WAYS[way].field));
      assert.equal(error.cause, thrown);
      assert.equal(engine.log.at(-1), "cancel");
    }
    await nm.mine();
  });

  test(`${way}: an answer that is not one finite number a document is refused`, async () => {
    const { nm, engine } = await open();
    for (const [answer, message] of [
      [undefined, /teacher: must give a list of numbers, not undefined/],
      ["123", /teacher: must give a list of numbers, not "123"/],
      [{ length: 1.5 }, /teacher: must give a list of numbers/],
      [[1, 2], /teacher: gave 2 numbers for 3 documents/],
      [{ length: 1e9 }, /teacher: gave 1000000000 numbers for 3 documents/],
      [[1, NaN, 2], /teacher: must give finite numbers, not NaN \(for documents\[1\]\)/],
      [[1, 2, "3"], /teacher: must give finite numbers, not "3"/],
      [[1, , 3], /teacher: must give finite numbers, not undefined \(for documents\[1\]\)/],
      [[1, 1e39, 3], /teacher: must give finite numbers, not 1e\+39/],
    ]) {
      await assert.rejects(run(nm, () => answer), code("INPUT_INVALID", message));
    }
    assert.ok(!engine.log.includes("putScores"));
    await nm.mine();
  });

  test(`${way}: aborting while the function runs rejects at once and cancels`, async () => {
    const { nm, engine } = await open();
    const controller = new AbortController();
    const asked = deferred();
    const running = run(nm, () => (asked.resolve(), new Promise(() => {})), controller.signal);
    await asked.promise;
    controller.abort(new Error("enough"));
    const error = await running.catch((caught) => caught);
    code("ABORTED")(error);
    assert.equal(error.cause.message, "enough");
    await until(() => engine.log.includes("cancel"));
    await nm.mine();
  });

  test(`${way}: disposing while the function runs rejects with DISPOSED`, async () => {
    const { nm, engine } = await open();
    const asked = deferred();
    const running = run(nm, () => (asked.resolve(), new Promise(() => {})));
    await asked.promise;
    const [outcome] = await Promise.allSettled([running, nm.dispose()]);
    code("DISPOSED")(outcome.reason);
    assert.equal(engine.freed, true);
  });

  test(`${way}: a teacher is "maxsim" or a function`, async () => {
    const { nm, engine } = await open();
    const before = engine.log.length;
    for (const teacher of ["given", "cross-encoder", {}, 3, null]) {
      await assert.rejects(run(nm, teacher), code("INPUT_INVALID", /teacher: must be "maxsim" or a function$/));
    }
    assert.equal(engine.log.length, before);
  });
}

test("train: what is of the run is refused inside `mining`, with where it belongs", async () => {
  const { nm, engine } = await open();
  const before = engine.log.length;
  for (const [name, message] of [
    ["strategy", /options\.mining\.strategy: is set as options\.negatives$/],
    ["numNegatives", /options\.mining\.numNegatives: is set on the training itself, as options\.numNegatives$/],
    ["relativeMargin", /as options\.relativeMargin$/],
    ["maxPositives", /as options\.maxPositives$/],
    ["seed", /as options\.seed$/],
    ["signal", /as options\.signal$/],
    ["onProgress", /options\.mining\.onProgress: is not needed/],
    ["rangeMaximum", /options\.mining\.rangeMaximum: there is no such option; there are mixture, rangeMin/],
  ]) {
    await assert.rejects(nm.train({ mining: { rangeMin: 1, [name]: 1 } }).next(), code("INPUT_INVALID", message));
  }
  await assert.rejects(nm.train({ mining: "hard" }).next(), code("INPUT_INVALID", /options\.mining: must be an object, not "hard"/));
  assert.equal(engine.log.length, before);
});

test("train: the new options cross, and what is undefined does not", async () => {
  let job;
  const { nm } = await open({ before: (method, [given]) => { if (method === "start" && given.kind === "train") job = given; } });
  const options = { negatives: "ance", refreshEvery: 4, bm25Warmup: 0.1, curriculum: "score", maxPositives: 2 };
  const run = nm.train({ ...options, epochs: undefined, mining: { nearDuplicates: null, teacher: undefined } });
  await run.next();
  await run.return();
  assert.deepEqual(job.options, { ...options, mining: { nearDuplicates: null } });
});

test("why: by id or by hit, with the rules of mine and without its teacher", async () => {
  const crossed = [];
  const { nm } = await open({ before: (method, args) => { if (method === "why") crossed.push(args); } });
  const [hit] = await nm.search("rotate", { k: 1 });
  const why = await nm.why("rotate", hit, { maxScore: 0.1, strategy: "bm25", relativeMargin: null, teacher: likesTin });
  assert.deepEqual([why.document, why.eligible, why.checks[0].limit], [hit.id, false, 0.1]);
  await nm.why("rotate", "b");
  assert.deepEqual(crossed, [["rotate", hit.id, { maxScore: 0.1, strategy: "bm25", relativeMargin: null }], ["rotate", "b", {}]]);
});

test("why: bad input names its argument, and an unknown document is the engine's to refuse", async () => {
  const { nm, engine } = await open();
  const before = engine.log.length;
  for (const [args, message] of [
    [["", "a"], /^query: must not be empty/],
    [["q", ""], /^document: must not be empty/],
    [["q", null], /^document: must be a string, not null/],
    [["q", { title: "Keys" }], /^document: must be a string, not undefined/],
    [["q", "a", { signal: new AbortController().signal }], /^options\.signal: there is no such option/],
  ]) {
    await assert.rejects(nm.why(...args), code("INPUT_INVALID", message));
  }
  assert.equal(engine.log.length, before);
  await assert.rejects(nm.why("q", "z"), code("INPUT_INVALID", /no document has the id "z"/));
});
