/**
 * Each chart as it was when a person last looked at it: its SVG, coordinate by coordinate, lies in charts/snapshots. Where a change is meant,
 *
 *     UPDATE_SNAPSHOTS=1 node --test tests/e2e/charts.test.mjs
 *
 * writes them anew, to be looked at (test-results/chart-*.png) and checked in.
 */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { build } from "vite";
import { launch, ROOT, serve } from "../harness.mjs";
import { start } from "./page.mjs";

const SNAPSHOTS = join(ROOT, "tests/e2e/charts/snapshots");
const PICTURES = join(ROOT, "test-results");
const BUILT = join(PICTURES, "charts");
const UPDATE = process.env.UPDATE_SNAPSHOTS === "1";
/** Where in the recorded lessons the pictures of the view Learn are taken: at the start, and after something has happened. */
const MOMENTS = { start: "#learn&step=0", dense: "#learn&negatives=dense&step=12", collapse: "#learn&trouble=collapse&step=24" };
const LEARN = ["dial", "map", "bars", "quality", "lesson-loss", "rank"];

/** One element a line, so that a difference can be read. */
const lines = (svg) => `${svg.replaceAll("><", ">\n<")}\n`;

function compare(name, svg) {
  const file = join(SNAPSHOTS, `${name}.svg`);
  if (UPDATE) return writeFileSync(file, lines(svg));
  assert.equal(lines(svg), readFileSync(file, "utf8"), `${name}: see the head of this test if the change is meant`);
}

describe("charts", { timeout: 120_000 }, () => {
  let server, chromium, site;
  before(async () => {
    for (const folder of [SNAPSHOTS, PICTURES]) mkdirSync(folder, { recursive: true });
    await build({ configFile: false, root: join(ROOT, "tests/e2e/charts"), base: "./", logLevel: "warn", build: { outDir: BUILT, emptyOutDir: true, chunkSizeWarningLimit: 1000 } });
    server = await serve({ "/": BUILT.slice(ROOT.length + 1) });
    chromium = await launch({ webgpu: false });
    site = await start();
  });
  after(async () => {
    await chromium?.close();
    await server?.close();
    await site?.close();
  });

  it("of training and mining are drawn from seeded numbers as they were", async () => {
    const page = await chromium.open(server.url);
    await page.waitForFunction(() => globalThis.draw);
    for (const name of await page.evaluate(() => globalThis.names)) {
      compare(name, await page.evaluate((name) => (globalThis.draw(name), document.querySelector("#chart svg").outerHTML), name));
      await page.locator("#chart").screenshot({ path: join(PICTURES, `chart-${name}.png`) });
    }
  });

  for (const [moment, address] of Object.entries(MOMENTS)) {
    it(`of the recorded lesson are as they were: ${moment}`, async () => {
      const page = await site.open(address, { viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
      for (const id of LEARN) {
        const chart = page.locator(`#${id} svg`);
        await chart.waitFor();
        compare(`learn-${id}-${moment}`, await chart.evaluate((svg) => svg.outerHTML));
        await chart.screenshot({ path: join(PICTURES, `chart-${id}-${moment}.png`) });
      }
    });
  }
});
