/** "Why this one?" on a result, on a note to sort out, and on a near miss. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { loadModel, loadSample, mine, sample, search, start, unfold } from "./page.mjs";

describe("why this one", { timeout: 300_000 }, () => {
  let site, page;
  const notes = sample();
  const [query, answer] = notes.train.find(([, , grade]) => Number(grade) === 2);
  const question = notes.queries.find(({ _id }) => _id === query).text;
  before(async () => {
    site = await start();
    page = await site.open("?model=tiny#mode=lexical");
    await loadModel(page);
    await loadSample(page);
    await search(page, question);
  });
  after(() => site?.close());

  /** Unfolds the explanation in here and waits until it stands. */
  const ask = async (within) => {
    const box = within.getByTestId("why");
    await unfold(box);
    await box.getByTestId("why-verdict").waitFor();
    return box;
  };

  it("tells of a result where both searches put it, which rules it meets, and which words count", async () => {
    const hit = page.getByTestId("hit").first();
    const box = await ask(hit);
    const places = await box.locator(".places > div").allTextContents();
    assert.match(places[0], /^By meaningno\. \d+, similarity −?\d\.\d\d$/);
    assert.match(places[1], /^By wordsno\. 1, score \d+\.\d$/, "it is the first by words");
    const title = notes.corpus.find(({ _id }) => _id === answer).title;
    assert.ok(places.some((place) => place.startsWith(`Right answer: ${title}`)));
    const terms = await box.getByTestId("term").evaluateAll((items) =>
      items.map((item) => ({ word: item.querySelector(".term").textContent, value: Number(item.querySelector(".value").textContent), width: item.querySelector(".bar").getBoundingClientRect().width })),
    );
    assert.ok(terms.length > 0);
    assert.deepEqual(terms, [...terms].sort((a, b) => b.value - a.value || b.width - a.width), "the weightiest word first");
    assert.ok(terms.every(({ width }) => width > 0));
    const asked = question.match(/[\p{L}\p{N}]+/gu);
    assert.ok(terms.every(({ word }) => asked.includes(word)), `${JSON.stringify(terms)}: in the person's own words, not in stems`);
  });

  it("says whether a mark decides, and that nothing can be told from an answer that is not marked", async () => {
    await page.locator("#mode").selectOption("dense");
    await search(page, "a question that nobody marked");
    const verdict = async (at) => (await ask(page.getByTestId("hit").nth(at))).getByTestId("why-verdict").textContent();
    assert.match(await verdict(0), /^No right answer is marked for this question yet/);
    await page.getByTestId("mark-right").nth(1).click();
    await page.getByTestId("mark-wrong").nth(2).click();
    assert.equal(await verdict(1), "Marked right (you): it is an answer, and no near miss.");
    assert.equal(await verdict(2), "Marked wrong (you): training uses it as a near miss.");
    const rules = (await ask(page.getByTestId("hit").nth(3))).locator(".checks li");
    assert.ok((await rules.count()) > 3);
    assert.ok((await rules.allTextContents()).every((text) => /^(passed|broken): [A-Z]/.test(text)));
  });

  it("lights up the match of a word by mouse and by keyboard, and names it for who cannot see it", async () => {
    const box = await ask(page.getByTestId("hit").first());
    const pieces = box.getByTestId("piece");
    assert.ok((await pieces.count()) > 1);
    const name = await pieces.first().getAttribute("aria-label");
    const [, word, match] = name.match(/^(.+): nearest to (.+), similarity −?\d\.\d\d$/);
    assert.equal(await pieces.first().textContent(), word);
    await pieces.first().hover();
    assert.equal(await box.locator("mark.lit").textContent(), match);
    await page.mouse.move(0, 0);
    assert.equal(await box.locator("mark.lit").count(), 0);
    await pieces.first().focus();
    assert.equal(await box.locator("mark.lit").textContent(), match);
    await page.keyboard.press("Tab");
    const second = (await pieces.nth(1).getAttribute("aria-label")).match(/nearest to (.+), similarity/)[1];
    assert.equal(await box.locator("mark.lit").textContent(), second);
    assert.match(await box.locator(".pair").textContent(), new RegExp(`is nearest to “${second}”`));
  });

  it("tells of a note to sort out which rule it broke, and of a near miss that it broke none", async () => {
    await mine(page);
    const suspect = await ask(page.getByTestId("suspect"));
    assert.match(await suspect.getByTestId("why-verdict").textContent(), /will not use it as a near miss/);
    assert.ok((await suspect.locator(".checks .broken").count()) > 0);
    await unfold(page.locator("#near-misses-box"));
    const miss = await ask(page.getByTestId("near-miss").filter({ hasNotText: "you marked" }).first());
    assert.match(await miss.getByTestId("why-verdict").textContent(), /passes every rule/);
    assert.equal(await miss.locator(".checks .broken").count(), 0);
  });

  it("says in its place when there is nothing to ask any more", async () => {
    await page.locator("#change-model").click();
    const box = page.getByTestId("hit").last().getByTestId("why");
    await unfold(box);
    await box.getByRole("alert").waitFor();
    assert.match(await box.getByRole("alert").textContent(), /could not be looked up: Load the model/);
    assert.deepEqual(site.errors, []);
  });
});
