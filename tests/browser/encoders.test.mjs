/** Several workers encode the documents of one instance; they end with it. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { launch, serve } from "../harness.mjs";

const BLANK = "<!doctype html><link rel=icon href=data:,><title>test</title>";

/** Runs in the page. @returns the nearest documents to a query, and the memory of the helpers */
async function search(encoders) {
  const { Nearmiss } = await import("/pkg/dist/index.js");
  const nm = await Nearmiss.create({ model: "/tiny/", device: "cpu", encoders });
  const words = ["key", "valve", "mast", "door", "ring", "team"];
  // Long enough that helpers are there before the last is encoded.
  const documents = Array.from({ length: 6000 }, (_, at) => ({ id: `${at}`, text: `${at} turn the ${words[at % words.length]} ${"and again ".repeat(at % 20)}` }));
  await nm.documents.add(documents);
  const hits = await nm.search("which way does the valve turn", { mode: "dense", k: 5 });
  const memory = await nm.memory();
  globalThis.held = nm;
  return { hits: hits.map(({ id }) => id), memory };
}

test("three workers find what one finds, and all are gone after dispose", { timeout: 240_000 }, async () => {
  const blank = (_, response) => response.writeHead(200, { "content-type": "text/html" }).end(BLANK);
  const server = await serve({ "/blank.html": blank, "/pkg/": "pkg", "/tiny/": "tests/fixtures/tiny-bert" });
  const chromium = await launch({ webgpu: false });
  try {
    const found = [];
    for (const encoders of [1, 3]) {
      const page = await chromium.open(`${server.url}blank.html`);
      found.push(await page.evaluate(search, encoders));
      const workers = page.workers();
      assert.equal(workers.length, encoders);
      const ended = Promise.all(workers.map((worker) => new Promise((done) => worker.once("close", done))));
      await page.evaluate(() => globalThis.held.dispose());
      await ended;
      assert.deepEqual(page.workers(), []);
    }
    const [one, three] = found;
    assert.deepEqual(three.hits, one.hits);
    assert.equal(one.memory.encoders, 0);
    assert.ok(three.memory.encoders > 0);
    assert.deepEqual(chromium.errors, []);
  } finally {
    await chromium.close();
    await server.close();
  }
});
