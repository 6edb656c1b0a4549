/** What goes wrong is named where it happened, and leaves the page with its notes and marks in use. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { ROOT } from "../harness.mjs";
import { answer, counts, file, hits, idle, loadModel, loadSample, problem, sample, search, start, tell, train } from "./page.mjs";

/** What browsers log about an answer of 404; the page itself must log nothing. */
const ABSENT = /Failed to load resource: the server responded with a status of 404/;

const question = sample().queries[0].text;

/** Searching and training work: the page is as good as new. */
async function usable(page) {
  await search(page, question);
  assert.equal((await hits(page)).length, 10);
  await train(page);
  await page.getByTestId("verdict").waitFor();
}

describe("without a usable GPU", { timeout: 300_000 }, () => {
  it("names WEBGPU_UNAVAILABLE when there is no adapter, and continues on the CPU with the notes added before", async () => {
    const site = await start({ webgpu: false });
    try {
      const page = await site.open("?model=tiny&device=webgpu");
      await loadSample(page);
      const before = await counts(page);
      await page.getByTestId("load-model").click();
      const { code, text, detail, section } = await problem(page);
      assert.deepEqual([code, section], ["WEBGPU_UNAVAILABLE", "model"]);
      assert.match(text, /This browser offers no usable WebGPU.*CPU/);
      assert.match(detail, /no adapter|no WebGPU/);
      await page.getByTestId("continue-cpu").click();
      await page.locator("#change-model:enabled").waitFor();
      assert.equal(await page.getByTestId("device").getAttribute("data-kind"), "cpu");
      assert.equal(await page.getByTestId("error").count(), 0);
      assert.deepEqual(await counts(page), before);
      await usable(page);
      assert.deepEqual(site.errors, []);
    } finally {
      await site.close();
    }
  });

  it("treats an adapter without timestamp-query as none: refused when asked for, the CPU with the reason otherwise", async () => {
    const worker = 'Object.defineProperty(GPUAdapter.prototype, "features", { get: () => new Set() });\n';
    const site = await start({ webgpu: true, worker });
    try {
      const asked = await site.open("?model=tiny&device=webgpu");
      await asked.getByTestId("load-model").click();
      const { code, detail } = await problem(asked);
      assert.equal(code, "WEBGPU_UNAVAILABLE");
      assert.match(detail, /lacks the feature timestamp-query/);

      const left = await site.open("?model=tiny");
      await loadModel(left);
      assert.equal(await left.getByTestId("device").getAttribute("data-kind"), "cpu");
      assert.match(await left.getByTestId("device").textContent(), /The CPU is used because .*timestamp-query/);
      assert.deepEqual(site.errors, []);
    } finally {
      await site.close();
    }
  });

  it("names DEVICE_LOST when the GPU goes away in training, and continues on the CPU with every note and mark", async () => {
    const site = await start({ webgpu: true, hooks: true });
    try {
      const page = await site.open("?model=tiny&device=webgpu#epochs=20");
      await loadModel(page);
      await loadSample(page);
      await page.getByTestId("file-input").setInputFiles(file("mine.txt", "The spare key lies under the third pot."));
      await idle(page);
      await search(page, "where is the spare key?");
      await page.getByTestId("mark-right").first().click();
      const before = { counts: await counts(page), notes: await page.locator("#documents-count").textContent() };
      await tell(page, "hold", { step: 5 });
      await page.getByTestId("train").click();
      await page.locator(".busy .label", { hasText: "Step 4 of" }).waitFor();
      // With a step under way the loss would show at once, and the worker be gone before it could be told to release anything.
      await tell(page, "held");
      await tell(page, "lose");
      await tell(page, "release");
      const { code, section } = await problem(page);
      assert.deepEqual([code, section], ["DEVICE_LOST", "training"]);
      await page.getByTestId("continue-cpu").click();
      await page.locator("#change-model:enabled").waitFor();
      assert.equal(await page.getByTestId("device").getAttribute("data-kind"), "cpu");
      assert.deepEqual({ counts: await counts(page), notes: await page.locator("#documents-count").textContent() }, before);
      assert.equal((await hits(page)).find(({ mark }) => mark === "true") !== undefined, true, "the mark is shown");
      await usable(page);
      assert.deepEqual(site.errors, []);
    } finally {
      await site.close();
    }
  });
});

describe("with a model or notes that cannot be used", { timeout: 300_000 }, () => {
  let site;
  const tiny = (name) => readFileSync(join(ROOT, "tests/fixtures/tiny-bert", name));
  const folder = (name, weights) => ({
    [`/models/${name}/`]: "tests/fixtures/tiny-bert",
    [`/models/${name}/sentence_bert_config.json`]: answer("{}"),
    [`/models/${name}/model.safetensors`]: answer(weights, 200, "application/octet-stream"),
  });
  before(async () => {
    const weights = tiny("model.safetensors");
    site = await start({ webgpu: false, routes: { ...folder("cut", weights.subarray(0, weights.length / 2)), ...folder("noise", Buffer.alloc(2000, 7)) } });
  });
  after(() => site?.close());

  for (const name of ["cut", "noise"]) {
    it(`names MODEL_INVALID for weights that are ${name === "cut" ? "half a file" : "no safetensors at all"}`, async () => {
      const page = await site.open(`?model=${name}`);
      await loadSample(page);
      await page.getByTestId("load-model").click();
      const { code, section, text } = await problem(page);
      assert.deepEqual([code, section], ["MODEL_INVALID", "model"]);
      assert.match(text, /This model cannot be used/);
      assert.match(await page.locator("#documents-count").textContent(), /notes/);
      assert.equal(await page.getByTestId("load-model").isEnabled(), true);
      assert.deepEqual(site.errors, []);
    });
  }

  it("names a model that is not there; a model from this computer takes its place", async () => {
    const page = await site.open("?model=absent");
    await loadSample(page);
    await page.getByTestId("load-model").click();
    const { code, detail } = await problem(page);
    assert.equal(code, "MODEL_INVALID");
    assert.match(detail, /models\/absent\/config\.json.*404/);
    assert.ok(site.errors.splice(0).every((error) => ABSENT.test(error)));
    await page.getByRole("radio", { name: /One from this computer/ }).check();
    const files = ["config.json", "tokenizer.json", "model.safetensors"].map((name) => ({ name, mimeType: "", buffer: tiny(name) }));
    await page.locator("#model-files").setInputFiles(files);
    await loadModel(page);
    await usable(page);
    assert.deepEqual(site.errors, []);
  });

  it("says that there are no notes to search", async () => {
    const page = await site.open("?model=tiny");
    await loadModel(page);
    assert.match(await page.locator("#search-hint").textContent(), /Add some notes first/);
    assert.equal(await page.getByTestId("search-button").isDisabled(), true);
    await page.getByTestId("search-input").fill("anything");
    await page.getByTestId("search-input").press("Enter");
    assert.equal(await page.locator("#results").isVisible(), false);
    assert.deepEqual(site.errors, []);
  });

  it("names dropped files that hold no text, and takes the others", async () => {
    const page = await site.open("?model=tiny");
    await loadModel(page);
    const dropped = await page.evaluateHandle(() => {
      const transfer = new DataTransfer();
      const add = (name, ...parts) => transfer.items.add(new File(parts, name));
      add("good.md", "# Valve\n\nturn the valve");
      add("empty.txt", "  \n ");
      add("binary.txt", new Uint8Array([0, 159, 146, 150, 0]));
      add("picture.png", "x");
      add("also.txt", "a second note");
      return transfer;
    });
    await page.locator("body").dispatchEvent("drop", { dataTransfer: dropped });
    await page.locator("#documents-count", { hasText: "2 notes." }).waitFor();
    await idle(page);
    const skipped = await page.locator("#skipped").textContent();
    assert.match(skipped, /empty\.txt: holds no text/);
    assert.match(skipped, /binary\.txt: is a binary file/);
    assert.match(skipped, /picture\.png: is of a kind that cannot be read/);
    assert.doesNotMatch(skipped, /good|also/);
    await search(page, "valve");
    assert.equal((await hits(page))[0].id, "good.md");
    assert.deepEqual(site.errors, []);
  });
});
