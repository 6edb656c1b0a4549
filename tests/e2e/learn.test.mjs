/** The view Learn on its recordings: by mouse, keyboard and link, with nothing but numbers fetched. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { start } from "./page.mjs";

/** Numbers that stand in a text, in order. */
const numbers = (text) => (text.replaceAll("−", "-").match(/-?\d+(\.\d+)?/g) ?? []).map(Number);

describe("the view Learn", { timeout: 300_000 }, () => {
  let site, page;
  before(async () => {
    site = await start();
    page = await open("#learn");
  });
  after(() => site?.close());

  const open = async (address, options = {}) => {
    const page = await site.open(address, { viewport: { width: 1280, height: 900 }, reducedMotion: "reduce", ...options });
    await page.locator("#lesson-notes tr").first().waitFor();
    return page;
  };
  const text = (page, id) => page.getByTestId(id).textContent();
  const atStep = (page, step) => page.getByTestId("step-label").filter({ hasText: new RegExp(`^Step ${step} of`) }).waitFor();
  /** Test nDCG, practice nDCG, loss, active triplets, all triplets, directions, how alike two notes are. */
  const shown = async (page) => {
    const [heldOut, , practice] = numbers((await text(page, "quality-text")).replace("nDCG@10", ""));
    const [loss, active, triplets] = numbers(await text(page, "lesson-loss-text"));
    const [rank, , alike] = numbers(await text(page, "rank-text"));
    return { heldOut, practice, loss, active, triplets, rank, alike };
  };
  /** Until the pictures show another training. */
  const changed = async (page, act) => {
    const before = await page.locator("#told, #quality-text, #lesson-loss-text").allTextContents();
    await act();
    await page.waitForFunction((before) => [...document.querySelectorAll("#told, #quality-text, #lesson-loss-text")].some(({ textContent }, at) => textContent !== before[at]), before);
  };

  it("shows a recording at once, without a model", async () => {
    assert.equal(await page.locator("#lesson-notes tr").count(), 5);
    assert.match(await text(page, "told"), /^Before the first step\. All 4 of its negatives lie inside the ring\. In all, 129 of 156 triplets violate the margin of 0\.2\.$/);
    assert.equal(await page.locator("#dial .point.negative.inside").count(), 4);
    assert.deepEqual(site.server.requests.filter((path) => /models|wasm|safetensors/.test(path)), []);
  });

  it("steps by keyboard, forth and back, and says what a step did", async () => {
    await page.getByTestId("step-on").focus();
    await page.keyboard.press("Enter");
    await atStep(page, 1);
    assert.match(await text(page, "told"), /^Step 1: the answer .*closer|^Step 1: the answer (moved|stayed)/);
    await page.locator("#announce", { hasText: "Step 1: the answer" }).waitFor({ state: "attached" });
    await page.getByTestId("lesson-step").focus();
    for (const key of ["ArrowRight", "ArrowRight", "End"]) await page.keyboard.press(key);
    await atStep(page, 24);
    assert.equal(await page.getByTestId("step-on").getAttribute("aria-disabled"), "true");
    const end = await shown(page);
    assert.ok(end.heldOut > 0.7 && end.active < 30, JSON.stringify(end));
    await page.getByTestId("step-back").focus();
    await page.keyboard.press("Space");
    await atStep(page, 23);
    await page.getByTestId("first-step").press("Enter");
    await atStep(page, 0);
    assert.equal(await page.evaluate(() => document.activeElement.id), "first-step", "the focus stays");
  });

  it("plays by keyboard, pauses, and stops at the end", async () => {
    await page.clock.install();
    await page.getByTestId("play").focus();
    await page.keyboard.press("Space");
    await atStep(page, 1);
    for (let step = 2; step <= 5; step += 1) {
      await page.clock.runFor(900);
      await atStep(page, step);
    }
    assert.equal(await text(page, "play"), "Pause");
    await page.keyboard.press("Space");
    assert.equal(await text(page, "play"), "Play");
    await page.clock.runFor(5000);
    await atStep(page, 5);
    await page.getByTestId("slow").check();
    await page.getByTestId("play").click();
    await atStep(page, 6);
    await page.clock.runFor(1500);
    await atStep(page, 6);
    await page.clock.runFor(1500);
    await atStep(page, 7);
    await page.getByTestId("slow").uncheck();
    for (let step = 8; step <= 24; step += 1) {
      await page.clock.runFor(2600);
      await page.waitForFunction((step) => document.querySelector("#lesson-step").valueAsNumber >= step, step);
    }
    await page.getByTestId("play").filter({ hasText: "Replay" }).waitFor();
    await page.clock.resume();
  });

  it("moves the ring by keyboard and by pointer, each margin with its own training", async () => {
    const page = await open("#learn&step=8");
    const ring = page.getByTestId("ring");
    assert.equal(await ring.getAttribute("aria-valuenow"), "0.2");
    const before = await shown(page);
    await ring.focus();
    await changed(page, () => page.keyboard.press("ArrowUp"));
    assert.equal(await ring.getAttribute("aria-valuenow"), "0.4");
    assert.match(await ring.getAttribute("aria-valuetext"), /^0\.4: \d negatives? inside the ring$/);
    assert.ok((await shown(page)).active > before.active, "a wider margin is harder to keep");
    assert.equal(await page.locator("[name=lesson-margin]:checked").getAttribute("value"), "0.4");
    await changed(page, () => page.keyboard.press("Home"));
    assert.equal(await ring.getAttribute("aria-valuenow"), "0.05");
    // Far outwards: the largest margin there is.
    const box = await ring.boundingBox();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await changed(page, () => page.mouse.move(x + 120, y + 120, { steps: 6 }));
    await page.mouse.up();
    await page.waitForURL("**/#learn&margin=0.4&step=8");
    await page.context().close();
  });

  it("names a note where the pointer or the focus is", async () => {
    const page = await open("#learn&step=5");
    const title = (await page.locator("#lesson-notes tr").nth(2).locator("th").textContent()).replace(/^\d| \(negative \d\)$/g, "");
    const point = page.locator("#dial .point.negative", { hasText: "2" });
    await point.hover();
    assert.equal(await page.locator("#dial .name").textContent(), title);
    await page.mouse.move(0, 0);
    assert.equal(await page.locator("#dial .name").textContent(), "");
    await point.focus();
    assert.equal(await page.locator("#dial .name").textContent(), title);
    assert.match(await point.getAttribute("aria-label"), new RegExp(`^Negative 2: ${title}, .*(in|out)side by 0\\.\\d\\d$`));
    await page.locator("#map .point.positive").hover();
    await page.locator("#map .name:not(:empty)").waitFor();
    await page.context().close();
  });

  it("names notes of the map by keyboard, in the direction of the arrow", async () => {
    const page = await open("#learn&step=5");
    const map = page.locator("#map svg");
    const name = () => page.locator("#map .name").textContent();
    await page.locator("#dial .point").last().focus();
    await page.getByTestId("ring").focus();
    await page.keyboard.press("Tab");
    assert.equal(await map.evaluate((svg) => svg === document.activeElement), true, "it comes after the ring");
    assert.equal(await name(), "The question");
    const place = () => page.locator("#map .found").evaluate((ring) => ring.getBoundingClientRect().x);
    const start = await place();
    await page.keyboard.press("ArrowRight");
    assert.notEqual(await name(), "The question");
    assert.ok((await place()) > start);
    assert.equal(await map.getAttribute("aria-valuetext"), await name());
    const names = new Set();
    for (let press = 0; press < 100; press += 1) {
      names.add(await name());
      await page.keyboard.press("ArrowRight");
    }
    assert.ok(names.size > 5, "at the edge it stays");
    const { valuenow, valuemax } = await map.evaluate((svg) => ({ valuenow: Number(svg.ariaValueNow), valuemax: Number(svg.ariaValueMax) }));
    assert.ok(valuenow >= 1 && valuenow <= valuemax);
    await page.keyboard.press("Home");
    assert.equal(await name(), "The question");
    await page.context().close();
  });

  it("names notes by touch, until another is touched", async () => {
    const page = await open("#learn&step=5", { viewport: { width: 390, height: 844 }, hasTouch: true });
    for (const [picture, kind] of [["map", "positive"], ["map", "question"], ["dial", "positive"], ["dial", "negative"]]) {
      const point = page.locator(`#${picture} .point.${kind}`).first();
      await point.tap();
      const name = page.locator(`#${picture} .name`);
      assert.notEqual(await name.textContent(), "", `${picture}, ${kind}`);
      const [text, box] = [await name.boundingBox(), await page.locator(`#${picture}`).boundingBox()];
      assert.ok(text.x >= box.x && text.x + text.width <= box.x + box.width, `${await name.textContent()} is whole`);
    }
    await page.context().close();
  });

  it("writes the address seldom, however fast the steps come, and lives with a browser that refuses", async () => {
    const page = await open("#learn");
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 60_000);
    await page.evaluate(() => {
      const replace = history.replaceState.bind(history);
      globalThis.written = [];
      history.replaceState = (...args) => {
        globalThis.written.push(args[2]);
        if (globalThis.refuse) throw new DOMException("too many calls", "SecurityError");
        replace(...args);
      };
    });
    const range = page.getByTestId("lesson-step");
    await range.focus();
    // In no time at all, as far as the page can tell.
    for (let step = 1; step <= 24; step += 1) await page.keyboard.press("ArrowRight");
    for (let step = 23; step >= 0; step -= 1) await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("End");
    await atStep(page, 24);
    const written = () => page.evaluate(() => globalThis.written.splice(0));
    assert.deepEqual(await written(), Array.from({ length: 20 }, (_, at) => `#learn&step=${at + 1}`));
    await page.clock.runFor(400);
    assert.deepEqual(await written(), ["#learn&step=24"]);
    assert.equal(new URL(page.url()).hash, "#learn&step=24");
    await page.evaluate(() => (globalThis.refuse = true));
    for (let step = 23; step >= 20; step -= 1) await page.keyboard.press("ArrowLeft");
    await page.clock.runFor(400);
    await atStep(page, 20);
    assert.match(await text(page, "told"), /^Step 20:/);
    await page.context().close();
  });

  it("keeps the settings of a view that is left in haste", async () => {
    const page = await open("#learn");
    await page.clock.install();
    await page.clock.pauseAt(Date.now() + 60_000);
    await page.getByTestId("lesson-step").focus();
    for (let step = 1; step <= 23; step += 1) await page.keyboard.press("ArrowRight");
    assert.equal(new URL(page.url()).hash, "#learn&step=20", "the last of them have to wait");
    await page.locator(".doors a", { hasText: "Build" }).click();
    await page.locator("#build h1:focus").waitFor();
    await page.goBack();
    await page.locator("#learn h1:focus").waitFor();
    await atStep(page, 23);
    await page.context().close();
  });

  it("restores a state from its link, and writes it there", async () => {
    const page = await open("#learn&negatives=bm25&margin=0.1&step=12&question=3&slow=true");
    await atStep(page, 12);
    assert.equal(await page.locator("[name=lesson-negatives]:checked").getAttribute("value"), "bm25");
    assert.equal(await page.getByTestId("ring").getAttribute("aria-valuenow"), "0.1");
    assert.equal(await page.getByTestId("lesson-query").evaluate((select) => select.selectedIndex), 2);
    assert.equal(await page.getByTestId("slow").isChecked(), true);
    await page.locator("[name=lesson-negatives][value=random]").check();
    await page.getByTestId("lesson-query").selectOption({ index: 0 });
    await page.waitForURL((url) => url.hash === "#learn&negatives=random&margin=0.1&step=12&slow=true");
    await page.context().close();
    const spoilt = await open("#learn&negatives=evil&margin=9&step=999&question=77&guide=x");
    await atStep(spoilt, 0);
    assert.equal(await spoilt.getByTestId("ring").getAttribute("aria-valuenow"), "0.2");
    assert.equal(await spoilt.locator("[name=lesson-negatives]:checked").getAttribute("value"), "dense");
    await spoilt.context().close();
  });

  it("tells sources of negatives apart at the end of the training", async () => {
    const page = await open("#learn&step=24&negatives=random");
    const quality = { random: (await shown(page)).heldOut };
    for (const source of ["bm25", "dense", "ance"]) {
      await changed(page, () => page.locator(`[name=lesson-negatives][value=${source}]`).check());
      quality[source] = (await shown(page)).heldOut;
    }
    assert.ok(quality.random < quality.bm25 && quality.bm25 < quality.ance, JSON.stringify(quality));
    const told = numbers((await text(page, "ends")).replace("nDCG@10", ""));
    assert.deepEqual(told.slice(2, 6), Object.values(quality), "the comparison names the same numbers");
    await page.context().close();
  });

  it("shows the signs of collapse, false negatives and overfitting, and none in a training that goes well", async () => {
    const page = await open("#learn&step=24");
    assert.equal(await page.getByTestId("sign").isVisible(), false);
    const signs = {};
    for (const trouble of ["collapse", "false-negatives", "overfitting"]) {
      await changed(page, () => page.locator(`[name=lesson-trouble][value=${trouble}]`).check());
      signs[trouble] = { ...(await shown(page)), sign: await text(page, "sign") };
    }
    assert.match(signs.collapse.sign, /^Sign of collapse/);
    assert.ok(signs.collapse.alike > 0.75 && signs.collapse.rank < 35 && signs.collapse.loss < 0.01 && signs.collapse.heldOut < 0.5, JSON.stringify(signs.collapse));
    assert.match(signs["false-negatives"].sign, /^Sign of false negatives/);
    assert.equal(signs["false-negatives"].active, signs["false-negatives"].triplets);
    assert.match(signs.overfitting.sign, /^Sign of overfitting/);
    assert.ok(signs.overfitting.practice > 0.99 && signs.overfitting.heldOut < 0.5, JSON.stringify(signs.overfitting));
    assert.equal(await page.locator("#lesson-negatives").evaluate((fieldset) => fieldset.disabled), true, "trouble brings its own negatives");
    await page.context().close();
  });

  it("walks through the ten steps of the lesson, back, and out of it", async () => {
    const page = await open("#learn", { viewport: { width: 390, height: 844 } });
    const titles = new Set();
    for (let step = 1; step <= 10; step += 1) {
      await page.getByTestId("guide-next").click();
      await page.locator("#guide-title:focus", { hasText: `${step} of 10:` }).waitFor();
      titles.add(await page.locator("#guide-title").textContent());
      await page.waitForURL((url) => url.hash.includes(`guide=${step}`));
    }
    assert.equal(titles.size, 10);
    await page.getByTestId("sign").filter({ hasText: "overfitting" }).waitFor();
    await page.getByTestId("guide-back").click();
    await page.locator("#guide-title", { hasText: "9 of 10" }).waitFor();
    await page.getByTestId("guide-next").click();
    await page.getByTestId("guide-next").click();
    await page.locator("#guide-title", { hasText: "A lesson in ten steps" }).waitFor();
    assert.equal(await page.getByTestId("guide-end").isVisible(), false);
    await page.getByTestId("told").filter({ hasText: /^Before the first step/ }).waitFor();
    assert.equal(await page.locator("[name=lesson-trouble]:checked").getAttribute("value"), "none");
    assert.equal(await page.getByTestId("ring").getAttribute("aria-disabled"), "false");
    assert.equal(await page.locator("#lesson-negatives").evaluate((fieldset) => fieldset.disabled), false);
    await page.context().close();
  });

  it("says so when a recording is missing, and tries again", async () => {
    const page = await open("#learn");
    await page.route("**/lesson/random-0.2.json?*", (route) => route.abort());
    await page.locator("[name=lesson-negatives][value=random]").check();
    await page.getByTestId("error").filter({ hasText: "random-0.2.json" }).waitFor();
    await page.unroute("**/lesson/random-0.2.json?*");
    await page.locator("[name=lesson-negatives][value=bm25]").check();
    await changed(page, () => page.locator("[name=lesson-negatives][value=random]").check());
    await page.context().close();
  });

  it("shows everything else where one part of the page fails", async () => {
    const page = await open("#learn");
    await page.evaluate(() => document.getElementById("told").remove());
    const quality = await text(page, "quality-text");
    await page.getByTestId("lesson-step").press("End");
    await atStep(page, 24);
    assert.notEqual(await text(page, "quality-text"), quality);
    assert.ok(site.errors.length > 0 && site.errors.every((error) => /no element #told|ERR_FAILED/.test(error)), site.errors.join("\n"));
    site.errors.length = 0;
    await page.context().close();
  });

  it("fetched nothing but recordings and notes, and logged no error but the one provoked", () => {
    assert.deepEqual(site.server.requests.filter((path) => /models|wasm|safetensors/.test(path)), []);
    assert.deepEqual(site.errors.filter((error) => !/ERR_FAILED/.test(error)), []);
  });
});
