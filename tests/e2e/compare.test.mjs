/** Reading closely, and what training changed: each result's place before and after, with reasons. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { hits, loadModel, loadSample, sample, search, start, train } from "./page.mjs";

describe("a search looked at closely", { timeout: 300_000 }, () => {
  let site, page;
  const query = sample().queries[1].text;
  before(async () => {
    site = await start();
    page = await site.open("?model=tiny&device=cpu");
    await loadModel(page);
    await loadSample(page);
  });
  after(() => site?.close());

  it("puts the best in another order, says so, and stands in the address", async () => {
    await search(page, query);
    const plain = (await hits(page)).map(({ id }) => id);
    await page.locator("#closely").check();
    await page.locator("#hits li .facts", { hasText: "a close reading (no. 1)" }).waitFor();
    const closely = await hits(page);
    assert.match(closely[0].why, /meaning \(no\. \d+\).*a close reading \(no\. 1\)/);
    assert.notDeepEqual(closely.map(({ id }) => id), plain);
    assert.match(page.url(), /closely=true/);
    await page.locator("#closely").uncheck();
    await page.locator("#hits li .facts", { hasText: "a close reading" }).first().waitFor({ state: "detached" });
    assert.deepEqual((await hits(page)).map(({ id }) => id), plain);
  });

  it("tells in words what moved after training, and why", async () => {
    assert.equal(await page.getByTestId("compare").isVisible(), false, "nothing was trained yet");
    await train(page);
    await page.getByTestId("keep").click();
    await page.locator('#keep[aria-pressed="true"]').waitFor();
    await search(page, query);
    await page.getByTestId("compare").locator("summary").click();
    await page.getByTestId("moved-hit").first().waitFor();
    const moved = await page.getByTestId("moved-hit").allInnerTexts();
    for (const text of moved) assert.match(text, /(was no\. \d+|not among the first 100 before), now (no\. \d+|not among the first 100)\s+Because its similarity (rose|fell|stayed)/);
    assert.ok(moved.some((text) => /it passed “|it was passed by “/.test(text)), moved.join("\n"));
    assert.deepEqual(site.errors, []);
    // With the old weights in use there is nothing to compare.
    await page.getByTestId("rollback").click();
    await page.getByTestId("compare").waitFor({ state: "hidden" });
  });
});
