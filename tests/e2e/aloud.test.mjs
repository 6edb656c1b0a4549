/** What a screen reader is told: each result of a press, once, and nothing that drowns it. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { addNotes, idle, loadModel, loadSample, sample, search, start, train, unfold } from "./page.mjs";

describe("what is said aloud", { timeout: 300_000 }, () => {
  let site, page;
  before(async () => {
    site = await start();
    page = await site.open("?model=tiny&device=cpu#mode=dense&epochs=2");
    // As assistive technology hears it: what is put into the region, each time that something is.
    await page.evaluate(() => {
      globalThis.said = [];
      const hear = (changes) => changes.forEach(({ addedNodes }) => addedNodes.forEach(({ textContent }) => globalThis.said.push(textContent)));
      new MutationObserver(hear).observe(document.getElementById("announce"), { childList: true, subtree: true, characterData: true });
    });
  });
  after(() => site?.close());

  const said = () => page.evaluate(() => globalThis.said.splice(0));

  it("is that notes are ready, once for every change of them", async () => {
    await loadModel(page);
    await loadSample(page);
    const { length } = sample().corpus;
    assert.deepEqual((await said()).filter((text) => /ready/.test(text)), ["The model is ready.", `${length} notes ready to search.`]);
    await addNotes(page, { "a.txt": "One note more." });
    assert.deepEqual((await said()).filter((text) => /ready/.test(text)), [`${length + 1} notes ready to search.`]);
  });

  it("is that a note was removed, once, whatever is done about other things", async () => {
    await unfold(page.locator("#documents-list"));
    await page.locator("#notes-filter").fill("a.txt");
    await page.getByRole("button", { name: "Remove a", exact: true }).click();
    await page.locator("#removed").waitFor();
    await idle(page);
    await search(page, "one note more");
    const heard = await said();
    assert.deepEqual(heard.filter((text) => /removed/.test(text)), ["1 note removed."]);
  });

  it("is each mark, also when it is the same as the one before", async () => {
    await search(page, sample().queries[0].text);
    await said();
    for (const [at, mark] of [[6, "right"], [7, "right"], [8, "wrong"], [9, "wrong"]]) {
      const hit = page.getByTestId("hit").nth(at);
      await hit.getByTestId(`mark-${mark}`).click();
      await page.locator(`[data-testid=hit][data-mark="${mark === "right"}"]`).nth(0).waitFor();
    }
    assert.deepEqual(await said(), ["Marked right.", "Marked right.", "Marked wrong.", "Marked wrong."]);
  });

  it("is the verdict at the end of a training, and nothing after it", async () => {
    await search(page, sample().queries[1].text);
    await train(page);
    await page.locator("#hits .was").first().waitFor();
    await idle(page);
    const verdict = `${await page.getByTestId("verdict").textContent()} ${await page.locator("#verdict-summary").textContent()}`;
    assert.equal(await page.locator("#announce").textContent(), verdict);
    assert.equal((await said()).at(-1), verdict);
  });

  it("is which model is in use, when that was changed", async () => {
    const other = (await page.getByTestId("keep").getAttribute("aria-pressed")) === "true" ? "rollback" : "keep";
    await page.getByTestId(other).click();
    await page.locator(`#${other}[aria-pressed=true]:enabled`).waitFor();
    await page.locator("#announce", { hasText: /^In use now: / }).waitFor({ state: "attached" });
    assert.equal(await page.locator("#announce").textContent(), await page.locator("#in-use").textContent());
    assert.deepEqual(site.errors, []);
  });
});
