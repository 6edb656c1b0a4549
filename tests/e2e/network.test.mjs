/** "Nothing leaves this device": the page's count of its requests is that of the server, and stands still once a model is ready. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { loadModel, loadSample, sample, search, start, train, unfold } from "./page.mjs";

describe("the count of requests", { timeout: 300_000 }, () => {
  let site, page;
  const methods = [];
  before(async () => {
    site = await start();
    page = await site.open("?device=cpu");
    page.context().on("request", (request) => methods.push(request.method()));
  });
  after(() => site?.close());

  const line = () => page.getByTestId("network-count").textContent();
  const counted = async () => Number((await line()).match(/^\d+/)[0]);
  /** Until the browser has told the page of everything that the server saw. */
  const caughtUp = () => page.waitForFunction((wanted) => parseInt(document.getElementById("network-count").textContent) >= wanted, site.server.requests.length);

  it("is what the server saw, before and after the model, in workers too", async () => {
    await caughtUp();
    assert.match(await line(), /^\d+ requests, all to this page’s own server\.$/);
    assert.equal(await counted(), site.server.requests.length);
    await loadModel(page);
    assert.ok(site.server.requests.some((path) => path.endsWith(".wasm")), "an engine was fetched, in a worker");
    await caughtUp();
    assert.equal(await counted(), site.server.requests.length);
  });

  it("stands still while one searches, marks and trains", async () => {
    const before = await counted();
    await loadSample(page);
    await search(page, sample().queries[1].text);
    await page.getByTestId("hit").first().getByTestId("mark-right").click();
    await train(page);
    assert.match(await line(), /; none since the model was ready\.$/);
    assert.equal(await counted(), before);
  });

  it("names what is fetched after all", async () => {
    await page.evaluate(() => fetch("door.js?after"));
    await page.waitForFunction(() => /; 1 since the model was ready\.$/.test(document.getElementById("network-count").textContent));
    await unfold(page.getByTestId("network"));
    assert.match(await page.getByTestId("network-latest").locator("li").first().textContent(), /^\/door\.js/);
    assert.equal(await page.getByTestId("network-latest").locator("li").count(), 8);
  });

  it("has only read: every request was a GET", () => {
    assert.deepEqual([...new Set(methods)], ["GET"]);
    assert.deepEqual(site.errors, []);
  });
});
