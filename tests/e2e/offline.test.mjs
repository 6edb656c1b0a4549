/** Once opened with a network, the page works without one: the server is stopped, and everything that was used goes on. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { idle, loadModel, loadSample, sample, search, start } from "./page.mjs";

describe("the page without a network", { timeout: 300_000 }, () => {
  let site, page;
  before(async () => {
    site = await start();
    page = await site.open("?device=cpu", { serviceWorkers: "allow" });
  });
  after(() => site?.close());

  it("keeps itself, but neither models nor engines that nobody asked for", async () => {
    await page.waitForFunction(async () => (await navigator.serviceWorker.ready).active?.state === "activated" && navigator.serviceWorker.controller !== null);
    assert.deepEqual(site.server.requests.filter((path) => /wasm|safetensors|models/.test(path)), []);
    assert.deepEqual(site.server.requests.filter((path) => path.includes("cmaps")), ["/cmaps.maps"], "tables of characters, all in one");
    const names = await page.evaluate(async () => (await (await caches.open((await caches.keys()).find((name) => name.startsWith("nearmiss-page-")))).keys()).map(({ url }) => new URL(url).pathname));
    for (const name of ["/index.html", "/door.js", "/sample/corpus.jsonl", "/sample/lesson/dense-0.2.json", "/cmaps/90ms-RKSJ-H.bcmap"]) assert.ok(names.includes(name), name);
  });

  it("keeps the one engine that is used, and asks for nothing once the model has loaded", async () => {
    await loadModel(page);
    const kept = () => page.evaluate(async () => (await (await caches.open((await caches.keys()).find((name) => name.startsWith("nearmiss-page-")))).keys()).filter(({ url }) => url.endsWith(".wasm")).length);
    await page.waitForFunction(async () => {
      const cache = await caches.open((await caches.keys()).find((name) => name.startsWith("nearmiss-page-")));
      return (await cache.keys()).some(({ url }) => url.endsWith(".wasm"));
    });
    assert.equal(await kept(), 1);
    site.server.requests.length = 0;
    await loadSample(page);
    await search(page, sample().queries[0].text);
    // The browser itself looks whether the service worker has changed, a while after a page was opened; the page asks for nothing.
    assert.deepEqual(site.server.requests.filter((path) => path !== "/sw.js"), []);
  });

  it("opens, loads the model and searches with the server stopped", async () => {
    await site.server.close();
    await page.reload();
    await loadModel(page);
    // What was kept on this device is there again.
    await page.locator("#documents-count", { hasText: `${sample().corpus.length} notes` }).waitFor();
    await idle(page);
    await search(page, sample().queries[1].text);
    assert.equal(await page.getByTestId("hit").count(), 10);
  });

  it("shows lessons that were never looked at, and trains one live", async () => {
    await page.locator(".doors a", { hasText: "Learn" }).click();
    await page.locator("#lesson-notes tr").first().waitFor();
    await page.locator("[name=lesson-trouble][value=collapse]").check();
    await page.getByTestId("lesson-step").press("End");
    await page.getByTestId("sign").filter({ hasText: "collapse" }).waitFor();
    await page.getByTestId("go-live").click();
    await page.getByTestId("live-note").filter({ hasText: /^Live:/ }).waitFor();
    await page.getByTestId("step-on").click();
    await page.getByTestId("step-label").filter({ hasText: "Step 1 of" }).waitFor();
  });
});
