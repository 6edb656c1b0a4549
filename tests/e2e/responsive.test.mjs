/**
 * How long the page itself is kept busy while a model is trained: reported, as times depend on the machine and on what else it does. What
 * is asserted is that the watch works and that the work is done.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { loadModel, loadSample, start, train } from "./page.mjs";

describe("the main thread while training", { timeout: 300_000 }, () => {
  let site, page;
  before(async () => {
    site = await start();
    page = await site.open("?device=cpu", { viewport: { width: 1280, height: 900 } });
    await page.evaluate(() => {
      globalThis.tasks = [];
      new PerformanceObserver((list) => globalThis.tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({ type: "longtask" });
    });
  });
  after(() => site?.close());

  /** Tasks above 50 ms since the last look, once the browser has reported them. */
  const taken = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => setTimeout(() => done(globalThis.tasks.splice(0))))));
  const report = (t, what, tasks) => t.diagnostic(`${what}: ${tasks.length} tasks above 50 ms${tasks.length > 0 ? `, the longest ${Math.round(Math.max(...tasks))} ms` : ""}`);

  it("is watched: a task that blocks is seen", async () => {
    // From a task of the page: what a debugger runs is not reported.
    await page.evaluate(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => {
        const end = performance.now() + 120;
        while (performance.now() < end);
      };
      port2.postMessage(null);
    });
    await page.waitForFunction(() => globalThis.tasks.some((duration) => duration >= 100));
    assert.ok((await taken()).length > 0);
  });

  it("trains a head", async (t) => {
    await loadModel(page);
    await loadSample(page);
    await taken();
    await train(page);
    await page.getByTestId("verdict").waitFor();
    report(t, "head", await taken());
  });

  it("trains the lesson live", async (t) => {
    await page.locator(".doors a", { hasText: "Learn" }).click();
    await page.locator("#lesson-notes tr").first().waitFor();
    await taken();
    await page.getByTestId("go-live").click();
    await page.getByTestId("live-note").filter({ hasText: /^Live:/ }).waitFor();
    for (let step = 1; step <= 6; step += 1) {
      await page.getByTestId("step-on").click();
      await page.getByTestId("step-label").filter({ hasText: `Step ${step} of` }).waitFor();
    }
    report(t, "lesson", await taken());
    assert.deepEqual(site.errors, []);
  });
});
