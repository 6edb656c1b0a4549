/** How long something will take is said as soon as its pace is known: of the model's download, and of each stage of a longer work. */
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, it } from "node:test";
import { ROOT } from "../harness.mjs";
import { start } from "./page.mjs";

/** What www/src/progress.ts exports; Node 20 reads no TypeScript. */
async function progress() {
  const esbuild = await import("esbuild");
  const folder = await mkdtemp(join(tmpdir(), "nearmiss-progress-"));
  try {
    const outfile = join(folder, "progress.mjs");
    await esbuild.build({ entryPoints: [join(ROOT, "www/src/progress.ts")], bundle: true, format: "esm", platform: "node", outfile, logLevel: "warning" });
    return await import(pathToFileURL(outfile).href);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe("the time left", { timeout: 300_000 }, () => {
  it("of a model is shown while it is fetched", async () => {
    const weights = await readFile(join(ROOT, "tests/fixtures/tiny-bert/model.safetensors"));
    let ended;
    const seen = new Promise((resolve) => (ended = resolve));
    const drip = async (_, response) => {
      response.writeHead(200, { "content-length": weights.length });
      // A little at a time for as long as the page says nothing, and then the rest.
      let sent = 0;
      const timer = setInterval(() => response.write(weights.subarray(sent, (sent += 200))), 100);
      await seen;
      clearInterval(timer);
      response.end(weights.subarray(sent));
    };
    const site = await start({ routes: { "/models/tiny/model.safetensors": drip } });
    try {
      const page = await site.open("?model=tiny&device=cpu");
      await page.getByTestId("load-model").click();
      await page.locator(".busy .left", { hasText: /^(about \d+ (s|min) left|a few seconds left)$/ }).waitFor();
      assert.match(await page.locator(".busy .label").textContent(), /^Fetching the model: [\d.]+ of [\d.]+ MB$/);
      ended();
      await page.locator("#change-model:enabled").waitFor();
      assert.deepEqual(site.errors, []);
    } finally {
      ended();
      await site.close();
    }
  });

  it("follows the pace of a stage, and begins anew with the next", async () => {
    const { showLoading, showMining } = await progress();
    const follow = (show) => {
      let state = {};
      const take = show({ report: (change) => (state = { ...state, ...change }) });
      return (event) => (take(event), [state.done, state.total, state.secondsLeft]);
    };
    const loading = follow(showLoading);
    const fetched = (loaded, total, elapsedMs) => loading({ type: "download", file: "model.safetensors", loaded, total, elapsedMs });
    assert.deepEqual(fetched(1e6, 9e6, 500), [1e6, 9e6, null], "nothing is known of its pace");
    assert.deepEqual(fetched(2e6, 9e6, 1200), [2e6, 9e6, null], "too early to say");
    assert.deepEqual(fetched(3e6, 9e6, 2500), [3e6, 9e6, 6]);
    assert.deepEqual(fetched(9e6, 9e6, 5000), [0, null, null], "what comes then has no bar");
    assert.deepEqual(fetched(9e6, null, 6000).at(-1), null, "of an unknown length");

    const mining = follow(showMining);
    mining({ type: "encode", stage: "queries", done: 8, total: 64, elapsedMs: 100 });
    assert.deepEqual(mining({ type: "encode", stage: "queries", done: 24, total: 64, elapsedMs: 4100 }), [24, 64, 10]);
    assert.deepEqual(mining({ type: "encode", stage: "queries", done: 64, total: 64, elapsedMs: 9000 }), [0, null, null]);
    assert.deepEqual(mining({ type: "search", done: 10, total: 100, elapsedMs: 9500 }), [10, 100, null], "another stage has a pace of its own");
    assert.deepEqual(mining({ type: "search", done: 40, total: 100, elapsedMs: 12500 }), [40, 100, 6]);
  });
});
