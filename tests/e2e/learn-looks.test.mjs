/** The views Learn and Build on a phone and on a desk, light and dark: no accessibility violation, nothing cut off, nothing that jumps. */
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import axe from "axe-core";
import { ROOT } from "../harness.mjs";
import { start } from "./page.mjs";

const PICTURES = join(ROOT, "test-results");
const SIZES = { small: { width: 360, height: 740 }, phone: { width: 390, height: 844 }, desk: { width: 1440, height: 900 }, wall: { width: 3840, height: 2160 } };

describe("how the views Learn and Build look", { timeout: 300_000 }, () => {
  let site;
  before(async () => {
    mkdirSync(PICTURES, { recursive: true });
    site = await start();
  });
  after(() => site?.close());

  const ready = (page) => page.locator("#lesson-notes tr:visible, #playground:visible").first().waitFor();
  /** At every size, in both schemes: what axe finds, what is wider than the window, and what is cut off within. */
  const check = async (page, state) => {
    await page.evaluate(axe.source);
    for (const [name, size] of Object.entries(SIZES)) {
      for (const colorScheme of ["light", "dark"]) {
        await page.setViewportSize(size);
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: join(PICTURES, `${state}-${name}-${colorScheme}.png`) });
        const where = `${state}, ${name}, ${colorScheme}`;
        assert.deepEqual(await violations(page), [], where);
        const { scroll, client } = await page.evaluate(() => ({ scroll: document.documentElement.scrollWidth, client: document.documentElement.clientWidth }));
        assert.ok(scroll <= client, `${where}: ${scroll} pixels wide in a window of ${client}`);
        assert.deepEqual(await cutOff(page), [], where);
      }
    }
  };

  const STATES = { learn: "#learn", lesson: "#learn&guide=4&step=10", collapse: "#learn&trouble=collapse&step=24", build: "#build" };
  for (const [state, address] of Object.entries(STATES)) {
    it(`is in order: ${state}`, async () => {
      const page = await site.open(address, { reducedMotion: "reduce" });
      await ready(page);
      await check(page, state);
      await page.context().close();
    });
  }

  it("is in order: the lesson, live", async () => {
    const page = await site.open("?device=cpu#learn", { reducedMotion: "reduce" });
    await page.locator("#go-live:enabled").click();
    await page.getByTestId("live-note").filter({ hasText: /^Live:/ }).waitFor();
    await page.getByTestId("step-on").click();
    await page.getByTestId("step-label").filter({ hasText: "Step 1 of" }).waitFor();
    await check(page, "live");
    await page.context().close();
  });

  it("is in order: Build with an engine, a result, events and measurements", async () => {
    const page = await site.open("?device=cpu#build", { reducedMotion: "reduce" });
    await page.getByTestId("build-load").click();
    await page.locator("#call-run:enabled").waitFor();
    for (const call of ["train", "search"]) {
      await page.getByTestId("call").selectOption(call);
      await page.getByTestId("call-run").click();
      await page.locator("#announce", { hasText: `nm.${call} gave a result` }).waitFor({ state: "attached" });
      await page.locator("#call-run:enabled").waitFor();
    }
    await page.getByTestId("measure").click();
    await page.getByTestId("measured").locator("tr").nth(2).waitFor();
    await page.locator("#measure:enabled").waitFor();
    await check(page, "built");
    await page.context().close();
    assert.deepEqual(site.errors, []);
  });

  it("has headings in order in every view", async () => {
    for (const address of ["#learn", "#build"]) {
      const page = await site.open(address);
      const levels = await page.locator(":is(h1, h2, h3, h4):visible").evaluateAll((all) => all.map(({ tagName }) => Number(tagName[1])));
      assert.equal(levels[0], 1);
      assert.deepEqual(levels.filter((level, at) => at > 0 && (level === 1 || level > levels[at - 1] + 1)), []);
      await page.context().close();
    }
  });

  it("holds still: steps and settings move nothing but what they are about", async () => {
    for (const viewport of [SIZES.phone, SIZES.desk]) {
      const page = await site.open("#learn", { viewport, reducedMotion: "reduce" });
      await ready(page);
      const places = () => page.evaluate(() => ["dial", "map", "play", "choices", "live"].map((id) => document.getElementById(id).getBoundingClientRect().top + scrollY));
      const [dial, map] = await places();
      for (let step = 0; step < 10; step += 1) await page.getByTestId("guide-next").click();
      assert.deepEqual((await places()).slice(0, 2), [dial, map], `the pictures, ${viewport.width} pixels wide`);
      await page.context().close();
    }
  });

  it("opens without anything moving, on a phone and on a desk", async () => {
    for (const viewport of [SIZES.phone, SIZES.desk]) {
      for (const address of ["#tune", "#learn", "#build"]) {
        const page = await site.open("about:blank", { viewport });
        await page.addInitScript(() => {
          globalThis.moved = [];
          const told = ({ value, sources }) => globalThis.moved.push([value, ...sources.map(({ node }) => node?.outerHTML?.slice(0, 60))].join(" "));
          new PerformanceObserver((list) => list.getEntries().forEach(told)).observe({ type: "layout-shift", buffered: true });
        });
        await page.goto(site.server.url + address, { waitUntil: "networkidle" });
        assert.deepEqual(await page.evaluate(() => globalThis.moved), [], `${address}, ${viewport.width} pixels wide`);
        await page.context().close();
      }
    }
  });

  it("reaches every control by keyboard, in the order in which they stand", async () => {
    const page = await site.open("#learn&step=3", { viewport: SIZES.desk });
    await ready(page);
    const wanted = await page.evaluate(() =>
      [...document.querySelectorAll("a[href], button, input, select, [tabindex='0']")]
        .filter((element) => element.checkVisibility() && !element.disabled && !(element.type === "radio" && !element.checked))
        .map((element, at) => (element.dataset.tab = String(at))),
    );
    await page.locator(".skip").focus();
    const reached = [];
    for (const at of wanted.keys()) {
      if (at > 0) await page.keyboard.press("Tab");
      reached.push(await page.evaluate(() => document.activeElement.dataset.tab));
    }
    assert.deepEqual(reached, wanted);
  });

  it("moves without animation where less motion is asked for", async () => {
    for (const [reducedMotion, expected] of [["reduce", "0s"], ["no-preference", "0.5s"]]) {
      const page = await site.open("#learn", { reducedMotion });
      await ready(page);
      assert.equal(await page.locator("#dial .point").first().evaluate((point) => getComputedStyle(point).transitionDuration), expected);
      await page.context().close();
    }
    assert.deepEqual(site.errors, []);
  });
});

/** Elements whose content is wider than they are, although they neither scroll nor shorten it. */
async function cutOff(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll("main *, header *")]
      .filter((element) => element instanceof HTMLElement && element.clientWidth > 0 && element.checkVisibility() && !element.closest(".visually-hidden, .choice input"))
      .filter((element) => element.scrollWidth > element.clientWidth + 1 && !/auto|scroll/.test(getComputedStyle(element).overflowX) && getComputedStyle(element).display !== "inline")
      .map((element) => `${element.tagName} ${element.id || element.className}: ${element.scrollWidth} in ${element.clientWidth}`),
  );
}

/** What axe finds against WCAG 2.2 AA and its own best practices, shortened to what one needs to mend it. */
async function violations(page) {
  const found = await page.evaluate(async () => (await globalThis.axe.run(document, { resultTypes: ["violations"] })).violations);
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("; ")}`);
}
