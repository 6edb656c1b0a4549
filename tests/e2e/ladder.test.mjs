/** Training inside the model: the options, what is shown on the way, what the verdict says, and the folder for Python. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { loadModel, loadSample, start, train, unfold } from "./page.mjs";

describe("the ladder", { timeout: 300_000 }, () => {
  let site, page;
  before(async () => {
    site = await start();
    page = await site.open("?model=tiny#mode=dense");
    await loadModel(page);
    await loadSample(page);
  });
  after(() => site?.close());

  it("offers four rungs and its advanced options, and puts what is chosen into the address", async () => {
    await unfold(page.locator("#training-options"));
    assert.deepEqual(await page.locator("input[name=trainable]").evaluateAll((all) => all.map(({ value }) => value)), ["head", "lora", "layers:2", "full"]);
    await page.locator("input[name=trainable][value=lora]").check();
    await page.locator("#epochs").fill("3");
    await unfold(page.locator("#advanced"));
    assert.equal(await page.locator("#runs").isDisabled(), true, "several runs are not for LoRA");
    await page.locator("#dev-share").fill("25");
    await page.locator("#vary").check();
    assert.equal(await page.evaluate(() => location.hash), "#mode=dense&trainable=lora&epochs=3&devShare=25&vary=true");
  });

  it("trains with LoRA, shows how the questions set aside fare, and what the verdict is about", async () => {
    await train(page);
    await page.getByTestId("verdict").waitFor();
    assert.ok((await page.getByTestId("dev-chart").locator("svg path[d]").count()) > 0);
    assert.match(await page.locator("#dev-text").textContent(), /^\d\.\d{3} now, \d\.\d{3} at best$/);
    assert.match(await page.locator("#rate").textContent(), /^Gradient norm [\d.e+-]+: .* examples a second\.$/);
    assert.match(await page.getByTestId("chosen").textContent(), /^((Kept|Measured): (the model|\d+ % of the way from the old model to the one) after step \d\.|None of the way was worth going)/);
    assert.match(await page.getByTestId("false-positives").textContent(), /\d+\.\d % of the others passed before, \d+\.\d % after\.$/);
    assert.match(await page.getByTestId("spread").textContent(), /before.*after/);
  });

  it("downloads the whole model for Python, without a request", async () => {
    await page.getByTestId("keep").click();
    await page.locator("#keep[aria-pressed=true]:enabled").waitFor();
    site.server.requests.length = 0;
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByTestId("export-python").click()]);
    assert.equal(download.suggestedFilename(), "nearmiss-lora.zip");
    const names = namesIn(await readFile(await download.path()));
    for (const name of ["config.json", "model.safetensors", "modules.json", "tokenizer.json"]) assert.ok(names.includes(`nearmiss-lora/${name}`), names.join());
    assert.deepEqual(site.server.requests, []);
    assert.deepEqual(site.errors, []);
  });
});

/** The names in a zip file's central directory, which its last 22 bytes point to (APPNOTE 4.3.12 and 4.3.16). */
function namesIn(zip) {
  const end = zip.length - 22;
  assert.equal(zip.readUInt32LE(end), 0x06054b50, "ends as zip files do");
  const names = [];
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    assert.equal(zip.readUInt32LE(at), 0x02014b50);
    const [name, extra, comment] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset));
    names.push(zip.toString("utf8", at + 46, at + 46 + name));
    at += 46 + name + extra + comment;
  }
  return names;
}
