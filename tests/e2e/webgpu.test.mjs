/** The page on WebGPU, in software: slow, so with the tiny model, but through the same shaders as on a graphics card. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hits, loadModel, loadSample, losses, sample, search, start, train } from "./page.mjs";

describe("the page on WebGPU", { timeout: 300_000 }, () => {
  const asked = new Set(sample().test.filter(([, , grade]) => Number(grade) > 0).map(([query]) => query)).size;

  it("says so, searches, trains the whole model, and shows the verdict", async () => {
    const site = await start({ webgpu: true });
    try {
      const page = await site.open("?model=tiny&device=webgpu#trainable=full&epochs=3");
      await loadModel(page);
      const device = page.getByTestId("device");
      assert.equal(await device.getAttribute("data-kind"), "webgpu");
      assert.match(await device.textContent(), /Runs on WebGPU \(.*swiftshader.*WebGPU was asked for/i);
      await loadSample(page);
      await search(page, sample().queries[0].text);
      assert.equal((await hits(page)).length, 10);
      assert.match((await hits(page))[0].why, /meaning/);

      await train(page);
      // Whether it falls is not for fifteen gentle steps of random weights to say; the browser tests let it fall on these shaders.
      assert.ok((await losses(page)).every((loss) => loss > 0 && loss < 10), String(await losses(page)));
      const verdict = page.getByTestId("verdict");
      assert.match(await verdict.getAttribute("data-outcome"), /^(better|no-difference|worse)$/);
      const kept = (await verdict.getAttribute("data-outcome")) === "better";
      assert.equal(await page.getByTestId("keep").getAttribute("aria-pressed"), String(kept), "only what is better stays in use");
      assert.match(await page.locator("#verdict-summary").textContent(), new RegExp(`${asked} held-out questions`));
      assert.deepEqual(site.errors, []);
    } finally {
      await site.close();
    }
  });
});
