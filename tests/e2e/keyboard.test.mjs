/** The page without a mouse: each control has its turn, in reading order, and shows that it has the focus. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { counts, idle, results, sample, search, start } from "./page.mjs";

describe("the page by keyboard", { timeout: 300_000 }, () => {
  let site, page;
  before(async () => {
    site = await start();
    page = await site.open("?model=tiny", { viewport: { width: 1280, height: 900 } });
  });
  after(() => site?.close());

  it("walks from an empty page to results with Tab, Enter and Space", async () => {
    await tabTo(page, "load-model");
    await page.keyboard.press("Enter");
    await page.locator("#change-model:enabled").waitFor();
    await tabTo(page, "load-sample");
    await page.keyboard.press("Space");
    await idle(page);
    await page.locator("#load-sample:focus").waitFor();
    await tabTo(page, "query");
    await page.keyboard.type(sample().queries[0].text);
    await page.keyboard.press("Enter");
    await results(page, sample().queries[0].text);
    await tabTo(page, "train");
    await page.keyboard.press("Enter");
    await page.locator("#train:enabled").waitFor();
    await page.getByTestId("verdict").waitFor();
    await page.locator("#train:focus").waitFor();
    await tabTo(page, "keep");
    assert.deepEqual(site.errors, []);
  });

  it("reaches every control, in the order of the page, each with a visible focus", async () => {
    const wanted = await page.evaluate(() =>
      [...document.querySelectorAll("a[href], button, input, select, summary, li[tabindex='0']")]
        .filter((element) => element.checkVisibility() && !element.disabled && !(element.type === "radio" && !element.checked))
        .map((element, at) => (element.dataset.tab = String(at))),
    );
    // Its first stop. A press more would leave the page for the browser's own controls.
    await page.locator(".skip").focus();
    const reached = [];
    const hidden = [];
    for (const at of wanted.keys()) {
      if (at > 0) await page.keyboard.press("Tab");
      const { tab, name, visible } = await page.evaluate(focused);
      if (tab !== undefined) reached.push(tab);
      if (!visible) hidden.push(name);
    }
    assert.deepEqual(reached, wanted);
    assert.deepEqual(hidden, []);
  });

  it("skips to search, and leaves letters alone outside the list", async () => {
    await search(page, sample().queries[0].text);
    const before = await counts(page);
    await page.getByTestId("search-input").focus();
    await page.keyboard.type("ynjk");
    await page.getByTestId("train").focus();
    for (const key of ["y", "n", "j"]) await page.keyboard.press(key);
    assert.deepEqual(await counts(page), before);
    await page.locator(".skip").focus();
    await page.keyboard.press("Enter");
    assert.equal(await page.evaluate(() => document.activeElement.id), "search");
  });
});

/** Presses Tab until the element has the focus; a page has fewer than 200 stops. */
async function tabTo(page, id) {
  for (let presses = 0; presses < 200; presses += 1) {
    await page.keyboard.press("Tab");
    if (await page.evaluate((id) => document.activeElement?.id === id, id)) return;
  }
  assert.fail(`Tab does not reach #${id}`);
}

/** In the page: what has the focus, and whether an outline around it, or around its label, can be seen. */
function focused() {
  const element = document.activeElement;
  const shown = element.closest(".button") ?? element;
  const { outlineStyle, outlineWidth } = getComputedStyle(shown);
  const { top, bottom, left, right } = shown.getBoundingClientRect();
  const inside = bottom > 0 && top < innerHeight && right > 0 && left < innerWidth;
  return {
    tab: element.dataset.tab,
    name: `${element.tagName} ${element.id} ${element.textContent.slice(0, 30)}`,
    visible: outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2 && inside,
  };
}
