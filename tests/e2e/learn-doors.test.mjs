/** Three views in one page: links, the back button, titles, focus, and what stands there before any script. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { start } from "./page.mjs";

describe("the three views", { timeout: 120_000 }, () => {
  let site, page;
  before(async () => {
    site = await start();
    page = await site.open();
  });
  after(() => site?.close());

  /** What a person sees: which view, and what the title bar, the current link and the focus say. */
  const seen = (page) =>
    page.evaluate(() => ({
      views: [...document.querySelectorAll(".door")].filter((door) => door.checkVisibility()).map(({ id }) => id),
      title: document.title.split(":")[0],
      current: document.querySelector("[aria-current=page]")?.textContent,
      focus: document.activeElement.textContent.trim() === document.querySelector(".door h1:not([hidden])")?.textContent.trim() || document.activeElement.tagName,
    }));
  const go = async (page, name, door) => {
    await page.locator(".doors a", { hasText: name }).click();
    await page.locator(`#${door} h1:focus`).waitFor();
  };

  it("opens on the first, and the links lead to the others with the focus on their heading", async () => {
    assert.deepEqual(await seen(page).then(({ views, current, focus }) => ({ views, current, focus })), { views: ["tune"], current: "Tune", focus: "BODY" });
    await go(page, "Learn", "learn");
    assert.deepEqual((await seen(page)).views, ["learn"]);
    assert.equal(await page.title(), "Learn: nearmiss");
    await go(page, "Build", "build");
    assert.deepEqual((await seen(page)).views, ["build"]);
    assert.equal((await seen(page)).current, "Build");
  });

  it("goes back and forward", async () => {
    await page.goBack();
    await page.locator("#learn h1:focus").waitFor();
    await page.goBack();
    await page.locator("#tune h1:focus").waitFor();
    assert.equal(await page.title(), "nearmiss: search that learns from its near misses");
    await page.goForward();
    await page.locator("#learn h1:focus").waitFor();
  });

  it("keeps the settings of a view while another is shown, and its address afterwards", async () => {
    const page = await site.open("#mode=dense&trainable=lora");
    await go(page, "Learn", "learn");
    assert.equal(new URL(page.url()).hash, "#learn");
    await go(page, "Tune", "tune");
    await page.waitForURL("**/#mode=dense&trainable=lora");
    assert.equal(await page.locator("#mode").inputValue(), "dense");
    await page.context().close();
  });

  it("takes links of before there were views, and parts of the page as it did", async () => {
    for (const [address, view] of [["#mode=lexical", "tune"], ["#search", "tune"], ["#tune", "tune"], ["#learn&margin=0.4", "learn"], ["#build", "build"], ["#nonsense", "tune"]]) {
      const page = await site.open(address);
      assert.deepEqual((await seen(page)).views, [view], address);
      await page.context().close();
    }
  });

  it("skips the header in every view", async () => {
    for (const [address, stop] of [["", "search"], ["#learn", "stage"], ["#build", "playground"]]) {
      const page = await site.open(address);
      await page.locator(".skip").focus();
      await page.keyboard.press("Enter");
      assert.equal(await page.evaluate(() => document.activeElement.id), stop);
      await page.context().close();
    }
  });

  it("shows what the address asks for without any script", async () => {
    for (const [address, view] of [["", "tune"], ["#learn", "learn"], ["#build", "build"]]) {
      const page = await site.open(address, { javaScriptEnabled: false });
      for (const id of ["tune", "learn", "build"]) assert.equal(await page.locator(`#${id}`).isVisible(), id === view, `${address}: ${id}`);
      await page.context().close();
    }
    assert.deepEqual(site.errors, []);
  });
});
