/** Whatever takes long can be stopped, and leaves everything as it was. */
import assert from "node:assert/strict";
import { createReadStream, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ROOT } from "../harness.mjs";
import { hits, idle, loadModel, loadSample, sample, search, start, tell, train } from "./page.mjs";

const WEIGHTS = join(ROOT, "tests/fixtures/tiny-bert/model.safetensors");

describe("cancelling", { timeout: 300_000 }, () => {
  it("stops the download of a model; the next attempt loads it", async () => {
    let stalled = true;
    const weights = (_, response) => {
      const length = readFileSync(WEIGHTS).length;
      response.writeHead(200, { "content-length": length });
      createReadStream(WEIGHTS, stalled ? { end: 1000 } : {}).pipe(response, { end: !stalled });
    };
    const site = await start({ routes: { "/models/tiny/model.safetensors": weights } });
    try {
      const page = await site.open("?model=tiny");
      await page.getByTestId("load-model").click();
      await page.locator(".busy .label", { hasText: "Fetching the model" }).waitFor();
      await page.getByTestId("cancel").click();
      await idle(page);
      assert.equal(await page.getByTestId("error").count(), 0, "to cancel is no error");
      assert.equal(await page.getByTestId("progress").count(), 0);
      stalled = false;
      await loadModel(page);
      assert.match(await page.locator("#model-name").textContent(), /tiny/);
      assert.deepEqual(site.errors, []);
    } finally {
      await site.close();
    }
  });

  it("goes on where training stopped, as long as the notes are the same", async () => {
    const site = await start({ hooks: true });
    try {
      const page = await site.open("?model=tiny#mode=dense&epochs=30");
      await loadModel(page);
      await loadSample(page);
      await tell(page, "hold", { step: 20 });
      await page.getByTestId("train").click();
      await page.locator(".busy .label", { hasText: "Step 19 of" }).waitFor();
      assert.equal(await page.getByTestId("go-on").isVisible(), false, "not while it runs");
      await page.getByTestId("cancel").click();
      await tell(page, "release");
      await idle(page);
      const goOn = page.getByTestId("go-on");
      assert.equal(await goOn.textContent(), "Go on where it stopped (step 16)");
      await tell(page, "hold", { step: 18 });
      await goOn.click();
      await page.locator(".busy .label", { hasText: "Step 17 of" }).waitFor();
      await tell(page, "release");
      await page.getByTestId("verdict").waitFor();
      await idle(page);
      assert.equal(await goOn.isVisible(), false, "there is nothing left to go on with");
      assert.deepEqual(site.errors, []);
    } finally {
      await site.close();
    }
  });

  for (const trainable of ["head", "full"]) {
    it(`stops training (${trainable}) with the weights as they were; the next training runs to its verdict`, async () => {
      const site = await start({ hooks: true });
      try {
        const page = await site.open(`?model=tiny#mode=dense&trainable=${trainable}&epochs=3`);
        await loadModel(page);
        await loadSample(page);
        const question = sample().queries[0].text;
        await search(page, question);
        const before = await hits(page);
        await tell(page, "hold", { step: 3 });
        await page.getByTestId("train").click();
        await page.locator(".busy .label", { hasText: "Step 2 of" }).waitFor();
        await page.getByTestId("cancel").click();
        await tell(page, "release");
        await idle(page);
        await page.locator("#training-note", { hasText: "Training stopped. The model is as it was." }).waitFor();
        assert.equal(await page.getByTestId("error").count(), 0);
        assert.equal(await page.getByTestId("verdict").isVisible(), false);
        await search(page, sample().queries[1].text);
        await search(page, question);
        assert.deepEqual(await hits(page), before);
        await train(page);
        await page.getByTestId("verdict").waitFor();
        assert.deepEqual(site.errors, []);
      } finally {
        await site.close();
      }
    });
  }
});
