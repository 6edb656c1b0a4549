/**
 * Why the page stays free while it works: all of the work is done elsewhere. Here it is held that no engine ever runs in the page's own thread,
 * and that the page goes on while its engine does not answer; for how long the thread is taken, bench/page.mjs measures.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { docx, pdf } from "../package/input-files.mjs";
import { file, idle, loadModel, loadSample, start, tell } from "./page.mjs";

/** The least module there is: a magic number and a version. */
const EMPTY = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

describe("the page's own thread", { timeout: 300_000 }, () => {
  let site, page;
  const workers = [];
  before(async () => {
    site = await start({ hooks: true });
    page = await site.open("about:blank", { viewport: { width: 1280, height: 900 } });
    page.on("worker", (worker) => workers.push(new URL(worker.url()).pathname.match(/([a-z-]+)-[\w-]{8}\.js$/)?.[1]));
    // In the page only: workers have a WebAssembly of their own.
    await page.addInitScript(() => {
      globalThis.compiled = [];
      for (const name of ["compile", "compileStreaming", "instantiate", "instantiateStreaming", "Module", "Instance"]) {
        WebAssembly[name] = new Proxy(WebAssembly[name], {
          apply: (target, self, args) => (globalThis.compiled.push(name), Reflect.apply(target, self, args)),
          construct: (target, args) => (globalThis.compiled.push(name), Reflect.construct(target, args)),
        });
      }
    });
    await page.goto(`${site.server.url}?device=cpu`);
  });
  after(() => site?.close());

  const compiled = () => page.evaluate(() => globalThis.compiled.splice(0));

  it("is watched: an engine in it would be seen", async () => {
    await page.evaluate((bytes) => void new WebAssembly.Module(new Uint8Array(bytes)), EMPTY);
    await page.evaluate((bytes) => WebAssembly.instantiate(new Uint8Array(bytes)), EMPTY);
    assert.deepEqual((await compiled()).slice(0, 2), ["Module", "instantiate"]);
  });

  it("loads and fills an engine in a worker, and reads files in workers", async () => {
    await loadModel(page);
    assert.deepEqual(workers, ["worker"]);
    await loadSample(page);
    await page.getByTestId("file-input").setInputFiles([file("a.pdf", pdf([["Quokkas sleep."]])), file("b.docx", docx([["Turn the red valve."]]))]);
    await page.locator("#documents-count", { hasText: "85 notes" }).waitFor();
    await idle(page);
    assert.deepEqual(workers.splice(0), ["worker", "pdf-worker", "docx-worker"]);
    assert.deepEqual(await compiled(), []);
  });

  it("goes on while a training does not answer", async () => {
    await tell(page, "hold", { step: 4 });
    await page.getByTestId("train").click();
    await page.locator(".busy .label", { hasText: "Step 3 of" }).waitFor();
    await page.locator(".doors a", { hasText: "Learn" }).click();
    await page.locator("#lesson-notes tr").first().waitFor();
    await page.getByTestId("step-on").click();
    await page.getByTestId("step-label").filter({ hasText: "Step 1 of" }).waitFor();
    await page.locator(".doors a", { hasText: "Tune" }).click();
    await tell(page, "release");
    await page.getByTestId("verdict").waitFor();
    await page.locator("#train:enabled").waitFor();
    assert.deepEqual(await compiled(), []);
  });

  it("trains the lesson live in a worker, and has another measure it", async () => {
    await page.locator(".doors a", { hasText: "Learn" }).click();
    await page.getByTestId("go-live").click();
    await page.getByTestId("live-note").filter({ hasText: /^Live:/ }).waitFor();
    await page.getByTestId("step-on").click();
    await page.getByTestId("step-label").filter({ hasText: "Step 1 of" }).waitFor();
    assert.deepEqual(workers.sort(), ["measuring", "worker"]);
    assert.deepEqual(await compiled(), []);
    assert.deepEqual(site.errors, []);
  });
});
