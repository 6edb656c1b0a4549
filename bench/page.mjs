/**
 * The page as a visitor meets it: when something can be read, whether anything moves, how long its thread is held up, on this machine and on
 * a slow phone (Lighthouse's: a quarter of the speed, 1.6 Mbit/s, 150 ms there and back); and the thread while a model is trained. Writes
 * bench/results/<date>-page.md.
 *
 *     node bench/page.mjs [--quick]     # needs the built page (node_modules/.bin/vite build www)
 */
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { ISOLATED, launch, serve } from "../tests/harness.mjs";
import { loadModel, loadSample, train } from "../tests/e2e/page.mjs";
import { ROOT, SetupError } from "../tools/shared.mjs";
import { QUICK, command } from "./speed/command.mjs";
import { head, ms, save, table } from "./speed/results.mjs";

const TURNS = QUICK ? 1 : 5;
const VIEWS = { Tune: "#tune", Learn: "#learn", Build: "#build" };
const CONDITIONS = {
  "this machine, 1440 × 900": { viewport: { width: 1440, height: 900 } },
  "slow phone, 390 × 844": { viewport: { width: 390, height: 844 }, slow: true },
};
/** Bits a second and milliseconds of Lighthouse's "slow 4G", and by how much it slows the processor. */
const [BITS, LATENCY, SLOWER] = [1.6e6, 150, 4];
const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm" };

/** As a host sends it: compressed. Each file is compressed once. */
function compressed() {
  const files = new Map();
  return async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, "http://localhost").pathname);
    const name = path.endsWith("/") ? `${path}index.html` : path;
    try {
      if (!files.has(name)) files.set(name, brotliCompressSync(await readFile(join(ROOT, "www/dist", name))));
      response.writeHead(200, { "content-type": TYPES[extname(name)] ?? "application/octet-stream", "content-encoding": "br" }).end(files.get(name));
    } catch {
      response.writeHead(404).end();
    }
  };
}

/** Runs in the page before anything else. */
function watch() {
  globalThis.seen = { paint: 0, largest: 0, moved: 0, tasks: [] };
  const on = (type, note) => new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({ type, buffered: true });
  on("paint", ({ name, startTime }) => name === "first-contentful-paint" && (globalThis.seen.paint = startTime));
  on("largest-contentful-paint", ({ startTime }) => (globalThis.seen.largest = startTime));
  on("layout-shift", ({ value, hadRecentInput }) => !hadRecentInput && (globalThis.seen.moved += value));
  on("longtask", ({ duration }) => globalThis.seen.tasks.push(duration));
}

async function visit(chromium, url, { slow, ...options }) {
  const page = await chromium.open("about:blank", { ...options, serviceWorkers: "block" });
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Network.enable");
  if (slow) {
    await devtools.send("Network.emulateNetworkConditions", { offline: false, latency: LATENCY, downloadThroughput: BITS / 8, uploadThroughput: BITS / 8 });
    await devtools.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
  }
  await page.addInitScript(watch);
  await page.goto(url, { waitUntil: "networkidle" });
  const found = await page.evaluate(() => ({ ...globalThis.seen, bytes: performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation")).reduce((sum, { transferSize }) => sum + transferSize, 0) }));
  await page.context().close();
  return found;
}

const middle = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];
const most = (tasks) => (tasks.length > 0 ? ms(Math.max(...tasks)) : "none");

async function visits(chromium, url) {
  const rows = [];
  for (const [condition, options] of Object.entries(CONDITIONS)) {
    for (const [view, address] of Object.entries(VIEWS)) {
      const found = [];
      for (let turn = 0; turn < TURNS; turn += 1) found.push(await visit(chromium, url + address, options));
      const of = (key) => middle(found.map((one) => one[key]));
      const blocked = middle(found.map(({ tasks }) => tasks.reduce((sum, task) => sum + task - 50, 0)));
      rows.push([condition, view, ms(of("paint")), ms(of("largest")), Math.max(...found.map(({ moved }) => moved)).toFixed(4), ms(blocked), Math.round(of("bytes") / 1000)]);
      console.error(rows.at(-1).join("  "));
    }
  }
  return rows;
}

/** Tasks above 50 ms of the page's thread. */
async function trainings(chromium, url) {
  const rows = [];
  const page = await chromium.open("about:blank", { viewport: { width: 1440, height: 900 }, serviceWorkers: "block" });
  page.setDefaultTimeout(0);
  await page.addInitScript(watch);
  await page.goto(`${url}?device=cpu`);
  const take = () => page.evaluate(() => globalThis.seen.tasks.splice(0));
  const row = async (what, work) => {
    await take();
    await work();
    const tasks = await take();
    rows.push([what, tasks.length, most(tasks)]);
    console.error(rows.at(-1).join("  "));
  };
  await row("loading the compact model", () => loadModel(page));
  await row("reading 83 notes", () => loadSample(page));
  await row("training a head, with its charts", () => train(page));
  await page.locator(".doors a", { hasText: "Learn" }).click();
  await page.locator("#lesson-notes tr").first().waitFor();
  await row("the lesson, live: loading and eight steps", async () => {
    await page.getByTestId("go-live").click();
    await page.getByTestId("live-note").filter({ hasText: /^Live:/ }).waitFor();
    for (let step = 1; step <= 8; step += 1) {
      await page.getByTestId("step-on").click();
      await page.getByTestId("step-label").filter({ hasText: `Step ${step} of` }).waitFor();
    }
  });
  await page.context().close();
  return rows;
}

/** A page that was built with other modules would be measured under the name of these. */
async function checkBuilt() {
  const folder = join(ROOT, "www/dist/assets");
  const names = await readdir(folder).catch(() => []);
  const own = await readFile(join(ROOT, "pkg/wasm/cpu/nearmiss_bg.wasm"));
  const built = await Promise.all(names.filter((name) => name.endsWith(".wasm")).map((name) => readFile(join(folder, name))));
  if (!built.some((bytes) => bytes.equals(own))) throw new SetupError("www/dist is not built from pkg/wasm: node node_modules/.bin/vite build www");
}

await command(import.meta.url, async () => {
  await checkBuilt();
  const server = await serve({ "/": compressed() }, { headers: ISOLATED });
  const chromium = await launch({ webgpu: false });
  try {
    await save("page", [
      ...head("The page as a visitor meets it", { where: `Headless Chromium ${chromium.browser.version()}`, modules: ["cpu"] },
        "", `Medians of ${TURNS} visits, nothing cached; of what moved, the most. Readable: first contentful paint; whole: largest contentful paint. Moved: cumulative layout`,
        "shift. Blocked: what tasks took beyond 50 ms each. The slow phone is emulated as Lighthouse does it: a quarter of the processor's speed, 1.6 Mbit/s, 150 ms."),
      ...table(["", "view", "readable, ms", "whole, ms", "moved", "blocked, ms", "kB fetched"], await visits(chromium, server.url)),
      "## The page's thread at work", "", "Everything that takes time is done by workers; this is what is left for the thread that draws and answers.",
      ...table(["", "tasks above 50 ms", "longest, ms"], await trainings(chromium, server.url)),
    ]);
  } finally {
    await chromium.close();
    await server.close();
  }
});
