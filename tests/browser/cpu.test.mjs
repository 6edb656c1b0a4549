/** The CPU build in a browser: the real model gives the reference's token ids and vectors. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { launch, ROOT, serve } from "../harness.mjs";

const REFERENCE = join(ROOT, "../shared/reference/minilm_encodings.json");

describe("the CPU build", { timeout: 300_000 }, () => {
  it("gives the token ids and vectors of sentence-transformers for all-MiniLM-L6-v2", async () => {
    if (!existsSync(REFERENCE)) return console.error(`SKIPPED: ${REFERENCE} is absent`);
    const { cases } = JSON.parse(readFileSync(REFERENCE, "utf8"));
    const blank = (_, response) =>
      response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><link rel=icon href=data:,><title>test</title>");
    const models = "www/public/models/all-MiniLM-L6-v2";
    const server = await serve({ "/": "tests/browser", "/blank.html": blank, "/wasm/": "pkg/wasm", "/model/": models });
    const chromium = await launch({ webgpu: false });
    try {
      const page = await chromium.open(`${server.url}blank.html`);
      const found = await page.evaluate(async (texts) => {
        const { open } = await import("/page.js");
        const { engine } = await open("cpu", "/model/");
        const vectors = [];
        for (const text of texts) vectors.push([...(await engine.encode([text], "document"))]);
        return { info: engine.info(), ids: engine.tokenize(texts), vectors };
      }, cases.map(({ text }) => text));
      assert.deepEqual([found.info.model.dimensions, found.info.model.maxLength], [384, 256]);
      for (const [i, { text, input_ids, embedding }] of cases.entries()) {
        assert.deepEqual(found.ids[i], input_ids, `token ids of ${JSON.stringify(text)}`);
        const worst = Math.max(...embedding.map((value, d) => Math.abs(value - found.vectors[i][d])));
        const cosine = embedding.reduce((sum, value, d) => sum + value * found.vectors[i][d], 0);
        assert.ok(worst < 1e-4 && cosine > 0.99999, `${JSON.stringify(text)}: off by ${worst}, cosine ${cosine}`);
      }
      assert.deepEqual(chromium.errors, []);
    } finally {
      await chromium.close();
      await server.close();
    }
  });
});
