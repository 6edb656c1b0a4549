/** Every state of the page, on a phone and on a desk, light and dark: no accessibility violation, nothing cut off. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import axe from "axe-core";
import { ROOT } from "../harness.mjs";
import { file, idle, importMarks, loadModel, loadSample, mine, sample, search, start, tell, unfold } from "./page.mjs";

/** Where the pictures go, for a person to look at; git ignores it. */
const PICTURES = join(ROOT, "test-results");

const SIZES = { small: { width: 360, height: 740 }, phone: { width: 390, height: 844 }, desk: { width: 1440, height: 900 }, wall: { width: 3840, height: 2160 } };

describe("how the page looks", { timeout: 300_000 }, () => {
  let site, page;
  before(async () => {
    mkdirSync(PICTURES, { recursive: true });
    site = await start({ hooks: true });
    page = await site.open("", { reducedMotion: "reduce" });
    await page.evaluate(axe.source);
  });
  after(() => site?.close());

  const check = async (state) => {
    for (const [name, size] of Object.entries(SIZES)) {
      for (const colorScheme of ["light", "dark"]) {
        await page.setViewportSize(size);
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: join(PICTURES, `${state}-${name}-${colorScheme}.png`), fullPage: name === "small" || name === "phone" });
        const where = `${state}, ${name}, ${colorScheme}`;
        assert.deepEqual(await violations(page), [], where);
        const { scroll, client } = await page.evaluate(() => ({ scroll: document.documentElement.scrollWidth, client: document.documentElement.clientWidth }));
        assert.ok(scroll <= client, `${where}: ${scroll} pixels wide in a window of ${client}`);
      }
    }
  };

  it("is in order when empty", async () => {
    await check("empty");
    assert.deepEqual(await headings(page), []);
  });

  it("is in order with results", async () => {
    await loadModel(page);
    await loadSample(page);
    await search(page, sample().queries[1].text);
    await page.evaluate(() => scrollTo(0, 0));
    await check("results");
    assert.deepEqual(await headings(page), []);
  });

  it("is in order with near misses, contradicting marks and explanations unfolded", async () => {
    const query = sample().queries[1].text;
    const hit = page.locator('[data-testid=hit]:not([data-mark="true"])').first();
    const answer = await hit.getAttribute("data-id");
    await page.locator(`[data-id="${answer}"]`).getByTestId("mark-right").click();
    await importMarks(page, file("clicks.jsonl", JSON.stringify({ query, document: answer, relevant: false, source: "click" })));
    await page.getByTestId("conflict").waitFor();
    await mine(page);
    for (const box of await page.locator("#your-marks > details, #mining details:visible").all()) await unfold(box);
    for (const box of [page.getByTestId("suspect"), page.getByTestId("hit").first()]) {
      await unfold(box.getByTestId("why"));
      await box.getByTestId("piece").first().waitFor();
    }
    await check("near-misses");
    assert.deepEqual(await headings(page), []);
    for (const box of (await page.locator("details[open]").all()).reverse()) await box.evaluate((details) => (details.open = false));
    await page.locator("#undo").click();
  });

  it("is in order while training", async () => {
    await page.locator("#epochs").evaluate((input) => input.closest("details").setAttribute("open", ""));
    await page.locator("#epochs").fill("20");
    await page.locator("#epochs").evaluate((input) => input.closest("details").removeAttribute("open"));
    await tell(page, "hold", { step: 25 });
    await page.getByTestId("train").click();
    await page.locator(".busy .label", { hasText: "Step 24 of" }).waitFor();
    await check("training");
    await tell(page, "release");
    await page.locator("#train:enabled").waitFor();
  });

  it("is in order with the verdict", async () => {
    await page.getByTestId("verdict").waitFor();
    await check("verdict");
    assert.deepEqual(await headings(page), []);
  });

  it("is in order with notes removed, and with weights that were trained on an earlier visit", async () => {
    await unfold(page.locator("#documents-list"));
    await page.getByRole("button", { name: /^Remove / }).nth(2).click();
    await page.locator("#removed").waitFor();
    await idle(page);
    await check("removed");
    if ((await page.getByTestId("keep").getAttribute("aria-pressed")) === "false") await page.getByTestId("keep").click();
    await page.locator("#keep[aria-pressed=true]:enabled").waitFor();
    await page.reload();
    await page.evaluate(axe.source);
    await loadModel(page);
    await page.locator("#in-use", { hasText: "trained earlier" }).waitFor();
    await check("restored");
    assert.deepEqual(await headings(page), []);
    assert.deepEqual(site.errors, []);
  });
});

/** What axe finds against WCAG 2.2 AA and its own best practices, shortened to what one needs to mend it. */
async function violations(page) {
  const found = await page.evaluate(async () => (await globalThis.axe.run(document, { resultTypes: ["violations"] })).violations);
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("; ")}`);
}

/** Headings that skip a level; one h1 comes first. */
async function headings(page) {
  const levels = await page.locator(":is(h1, h2, h3, h4, h5, h6):visible").evaluateAll((all) => all.map(({ tagName }) => Number(tagName[1])));
  assert.equal(levels[0], 1);
  assert.equal(levels.filter((level) => level === 1).length, 1);
  return levels.filter((level, at) => at > 0 && level > levels[at - 1] + 1);
}
