/** The lesson trained in the page: an engine of its own, a step at a time, and nothing of a person's notes touched. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { start } from "./page.mjs";

describe("the lesson, live", { timeout: 300_000 }, () => {
  let site, page;
  before(async () => {
    site = await start();
    page = await site.open("?model=tiny&device=cpu#learn&margin=0.1", { viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" });
    await page.locator("#lesson-notes tr").first().waitFor();
  });
  after(() => site?.close());

  const told = () => page.getByTestId("told").textContent();
  const atStep = (step) => page.getByTestId("step-label").filter({ hasText: new RegExp(`^Step ${step} of`) }).waitFor();
  const live = () => page.getByTestId("live-note").filter({ hasText: /^Live:/ }).waitFor();

  it("loads the model and shows the moment before the first step", async () => {
    const recorded = await told();
    await page.getByTestId("go-live").click();
    await live();
    await atStep(0);
    assert.notEqual(await told(), recorded, "another model puts other notes near");
    assert.match(await told(), /violate the margin of 0\.1\.$/);
    assert.ok(site.server.requests.some((path) => path.includes("models/tiny")));
  });

  it("takes real steps, one for each press, and keeps those that were taken", async () => {
    const seen = [await told()];
    for (const step of [1, 2, 3]) {
      await page.getByTestId("step-on").click();
      await atStep(step);
      seen.push(await told());
    }
    assert.equal(new Set(seen).size, 4);
    await page.getByTestId("step-back").click();
    await atStep(2);
    assert.equal(await told(), seen[2]);
    await page.getByTestId("lesson-step").press("End");
    await atStep(3);
    assert.equal(await told(), seen[3], "no farther than it was trained");
  });

  it("plays on to the end, and says what the engine measured", async () => {
    await page.getByTestId("slow").uncheck();
    await page.getByTestId("play").click();
    await atStep(4);
    await page.getByTestId("play").click();
    assert.equal(await page.getByTestId("play").textContent(), "Play");
    // The rest a press at a time, as fast as the steps come.
    for (let step = Number((await page.getByTestId("step-label").textContent()).match(/\d+/)[0]) + 1; step <= 24; step += 1) {
      await page.getByTestId("step-on").click();
      await atStep(step);
    }
    await page.getByTestId("live-note").filter({ hasText: /held-out questions/ }).waitFor();
  });

  it("goes back to the recording when it is asked to", async () => {
    await page.getByTestId("end-live").click();
    await page.locator("#go-live:focus").waitFor();
    assert.equal(await page.getByTestId("end-live").isVisible(), false);
    await page.getByTestId("ends").filter({ hasText: "margin 0.1" }).waitFor();
  });

  it("begins anew, live, when the ring or a choice is changed", async () => {
    await page.getByTestId("go-live").click();
    await live();
    await page.getByTestId("step-on").click();
    await atStep(1);
    await page.getByTestId("ring").focus();
    await page.keyboard.press("ArrowUp");
    await page.getByTestId("told").filter({ hasText: /^Before the first step.*margin of 0\.2\.$/ }).waitFor();
    await live();
    await page.getByTestId("step-on").click();
    await atStep(1);
    assert.match(await told(), /margin of 0\.2\./);
    // Two in a row: the last is what is trained.
    await page.locator("[name=lesson-negatives][value=random]").check();
    await page.locator("[name=lesson-negatives][value=bm25]").check();
    await live();
    await atStep(0);
    const before = await told();
    await page.getByTestId("step-on").click();
    await atStep(1);
    assert.notEqual(await told(), before);
    assert.equal(await page.locator("[name=lesson-negatives]:checked").getAttribute("value"), "bm25");
    assert.equal(await page.getByTestId("end-live").isVisible(), true);
  });

  it("ends where the guided lesson goes on to another recording, and says so", async () => {
    await page.getByTestId("guide-next").click();
    await page.getByTestId("live-note").filter({ hasText: /^The lesson shows recordings/ }).waitFor();
    assert.equal(await page.getByTestId("end-live").isVisible(), false);
    assert.equal(await page.getByTestId("go-live").isEnabled(), true);
    await page.getByTestId("guide-end").click();
  });

  it("leaves the view Tune without notes, marks or model", async () => {
    await page.locator(".doors a", { hasText: "Tune" }).click();
    await page.locator("#tune h1:focus").waitFor();
    assert.equal(await page.locator("#documents-count").textContent(), "No notes yet.");
    assert.equal(await page.locator("#count-train").textContent(), "0");
    assert.deepEqual(site.errors, []);
  });

  it("says what is wrong when the model cannot be loaded, and stays with the recording", async () => {
    const page = await site.open("?model=absent&device=cpu#learn");
    await page.locator("#go-live:enabled").click();
    await page.locator("#live").getByTestId("error").waitFor();
    assert.equal(await page.locator("#go-live").isEnabled(), true);
    await page.getByTestId("step-on").click();
    await page.getByTestId("step-label").filter({ hasText: "Step 1 of" }).waitFor();
    await page.context().close();
  });
});
