/** The model that ships with the package, as a new visitor meets it: offered first, quick to come, of use at once. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { hits, loadModel, loadSample, search, start } from "./page.mjs";

describe("the compact model", { timeout: 300_000 }, () => {
  let site, page;
  before(async () => {
    site = await start({ webgpu: false });
    page = await site.open("#mode=dense");
  });
  after(() => site?.close());

  it("is what a page without a choice loads: its two large files, and none of another model's", async () => {
    assert.equal(await page.locator("input[name=source]:checked").getAttribute("value"), "compact");
    await loadModel(page);
    assert.match(await page.locator("#model-name").textContent(), /Compact/);
    assert.match(await page.locator("#model-facts").textContent(), /256 dimensions, 2 layers/);
    const asked = site.server.requests.filter((path) => /safetensors|tokenizer|config/.test(path));
    assert.deepEqual(asked.map((path) => path.replace(/.*\/([a-z]+)-.*(\.\w+)$/, "$1$2")).sort(), ["model.safetensors", "tokenizer.json"]);
  });

  it("finds by meaning what shares no word with the question", async () => {
    await loadSample(page);
    await search(page, "vehicles that run on electricity");
    assert.equal((await hits(page))[0].id, "car-charge", "by words the note on mileage stands first");
  });

  it("leaves the other choices where they were: an address that names a model selects it", async () => {
    const named = await site.open("?model=tiny&device=cpu");
    assert.equal(await named.locator("input[name=source]:checked").getAttribute("value"), "served");
    assert.equal(await named.locator("#served-name").textContent(), "tiny");
    await named.close();
  });

  it("reports nothing wrong", () => assert.deepEqual(site.errors, []));
});
