/**
 * The recordings of the view "Learn": made again in part they are the same, and their numbers are those that the engine itself reports.
 */
import assert from "node:assert/strict";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { lessonCode, material, OUT } from "../../tools/lesson/code.mjs";
import { Nearmiss } from "../../pkg/dist/index.js";

const near = (got, expected, within, what) => assert.ok(Math.abs(got - expected) <= within, `${what}: ${got}, expected ${expected} ± ${within}`);

describe("the recordings of the lesson", { timeout: 300_000 }, () => {
  let code, notes;
  before(async () => {
    code = await lessonCode();
    notes = await material();
  });

  const recorded = async (name) => JSON.parse(await readFile(join(OUT, `${name}.json`), "utf8"));
  /** Trains in an instance of its own. */
  const train = async (choice, steps) => {
    const nm = await Nearmiss.create();
    try {
      return await code.runOf(nm, notes, choice, steps);
    } finally {
      await nm.dispose();
    }
  };

  it("are all there, small, and each of 25 moments", async () => {
    const names = code.choices().map(code.nameOf);
    assert.deepEqual((await readdir(OUT)).sort(), [...names, "ends"].map((name) => `${name}.json`).sort());
    const sizes = await Promise.all((await readdir(OUT)).map(async (file) => (await stat(join(OUT, file))).size));
    assert.ok(sizes.reduce((sum, size) => sum + size, 0) < 300_000);
    const ends = await recorded("ends");
    for (const name of names) {
      const { frames, questions } = code.unpack(await recorded(name));
      assert.equal(frames.length, 25, name);
      assert.deepEqual(ends[name], [frames[0].heldOut, frames[24].heldOut], name);
      for (const { places, followed } of frames) assert.deepEqual([places.length >= notes.documents.length + questions.length, followed.length], [true, questions.length], name);
    }
  });

  it("are the same when their first steps are made again", async () => {
    const { run } = await train({ negatives: "bm25", margin: 0.1, trouble: "none" }, 4);
    const { frames, ...about } = code.unpack(await recorded("bm25-0.1"));
    const { frames: made, ...aboutMade } = code.unpack(code.pack(run));
    assert.deepEqual(aboutMade, about);
    for (const [at, frame] of made.entries()) {
      const { places, ...expected } = frames[at];
      const { places: got, ...rest } = frame;
      assert.deepEqual(rest, expected, `moment ${at}`);
      for (const [point, [x, y]] of got.entries()) {
        near(x, places[point][0], 0.01, `moment ${at}, point ${point}, x`);
        near(y, places[point][1], 0.01, `moment ${at}, point ${point}, y`);
      }
    }
  });

  it("measure what the engine measures: nDCG on held-out questions, mean cosine, effective rank", async () => {
    const { run, verdict } = await train({ negatives: "ance", margin: 0.2, trouble: "none" });
    const [first, last] = [run.frames.at(0), run.frames.at(-1)];
    near(first.heldOut, verdict.before["ndcg@10"], 1e-6, "nDCG before");
    near(last.heldOut, verdict.after["ndcg@10"], 1e-6, "nDCG after");
    for (const [frame, spread] of [[first, verdict.spread.before], [last, verdict.spread.after]]) {
      near(frame.alike, spread.meanCosine, 1e-5, "mean cosine");
      near(frame.rank, spread.effectiveRank, 1e-2, "effective rank");
    }
  });

  it("count loss and violated margins as one does by hand", () => {
    // Two notes at right angles and one between them; the question lies on the first, which answers it.
    const rows = (...vectors) => ({ values: Float32Array.from(vectors.flat()), dim: 2 });
    const plane = { mean: Float64Array.of(0, 0), axes: [Float64Array.of(1, 0), Float64Array.of(0, 1)], share: 1 };
    const ground = {
      ...{ documents: rows([1, 0], [0, 1], [0.8, 0.6]), practice: rows([1, 0]), heldOut: rows([0, 1]), plane, margin: 0.3, onlyPulls: false },
      ...{ practiceGrades: [new Map([[0, 1]])], heldOutGrades: [new Map([[2, 2]])], followed: [0], notes: 3 },
    };
    const frame = code.measure(ground, null, [{ query: 0, positive: 0, negatives: [1, 2] }], null);
    // Cosines 1, 0 and 0.8: the second negative is 0.1 too near, the first is far enough.
    near(frame.loss, 0.1 / 2, 1e-6, "loss");
    assert.deepEqual([frame.active, frame.triplets, frame.positive], [1, 2, 1]);
    near(frame.negative, 0.4, 1e-6, "mean of the negatives");
    // The right note is second of three: 1 / log2(3).
    assert.equal(frame.practice, 1);
    near(frame.heldOut, 1 / Math.log2(3), 1e-6, "nDCG");
    near(frame.alike, (0 + 0.8 + 0.6) / 3, 1e-6, "mean cosine of two notes");
    // A head that turns by a right angle and adds: (1, 0) becomes (1, 1) / √2, and the question stays on its answer.
    const turned = code.measure(ground, Float32Array.of(0, 1, -1, 0), [{ query: 0, positive: 0, negatives: [1] }], null);
    near(turned.positive, 1, 1e-6, "cosine under a rotation");
    near(turned.places[0][0], Math.SQRT1_2, 1e-6, "the place under a rotation");
  });

  it("show the sign of each trouble, and of none where there is none", async () => {
    const ends = async (name) => {
      const { frames } = code.unpack(await recorded(name));
      return [frames[0], frames[24]];
    };
    const [healthy, healthyEnd] = await ends("ance-0.2");
    assert.ok(healthyEnd.heldOut > healthy.heldOut + 0.1 && healthyEnd.rank > 0.9 * healthy.rank);
    const [collapse, collapsed] = await ends("collapse");
    assert.ok(collapsed.loss < collapse.loss / 10, "the loss falls all the same");
    assert.ok(collapsed.alike > 0.75 && collapsed.rank < collapse.rank / 2 && collapsed.heldOut < collapse.heldOut);
    const [, misled] = await ends("false-negatives");
    assert.equal(misled.active, misled.triplets, "no triplet is ever satisfied");
    assert.ok(misled.heldOut < healthyEnd.heldOut);
    const [practised, overfitted] = await ends("overfitting");
    assert.ok(overfitted.practice > 0.99 && overfitted.practice > practised.practice && overfitted.heldOut < practised.heldOut - 0.1);
  });
});
