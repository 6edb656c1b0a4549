/** "Could these be right as well?": one note at a time, one key or click each. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { counts, loadModel, loadSample, mine, start } from "./page.mjs";

describe("notes that may be right as well", { timeout: 300_000 }, () => {
  let site, page, all;
  before(async () => {
    site = await start();
    page = await site.open("?model=tiny");
    await loadModel(page);
    await loadSample(page);
  });
  after(() => site?.close());

  const place = async () => (await page.locator("#suspects-place").textContent()).match(/\d+/g).map(Number);
  const at = (now, of) => page.locator("#suspects-place", { hasText: new RegExp(`^${now} of ${of}$`) }).waitFor();
  const shown = () => page.getByTestId("suspect").evaluate((card) => ({ id: card.dataset.id, query: card.querySelector(".query").textContent }));
  const focused = () => page.evaluate(() => document.activeElement.dataset.testid);

  it("are shown one by one, each with its question, its passage and the reason", async () => {
    assert.equal(await page.locator("#suspects").isVisible(), false);
    await mine(page);
    const [now, of] = await place();
    assert.equal(now, 1);
    assert.ok(of > 5, `${of} of them`);
    all = of;
    const card = page.getByTestId("suspect");
    assert.match(await card.locator(".reason").textContent(), /right answer|word by word/);
    assert.ok((await card.locator(".passage").first().textContent()).length > 20);
    assert.equal(await page.getByTestId("suspect").count(), 1);
  });

  it("moves with the keys and never past the ends", async () => {
    const first = await shown();
    await page.getByTestId("suspect").focus();
    await page.keyboard.press("k");
    await at(1, all);
    await page.keyboard.press("j");
    await page.keyboard.press("ArrowDown");
    await at(3, all);
    assert.equal(await focused(), "suspect");
    assert.notDeepEqual(await shown(), first);
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("k");
    await at(1, all);
    assert.deepEqual(await shown(), first);
  });

  it("takes a word with y and n; the list shrinks and the focus is on the next", async () => {
    const before = await counts(page);
    await page.keyboard.press("y");
    await at(1, all - 1);
    await page.waitForFunction(() => document.activeElement.dataset.testid === "suspect");
    assert.equal((await counts(page)).right, before.right + 1);
    await page.keyboard.press("n");
    await at(1, all - 2);
    assert.equal((await counts(page)).wrong, before.wrong + 1);
    assert.match(await page.locator("#suspects-done").textContent(), /2 notes sorted so far/);
  });

  it("takes a word with a click on either button", async () => {
    const before = await counts(page);
    await page.getByTestId("also-right").click();
    await at(1, all - 3);
    await page.getByTestId("really-wrong").click();
    await at(1, all - 4);
    assert.deepEqual(await counts(page), { ...before, right: before.right + 1, wrong: before.wrong + 1 });
  });

  it("brings a note back when its word is undone", async () => {
    const before = await counts(page);
    const next = await shown();
    await page.getByTestId("suspect").focus();
    await page.keyboard.press("ControlOrMeta+z");
    await at(1, all - 3);
    assert.equal((await counts(page)).wrong, before.wrong - 1);
    assert.notDeepEqual(await shown(), next);
    assert.equal(await focused(), "suspect");
  });

  it("keeps letters to itself: typed elsewhere they sort nothing", async () => {
    const before = await counts(page);
    await page.getByTestId("mine").focus();
    for (const key of ["y", "n", "j"]) await page.keyboard.press(key);
    await at(1, all - 3);
    assert.deepEqual(await counts(page), before);
  });

  it("says when all are sorted, and that none are left", async () => {
    await page.getByTestId("suspect").focus();
    // One word may settle two: a note can be taken for each of two answers to one question.
    while ((await page.getByTestId("suspect").count()) > 0) {
      const before = await page.locator("#suspects-place").textContent();
      await page.keyboard.press("n");
      await page.waitForFunction((before) => document.getElementById("suspects-place").textContent !== before, before);
    }
    await page.locator("#suspects-done", { hasText: "All sorted." }).waitFor();
    assert.equal(await page.getByTestId("suspect").count(), 0);
    assert.equal(await page.evaluate(() => document.activeElement.id), "mining", "the focus is not lost");
    assert.deepEqual(site.errors, []);
  });
});
