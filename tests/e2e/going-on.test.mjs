/** A lost GPU, another engine or a closed tab costs a training no more than the steps since its last checkpoint. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { addNotes, idle, loadModel, loadSample, problem, start, tell } from "./page.mjs";

const OPEN = "?model=tiny&device=cpu#mode=dense&epochs=30";

/** Trains as far as a step behind the first checkpoint, which is made after 16, and is held there. */
async function trainTo20(page) {
  await tell(page, "hold", { step: 20 });
  await page.getByTestId("train").click();
  await page.locator(".busy .label", { hasText: "Step 19 of" }).waitFor();
  await tell(page, "held");
}

/** Goes on, and on from where it was: the first step that is shown is the one after the checkpoint. */
async function goOn(page) {
  assert.equal(await page.getByTestId("go-on").textContent(), "Go on where it stopped (step 16)");
  await tell(page, "hold", { step: 18 });
  await page.getByTestId("go-on").click();
  await page.locator(".busy .label", { hasText: "Step 17 of" }).waitFor();
  await tell(page, "release");
  await page.getByTestId("verdict").waitFor();
  await idle(page);
  assert.equal(await page.getByTestId("go-on").isVisible(), false, "there is nothing left to go on with");
}

describe("a training that broke off", { timeout: 300_000 }, () => {
  let site;
  before(async () => void (site = await start({ hooks: true })));
  after(() => site?.close());

  const reload = async (page) => {
    await page.goto("about:blank");
    await page.goto(site.server.url + OPEN);
    await loadModel(page);
  };

  it("goes on after the tab was closed in the middle of it, as long as the notes are the same", async () => {
    const page = await site.open(OPEN);
    await loadModel(page);
    await loadSample(page);
    await trainTo20(page);
    await reload(page);
    await page.getByTestId("go-on").waitFor();
    // Other notes: the engine refuses, so the page does not offer it.
    await addNotes(page, { "more.txt": "One note more." });
    await page.getByTestId("go-on").waitFor({ state: "hidden" });
    await reload(page);
    await page.locator("#documents-count", { hasText: "84 notes" }).waitFor();
    assert.equal(await page.getByTestId("go-on").isVisible(), false);
    await page.locator("#documents-list summary").click();
    await page.locator("#notes-filter").fill("more");
    await page.getByRole("button", { name: "Remove more" }).click();
    await page.locator("#documents-count", { hasText: "83 notes" }).waitFor();
    await reload(page);
    await goOn(page);
    assert.deepEqual(site.errors, []);
    await page.context().close();
  });

  it("goes on with another engine of the same model", async () => {
    const page = await site.open(OPEN);
    await loadModel(page);
    await loadSample(page);
    await trainTo20(page);
    await page.getByTestId("cancel").click();
    await tell(page, "release");
    await idle(page);
    await page.locator("#change-model").click();
    await page.getByTestId("load-model").waitFor();
    assert.equal(await page.getByTestId("go-on").isVisible(), false, "not without an engine");
    await loadModel(page);
    await goOn(page);
    assert.deepEqual(site.errors, []);
    await page.context().close();
  });
});

describe("a training in a tab that was closed", { timeout: 300_000 }, () => {
  it("goes on in the other tab that has the notes open", async () => {
    const site = await start({ hooks: true });
    try {
      const first = await site.open(OPEN);
      await loadModel(first);
      await loadSample(first);
      const second = await first.context().newPage();
      await second.goto(site.server.url + OPEN);
      await loadModel(second);
      await second.locator("#keeping-notice", { hasText: "Another tab has these notes open" }).waitFor();
      await trainTo20(first);
      assert.equal(await second.getByTestId("go-on").isVisible(), false, "it is not for a second tab to go on");
      await first.close();
      await second.getByTestId("go-on").waitFor();
      assert.equal(await second.locator("#undo-row").isVisible(), false, "what the first tab did is not undone here");
      await goOn(second);
      assert.deepEqual(site.errors, []);
    } finally {
      await site.close();
    }
  });
});

describe("a training whose GPU went away", { timeout: 300_000 }, () => {
  it("goes on on the CPU", async () => {
    const site = await start({ webgpu: true, hooks: true });
    try {
      const page = await site.open(OPEN.replace("cpu", "webgpu"));
      await loadModel(page);
      await loadSample(page);
      await trainTo20(page);
      await tell(page, "lose");
      await tell(page, "release");
      assert.equal((await problem(page)).code, "DEVICE_LOST");
      await page.getByTestId("continue-cpu").click();
      await page.locator("#change-model:enabled").waitFor();
      await goOn(page);
      assert.deepEqual(site.errors, []);
    } finally {
      await site.close();
    }
  });
});
