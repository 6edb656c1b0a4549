/** Searching for many queries at once, in WebAssembly's own instructions, against plain loops over given vectors. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { makeVectors } from "../../bench/mining-vectors.mjs";
import { createHost } from "../../pkg/dist/host.js";
import { Nearmiss } from "../../pkg/dist/index.js";

const MODEL = fileURLToPath(new URL("../fixtures/tiny-bert", import.meta.url));
const DEPTH = 30;

test("every query of many finds the nearest documents, all of them and in order", { timeout: 60_000 }, async () => {
  const host = await createHost({ model: MODEL, device: "cpu" });
  const nm = Nearmiss.over(host);
  try {
    const dim = host.info.model.dimensions;
    const { documents, queries, positives } = makeVectors({ documents: 299, queries: 37, dim, centres: 20 });
    const texts = positives.map((_, q) => `query ${q}`);
    const notes = Array.from({ length: 299 }, (_, d) => ({ id: `${d}`, title: "", text: `document ${d}` }));
    await host.call("addDocuments", [notes]);
    await host.call("loadVectors", [await host.call("unencoded", []), "document", documents]);
    await host.call("loadVectors", [texts, "query", queries]);
    await nm.judgments.add(
      texts.map((query, q) => ({ query, document: `${positives[q]}`, relevant: true, split: "train" })),
    );
    const { examples } = await nm.mine({
      rangeMax: DEPTH, numNegatives: DEPTH, relativeMargin: null, nearDuplicates: null, siblings: false, topUp: false,
    });
    assert.equal(examples.length, texts.length);
    for (const { query, positive, negatives } of examples) {
      const q = texts.indexOf(query);
      const row = (table, at) => table.subarray(at * dim, (at + 1) * dim);
      const scores = notes.map((_, d) => row(queries, q).reduce((sum, x, j) => sum + x * row(documents, d)[j], 0));
      const expected = scores.filter((_, d) => d !== Number(positive)).sort((a, b) => b - a).slice(0, DEPTH);
      assert.equal(new Set(negatives.map(({ document }) => document)).size, DEPTH);
      for (const [rank, { document, score }] of negatives.entries()) {
        assert.ok(Math.abs(score - scores[document]) < 1e-5, `${query}, ${document}: ${score}, not ${scores[document]}`);
        assert.ok(Math.abs(score - expected[rank]) < 1e-5, `${query}, rank ${rank + 1}: ${score}, not ${expected[rank]}`);
      }
    }
  } finally {
    await nm.dispose();
  }
});
