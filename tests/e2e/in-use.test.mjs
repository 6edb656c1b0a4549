/** Trained weights that are in use can be left, and exported, whatever came of the last training and of the visit before. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { idle, loadModel, loadSample, start, tell, train } from "./page.mjs";

const OPEN = "?model=tiny&device=cpu#mode=dense&epochs=3";

describe("weights in use", { timeout: 300_000 }, () => {
  let site, page, first;
  before(async () => {
    site = await start({ hooks: true });
    page = await site.open(OPEN);
    await loadModel(page);
    await loadSample(page);
  });
  after(() => site?.close());

  const inUse = () => page.locator("#in-use").textContent();
  const use = async (id) => {
    await page.getByTestId(id).click();
    await page.locator(`#${id}[aria-pressed=true]:enabled`).waitFor();
  };
  const exported = async () => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#export").click()]);
    await page.locator("#export:enabled").waitFor();
    return download.suggestedFilename();
  };

  it("are no choice before anything was trained", async () => {
    assert.equal(await page.locator("#weights").isVisible(), false);
    await train(page);
    await page.getByTestId("verdict").waitFor();
    await use("keep");
    assert.equal(await inUse(), "In use now: the trained model.");
    assert.equal(await exported(), "nearmiss-head.safetensors");
    first = await page.getByTestId("verdict").textContent();
  });

  it("and their verdict stay when a second training is cancelled", async () => {
    await tell(page, "hold", { step: 3 });
    await page.getByTestId("train").click();
    await page.locator(".busy .label", { hasText: "Step 2 of" }).waitFor();
    assert.equal(await page.getByTestId("verdict").isVisible(), false, "not beside a training that is under way");
    assert.equal(await page.getByTestId("rollback").isVisible(), true);
    await page.getByTestId("cancel").click();
    await tell(page, "release");
    await idle(page);
    assert.equal(await page.getByTestId("verdict").textContent(), first);
    assert.equal(await inUse(), "In use now: the trained model.");
    assert.equal(await page.locator("#export").isEnabled(), true);
  });

  it("of the first training are exported when the second is not kept", async () => {
    await train(page);
    await page.getByTestId("verdict").waitFor();
    if ((await page.getByTestId("rollback").getAttribute("aria-pressed")) === "false") await use("rollback");
    assert.match(await inUse(), /as it was before the last training, with what was trained before that/);
    assert.equal(await exported(), "nearmiss-trained.safetensors");
  });

  it("are left, taken up again and exported after a reload", async () => {
    await page.goto("about:blank");
    await page.goto(site.server.url + OPEN);
    await loadModel(page);
    await page.locator("#documents-count", { hasText: "83 notes" }).waitFor();
    assert.equal(await page.getByTestId("verdict").isVisible(), false);
    assert.match(await inUse(), /trained earlier, kept on this device/);
    assert.equal(await exported(), "nearmiss-trained.safetensors");
    await use("rollback");
    assert.equal(await inUse(), "In use now: the model as it was before training.");
    assert.equal(await page.locator("#export").isDisabled(), true);
    await use("keep");
    assert.match(await inUse(), /trained earlier/);
    await use("rollback");
    await page.goto("about:blank");
    await page.goto(site.server.url + OPEN);
    await loadModel(page);
    await page.locator("#documents-count", { hasText: "83 notes" }).waitFor();
    assert.equal(await page.locator("#weights").isVisible(), false, "nothing that was trained is in use, nor kept");
    assert.deepEqual(site.errors, []);
  });
});
