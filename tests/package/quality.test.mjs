/** The arithmetic of bench/quality.mjs: what is run, how rows become means, when a claim holds. Expected values by hand. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { COLLECTIONS, GRIDS } from "../../bench/quality/grid.mjs";
import { keyOf, plan } from "../../bench/quality/plan.mjs";
import { report } from "../../bench/quality/report.mjs";
import { rowsOf } from "../../bench/quality/rows.mjs";
import { bySeed, bySetting, judge } from "../../bench/quality/summary.mjs";

function row(setting, seed, before, after, { collection = "notes", queries = 10, request = {}, outcome = "better" } = {}) {
  const metrics = (value) => ({ "ndcg@10": value });
  const counts = { documents: 5, queries, examples: 8, steps: 64, seconds: 2, interval: [0.01, 0.2] };
  return { collection, setting, seed, fold: null, request, outcome, before: metrics(before), after: metrics(after), ...counts };
}
const near = (actual, expected) => assert.ok(Math.abs(actual - expected) < 1e-12, `${actual} instead of ${expected}`);

describe("the plan of the quality benchmark", () => {
  it("names every run once, and only settings and collections that exist", () => {
    for (const grid of Object.values(GRIDS)) {
      const runs = plan(grid, COLLECTIONS);
      assert.equal(new Set(runs.map(({ key }) => key)).size, runs.length);
      const names = grid.settings.map(({ name }) => name);
      // One name may stand for other seeds on another collection, never twice for one.
      const places = grid.settings.flatMap(({ name, on }) => on.map((collection) => `${name} on ${collection}`));
      assert.equal(new Set(places).size, places.length, "two settings have one name");
      for (const { on } of grid.settings) assert.deepEqual(on.filter((name) => !(name in COLLECTIONS)), []);
      for (const { pairs } of grid.claims) assert.deepEqual(pairs.flat().filter((name) => !names.includes(name)), []);
    }
  });

  it("never measures on the test side where defaults are chosen", () => {
    const runs = plan(GRIDS.defaults, COLLECTIONS);
    assert.ok(runs.length > 0 && runs.every(({ request }) => request.evaluate === "dev"));
  });

  it("cuts a collection without a test side into folds, and every setting once before a second seed", () => {
    const grid = { evaluate: "test", settings: [{ name: "a", options: { trainable: "lora" } }, { name: "b", options: {} }] };
    const runs = plan(grid, { tiny: { train: "qrels.tsv", folds: 2 } });
    const order = runs.map(({ setting, seed, fold }) => `${setting}${seed}${fold}`);
    assert.deepEqual(order.slice(0, 6), ["b00", "b01", "b10", "b11", "b20", "b21"], "a head first: it is cheap");
    assert.deepEqual(order.slice(6, 8), ["a00", "a01"]);
    assert.deepEqual(runs[1].request, { train: "qrels.tsv", folds: { of: 2, fold: 1 }, evaluate: "test", options: { seed: 0 } });
  });

  it("picks by parts of names, of which those of settings may hold commas", () => {
    const runs = plan(GRIDS.quality, COLLECTIONS, "scifact,head, margin, bm25");
    assert.deepEqual([...new Set(runs.map(({ collection, setting }) => `${collection}: ${setting}`))], ["scifact: head, margin, bm25"]);
    assert.equal(runs.length, 3);
  });

  it("runs a setting again whose options have changed, and no other", () => {
    const grid = (scale) => ({ evaluate: "test", settings: [{ name: "x", options: { scale }, seeds: [0] }, { name: "y", options: {}, seeds: [0] }] });
    const files = { notes: { train: "a", test: "b" } };
    const rows = plan(grid(20), files).map(({ key, ...run }) => run);
    assert.deepEqual(rowsOf(plan(grid(30), files), rows).map(({ setting }) => setting), ["y"]);
    assert.equal(keyOf(rows[0]), plan(grid(20), files)[0].key);
  });
});

describe("rows of the quality benchmark", () => {
  it("become means over seeds with their range", () => {
    const [one] = bySetting(bySeed([row("a", 0, 0.5, 0.6), row("a", 1, 0.5, 0.8, { outcome: "worse" })]));
    assert.deepEqual([one.seeds, one.lowest, one.highest, one.interval], [2, 0.6, 0.8, null]);
    near(one.after, 0.7);
    near(one.difference, 0.2);
    assert.deepEqual(one.outcomes, ["better", "worse"]);
  });

  it("are merged over folds by their numbers of queries, and left out while a fold is missing", () => {
    const fold = (fold, queries, after) => row("a", 0, 0.4, after, { queries, request: { folds: { of: 2, fold } } });
    const [one] = bySeed([fold(0, 30, 0.5), fold(1, 10, 0.9)]);
    near(one.after, 0.6);
    assert.deepEqual([one.queries, one.seconds], [40, 4]);
    assert.deepEqual(bySeed([fold(0, 30, 0.5)]), []);
  });

  it("decide a claim in pairs of one collection and one seed", () => {
    const rows = [
      row("hard", 0, 0.5, 0.7), row("easy", 0, 0.5, 0.6), row("hard", 1, 0.5, 0.62), row("easy", 1, 0.5, 0.6), row("hard", 2, 0.5, 0.9),
      ...[0, 1, 2].flatMap((seed) => [
        row("hard", seed, 0.5, 0.5, { collection: "letters" }),
        row("easy", seed, 0.5, 0.53, { collection: "letters" }),
      ]),
    ];
    const verdict = judge({ pairs: [["hard", "easy"]] }, bySeed(rows));
    assert.deepEqual([verdict.pairs, verdict.won, verdict.lost, verdict.word], [5, 2, 3, "mixed"]);
    near(verdict.difference, (0.1 + 0.02 - 3 * 0.03) / 5);
    const words = verdict.collections.map(({ collection, word }) => [collection, word]);
    assert.deepEqual(words, [["notes", "too few pairs"], ["letters", "the opposite holds"]]);
    assert.equal(judge({ pairs: [["hard", "absent"]] }, bySeed(rows)).word, "not measured");
  });

  it("are told in one table a collection, and nothing is claimed that was not measured", () => {
    const claims = [{ claim: "Hard beats easy", pairs: [["hard", "easy"]] }, { claim: "Unmeasured", pairs: [["x", "y"]] }];
    const text = report({ title: "T", evaluate: "test", claims }, [row("hard", 0, 0.5, 0.7), row("easy", 0, 0.5, 0.6)], []);
    assert.match(text, /\| hard \| 1 \| 0\.7000 \| \+0\.2000 \(\+0\.0100 … \+0\.2000\) \| 1 \/ 0 \/ 0 \| 8 \| 64 \| 2\.0 \|/);
    assert.match(text, /\| \*\*Hard beats easy\*\* \| all \| \+0\.1000 \| 1 of 1 \| too few pairs \|/);
    assert.doesNotMatch(text, /Unmeasured/);
  });
});
